#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "core/table/infer/missing_words.h"
#include "core/table/infer/plain_number.h"
#include "core/table/infer/survey.h"

namespace meg {

namespace {

/// What the numbers of a column have in common.
struct Digits {
  double smallest = std::numeric_limits<double>::infinity(), largest = -smallest;
  std::size_t shortest = ~std::size_t{0}, longest = 0;  // characters
  int fewest_decimals = std::numeric_limits<int>::max(), most_decimals = 0, significant = 0;
  bool whole = true, any_last_zero = false, rises_by_one = true, rises = true;
  bool zero = false, negative_zero = false;

  void add(const PlainNumber& n, double previous) {
    smallest = std::min(smallest, n.number), largest = std::max(largest, n.number);
    shortest = std::min(shortest, n.size), longest = std::max(longest, n.size);
    fewest_decimals = std::min(fewest_decimals, n.decimals), most_decimals = std::max(most_decimals, n.decimals);
    significant = std::max(significant, n.significant);
    any_last_zero |= n.has_last_zero;
    if (n.number == 0) (std::signbit(n.number) ? negative_zero : zero) = true;
    whole &= n.decimals == 0 || n.number == std::floor(n.number);
    rises_by_one &= n.number == previous + 1 || std::isnan(previous);
    rises &= !(n.number <= previous);
  }
  bool same_decimals() const { return fewest_decimals >= most_decimals; }
};

/// How many different numbers there are, all whole multiples of 10^-decimals. NaN is none.
std::size_t count_distinct(std::span<const double> numbers, const Digits& digits) {
  constexpr double kBitsANumber = 64;
  const double scale = std::pow(10.0, digits.most_decimals), first = std::nearbyint(digits.smallest * scale);
  const double range = std::nearbyint(digits.largest * scale) - first + 1;
  std::size_t count = 0;
  if (range <= kBitsANumber * static_cast<double>(numbers.size())) {
    std::vector<std::uint64_t> seen(static_cast<std::size_t>(range) / 64 + 1);
    for (const double x : numbers) {
      if (std::isnan(x)) continue;
      const auto at = static_cast<std::size_t>(std::nearbyint(x * scale) - first);
      seen[at / 64] |= std::uint64_t{1} << at % 64;
    }
    for (const std::uint64_t bits : seen) count += static_cast<std::size_t>(std::popcount(bits));
    return count;
  }
  std::vector<std::uint64_t> slots(2 * std::bit_ceil(numbers.size()));  // bits of numbers, 0 where there is none
  const int shift = 64 - std::countr_zero(slots.size());
  bool has_zero = false;
  for (const double x : numbers) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    if (std::isnan(x)) continue;
    if (x == 0) {
      has_zero = true;
      continue;
    }
    std::size_t at = bits * 0x9E3779B97F4A7C15u >> shift;
    while (slots[at] != 0 && slots[at] != bits) at = (at + 1) & (slots.size() - 1);
    count += slots[at] == 0;
    slots[at] = bits;
  }
  return count + has_zero;
}

}  // namespace

std::optional<Survey> survey_plain_numbers(const Array& cells, Missing missing, ColumnSchema& out) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const std::string& word : out.missing_words)
    if (parse_number(word)) return {};
  Survey s;
  const Array::Layout& memory = cells.layout();
  const char* const end =
      memory.bytes +
      (cells.size() > 0 ? static_cast<const std::int32_t*>(memory.values)[memory.offset + memory.size] : 0);
  Digits digits;
  MissingWords words(missing, out.missing_words);
  s.numbers.reserve(cells.size());
  double previous = kNaN;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (cells.is_null(r)) {
      s.numbers.push_back(kNaN);
      continue;
    }
    const std::string_view text = cells.text(r);
    if (const std::optional<PlainNumber> number = read_plain_number(text, end - text.data() > 8)) {
      if (number->has_leading_zero) return {};
      digits.add(*number, previous);
      s.numbers.push_back(previous = number->number);
      ++s.present;
    } else if (words.add(text)) {
      s.numbers.push_back(kNaN);
    } else {
      return {};
    }
  }
  // Where a number may be written in several ways, 7 and 7.0, the texts have to be counted.
  if (s.present == 0 || (digits.any_last_zero && !digits.same_decimals())) return {};
  s.gaps = words.gaps();
  s.beside_empty = words.beside_empty();
  s.whole = digits.whole, s.rises_by_one = digits.rises_by_one, s.rises = digits.rises;
  s.shortest = digits.shortest, s.longest = digits.longest;
  s.significant = digits.significant;
  out.missing = cells.size() - s.present;
  out.missing_word = words.most_used();
  out.distinct = s.rises_by_one ? s.present : count_distinct(s.numbers, digits);
  out.distinct += digits.zero && digits.negative_zero;  // two texts
  out.smallest = digits.smallest, out.largest = digits.largest;
  out.decimals = digits.most_decimals;
  out.fewest_decimals = digits.fewest_decimals;
  return s;
}

}  // namespace meg
