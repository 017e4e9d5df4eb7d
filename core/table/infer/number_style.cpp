#include "core/table/infer/number_style.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/table/infer/letters.h"
#include "core/table/infer/number.h"
#include "core/table/infer/take.h"

namespace meg {

namespace {

constexpr std::size_t kGroup = 3;

constexpr std::array<std::string_view, 76> kCurrencies{
    "$",   "€",   "£",   "¥",   "₹",   "₩",   "₽", "₺",   "₪",   "₫",   "₴",   "₦",   "₱",   "฿",   "₡",   "₲",
    "₸",   "₵",   "R$",  "US$", "A$",  "AU$", "C$",  "CA$", "NZ$", "HK$", "S$",  "NT$", "MX$", "Rs",  "Rs.", "Rp",
    "Rp.", "RM",  "EUR", "USD", "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD", "NZD", "HKD", "SGD", "SEK", "NOK",
    "DKK", "PLN", "CZK", "HUF", "RUB", "TRY", "ZAR", "BRL", "MXN", "KRW", "THB", "IDR", "MYR", "PHP", "VND", "AED",
    "SAR", "ILS", "NGN", "KES", "EGP", "kr",  "kr.", "zł",  "Kč",  "Fr.", "Ft",  "lei"};
constexpr std::array<std::string_view, 26> kUnits{"%",  "‰",  "°",   "°C", "°F", "kg", "lb", "lbs", "oz",
                                                  "km", "cm", "mm",  "ft", "ml", "cl", "kW", "kWh", "Hz",
                                                  "GB", "MB", "min", "ms", "mi", "px", "pt", "km/h"};

template <std::size_t n>
bool holds(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A text without the blanks around it, which office programs write so that no line breaks there.
std::string_view bare(std::string_view text) {
  constexpr std::array<std::string_view, 4> kBlanks{" ", "\t", "\u00a0", "\u202f"};
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view blank : kBlanks) {
      if (take(blank, text)) again = true;
      if (text.ends_with(blank)) text.remove_suffix(blank.size()), again = true;
    }
  }
  return text;
}

/// What may stand before numbers: a currency.
bool is_prefix(std::string_view text) { return bare(text).empty() || holds(kCurrencies, bare(text)); }

/// And behind them: a currency, a unit, or any word after a blank.
bool is_suffix(std::string_view text) {
  return is_prefix(text) || holds(kUnits, bare(text)) || bare(text).data() != text.data();
}

std::string_view take_figures(std::string_view& text) {
  const std::string_view figures = text.substr(0, std::min(text.find_first_not_of(kDigits), text.size()));
  text.remove_prefix(figures.size());
  return figures;
}

/// Whether a group begins where `right` digits are left of the whole part.
bool begins_group(const NumberStyle& style, std::size_t right) {
  return style.lakhs ? right == kGroup || (right > kGroup && (right - kGroup) % 2 == 0) : right % kGroup == 0;
}

/// The whole part of a number, in groups or not; nothing where it is not written so.
std::optional<std::string> take_whole(const NumberStyle& style, std::string_view& text) {
  std::string out(take_figures(text));
  const std::size_t first = out.size();
  if (style.grouping.empty() || first == 0 || first > kGroup || out == "0") return out;
  std::vector<std::size_t> groups;
  while (take(style.grouping, text)) {
    const std::string_view group = take_figures(text);
    groups.push_back(group.size());
    out += group;
  }
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (groups[i] != (i + 1 == groups.size() || !style.lakhs ? kGroup : 2)) return {};
  if (style.lakhs && !groups.empty() && first > 2) return {};  // 123,456 is written 1,23,456
  return out;
}

/// Takes a minus off, at the start or, `behind`, the end of a text: the style's own, or an ASCII one.
bool take_minus(const NumberStyle& style, bool behind, std::string_view& text) {
  for (const std::string_view minus : {std::string_view(style.minus), std::string_view("-")}) {
    if (!behind && take(minus, text)) return true;
    if (!behind || !text.ends_with(minus)) continue;
    text.remove_suffix(minus.size());
    return true;
  }
  return false;
}

/// Takes the parentheses around a text off.
bool take_parentheses(std::string_view& text) {
  if (!text.starts_with('(') || !text.ends_with(')')) return false;
  text = text.substr(1, text.size() - 2);
  return true;
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
  const bool alone = style.prefix.empty() && style.suffix.empty();
  return std::any_of(cells.begin(), cells.end(), grouped) && !(alone && std::all_of(cells.begin(), cells.end(), full));
}

}  // namespace

std::optional<std::string> plain_number(const NumberStyle& style, std::string_view cell) {
  std::string_view text = trimmed(cell);
  bool negative = style.parentheses && take_parentheses(text);
  bool has_sign = negative;
  const auto look_for_sign = [&] {
    if (has_sign) return;
    negative = take_minus(style, false, text);
    has_sign = negative || take("+", text);
  };
  look_for_sign();
  if (!style.prefix.empty() && !take(style.prefix, text)) return {};
  look_for_sign();
  if (!text.ends_with(style.suffix)) return {};
  text.remove_suffix(style.suffix.size());
  if (!has_sign)
    negative = (style.parentheses && take_parentheses(text)) || (style.minus_behind && take_minus(style, true, text));
  const std::optional<std::string> whole = take_whole(style, text);
  if (!whole || (whole->empty() && !text.starts_with(style.point))) return {};
  std::string out = negative ? "-" : "";
  out += whole->empty() ? "0" : *whole;
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
  const bool negative = take("-", number);
  const bool in_front = !negative || !(style.parentheses || style.minus_behind);
  const bool is_zero = number.find_first_of("123456789") == number.npos;
  const std::string_view sign = !in_front                ? ""
                                : negative               ? std::string_view(style.minus)
                                : style.plus && !is_zero ? "+"
                                                         : "";
  const std::string_view opening = negative && style.parentheses ? "(" : "", closing = opening.empty() ? "" : ")";
  if (!style.inner_sign) (out += opening) += sign;
  out += style.prefix;
  if (style.inner_sign) (out += opening) += sign;
  std::string_view whole = take_figures(number);
  if (style.no_zero && whole == "0" && number.starts_with('.')) whole = {};
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && begins_group(style, whole.size() - i)) out += style.grouping;
    out.push_back(whole[i]);
  }
  if (take(".", number)) out += style.point;
  const std::size_t exponent = style.exponent.empty() ? number.npos : number.find('e');
  out += number.substr(0, exponent);
  if (exponent != number.npos) (out += style.exponent) += number.substr(exponent + 1);
  if (negative && style.minus_behind && !style.parentheses) out += style.minus;
  if (style.inner_sign) out += closing;
  out += style.suffix;
  if (!style.inner_sign) out += closing;
}

