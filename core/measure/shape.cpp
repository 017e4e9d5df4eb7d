#include "core/measure/compare.h"
#include "core/measure/registry.h"

namespace meg {

constinit const Measure measures::shape{
    .key = "shape",
    .label = "columns: 1 - KS or total variation",
    .meaning =
        "Whether each column, taken alone, is distributed like the real one: the mean of 1 - Kolmogorov-Smirnov "
        "statistic (numbers) and of 1 - total variation (categories).",
    .compute = [](const MeasureContext& c) { return column_mean(c.get(compare), &ColumnComparison::shape); },
    .gap = Gap{0.02, 0.07},
    .card = OnCard{.card = Card::kColumns, .question = "How alike is each column, taken alone? 1: the same"}};

}  // namespace meg
