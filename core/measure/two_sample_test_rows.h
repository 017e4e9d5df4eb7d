#pragma once
#include <cstddef>
#include <cstdint>

#include "core/measure/context.h"
#include "core/measure/measured.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Whether boosted trees can tell test rows, which no model has learned, from synthetic ones.
struct TestTwoSample {
  Measured auc;  ///< of synthetic rows among test rows: 1/2 = cannot be told apart
  /// The same with real rows in the place of the synthetic ones: what chance, or test rows of another kind, make of it.
  Measured control;
  double auc_error = 0;            ///< standard error of the AUC if they cannot
  std::size_t real_rows = 0;       ///< that trees learned
  std::size_t synthetic_rows = 0;  ///< that they learned beside them
  std::size_t test_rows = 0;       ///< that they were asked about, beside as many other synthetic rows
};

/// Classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017) on held-out rows: trees learn the real rows against the
/// first as many synthetic rows, and are asked about the test rows and as many of the next synthetic ones. The
/// synthetic table should have as many rows as both: of fewer the trees learn fewer, and there is no value, but a
/// sentence, where they would learn less than a quarter of the real rows' number. 300 trees of depth 6, rate 0.05, from
/// 80 % of the rows and 70 % of the columns each, leaves of weight 20, on numbers (NaN where missing), the places of
/// sorted categories, and seconds, weekday and second of the day of datetimes.
///
/// The control cuts the real rows, shuffled by `seed`, into thirds: two are learned against each other, and the test
/// rows asked beside the last one. It is the mean of three turns. `schema` is the real table's. Throws Error where a
/// table lacks a column.
TestTwoSample two_sample_test_rows(const Table& real, const Table& test, const Table& synthetic, const Schema& schema,
                                   std::uint64_t seed = 0, int threads = 1);

/// The same of EvaluationOptions::test, on at most two_sample_rows() real and as many test rows.
TestTwoSample two_sample_test_rows(const MeasureContext& context);

}  // namespace meg
