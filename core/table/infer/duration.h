#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace meg {

// Lengths of time, in seconds. What stands in brackets in their formats goes on beyond a day, or an hour: [%H]:%M:%S is
// 26:15:00. "[%d days, ]%-H:%M:%S%-f" is what Python writes, 1 day, 2:03:04, "[%d] days %H:%M:%S%-f" pandas, and
// "P[%d]DT%-HH%-MM%-SS" ISO 8601, P1DT2H, where parts that are 0 may be absent.

/// The formats that columns are tried for.
std::span<const std::string_view> duration_formats();
/// Whether a format is one of them.
bool is_duration(std::string_view format);

/// The seconds of a cell in that format; nothing where it is not in it.
std::optional<double> parse_duration(std::string_view cell, std::string_view format);
/// And back, with `decimals` digits behind the seconds' point.
void append_duration(double seconds, std::string_view format, int decimals, std::string& out);

}  // namespace meg
