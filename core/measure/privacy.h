#pragma once
#include <cstddef>
#include <optional>

#include "core/measure/closest_record.h"
#include "core/measure/context.h"
#include "core/measure/drift.h"
#include "core/measure/membership.h"

namespace meg {

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

/// Throws Error where no column is left to compare rows by, or the held-out rows cannot be asked.
Privacy privacy(const MeasureContext& context);

}  // namespace meg
