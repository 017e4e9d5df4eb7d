#include "core/report/cut_column.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/measure/numbers.h"
#include "core/measure/vocabulary.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

/// Bars are counted in bytes.
constexpr std::size_t kMostBars = 200;
constexpr double kTail = 0.005, kStretched = 1.5;

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

/// The distinct values, or nothing where there are more than `most`.
std::vector<double> few_values(const std::vector<double>& sorted, std::size_t most) {
  std::vector<double> out;
  for (const double x : sorted) {
    if (!out.empty() && out.back() == x) continue;
    if (out.size() == most) return {};
    out.push_back(x);
  }
  return out;
}

std::vector<std::uint8_t> bars_of(const std::vector<int>& codes, const std::vector<std::uint8_t>& bar_of_code) {
  std::vector<std::uint8_t> out(codes.size());
  for (std::size_t r = 0; r < codes.size(); ++r) out[r] = bar_of_code[static_cast<std::size_t>(codes[r])];
  return out;
}

/// The bar of every number: `place` says it, missing ones are in bar `missing`.
template <class Place>
std::vector<std::uint8_t> bars_of(const std::vector<double>& numbers, std::size_t missing, Place place) {
  std::vector<std::uint8_t> out(numbers.size());
  for (std::size_t r = 0; r < numbers.size(); ++r)
    out[r] = static_cast<std::uint8_t>(std::isnan(numbers[r]) ? missing : place(numbers[r]));
  return out;
}

bool any_missing(const std::vector<double>& numbers) {
  return std::any_of(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); });
}

}  // namespace

std::size_t Bars::size() const {
  const std::size_t intervals = edges.empty() ? 0 : edges.size() - 1;
  return intervals + labels.size() + (others > 0 ? 1 : 0) + (missing ? 1 : 0);
}

ReportColumn::ReportColumn(const ColumnSchema& column, const Table& real, const Table& synthetic) : column_(column) {
  if (is_categorical(column.type)) {
    const Vocabulary vocabulary(column, {&real, &synthetic});
    for (const std::string& word : vocabulary.words()) words_.push_back(is_missing(word) ? "" : word);
    real_codes_ = vocabulary.code(real);
    synthetic_codes_ = vocabulary.code(synthetic);
    return;
  }
  real_ = read_numbers(column, real, "real");
  synthetic_ = read_numbers(column, synthetic, "synthetic");
  for (const std::vector<double>* numbers : {&real_, &synthetic_})
    for (const double x : *numbers)
      if (!std::isnan(x)) sorted_.push_back(x);
  std::sort(sorted_.begin(), sorted_.end());
}

CutColumn ReportColumn::cut(const BarLimits& limits) const {
  if (is_categorical(column_.type)) return cut_categories(std::min(limits.values, kMostBars));
  const std::vector<double> values = few_values(sorted_, std::min(limits.values, kMostBars));
  return !values.empty() || sorted_.empty() ? cut_values(values) : cut_intervals(std::min(limits.intervals, kMostBars));
}

CutColumn ReportColumn::cut_categories(std::size_t most) const {
  std::vector<std::size_t> count(words_.size()), order;
  for (const int code : real_codes_) ++count[static_cast<std::size_t>(code)];
  for (std::size_t w = 0; w < words_.size(); ++w)
    if (!words_[w].empty()) order.push_back(w);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return count[a] > count[b]; });

  CutColumn out;
  const std::size_t shown = order.size() > most ? most - 1 : order.size();
  out.bars.others = order.size() - shown;
  out.bars.missing = order.size() < words_.size();
  std::vector<std::uint8_t> bar_of_code(words_.size(),
                                        static_cast<std::uint8_t>(shown + (out.bars.others > 0 ? 1 : 0)));
  for (std::size_t i = 0; i < order.size(); ++i) {
    bar_of_code[order[i]] = static_cast<std::uint8_t>(std::min(i, shown));
    if (i < shown) out.bars.labels.push_back(words_[order[i]]);
  }
  out.real = bars_of(real_codes_, bar_of_code);
  out.synthetic = bars_of(synthetic_codes_, bar_of_code);
  return out;
}

CutColumn ReportColumn::cut_values(const std::vector<double>& values) const {
  CutColumn out;
  for (const double x : values) append_value(column_, x, out.bars.labels.emplace_back());
  out.bars.missing = any_missing(real_) || any_missing(synthetic_);
  const auto place = [&](double x) {
    return static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), x) - values.begin());
  };
  out.real = bars_of(real_, values.size(), place);
  out.synthetic = bars_of(synthetic_, values.size(), place);
  return out;
}

CutColumn ReportColumn::cut_intervals(std::size_t most) const {
  CutColumn out;
  double low = sorted_.front(), high = sorted_.back();
  const double inner_low = quantile(sorted_, kTail), inner_high = quantile(sorted_, 1 - kTail);
  if (inner_high > inner_low && high - low > kStretched * (inner_high - inner_low)) {
    out.bars.open_low = low < inner_low;
    out.bars.open_high = high > inner_high;
    low = inner_low;
    high = inner_high;
  }
  const double step = column_.type == ColumnType::kDecimal ? std::pow(10.0, -column_.decimals) : 1;
  double width = (high - low) / static_cast<double>(most), begin = low;
  if (width < 20 * step) {  // wider ones differ by less than a twentieth in what they hold
    width = std::ceil((high - low + step) / step / static_cast<double>(most)) * step;
    begin = low - step / 2;
  }
  const auto intervals =
      static_cast<std::size_t>(std::clamp(std::ceil((high - begin) / width - 1e-9), 1.0, static_cast<double>(most)));
  for (std::size_t i = 0; i <= intervals; ++i) out.bars.edges.push_back(begin + static_cast<double>(i) * width);
  out.bars.missing = any_missing(real_) || any_missing(synthetic_);
  const auto place = [&](double x) {
    return static_cast<std::size_t>(
        std::clamp(std::floor((x - begin) / width), 0.0, static_cast<double>(intervals - 1)));
  };
  out.real = bars_of(real_, intervals, place);
  out.synthetic = bars_of(synthetic_, intervals, place);
  return out;
}

std::vector<std::size_t> count_bars(const std::vector<std::uint8_t>& cells, std::size_t bars) {
  std::vector<std::size_t> out(bars);
  for (const std::uint8_t cell : cells) ++out[cell];
  return out;
}

std::vector<std::size_t> count_pairs(const std::vector<std::uint8_t>& a, std::size_t a_bars,
                                     const std::vector<std::uint8_t>& b, std::size_t b_bars) {
  std::vector<std::size_t> out(a_bars * b_bars);
  for (std::size_t r = 0; r < a.size(); ++r) ++out[a[r] * b_bars + b[r]];
  return out;
}

}  // namespace meg
