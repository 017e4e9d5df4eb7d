#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/measure/association.h"
#include "core/measure/compare.h"
#include "core/measure/context.h"
#include "core/measure/efficacy.h"
#include "core/measure/measure.h"
#include "core/measure/pca.h"
#include "core/measure/precision_recall.h"
#include "core/measure/privacy.h"
#include "core/measure/rules.h"
#include "core/measure/two_sample.h"
#include "core/measure/two_sample_test_rows.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// The measures of whole rows and of dependence. Samples are of at most so many rows of each table, all rows where the
/// table is smaller.
struct RowMeasures {
  std::size_t classifier_rows = 0;  ///< limit of the classifiers' samples
  TwoSample logistic, trees;
  std::size_t neighbour_rows = 0;  ///< limit of precision and recall's samples
  PrecisionRecall precision_recall;
  Associations associations;  ///< says its rows itself
  std::size_t pca_rows = 0;   ///< limit of the components' samples; the points of plots are these
  Pca pca;
};

/// The value of a measure.
struct Headline {
  const Measure* measure = nullptr;
  Measured value;
  /// What real rows score, where it is known: see Measure::of_real_rows and EvaluationOptions::scale.
  std::optional<Measured> real_against_real;
  std::string text, note;  ///< see Measure; empty where there is none
};

/// All that is measured of a synthetic table beside the real one.
struct Evaluation {
  std::size_t real_rows = 0, synthetic_rows = 0;
  Comparison comparison;                   ///< columns and pairs of columns
  std::vector<Rule> rules;                 ///< that were stated, and that rows of the real table are found to keep
  std::optional<RowMeasures> rows;         ///< where the options are `thorough`
  std::optional<TestTwoSample> test_rows;  ///< where there are some and the options are `thorough`
  std::optional<TargetEfficacy> target;
  std::optional<Privacy> privacy;   ///< none where no column is left to compare rows by
  std::vector<Headline> headlines;  ///< in the registry's order

  /// The headline of the measure of that key, or nullptr.
  const Headline* headline(std::string_view key) const;
};

/// Measures `synthetic` against `real`, whose schema is `schema`. What one of the measures cannot say it says why.
/// Exact where sorting and counting suffice (columns, pairs, identical rows); samples elsewhere, with their sizes. The
/// result does not depend on the threads. Throws Error where a table has no rows or lacks a column, or the target or
/// the held-out rows cannot be asked.
Evaluation evaluate(const Table& real, const Table& synthetic, const Schema& schema,
                    const EvaluationOptions& options = {});

}  // namespace meg
