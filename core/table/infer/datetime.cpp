#include "core/table/infer/datetime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/table/infer/duration.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};

/// One letter of a format: %d, %-d, %^b.
struct Directive {
  char flag = 0;
  char letter = 0;
};

/// The directive or, where letter is 0, the character at the start of a format that is not empty, and its length.
std::pair<Directive, std::size_t> first_directive(std::string_view format) {
  if (format[0] != '%' || format.size() < 2) return {{}, 1};
  const bool flag = format[1] == '-' || format[1] == '^';
  if (!flag) return {{0, format[1]}, 2};
  return {{format[1], format.size() > 2 ? format[2] : '?'}, std::min<std::size_t>(format.size(), 3)};
}

/// Reads between 1 and `most` digits at the start of `text` and removes them: all of them where `exact`, or, `bare`,
/// without zeros in front.
std::optional<int> eat_digits(std::string_view& text, std::size_t most, bool exact, bool bare = false) {
  int value = 0;
  std::size_t count = 0;
  while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9')
    value = 10 * value + (text[count++] - '0');
  if (count == 0 || (exact && count != most) || (bare && count > 1 && text[0] == '0')) return {};
  text.remove_prefix(count);
  return value;
}

/// The digits behind the seconds' point; `optional`: with the point, or nothing at all.
std::optional<int> eat_fraction(std::string_view& text, bool optional) {
  if (optional && !text.starts_with('.')) return 0;
  if (optional) text.remove_prefix(1);
  return eat_digits(text, 9, false);
}

std::string month_name(std::size_t month, Directive directive) {
  std::string name(kMonths[month].substr(0, directive.letter == 'b' ? 3 : kMonths[month].size()));
  if (directive.flag == '^')
    for (char& c : name) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::optional<int> eat_month(std::string_view& text, Directive directive) {
  for (std::size_t month = 0; month < kMonths.size(); ++month)
    if (const std::string name = month_name(month, directive); text.starts_with(name)) {
      text.remove_prefix(name.size());
      return static_cast<int>(month) + 1;
    }
  return {};
}

/// AM or PM, in small letters for %P, as 0 or 12 hours.
std::optional<int> eat_half_day(std::string_view& text, bool small) {
  const int hours = text.starts_with(small ? "pm" : "PM") ? 12 : 0;
  if (hours == 0 && !text.starts_with(small ? "am" : "AM")) return {};
  text.remove_prefix(2);
  return hours;
}

/// A day of one digit has a blank before it.
std::optional<int> eat_padded_day(std::string_view& text) {
  const bool padded = text.starts_with(' ');
  if (padded) text.remove_prefix(1);
  return eat_digits(text, padded ? 1 : 2, true);
}

/// Years of two digits, as POSIX has them: 69 is 1969, 68 is 2068.
constexpr int kFirstOfCentury = 69;
int year_of_two(int digits) { return digits + (digits < kFirstOfCentury ? 2000 : 1900); }

constexpr double kYear0 = -62167219200, kYear10000 = 253402300800;  // where they begin

using Days = std::chrono::sys_days;

/// The Monday of a week as ISO 8601 counts them: week 1 has the year's first Thursday. Nothing where the year has no
/// such week.
std::optional<Days> first_day_of_week(int year, int week) {
  using namespace std::chrono;
  const auto first = [](int y) {
    const Days fourth = Days(std::chrono::year(y) / January / 4);
    return fourth - (weekday(fourth) - Monday);
  };
  const Days out = first(year) + weeks(week - 1);
  if (week < 1 || out >= first(year + 1)) return {};
  return out;
}

/// And back: the year and the week of a day.
std::pair<int, int> week_of(Days day) {
  using namespace std::chrono;
  const int year = static_cast<int>(year_month_day(day + days(3) - (weekday(day) - Monday)).year());
  const auto first = *first_day_of_week(year, 1);
  return {year, static_cast<int>((day - first).count() / 7) + 1};
}

/// What the letters of a format say.
struct Parts {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::optional<int> hour_of_12;
  int half_day = 0;
  std::optional<int> week;
  double fraction = 0;
  std::optional<double> since_1970;

  bool read(std::string_view& text, Directive directive) {
    const char letter = directive.letter;
    const std::size_t before = text.size();
    const bool bare = directive.flag == '-';
    if (letter == 's' || letter == 'Q') {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), since_1970.emplace());
      if (letter == 'Q') *since_1970 /= 1000;
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
      return error == std::errc() && before > text.size() && *since_1970 >= kYear0 && *since_1970 < kYear10000;
    }
    const auto value = letter == 'b' || letter == 'B'   ? eat_month(text, directive)
                       : letter == 'p' || letter == 'P' ? eat_half_day(text, letter == 'P')
                       : letter == 'Y' || letter == 'G' ? eat_digits(text, 4, true)
                       : letter == 'f'                  ? eat_fraction(text, bare)
                       : letter == 'e'                  ? eat_padded_day(text)
                       : letter == 'q'                  ? eat_digits(text, 1, true)
                                                        : eat_digits(text, 2, !bare, bare);
    if (!value) return false;
    switch (letter) {
      case 'G':
      case 'Y': year = *value; break;
      case 'y': year = year_of_two(*value); break;
      case 'V': week = *value; break;
      case 'q': month = *value >= 1 && *value <= 4 ? 3 * *value - 2 : 0; break;
      case 'm':
      case 'b':
      case 'B': month = *value; break;
      case 'e':
      case 'd': day = *value; break;
      case 'H': hour = *value; break;
      case 'I': hour_of_12 = *value; break;
      case 'P':
      case 'p': half_day = *value; break;
      case 'M': minute = *value; break;
      case 'S': second = *value; break;
      default:
        fraction = *value * std::pow(10.0, -static_cast<double>(before - text.size() - (bare && before > text.size())));
    }
    return true;
  }

  std::optional<double> seconds() const {
    if (since_1970) return since_1970;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    const bool is_of_12 = !hour_of_12 || (*hour_of_12 >= 1 && *hour_of_12 <= 12);
    const bool is_midnight = hour == 24 && minute == 0 && second == 0 && fraction == 0;  // which ends the day
    if (!date.ok() || (hour > 23 && !is_midnight) || minute > 59 || second > 59 || !is_of_12) return {};
    const std::optional<Days> monday = week ? first_day_of_week(year, *week) : std::nullopt;
    if (week && !monday) return {};
    const auto days = (monday ? *monday : Days(date)).time_since_epoch().count();
    const int hours = hour_of_12 ? *hour_of_12 % 12 + half_day : hour;
    return static_cast<double>(days) * 86400.0 + hours * 3600 + minute * 60 + second + fraction;
  }
};

}  // namespace

