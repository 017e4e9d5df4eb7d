#pragma once
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// The datetime formats that columns are tried for, in strftime's letters: %Y %m %d, %y 06, %e a day with a blank for a
/// zero, %b Jan and %B January, %H %M %S, %f for the digits behind the seconds' point, %I and %p AM or %P am, %G and %V
/// the year and week of ISO 8601, %q the quarter; %-d is without a leading zero, %-f the point and the digits or
/// nothing, %^b is JAN; %z an offset from UTC, %s seconds and %Q milliseconds since 1970. Dates year first, then day
/// first, then month first; alone or with a time; months, weeks, quarters, and times alone; then lengths of time,
/// duration.h.
const std::vector<std::string>& datetime_formats();

inline constexpr double kDaySeconds = 86400;
/// The midnight that begins the day of a number of seconds.
inline double day_of(double seconds) { return std::floor(seconds / kDaySeconds) * kDaySeconds; }

/// What a format begins with before the time, without what separates them: the day. Empty where the time comes first.
std::string_view date_part(std::string_view format);
/// Whether a format says anything of a date.
bool has_date(std::string_view format);
/// Whether a format says a time of the day.
bool has_time_of_day(std::string_view format);

/// The smallest difference of two datetimes in a format, in seconds, but not so small that it is lost in seconds since
/// 1970.
double least_step(std::string_view format, int decimals);

/// 20061212, 200612121530 and 20061212153000: such dates are whole numbers too.
inline constexpr std::array<std::string_view, 3> kWholeNumberDates{"%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S"};
/// Seconds, and milliseconds, since 1970.
inline constexpr std::string_view kUnixSeconds = "%s", kUnixMilliseconds = "%Q";

/// The part of a format that is none of these letters; empty where all are.
std::string_view unknown_directive(std::string_view format);

/// What a cell ends with that says its time zone: Z, +02:00, -0500, with the blank before it; empty where nothing.
std::string_view zone_of(std::string_view cell);

/// Seconds that such a zone is ahead of UTC; 0 of what is none.
double zone_seconds(std::string_view zone);

/// Seconds since 1970-01-01 00:00 of a cell in that format, blanks around it aside; nothing where it is not in it or
/// is no date of the calendar (30 February). What the format does not say is of that day.
std::optional<double> parse_datetime(std::string_view cell, std::string_view format);

/// Appends `seconds` in that format, with `decimals` digits for %f.
void append_datetime(double seconds, std::string_view format, int decimals, std::string& out);

}  // namespace meg
