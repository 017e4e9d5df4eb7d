#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "meg/schema.h"

namespace meg {

/// The offsets of a column whose datetimes have several, of summer and winter, where they follow from the date: each
/// from a moment on, ascending. `cells` are its different values, `seconds` what their clocks show. Where an offset
/// begins is not seen, only between which values: it is taken for a Sunday, at two in the night, that is nearest to the
/// middle of these. Nothing where some cell has none, or where they change too often to follow from the date: more than
/// once for four values on average.
std::optional<std::vector<UtcOffset>> find_utc_offsets(std::span<const std::string_view> cells,
                                                       std::span<const double> seconds);

/// The offset at a moment that the clock shows.
std::string_view offset_at(std::span<const UtcOffset> offsets, double seconds);
/// How far the clock is ahead at a moment in UTC.
double ahead_at_utc(std::span<const UtcOffset> offsets, double seconds);

}  // namespace meg
