#pragma once
#include <cstddef>

#include "core/nn/column_layout.h"

namespace meg::cpu {

struct AllowedCell {
  int code;
  float z;
  double log_mass;  // of all that is allowed
};

/// Draws the cell of column number `j` from its head [head_width()] and the noise of row first_row + row, kept to
/// `allowed`; see Backend::sample_column.
AllowedCell draw_allowed(const ColumnLayout& column, std::size_t j, std::size_t row, const float* head,
                         const Draw& draw, const Allowed& allowed);

}  // namespace meg::cpu
