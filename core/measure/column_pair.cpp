#include "core/measure/column_pair.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/measure/numbers.h"
#include "core/measure/vocabulary.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

constexpr int kBins = 10;
using Edges = std::array<double, kBins - 1>;

/// numpy.histogram_bin_edges(numbers, 10)[1:-1]
Edges bin_edges(const std::vector<double>& numbers) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double x : numbers)
    if (!std::isnan(x)) {
      low = std::min(low, x);
      high = std::max(high, x);
    }
  if (low > high) {
    low = 0;
    high = 1;
  }
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  const double step = (high - low) / kBins;
  Edges edges;
  for (int i = 1; i < kBins; ++i) {
    // Volatile keeps the product rounded on its own, as numpy rounds it: values often lie exactly on an edge, and a
    // fused multiply-add would move them to the next bin.
    const volatile double offset = i * step;
    edges[static_cast<std::size_t>(i - 1)] = offset + low;
  }
  return edges;
}

std::vector<int> digitize(const std::vector<double>& numbers, const Edges& edges) {
  std::vector<int> bins(numbers.size());
  for (std::size_t r = 0; r < bins.size(); ++r)
    bins[r] = std::isnan(numbers[r])
                  ? kBins - 1
                  : static_cast<int>(std::upper_bound(edges.begin(), edges.end(), numbers[r]) - edges.begin());
  return bins;
}

/// The number that each word of a vocabulary stands for.
std::vector<double> word_numbers(const Vocabulary& vocabulary) {
  std::vector<double> places(static_cast<std::size_t>(vocabulary.size()));
  std::iota(places.begin(), places.end(), 0.0);
  std::vector<double> numbers;
  for (const std::string& word : vocabulary.words()) {
    const std::optional<double> number = parse_number(word);
    if (!number) return places;
    numbers.push_back(within_floats(*number));
  }
  return numbers;
}

std::vector<double> look_up(const std::vector<double>& numbers, const std::vector<int>& codes) {
  std::vector<double> out(codes.size());
  for (std::size_t r = 0; r < out.size(); ++r) out[r] = numbers[static_cast<std::size_t>(codes[r])];
  return out;
}

}  // namespace

ColumnPair read_column_pair(const ColumnSchema& column, const Table& real, const Table& synthetic) {
  ColumnPair out;
  out.numeric = is_numeric(column.type);
  if (out.numeric) {
    out.codes = kBins;
    out.real = read_numbers(column, real, "real");
    out.synthetic = read_numbers(column, synthetic, "synthetic");
    const Edges edges = bin_edges(out.real);
    out.real_codes = digitize(out.real, edges);
    out.synthetic_codes = digitize(out.synthetic, edges);
    return out;
  }
  const Vocabulary vocabulary(column, {&real, &synthetic});
  out.codes = vocabulary.size();
  const auto& words = vocabulary.words();
  // Only missing cells are called by a word that stands for one.
  const auto missing = std::find_if(words.begin(), words.end(), [](const std::string& w) { return is_missing(w); });
  if (missing != words.end()) out.missing_code = static_cast<int>(missing - words.begin());
  out.real_codes = vocabulary.code(real);
  out.synthetic_codes = vocabulary.code(synthetic);
  const std::vector<double> numbers = word_numbers(vocabulary);
  out.real = look_up(numbers, out.real_codes);
  out.synthetic = look_up(numbers, out.synthetic_codes);
  return out;
}

}  // namespace meg
