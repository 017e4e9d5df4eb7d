#include "core/table/infer/number_codes.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/table/infer/number.h"

namespace meg {

namespace {

constexpr std::size_t kMostCodes = 1000, kFewCodes = 20;

/// 038.9, but not 00.5
bool begins_with_zero(std::string_view number) {
  const std::size_t point = number.find('.');
  return number.starts_with('0') && point != number.npos &&
         number.substr(0, point).find_first_of("123456789") != number.npos;
}

/// Digits behind the point.
std::size_t decimals_of(std::string_view number) {
  const std::size_t point = number.find('.');
  return point == number.npos ? 0 : number.size() - point - 1;
}

/// Whether a number but zero is there with other digits behind the point.
bool any_spelled_twice(const std::vector<std::string_view>& values, const std::vector<double>& numbers) {
  std::vector<std::pair<double, std::size_t>> spelled;
  for (std::size_t v = 0; v < values.size(); ++v)
    if (numbers[v] != 0) spelled.emplace_back(numbers[v], decimals_of(trimmed(values[v])));
  std::sort(spelled.begin(), spelled.end());
  return std::adjacent_find(spelled.begin(), spelled.end(), [](const auto& a, const auto& b) {
           return a.first == b.first && a.second != b.second;
         }) != spelled.end();
}

/// Whether some x.9 goes on as x.10.
bool any_goes_on(const std::vector<std::string_view>& values) {
  const std::unordered_set<std::string_view> all(values.begin(), values.end());
  return std::any_of(values.begin(), values.end(), [&](std::string_view value) {
    return value.ends_with(".9") && all.contains(std::string(value.substr(0, value.size() - 1)) + "10");
  });
}

}  // namespace

bool are_spelled_as_codes(const std::vector<std::string_view>& values, const std::vector<double>& numbers,
                          std::size_t cells) {
  const bool repeat = values.size() <= std::max(kFewCodes, std::min(kMostCodes, cells / 2));
  const bool any_point = std::any_of(values.begin(), values.end(), [](auto v) { return v.find('.') != v.npos; });
  const bool any_exponent =
      std::any_of(values.begin(), values.end(), [](auto v) { return v.find_first_of("eE") != v.npos; });
  return repeat && any_point && !any_exponent &&
         (std::any_of(values.begin(), values.end(), begins_with_zero) || any_spelled_twice(values, numbers) ||
          any_goes_on(values));
}

}  // namespace meg
