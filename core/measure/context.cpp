#include "core/measure/context.h"

#include <algorithm>
#include <vector>

#include "core/measure/sample.h"

namespace meg {

namespace {

/// Samples are not cut below this.
constexpr std::size_t kSmallestSample = 1000;

/// The rows that `chosen`, which is sorted, leaves out.
std::vector<std::size_t> others(const std::vector<std::size_t>& chosen, std::size_t rows) {
  std::vector<std::size_t> out;
  for (std::size_t r = 0, i = 0; r < rows; ++r)
    if (i < chosen.size() && chosen[i] == r)
      ++i;
    else
      out.push_back(r);
  return out;
}

}  // namespace

struct MeasureContext::Halves {
  Table first, second;
  MeasureContext context;

  Halves(Table a, Table b, const Schema& schema, EvaluationOptions options)
      : first(std::move(a)), second(std::move(b)), context(first, second, schema, std::move(options)) {}
};

MeasureContext::MeasureContext(const Table& real, const Table& synthetic, const Schema& schema,
                               EvaluationOptions options)
    : real_(real),
      synthetic_(synthetic),
      schema_(schema),
      options_(std::move(options)),
      columns_(static_cast<std::size_t>(std::count_if(
          schema.begin(), schema.end(), [](const ColumnSchema& column) { return is_modelled(column.type); }))) {}

std::size_t MeasureContext::rows_within(double rows, std::size_t most) {
  return static_cast<std::size_t>(std::clamp(rows, static_cast<double>(kSmallestSample), static_cast<double>(most)));
}

const Table& MeasureContext::sample(const Table& table, std::size_t rows, Draw draw) const {
  if (rows >= table.rows()) return table;
  const auto key = std::tuple(&table, rows, draw);
  const auto found = samples_.find(key);
  if (found != samples_.end()) return found->second;
  return samples_.emplace(key, table.take(choose_rows(table.rows(), rows, options_.seed, draw))).first->second;
}

const EncodedRows& MeasureContext::encoded(std::size_t rows) const {
  const std::pair key(std::min(rows, real_.rows()), std::min(rows, synthetic_.rows()));
  const auto found = encoded_.find(key);
  if (found != encoded_.end()) return found->second;
  return encoded_.emplace(key, encode_rows(sample_real(rows), sample_synthetic(rows), schema_)).first->second;
}

const MeasureContext* MeasureContext::halves() const {
  if (!options_.scale || real_.rows() < 2) return nullptr;
  if (!halves_) {
    const std::vector<std::size_t> first = choose_rows(real_.rows(), real_.rows() / 2, options_.seed, kHalves);
    const std::vector<std::size_t> second = others(first, real_.rows());
    EvaluationOptions options;
    options.thorough = options_.thorough;
    options.seed = options_.seed;
    options.threads = options_.threads;
    halves_ = std::make_shared<const Halves>(real_.take(first), real_.take(second), schema_, options);
  }
  return &halves_->context;
}

}  // namespace meg
