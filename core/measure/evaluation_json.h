#pragma once
#include <string>

#include "core/measure/evaluation.h"

namespace meg {

/// An evaluation as a JSON object, indented. A number that could not be measured is null, and "reasons" beside it has
/// the sentence under the same key. Keys, all numbers unless said:
///   rows {real, synthetic}; every headline's name (shape, trend, quality, ks, wasserstein, ...);
///   headlines [{name, label, higher_is_better, value, real_against_real}];
///   columns [{name, type, shape, ks, ks_p, wasserstein, jensen_shannon, total_variation, chi_square_p,
///     range_coverage or category_coverage, adherence, missing_similarity, missing_real, missing_synthetic}];
///   trends [{first, second, trend}]; not_compared [name];
///   two_sample {rows, logistic {score, auc}, trees {score, auc}};
///   precision_recall {rows, alpha_precision, beta_recall, authenticity};
///   associations {columns [name], numeric [bool], real_rows, synthetic_rows, real {pearson [[...]], spearman [[...]]},
///     synthetic {the same}};
///   pca {rows, explained [...], real [[x, y, z], ...], synthetic [[x, y, z], ...]};
///   target {name, task, learned_from_synthetic {...}, learned_from_real {...}};
///   privacy {identical_to_real, held_out_identical_to_real, closest_record {...}, membership {...}}.
std::string evaluation_to_json(const Evaluation& evaluation);

}  // namespace meg
