#include "core/model/classic/scaling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/fail.h"
#include "core/table/code/grid.h"
#include "core/table/code/relation.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

constexpr std::size_t kMostPatterns = 1000;

/// The number as it is written, or the nearest category's place.
double made_value(const ColumnSchema& column, double number) {
  if (!is_categorical(column.type)) return as_written(column, number);
  return static_cast<double>(std::clamp(std::lround(number), 0L, static_cast<long>(column.values.size()) - 1));
}

}  // namespace

ScaledColumn fit_column(std::span<const double> x, int decimals) {
  ScaledColumn out;
  if (x.empty()) return out;
  const double n = static_cast<double>(x.size());
  for (const double v : x) out.mean += v / n;
  double variance = 0;
  for (const double v : x) variance += (v - out.mean) * (v - out.mean) / n;
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  out.low = *low, out.high = *high;
  if (out.low == out.high) return out;  // a constant column: always its one value
  const double furthest = std::max(out.mean - out.low, out.high - out.mean);
  if (std::isnormal(variance)) {
    out.deviation = std::sqrt(variance);
  } else {  // squares of numbers this large or small leave a double's range; squares of their ratios do not
    variance = 0;
    for (const double v : x) variance += std::pow((v - out.mean) / furthest, 2) / n;
    out.deviation = furthest * std::sqrt(variance);
  }
  out.reach = furthest / out.deviation;
  out.step = grid_step(x, out.low, out.high, decimals);
  return out;
}

float scaled(const ScaledColumn& column, double number) {
  return static_cast<float>(std::clamp((number - column.mean) / column.deviation / column.reach, -1.0, 1.0));
}

TableScaling::TableScaling(const InferredTable& inferred) : schema_(inferred.schema), text_(inferred) {
  const ReadTable table(schema_, inferred.columns);
  index_columns();
  for (const std::size_t c : modelled_) {
    const ColumnSchema& column = schema_[c];
    std::vector<double> values;
    for (std::size_t r = 0; r < table.rows(); ++r)
      if (const Value value = table.value(r, c); !value.is_missing() && !value.is_word())
        values.push_back(value.number);
    scaled_.push_back(fit_column(values, column.decimals));
    if (!std::isfinite(scaled_.back().reach) || !std::isfinite(scaled_.back().deviation))
      fail("column '{}' reaches from {} to {}, further than numbers can be computed with: drop or rescale it",
           column.name, scaled_.back().low, scaled_.back().high);
  }
  if (modelled_.empty()) fail("no column is left to model: all are identifiers or free text");
  fit_patterns(table);
}

void TableScaling::index_columns() {
  for (std::size_t c = 0; c < schema_.size(); ++c)
    if (is_modelled(schema_[c].type)) modelled_.push_back(c);
}

void TableScaling::fit_patterns(const ReadTable& table) {
  if (std::all_of(schema_.begin(), schema_.end(),
                  [](const ColumnSchema& c) { return c.missing == 0 && c.words.empty(); }))
    return;
  std::map<std::string, std::uint64_t> count;
  std::string pattern;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    pattern.clear();
    for (std::size_t c = 0; c < schema_.size(); ++c) {
      const Value value = table.value(r, c);
      pattern.push_back(value.is_missing() || value.is_word() ? '1' : '0');
    }
    if (count.size() < kMostPatterns || count.contains(pattern)) ++count[pattern], ++pattern_rows_;
  }
  for (const auto& [missing, rows] : count) patterns_.push_back({missing, rows});
}

std::vector<std::string> TableScaling::modelled() const {
  std::vector<std::string> names;
  for (const std::size_t c : modelled_) names.push_back(schema_[c].name);
  return names;
}

