#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/measure/association.h"
#include "core/measure/closest_record.h"
#include "core/measure/compare.h"
#include "core/measure/drift.h"
#include "core/measure/efficacy.h"
#include "core/measure/membership.h"
#include "core/measure/pca.h"
#include "core/measure/precision_recall.h"
#include "core/measure/rules.h"
#include "core/measure/two_sample.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

struct EvaluationOptions {
  std::string target = {};          ///< column to predict from the others; empty: none
  const Table* test = nullptr;      ///< real rows that nobody learned from, to predict `target` in
  const Table* held_out = nullptr;  ///< real rows that the model has not seen, for privacy
  /// Measures of whole rows and of dependence: classifiers, precision and recall, associations, components.
  bool thorough = true;
  bool scale = false;      ///< also measure one half of the real table against the other
  std::uint64_t seed = 0;  ///< of the samples and of the halves
  int threads = 1;         ///< 0 = one a core
};

/// How well trees predict the target that learned from synthetic rows, and from real ones.
struct TargetEfficacy {
  std::string target;
  Efficacy synthetic, real;
};

/// Whether synthetic rows are copies of real ones; the second part only where there are held-out rows.
struct Privacy {
  std::size_t real_rows = 0;
  double identical = 0;  ///< share of synthetic rows that equal a row of the real table
  struct HeldOut {
    double identical = 0;        ///< share of held-out rows that do
    std::optional<Drift> drift;  ///< where they are not drawn like the real rows, and the rest says nothing
    ClosestRecord closest;
    Membership membership;
  };
  std::optional<HeldOut> held_out;
};

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

/// What a headline needs beyond the two tables.
enum class HeadlineGroup {
  kColumns,  ///< nothing
  kRows,     ///< EvaluationOptions::thorough
  kTarget,   ///< a target; which of them depends on its task
  kPrivacy,  ///< held-out rows, all but "identical"
};

struct HeadlineDefinition {
  std::string name;   ///< "shape", "c2st_xgb": its key in JSON and in `--fail-below`
  std::string label;  ///< the same in a few words
  bool higher_is_better = true;
  HeadlineGroup group = HeadlineGroup::kColumns;
};

/// A number that sums up a table, as people and pipelines ask for it.
struct Headline : HeadlineDefinition {
  Measured value;
  /// What real rows score: one half of the real table as if it were synthetic to the other (where the options ask for
  /// `scale`), trees that learned from real rows (kTarget), 1/2 where nothing can be told (kPrivacy).
  std::optional<Measured> real_against_real;
};

/// All headlines that there are, in order.
const std::vector<HeadlineDefinition>& headline_definitions();

/// All that is measured of a synthetic table beside the real one.
struct Evaluation {
  std::size_t real_rows = 0, synthetic_rows = 0;
  Comparison comparison;            ///< columns and pairs of columns
  std::vector<Rule> rules;          ///< that rows of the real table keep
  std::optional<RowMeasures> rows;  ///< where the options are `thorough`
  std::optional<TargetEfficacy> target;
  std::optional<Privacy> privacy;  ///< none where no column is left to compare rows by
  std::vector<Headline> headlines;

  /// The headline of that name, or nullptr.
  const Headline* headline(const std::string& name) const;
};

/// Measures `synthetic` against `real`, whose schema is `schema`. What one of the measures cannot say it says why.
/// Exact where sorting and counting suffice (columns, pairs, identical rows); samples elsewhere, with their sizes. The
/// result does not depend on the threads. Throws Error where a table has no rows
/// or lacks a column, or the target or the held-out rows cannot be asked.
Evaluation evaluate(const Table& real, const Table& synthetic, const Schema& schema,
                    const EvaluationOptions& options = {});

}  // namespace meg