const std::vector<std::string>& datetime_formats() {
  static const std::vector<std::string> formats = [] {
    std::vector<std::string> out;
    for (const char* date :
         {"%Y-%m-%d",   "%Y/%m/%d",   "%d/%m/%Y",   "%d.%m.%Y",   "%d-%m-%Y",   "%m/%d/%Y",   "%m-%d-%Y",
          "%Y-%-m-%-d", "%Y/%-m/%-d", "%-d/%-m/%Y", "%-d.%-m.%Y", "%-d-%-m-%Y", "%-m/%-d/%Y", "%-m-%-d-%Y",
          "%d-%b-%Y",   "%-d-%b-%Y",  "%d-%^b-%Y",  "%-d-%^b-%Y", "%d %b %Y",   "%-d %b %Y",  "%b %d %Y",
          "%b %-d %Y",  "%b %d, %Y",  "%b %-d, %Y", "%d %B %Y",   "%-d %B %Y",  "%B %d %Y",   "%B %-d %Y",
          "%B %d, %Y",  "%B %-d, %Y", "%b %e %Y",   "%b %e, %Y",  "%e %b %Y",   "%d/%m/%y",   "%m/%d/%y",
          "%d.%m.%y",   "%d-%m-%y",   "%m-%d-%y",   "%-d/%-m/%y", "%-m/%-d/%y", "%d-%b-%y",   "%-d-%b-%y",
          "%d %b %y",   "%-d %b %y",  "%d-%^b-%y",  "%b %d, %y",  "%b %-d, %y", "%y-%m-%d",   "%b-%d-%Y",
          "%b-%-d-%Y",  "%y/%m/%d"})
      for (const char* time : {"",
                               " %H:%M",
                               " %H:%M:%S",
                               " %H:%M:%S.%f",
                               "T%H:%M",
                               "T%H:%M:%S",
                               "T%H:%M:%S.%f",
                               " %-H:%M",
                               " %-H:%M:%S",
                               " %I:%M %p",
                               " %I:%M:%S %p",
                               " %-I:%M %p",
                               " %-I:%M:%S %p",
                               " %H:%M:%S%-f",
                               "T%H:%M:%S%-f",
                               " %-I:%M%p",
                               " %-I:%M:%S%p",
                               " %-I:%M %P",
                               " %-I:%M:%S %P",
                               " %-I:%M%P",
                               " %-I:%M:%S%P",
                               " %I:%M%p",
                               " %I:%M%P"})
        out.push_back(std::string(date) + time);
    for (const char* rest :
         {"%Y-%m",     "%Y/%m",        "%m/%Y",       "%m-%Y",        "%b %Y",     "%b-%Y",       "%B %Y",
          "%H:%M",     "%H:%M:%S",     "%H:%M:%S.%f", "%-H:%M",       "%-H:%M:%S", "%I:%M %p",    "%I:%M:%S %p",
          "%-I:%M %p", "%-I:%M:%S %p", "%H:%M:%S%-f", "%I:%M%p",      "%-I:%M%p",  "%-I:%M:%S%p", "%I:%M%P",
          "%-I:%M%P",  "%-I:%M:%S%P",  "%-I:%M %P",   "%-I:%M:%S %P", "%G-W%V",    "%GW%V",       "%YQ%q",
          "%Y-Q%q",    "%Y Q%q",       "%Yq%q",       "%Y:Q%q",       "%m/%y",     "%-m/%y",      "Q%q %Y",
          "%b-%y",     "%b %y"})
      out.push_back(rest);
    for (const std::string_view whole : kWholeNumberDates) out.emplace_back(whole);
    for (const std::string_view duration : duration_formats()) out.emplace_back(duration);
    return out;
  }();
  return formats;
}