std::vector<float> TableScaling::encode(const ReadTable& table) const {
  constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
  const std::size_t rows = table.rows(), columns = modelled_.size();
  std::vector<float> out(rows * columns);
  const Philox philox(0, Stream::kMissing);
  std::vector<float> present;
  for (std::size_t m = 0; m < columns; ++m) {
    const ColumnSchema& column = schema_[modelled_[m]];
    if (!table.has(modelled_[m])) fail("the table has no column '{}', which the model has learned", column.name);
    present.clear();
    for (std::size_t r = 0; r < rows; ++r) {
      const Value value = table.value(r, modelled_[m]);
      if (value.is_odd) fail_cell(column, value.text);
      float& x = out[r * columns + m] =
          value.is_missing() || value.is_word() ? kMissing : scaled(scaled_[m], value.number);
      if (!std::isnan(x)) present.push_back(x);
    }
    for (std::size_t r = 0; r < rows && present.size() < rows; ++r) {
      const std::uint64_t word = philox.bits(r, static_cast<std::uint32_t>(m))[0];
      float& x = out[r * columns + m];
      if (std::isnan(x)) x = present.empty() ? 0.0f : present[word * present.size() >> 32];
    }
  }
  return out;
}

const std::string* TableScaling::pattern_of(std::uint64_t seed, std::uint64_t row) const {
  if (patterns_.empty()) return nullptr;
  const auto words = Philox(seed, Stream::kMissing).bits(row, 0);
  const std::uint64_t bits = static_cast<std::uint64_t>(words[0]) << 32 | words[1];
  std::uint64_t chosen = bits % pattern_rows_;
  std::size_t i = 0;
  while (chosen >= patterns_[i].count) chosen -= patterns_[i++].count;
  return &patterns_[i].missing;
}

std::vector<Array> TableScaling::made_columns(std::span<const double> values, std::uint64_t seed,
                                              std::uint64_t first_row) const {
  const std::size_t rows = values.size() / modelled_.size();
  std::vector<const std::string*> missing(rows);
  for (std::size_t r = 0; r < rows; ++r) missing[r] = pattern_of(seed, first_row + r);
  std::vector<Array> out;
  std::size_t m = 0;
  for (std::size_t c = 0; c < schema_.size(); ++c) {
    const ColumnSchema& column = schema_[c];
    const bool modelled = m < modelled_.size() && modelled_[m] == c;
    std::vector<double> made(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      if ((missing[r] && (*missing[r])[c] == '1') || column.distinct == 0)
        made[r] = std::numeric_limits<double>::quiet_NaN();
      else if (modelled)
        made[r] = made_value(column, values[r * modelled_.size() + m]);
    }
    out.push_back(modelled ? read_values(column, std::move(made)) : text_.made(column, c, seed, first_row, made));
    m += modelled;
  }
  return out;
}

std::string TableScaling::to_json() const {
  nlohmann::json out{{"columns", nlohmann::json::parse(schema_to_json(schema_))}};
  for (const ScaledColumn& s : scaled_) out["scaling"].push_back({s.mean, s.deviation, s.reach, s.low, s.high, s.step});
  out["text_shapes"] = nlohmann::json::parse(text_.to_json());
  out["missing_patterns"] = nlohmann::json::array();
  for (const Pattern& pattern : patterns_) out["missing_patterns"].push_back({pattern.missing, pattern.count});
  return out.dump();
}

TableScaling TableScaling::from_json(std::string_view json) {
  const auto in = nlohmann::json::parse(json);
  TableScaling out;
  out.schema_ = schema_from_json(in.at("columns").dump());
  out.index_columns();
  for (const auto& s : in.at("scaling")) out.scaled_.push_back({s.at(0), s.at(1), s.at(2), s.at(3), s.at(4), s.at(5)});
  out.text_ = TextColumns::from_json(in.at("text_shapes").dump());
  if (out.text_.size() != out.schema_.size())
    fail("there are {} text shapes for {} columns", out.text_.size(), out.schema_.size());
  for (const auto& pattern : in.at("missing_patterns")) {
    out.patterns_.push_back({pattern.at(0), pattern.at(1)});
    out.pattern_rows_ += out.patterns_.back().count;
  }
  if (out.modelled_.empty() || out.scaled_.size() != out.modelled_.size())
    fail("a model of {} columns is scaled in {}", out.modelled_.size(), out.scaled_.size());
  return out;
}

}  // namespace meg
