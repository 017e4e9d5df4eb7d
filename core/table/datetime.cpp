#include "core/table/datetime.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "core/table/number.h"

namespace meg {

namespace {

/// Reads between 1 and `most` digits (exactly `most` where `exact`) at the start of `text` and removes them.
std::optional<int> eat_digits(std::string_view& text, std::size_t most, bool exact) {
  int value = 0;
  std::size_t count = 0;
  while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9')
    value = 10 * value + (text[count++] - '0');
  if (count == 0 || (exact && count != most)) return {};
  text.remove_prefix(count);
  return value;
}

}  // namespace

const std::vector<std::string>& datetime_formats() {
  static const std::vector<std::string> formats = [] {
    std::vector<std::string> out;
    for (const char* date : {"%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%m-%d-%Y"})
      for (const char* time : {"", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f",
                               "T%H:%MZ", "T%H:%M:%SZ", "T%H:%M:%S.%fZ"})
        out.push_back(std::string(date) + time);
    return out;
  }();
  return formats;
}

std::optional<double> parse_datetime(std::string_view cell, std::string_view format) {
  std::string_view text = trimmed(cell);
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  double fraction = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      if (text.empty() || text.front() != format[i]) return {};
      text.remove_prefix(1);
      continue;
    }
    const char letter = format[++i];
    const std::size_t before = text.size();
    const auto value = eat_digits(text, letter == 'Y' ? 4 : letter == 'f' ? 9 : 2, letter != 'f');
    if (!value) return {};
    switch (letter) {
      case 'Y': year = *value; break;
      case 'm': month = *value; break;
      case 'd': day = *value; break;
      case 'H': hour = *value; break;
      case 'M': minute = *value; break;
      case 'S': second = *value; break;
      default: fraction = *value * std::pow(10.0, -static_cast<double>(before - text.size()));
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59) return {};
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400.0 + hour * 3600 + minute * 60 + second + fraction;
}

void append_datetime(double seconds, std::string_view format, int decimals, std::string& out) {
  const double scale = std::pow(10.0, decimals);
  const double rounded = std::round(seconds * scale) / scale;
  const double whole = std::floor(rounded), day_number = std::floor(whole / 86400.0);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(day_number)))};
  const int time = static_cast<int>(whole - day_number * 86400.0);
  const auto write = [&](long long value, int width) {
    fmt::format_to(std::back_inserter(out), "{:0{}}", value, width);
  };
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out.push_back(format[i]);
      continue;
    }
    switch (format[++i]) {
      case 'Y': write(static_cast<int>(date.year()), 4); break;
      case 'm': write(static_cast<unsigned>(date.month()), 2); break;
      case 'd': write(static_cast<unsigned>(date.day()), 2); break;
      case 'H': write(time / 3600, 2); break;
      case 'M': write(time / 60 % 60, 2); break;
      case 'S': write(time % 60, 2); break;
      default: write(std::llround((rounded - whole) * scale), decimals);
    }
  }
}

}  // namespace meg
