#pragma once
#include <string>

#include "core/measure/evaluation.h"

namespace meg {

/// An evaluation as a JSON object, indented. A number that could not be measured is null, and "reasons" beside it has
/// the sentence under the same key. Keys, all numbers unless said:
///   every measure's key (shape, trend, quality, ks, ...); rows {real, synthetic};
///   headlines [{name, label, higher_is_better, value, real_against_real if it was asked for}];
///   columns [{name, type, shape, ks, ks_p, wasserstein, jensen_shannon, total_variation and chi_square_p (both where
///     counted), range_coverage or category_coverage, adherence, missing_similarity, missing_real, missing_synthetic}];
///   trends [{first, second, trend}];
///   not_learned [{name, type, shape, length, characters, distinct, distinct_real, distinct_synthetic}], the
///   identifiers
///     and texts;
///   two_sample {rows, logistic {score, auc}, trees {score, auc}, where there are test rows test {auc, auc_error,
///     control, real_rows, synthetic_rows, test_rows}};
///   precision_recall {rows, alpha_precision, beta_recall};
///   associations {columns [name], numeric [bool], real_rows, synthetic_rows, real {pearson [[...]], spearman [[...]]},
///     synthetic {the same}}, or {reason};
///   pca {rows, explained [...], real [[x, y, z], ...], synthetic [[x, y, z], ...], reason where there is none};
///   target {name, task, learned_from_synthetic {auc, f1, macro_f1, accuracy or rmse, r2; train_rows, test_rows},
///     learned_from_real {the same}};
///   privacy {identical_to_real, held_out_identical_to_real, closest_record {...}, membership {auc, auc_error, ...}}.
/// The four from two_sample to pca are there where the evaluation was thorough; the last two where they were measured.
std::string evaluation_to_json(const Evaluation& evaluation);

}  // namespace meg
