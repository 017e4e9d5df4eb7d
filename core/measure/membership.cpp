#include "core/measure/membership.h"

#include <cmath>
#include <vector>

#include "core/measure/gower.h"
#include "core/measure/nearest.h"
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
  const auto rows = static_cast<double>(points.train.rows);
  // Of the Mann-Whitney statistic of two samples of `rows` each.
  return {points.synthetic.rows, points.train.rows, roc_auc(scores, member),
          std::sqrt((2 * rows + 1) / (12 * rows * rows))};
}

}  // namespace meg
