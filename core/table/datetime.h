#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// The datetime formats that columns are tried for, in strftime's letters: %Y %m %d %H %M %S, %f for the digits behind
/// the seconds' point. Dates year first, then day first, then month first; alone or with a time.
const std::vector<std::string>& datetime_formats();

/// Seconds since 1970-01-01 00:00 of a cell in that format, blanks around it aside; nothing where it is not in it or
/// is no date of the calendar (30 February).
std::optional<double> parse_datetime(std::string_view cell, std::string_view format);

/// Appends `seconds` in that format, with `decimals` digits for %f.
void append_datetime(double seconds, std::string_view format, int decimals, std::string& out);

}  // namespace meg
