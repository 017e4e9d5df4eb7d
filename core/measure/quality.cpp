#include "core/measure/registry.h"

namespace meg {

namespace {

Measured mean_of_shape_and_trend(const MeasureContext& context) {
  const Measured shape = measures::shape.compute(context), trend = measures::trend.compute(context);
  if (!shape || !trend) return trend ? shape : trend;
  return (*shape + *trend) / 2;
}

}  // namespace

constinit const Measure measures::quality{.key = "quality",
                                          .label = "mean of shape and trend",
                                          .meaning = "The mean of shape and trend.",
                                          .compute = mean_of_shape_and_trend};

}  // namespace meg
