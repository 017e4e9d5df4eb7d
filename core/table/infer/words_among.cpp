#include "core/table/infer/words_among.h"

#include <algorithm>
#include <unordered_map>

#include "core/table/infer/datetime.h"
#include "core/table/infer/letters.h"
#include "core/table/infer/number.h"
#include "core/table/infer/number_style.h"
#include "core/table/infer/odd_cells.h"

namespace meg {

namespace {

using Values = std::vector<std::string_view>;

constexpr std::size_t kMostWords = 20, kFewestNumbers = 21, kNumbersAWord = 3;

/// 207a and c118: numbers beside such words are codes, as these are.
bool is_code(std::string_view word) {
  const bool digit = word.find_first_of(kDigits) != word.npos;
  const bool letter = word.find_first_not_of(kDigits) != word.npos;
  return digit && letter && std::all_of(word.begin(), word.end(), [](char c) { return alphanumeric_place(c) >= 0; });
}

/// The values for which `is` does not hold, where these are few beside the others.
std::optional<std::vector<std::string>> words_where(const Values& values, const auto& is) {
  std::vector<std::string> out;
  for (const std::string_view value : values) {
    if (is(value)) continue;
    if (out.size() == kMostWords) return {};
    out.emplace_back(value);
  }
  if (std::any_of(out.begin(), out.end(), is_code)) return {};
  const std::size_t numbers = values.size() - out.size();
  if (numbers < kFewestNumbers || numbers < kNumbersAWord * out.size()) return {};
  std::sort(out.begin(), out.end());
  return out;
}

/// The values that are written as many others are.
Values frequent_kinds(const Values& values) {
  constexpr std::size_t kLookedAt = 2000;
  const std::size_t some = std::min(values.size(), kLookedAt);
  std::unordered_map<std::string, std::size_t> kinds;
  for (std::size_t i = 0; i < some; ++i) ++kinds[skeleton(values[i])];
  Values out;
  for (std::size_t i = 0; i < some; ++i)
    if (kinds[skeleton(values[i])] > std::max<std::size_t>(1, some / 20)) out.push_back(values[i]);
  return out;
}

bool is_plain_number(std::string_view value) { return parse_number(value).has_value(); }

}  // namespace

std::string_view first_that_is_no_number(const Values& values) {
  const auto first_odd = [&](const auto& is) -> std::string_view {
    const auto odd = std::find_if_not(values.begin(), values.end(), is);
    return odd == values.end() ? std::string_view() : *odd;
  };
  if (2 * std::count_if(values.begin(), values.end(), is_plain_number) > std::ssize(values))
    return first_odd(is_plain_number);
  const auto style = common_style(frequent_kinds(values));
  return style ? first_odd([&](std::string_view v) { return plain_number(*style, v).has_value(); }) : "";
}

std::optional<WordsAmong> find_words_among(const Values& values, const std::optional<NumberStyle>& style,
                                           const std::string& known_format) {
  if (values.size() < kFewestNumbers) return {};
  const auto of_style = [&](const NumberStyle& known) -> std::optional<WordsAmong> {
    auto words = words_where(values, [&](std::string_view v) { return plain_number(known, v).has_value(); });
    return words ? std::optional(WordsAmong{std::move(*words), known, {}}) : std::nullopt;
  };
  const auto of_format = [&](const std::string& format) -> std::optional<WordsAmong> {
    auto words = words_where(values, [&](std::string_view v) { return parse_datetime(v, format).has_value(); });
    return words ? std::optional(WordsAmong{std::move(*words), {}, format}) : std::nullopt;
  };
  if (style && !style->is_plain()) return of_style(*style);
  if (!known_format.empty()) return of_format(known_format);
  if (auto words = words_where(values, is_plain_number)) return WordsAmong{std::move(*words), {}, {}};
  const Values frequent = frequent_kinds(values);
  if (frequent.empty()) return {};
  if (const auto found = common_style(frequent))
    if (auto words = of_style(*found)) return words;
  const std::string format = format_of_most(frequent);
  return format.empty() ? std::nullopt : of_format(format);
}

}  // namespace meg
