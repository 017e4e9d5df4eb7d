#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "core/measure/encoded_rows.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

struct EvaluationOptions {
  std::string target = {};  ///< column to predict from the others; empty: none
  /// Real rows that nobody learned from: can synthetic rows be told from them? `target` is predicted in them.
  const Table* test = nullptr;
  const Table* held_out = nullptr;  ///< real rows that the model has not seen, for privacy
  /// Measures of whole rows and of dependence: classifiers, precision and recall, associations, components.
  bool thorough = true;
  bool scale = false;                   ///< also measure one half of the real table against the other
  std::uint64_t seed = 0;               ///< of the samples and of the halves
  int threads = 1;                      ///< 0 = one a core
  std::vector<std::string> rules = {};  ///< that were stated, see docs/rules.md
};

/// What the measures of one evaluation compute from: the tables, samples of their rows, those as coordinates, and
/// results that several measures share. Each is made when the first measure asks for it, and kept. Not thread-safe:
/// measures are computed one after the other, each on all threads. The tables and the schema must outlive it.
class MeasureContext {
 public:
  /// `schema` is the real table's.
  MeasureContext(const Table& real, const Table& synthetic, const Schema& schema, EvaluationOptions options);

  const Table& real() const { return real_; }
  const Table& synthetic() const { return synthetic_; }
  const Schema& schema() const { return schema_; }
  const EvaluationOptions& options() const { return options_; }
  /// How many columns there are to compare: numbers, dates and categories.
  std::size_t columns() const { return columns_; }

  /// The result of `compute`, which is a function of the context alone.
  template <class Result>
  const Result& get(Result (*compute)(const MeasureContext&)) const {
    std::shared_ptr<const void>& kept = results_[reinterpret_cast<Function>(compute)];
    if (!kept) kept = std::make_shared<const Result>(compute(*this));
    return *static_cast<const Result*>(kept.get());
  }

  /// At most `rows` rows of a table, drawn by the seed: the table itself where it has no more.
  const Table& sample_real(std::size_t rows) const { return sample(real_, rows, kReal); }
  const Table& sample_synthetic(std::size_t rows) const { return sample(synthetic_, rows, kSynthetic); }
  /// The same of EvaluationOptions::test or held_out.
  const Table& sample_unseen(const Table& unseen, std::size_t rows) const { return sample(unseen, rows, kUnseen); }
  /// The coordinates of sample_real() and, behind them, of sample_synthetic().
  const EncodedRows& encoded(std::size_t rows) const;
  /// How many rows a sample has for which a measure has a budget of `rows`: at most `most`, and not under 1000.
  static std::size_t rows_within(double rows, std::size_t most);

  /// One half of the real table as if it were synthetic to the other. Null where the options do not ask for `scale`, or
  /// there are fewer than two rows.
  const MeasureContext* halves() const;

 private:
  using Function = void (*)();
  /// Positions of random words, one for each purpose; the first ones are those of gower_points().
  enum Draw : std::uint32_t { kHalves = 3, kReal, kSynthetic, kUnseen };
  struct Halves;

  const Table& sample(const Table& table, std::size_t rows, Draw draw) const;

  const Table &real_, &synthetic_;
  const Schema& schema_;
  EvaluationOptions options_;
  std::size_t columns_;
  mutable std::map<Function, std::shared_ptr<const void>> results_;
  mutable std::map<std::tuple<const Table*, std::size_t, Draw>, Table> samples_;
  mutable std::map<std::pair<std::size_t, std::size_t>, EncodedRows> encoded_;
  mutable std::shared_ptr<const Halves> halves_;
};

}  // namespace meg
