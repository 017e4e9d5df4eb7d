#include "core/table/infer/number_style.h"

#include <algorithm>
#include <array>

#include "core/table/infer/letters.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

constexpr std::size_t kGroup = 3;

constexpr std::array<std::string_view, 30> kCurrencies{
    "$",   "€",   "£",   "¥",   "₹",   "₩",   "₽", "₺",   "₪",   "₫",   "₴",   "R$", "US$", "EUR", "USD",
    "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "kr", "zł",  "Kč",  "Fr."};
constexpr std::array<std::string_view, 26> kUnits{"%",  "‰",  "°",   "°C", "°F", "kg", "lb", "lbs", "oz",
                                                  "km", "cm", "mm",  "ft", "ml", "cl", "kW", "kWh", "Hz",
                                                  "GB", "MB", "min", "ms", "mi", "px", "pt", "km/h"};

template <std::size_t n>
bool holds(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What may stand before numbers: a currency.
bool is_prefix(std::string_view text) { return text.empty() || holds(kCurrencies, trimmed(text)); }

/// And behind them: a currency, a unit, or any word after a blank.
bool is_suffix(std::string_view text) {
  return is_prefix(text) || holds(kUnits, trimmed(text)) || (text[0] == ' ' && text.size() > 1);
}

/// Takes what is there of `part` at the start of `text` off.
bool take(std::string_view part, std::string_view& text) {
  if (part.empty() || !text.starts_with(part)) return false;
  text.remove_prefix(part.size());
  return true;
}

std::string_view take_figures(std::string_view& text) {
  const std::string_view figures = text.substr(0, std::min(text.find_first_not_of(kDigits), text.size()));
  text.remove_prefix(figures.size());
  return figures;
}

/// The whole part of a number, in groups or not; empty where it is not written so.
std::string take_whole(std::string_view grouping, std::string_view& text) {
  std::string out(take_figures(text));
  const bool may_go_on = !grouping.empty() && out.size() <= kGroup && out != "0";
  while (may_go_on && take(grouping, text)) {
    const std::string_view group = take_figures(text);
    if (group.size() != kGroup) return {};
    out += group;
  }
  return out;
}

/// Whether some cell has groups; groups of three in every cell and place alone are telephone numbers.
bool has_groups(const NumberStyle& style, std::span<const std::string_view> cells) {
  const auto grouped = [&](std::string_view cell) {
    const std::string_view text = trimmed(cell);
    return text.find(style.grouping, text.find_first_of(kDigits)) < text.size() - style.suffix.size();
  };
  const auto full = [&](std::string_view cell) {
    const std::string plain = plain_number(style, cell).value_or("");
    return plain.find_first_not_of(kDigits) == std::string::npos && plain.size() % kGroup == 0;
  };
  const bool bare = style.prefix.empty() && style.suffix.empty();
  return std::any_of(cells.begin(), cells.end(), grouped) && !(bare && std::all_of(cells.begin(), cells.end(), full));
}

}  // namespace

std::optional<std::string> plain_number(const NumberStyle& style, std::string_view cell) {
  std::string_view text = trimmed(cell);
  bool negative = take("-", text);
  bool has_sign = negative || take("+", text);
  if (!style.prefix.empty() && !take(style.prefix, text)) return {};
  if (!has_sign) negative = take("-", text);
  if (!text.ends_with(style.suffix)) return {};
  text.remove_suffix(style.suffix.size());
  std::string out = take_whole(style.grouping, text);
  if (out.empty()) return {};
  if (negative) out.insert(0, 1, '-');
  if (take(style.point, text)) {
    const std::string_view fraction = take_figures(text);
    if (fraction.empty()) return {};
    out.push_back('.');
    out += fraction;
  }
  if (!text.empty()) return {};
  return out;
}

void append_in_style(const NumberStyle& style, std::string_view number, std::string& out) {
  const std::string_view sign = take("-", number) ? "-" : style.plus ? "+" : "";
  if (!style.inner_sign) out += sign;
  out += style.prefix;
  if (style.inner_sign) out += sign;
  const std::string_view whole = take_figures(number);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && (whole.size() - i) % kGroup == 0) out += style.grouping;
    out.push_back(whole[i]);
  }
  if (take(".", number)) out += style.point;
  out += number;
  out += style.suffix;
}

std::optional<NumberStyle> common_style(std::span<const std::string_view> cells) {
  constexpr std::array<std::array<std::string_view, 2>, 10> kSeparators{{{"", "."},
                                                                         {",", "."},
                                                                         {".", ","},
                                                                         {" ", ","},
                                                                         {"\u00a0", ","},
                                                                         {"\u202f", ","},
                                                                         {"'", "."},
                                                                         {"’", "."},
                                                                         {"", "."},
                                                                         {"", ","}}};
  if (cells.empty()) return {};
  std::string_view first = trimmed(*cells.begin());
  if (!take("-", first)) take("+", first);
  const std::size_t begin = first.find_first_of(kDigits), end = first.find_last_of(kDigits);
  if (begin == std::string_view::npos) return {};
  NumberStyle style;
  style.prefix = first.substr(0, begin), style.suffix = first.substr(end + 1);
  if (style.prefix.ends_with('-')) style.prefix.pop_back();
  style.inner_sign = !style.prefix.empty() && std::any_of(cells.begin(), cells.end(), [&](std::string_view cell) {
    return take(style.prefix, cell) && cell.starts_with('-');
  });
  if (!is_prefix(style.prefix) || !is_suffix(style.suffix)) return {};
  style.plus = std::all_of(cells.begin(), cells.end(),
                           [](std::string_view cell) { return cell.starts_with('-') || cell.starts_with('+'); });
  const bool money = holds(kCurrencies, trimmed(style.prefix)) || holds(kCurrencies, trimmed(style.suffix));
  // Three figures behind the only point of a cell may be a group or decimals: of money a group.
  for (std::size_t i = money ? 1 : 0; i < kSeparators.size(); ++i) {
    style.grouping = kSeparators[i][0], style.point = kSeparators[i][1];
    if (style.is_plain()) continue;
    const auto fits = [&](std::string_view cell) { return plain_number(style, cell).has_value(); };
    if (std::all_of(cells.begin(), cells.end(), fits) && (style.grouping.empty() || has_groups(style, cells)))
      return style;
  }
  return {};
}

}  // namespace meg
