#include "core/measure/membership.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "core/measure/gower.h"
#include "core/measure/nearest.h"
#include "core/measure/privacy.h"
#include "core/measure/registry.h"
#include "core/measure/roc_auc.h"

namespace meg {

Membership membership(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                      const MembershipOptions& options) {
  const GowerPoints points =
      gower_points(train, held_out, synthetic, schema, options.real_rows, options.synthetic_rows, options.seed);
  std::vector<double> scores;
  std::vector<int> member;
  for (const Points* asked : {&points.train, &points.held_out})
    for (const Nearest& n : nearest(points.synthetic, *asked, points.parts, options.threads)) {
      scores.push_back(-static_cast<double>(n.first));
      member.push_back(asked == &points.train);
    }
  return {.synthetic_rows = points.synthetic.rows,
          .real_rows = points.train.rows,
          .auc = roc_auc(scores, member),
          .auc_error = roc_auc_error(points.train.rows)};
}

constinit const Measure measures::membership_auc{
    .key = "membership_auc",
    .label = "AUC of guessing who was in it",
    .meaning =
        "How well one can guess from the synthetic rows which real rows the model has learned from; 0.5 is not "
        "at all.",
    .higher_is_better = false,
    .best = "0.5",
    .needs = {.held_out = true},
    .compute = [](const MeasureContext& c) { return Measured(c.get(privacy).held_out->membership.auc); },
    .of_real_rows = [](const MeasureContext&) { return std::optional<Measured>(0.5); },
    .section = MeasureSection::kPrivacy,
    .heading = "AUC of guessing who was in the real table",
    .text =
        [](const MeasureContext& c) {
          const Membership& m = c.get(privacy).held_out->membership;
          return fmt::format("{:.3f} +- {:.3f}  (0.5: no telling)", m.auc, m.auc_error);
        }};

}  // namespace meg
