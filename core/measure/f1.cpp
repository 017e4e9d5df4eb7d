#include "core/measure/f1.h"

#include <algorithm>

#include "core/fail.h"

namespace meg {

double f1(std::span<const int> labels, std::span<const int> predicted, int positive) {
  if (labels.size() != predicted.size()) fail("{} labels, but {} predictions", labels.size(), predicted.size());
  double hits = 0, errors = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const bool is = labels[r] == positive, said = predicted[r] == positive;
    hits += is && said;
    errors += is != said;
  }
  return hits > 0 ? 2 * hits / (2 * hits + errors) : 0;
}

double macro_f1(std::span<const int> labels, std::span<const int> predicted, int classes) {
  double sum = 0, counted = 0;
  for (int k = 0; k < classes; ++k) {
    const auto has_class = [k](std::span<const int> rows) {
      return std::find(rows.begin(), rows.end(), k) != rows.end();
    };
    if (!has_class(labels) && !has_class(predicted)) continue;
    sum += f1(labels, predicted, k);
    ++counted;
  }
  return counted > 0 ? sum / counted : 0;
}

}  // namespace meg