std::string_view date_part(std::string_view format) {
  if (format == kUnixSeconds || format == kUnixMilliseconds || is_duration(format)) return {};
  std::size_t end = 0;
  for (std::size_t at = 0; at < format.size();) {
    const auto [directive, length] = first_directive(format.substr(at));
    if (directive.letter == 'H' || directive.letter == 'I') return format.substr(0, end);
    at += length;
    if (directive.letter != 0) end = at;
  }
  return format;
}

bool has_date(std::string_view format) {
  constexpr std::string_view kOfDates = "YyGVqmdebBsQ";
  if (is_duration(format)) return false;
  for (std::size_t length = 0; !format.empty(); format.remove_prefix(length)) {
    Directive directive;
    std::tie(directive, length) = first_directive(format);
    if (directive.letter != 0 && kOfDates.find(directive.letter) != kOfDates.npos) return true;
  }
  return false;
}

bool has_time_of_day(std::string_view format) { return date_part(format).size() < format.size(); }

double least_step(std::string_view format, int decimals) {
  const bool seconds = format.find('S') != format.npos || format == kUnixSeconds || format == kUnixMilliseconds;
  return seconds ? std::max(0.004, std::pow(10.0, -decimals)) : 60;
}

std::string_view unknown_directive(std::string_view format) {
  if (is_duration(format)) return {};
  for (std::size_t length = 0; !format.empty(); format.remove_prefix(length)) {
    Directive directive;
    std::tie(directive, length) = first_directive(format);
    const std::string_view letters = directive.flag == '-'   ? "mdHIf"
                                     : directive.flag == '^' ? "bB"
                                                             : "YyGVqmdebBHIpPMSfsQz";
    if (directive.letter == 'z' && format.size() > length) return format.substr(0, length);  // it stands at the end
    const bool known = directive.letter == 0 ? format[0] != '%' : letters.find(directive.letter) != letters.npos;
    if (!known) return format.substr(0, length);
  }
  return {};
}

std::string_view zone_of(std::string_view cell) {
  const std::string_view text = trimmed(cell);
  const auto ends_like = [&](std::string_view pattern) {
    if (text.size() <= pattern.size()) return false;
    const std::string_view end = text.substr(text.size() - pattern.size());
    return std::equal(end.begin(), end.end(), pattern.begin(), [](char c, char p) {
      return p == '9' ? c >= '0' && c <= '9' : p == '+' ? c == '+' || c == '-' : c == p;
    });
  };
  for (const std::string_view pattern :
       {" GMT+99:99", " GMT+99", " GMT+9", " GMT", " +99:99", "+99:99", " +9999", "+9999", " Z", "Z", " UTC"})
    if (ends_like(pattern)) return text.substr(text.size() - pattern.size());
  return {};
}

