#pragma once
#include <string>

#include "meg/arrow.h"
#include "meg/table.h"

namespace meg {

/// The values in the format that the column has outside, of the array's own memory where meg holds them so; the array
/// keeps it alive until it is released. Throws Error, naming the column, where a value does not fit.
void export_array(const Array& values, const std::string& column, ArrowArray* out);

}  // namespace meg