namespace {

/// What stands around the digits of a cell, its sign taken off; nothing where it has no digits.
struct Around {
  std::string_view prefix, suffix;
  bool inner_sign = false, parentheses = false, minus_behind = false, minus_sign = false, plus = false, minus = false;
  bool bare_point = false, zero_point = false, is_zero = false;
};
constexpr std::string_view kMinusSign = "\u2212";

std::optional<Around> around(std::string_view cell) {
  Around out;
  std::string_view text = trimmed(cell);
  const auto take_sign = [&](std::string_view& from) {
    if (take(kMinusSign, from)) return out.minus = out.minus_sign = true;
    if (take("-", from)) return out.minus = true;
    return out.plus = take("+", from);
  };
  out.parentheses = take_parentheses(text);
  if (!out.parentheses) take_sign(text);
  out.is_zero = text.find_first_of("123456789") == text.npos;
  const std::size_t digit = text.find_first_of(kDigits), last = text.find_last_of(kDigits);
  if (digit == text.npos) return {};
  out.bare_point = digit > 0 && text[digit - 1] == '.' && (digit == 1 || alphanumeric_place(text[digit - 2]) < 0);
  out.zero_point = text.substr(digit).starts_with("0.");
  out.prefix = text.substr(0, digit - out.bare_point), out.suffix = text.substr(last + 1);
  if (!out.parentheses && !out.minus && !out.plus) {  // $-5, $(5), 5-
    for (const std::string_view sign :
         {kMinusSign, std::string_view("-"), std::string_view("+"), std::string_view("(")}) {
      if (!out.prefix.ends_with(sign) || (sign == "(" && !out.suffix.starts_with(')'))) continue;
      out.prefix.remove_suffix(sign.size());
      out.inner_sign = true;
      out.parentheses = sign == "(", out.plus = sign == "+", out.minus = !out.plus && !out.parentheses;
      out.minus_sign = sign == kMinusSign;
      if (out.parentheses) out.suffix.remove_prefix(1);
      return out;
    }
    for (const std::string_view sign : {kMinusSign, std::string_view("-")})
      if (out.suffix.starts_with(sign)) {
        out.suffix.remove_prefix(sign.size());
        out.minus_behind = true, out.minus_sign = sign == kMinusSign;
        break;
      }
  }
  return out;
}

}  // namespace

std::optional<NumberStyle> common_style(std::span<const std::string_view> cells) {
  struct Separators {
    std::string_view grouping, point;
    bool lakhs = false;
  };
  constexpr std::array<Separators, 11> kSeparators{{{"", "."},
                                                    {",", "."},
                                                    {".", ","},
                                                    {" ", ","},
                                                    {"\u00a0", ","},
                                                    {"\u202f", ","},
                                                    {"'", "."},
                                                    {"’", "."},
                                                    {",", ".", true},
                                                    {"", "."},
                                                    {"", ","}}};
  NumberStyle style;
  bool all_have_sign = true, any_plus = false, any_minus = false, any_zero_point = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::optional<Around> cell = around(cells[i]);
    if (!cell) return {};
    if (i == 0) {
      style.prefix = cell->prefix, style.suffix = cell->suffix;
      if (!is_prefix(style.prefix) || !is_suffix(style.suffix)) return {};
    }
    style.inner_sign |= cell->inner_sign;
    style.parentheses |= cell->parentheses;
    style.minus_behind |= cell->minus_behind;
    if (cell->minus_sign) style.minus = kMinusSign;
    style.no_zero |= cell->bare_point, any_zero_point |= cell->zero_point;
    all_have_sign &= cell->plus || cell->minus || cell->is_zero;
    any_plus |= cell->plus, any_minus |= cell->minus;
  }
  if (cells.empty() || (style.parentheses && (style.minus_behind || any_minus)) || (style.minus_behind && any_minus))
    return {};
  style.plus = any_plus && all_have_sign;
  style.no_zero &= !any_zero_point;
  const bool money = holds(kCurrencies, bare(style.prefix)) || holds(kCurrencies, bare(style.suffix));
  // Three figures behind the only point of a cell may be a group or decimals: of money a group.
  for (std::size_t i = money ? 1 : 0; i < kSeparators.size(); ++i) {
    style.grouping = kSeparators[i].grouping, style.point = kSeparators[i].point, style.lakhs = kSeparators[i].lakhs;
    if (style.is_plain()) continue;
    const auto fits = [&](std::string_view cell) { return plain_number(style, cell).has_value(); };
    if (std::all_of(cells.begin(), cells.end(), fits) && (style.grouping.empty() || has_groups(style, cells)))
      return style;
  }
  return {};
}

}  // namespace meg