double zone_seconds(std::string_view zone) {
  std::string digits;
  for (const char c : zone)
    if (c >= '0' && c <= '9') digits.push_back(c);
  if (digits.empty()) return 0;
  if (digits.size() == 1) digits.insert(0, 1, '0');  // GMT+8
  digits.resize(4, '0');
  const double seconds =
      3600.0 * (10 * (digits[0] - '0') + digits[1] - '0') + 60.0 * (10 * (digits[2] - '0') + digits[3] - '0');
  return zone.find('-') == std::string_view::npos ? seconds : -seconds;
}

std::optional<double> parse_datetime(std::string_view cell, std::string_view format) {
  if (is_duration(format)) return parse_duration(cell, format);
  std::string_view text = trimmed(cell);
  if (format.ends_with("%z")) {
    const std::string_view zone = zone_of(text);
    if (zone.empty()) return {};
    text.remove_suffix(zone.size()), format.remove_suffix(2);
    if (format.ends_with(' ')) format.remove_suffix(1);  // the zone has it
  }
  Parts parts;
  for (std::size_t length = 0; !format.empty(); format.remove_prefix(length)) {
    Directive directive;
    std::tie(directive, length) = first_directive(format);
    if (directive.letter == 0) {
      if (text.empty() || text.front() != format[0]) return {};
      text.remove_prefix(1);
    } else if (!parts.read(text, directive)) {
      return {};
    }
  }
  return text.empty() ? parts.seconds() : std::nullopt;
}

void append_datetime(double seconds, std::string_view format, int decimals, std::string& out) {
  if (is_duration(format)) return append_duration(seconds, format, decimals, out);
  if (format.ends_with("%z")) {  // what the column's offsets say, with the blank before it
    format.remove_suffix(2);
    if (format.ends_with(' ')) format.remove_suffix(1);
  }
  const double scale = std::pow(10.0, decimals);
  // A fraction behind the last second of the year 9999 is too fine for a double: it does not begin another year.
  const double nearest = std::round(seconds * scale) / scale;
  const bool ends_calendar = has_date(format) && seconds < kYear10000 + 1 && nearest >= kYear10000;
  const double rounded = ends_calendar ? std::nextafter(kYear10000, 0) : nearest;
  const double whole = std::floor(rounded), day_number = std::floor(whole / 86400.0);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(day_number)))};
  const int time = static_cast<int>(whole - day_number * 86400.0);
  const bool ends_day = whole == kDaySeconds && !has_date(format);  // 24:00
  const int hour = ends_day ? 24 : time / 3600;
  const auto month = static_cast<unsigned>(date.month());
  for (std::size_t length = 0; !format.empty(); format.remove_prefix(length)) {
    Directive directive;
    std::tie(directive, length) = first_directive(format);
    const auto write = [&](long long value, int width) {
      fmt::format_to(std::back_inserter(out), "{:0{}}", value, directive.flag == '-' ? 1 : width);
    };
    switch (directive.letter) {
      case 0: out.push_back(format[0]); break;
      case 'Y': write(static_cast<int>(date.year()), 4); break;
      case 'y': write(static_cast<int>(date.year()) % 100, 2); break;
      case 'G': write(week_of(Days(date)).first, 4); break;
      case 'V': write(week_of(Days(date)).second, 2); break;
      case 'q': write((month + 2) / 3, 1); break;
      case 'e': fmt::format_to(std::back_inserter(out), "{:2}", static_cast<unsigned>(date.day())); break;
      case 's': fmt::format_to(std::back_inserter(out), "{:.0f}", std::floor(rounded)); break;
      case 'Q': fmt::format_to(std::back_inserter(out), "{:.0f}", std::round(rounded * 1000)); break;
      case 'm': write(month, 2); break;
      case 'b':
      case 'B': out += month_name(month - 1, directive); break;
      case 'd': write(static_cast<unsigned>(date.day()), 2); break;
      case 'H': write(hour, 2); break;
      case 'I': write(hour % 12 == 0 ? 12 : hour % 12, 2); break;
      case 'p': out += hour < 12 ? "AM" : "PM"; break;
      case 'P': out += hour < 12 ? "am" : "pm"; break;
      case 'M': write(time / 60 % 60, 2); break;
      case 'S': write(time % 60, 2); break;
      default:
        if (const long long digits =
                ends_calendar ? static_cast<long long>(scale) - 1 : std::llround((rounded - whole) * scale);
            directive.flag != '-')
          write(digits, decimals);
        else if (digits != 0)
          fmt::format_to(std::back_inserter(out), ".{:0{}}", digits, decimals);
    }
  }
}

}  // namespace meg
