#include "core/table/infer/duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/table/infer/number.h"
#include "core/table/infer/take.h"

namespace meg {

namespace {

constexpr double kMinute = 60, kHour = 3600, kDay = 86400;
constexpr std::string_view kPython = "[%d days, ]%-H:%M:%S%-f", kPandas = "[%d] days %H:%M:%S%-f",
                           kIso = "P[%d]DT%-HH%-MM%-SS";
/// Those of hours, minutes and seconds.
constexpr std::array<std::string_view, 8> kClocks{"[%H]:%M:%S", "[%-H]:%M:%S", "[%H]:%M:%S%-f", "[%-H]:%M:%S%-f",
                                                  "[%-H]:%M",   "[%-M]:%S",    "[%H]:%M",       "[%M]:%S"};
constexpr std::array<std::string_view, 11> kDurationFormats{kClocks[0], kClocks[1], kClocks[2], kClocks[3],
                                                            kClocks[6], kClocks[4], kPython,    kPandas,
                                                            kIso,       kClocks[7], kClocks[5]};

/// Reads the digits at the start of a text, at most so many, and takes them off.
std::optional<double> take_digits(std::string_view& text, std::size_t most = 9) {
  double value = 0;
  std::size_t count = 0;
  while (count < std::min(most + 1, text.size()) && text[count] >= '0' && text[count] <= '9')
    value = 10 * value + (text[count++] - '0');
  if (count == 0 || count > most) return {};
  text.remove_prefix(count);
  return value;
}

/// Two digits below 60 behind a colon.
std::optional<double> take_sixtieth(std::string_view& text) {
  if (!take(":", text) || text.size() < 2) return {};
  const std::size_t before = text.size();
  const auto value = take_digits(text, 2);
  if (!value || before - text.size() != 2 || *value > 59) return {};
  return value;
}

/// The point and the digits behind it, or nothing.
std::optional<double> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  const std::size_t before = text.size();
  const auto value = take_digits(text);
  if (!value) return {};
  return *value * std::pow(10.0, -static_cast<double>(before - text.size()));
}

/// Hours, minutes and seconds, or those that a clock has.
struct Clock {
  bool hours = true, seconds = true, fraction = false;
  int width = 1;  // of the first

  static Clock of(std::string_view format) {
    return {.hours = format.find('H') != format.npos,
            .seconds = format.find('S') != format.npos,
            .fraction = format.find('f') != format.npos,
            .width = format.find("[%-") == format.npos ? 2 : 1};
  }
  std::optional<double> parse(std::string_view text) const {
    const bool negative = take("-", text);
    const std::size_t size = text.size();
    const auto first = take_digits(text);
    if (!first || (size - text.size() == 1) != (width == 1 && *first < 10)) return {};
    const auto second = take_sixtieth(text);
    const auto third = hours && seconds ? take_sixtieth(text) : 0;
    const auto behind = fraction ? take_fraction(text) : 0;
    if (!second || !third || !behind || !text.empty()) return {};
    const double out = !hours ? *first * kMinute + *second : *first * kHour + *second * kMinute + *third + *behind;
    return negative ? -out : out;
  }
  void append(double whole, std::string_view behind, std::string& out) const {
    const double unit = hours ? kHour : kMinute;
    fmt::format_to(std::back_inserter(out), "{:0{}}:{:02}", static_cast<long long>(whole / unit), width,
                   static_cast<long long>(std::fmod(whole, unit) / (unit / 60)));
    if (hours && seconds)
      fmt::format_to(std::back_inserter(out), ":{:02}", static_cast<long long>(std::fmod(whole, 60)));
    if (fraction) out += behind;
  }
};
constexpr Clock kPythonClock{.fraction = true}, kPandasClock{.fraction = true, .width = 2};

/// Days before a clock: "1 day, 2:03:04", which may be without days, or "1 days 02:03:04".
std::optional<double> parse_days(std::string_view text, bool python) {
  std::string_view rest = text;
  const bool negative = take("-", rest);
  const auto days = take_digits(rest);
  const bool any_days = days && (take(" days", rest) || take(" day", rest)) && take(python ? ", " : " ", rest);
  if (!any_days && !python) return {};
  if (negative && !python) take("+", rest);
  const auto time = (python ? kPythonClock : kPandasClock).parse(any_days ? rest : text);
  if (!time || *time < 0 || *time >= kDay) return {};
  return any_days ? (negative ? -*days : *days) * kDay + *time : *time;
}

/// P1DT2H3M4.5S
std::optional<double> parse_iso(std::string_view text) {
  const bool negative = take("-", text);
  if (!take("P", text)) return {};
  double out = 0;
  bool any = false, time = false;
  std::size_t unit = 0;
  constexpr std::array<std::pair<char, double>, 5> kUnits{
      {{'W', 7 * kDay}, {'D', kDay}, {'H', kHour}, {'M', kMinute}, {'S', 1}}};
  while (!text.empty()) {
    if (!time && take("T", text)) {
      time = true, unit = std::max<std::size_t>(unit, 2);
      continue;
    }
    const auto value = take_digits(text);
    const auto behind = take_fraction(text);
    if (!value || !behind || text.empty()) return {};
    const auto at = std::find_if(kUnits.begin() + static_cast<std::ptrdiff_t>(unit), kUnits.end(),
                                 [&](const auto& u) { return u.first == text[0]; });
    if (at == kUnits.end() || (at - kUnits.begin() >= 2) != time || (*behind != 0 && at->first != 'S')) return {};
    unit = static_cast<std::size_t>(at - kUnits.begin()) + 1;
    out += (*value + *behind) * at->second;
    text.remove_prefix(1);
    any = true;
  }
  if (!any) return {};
  return negative ? -out : out;
}

void append_iso(double whole, std::string_view behind, std::string& out) {
  const auto days = static_cast<long long>(whole / kDay),
             hours = static_cast<long long>(std::fmod(whole, kDay) / kHour),
             minutes = static_cast<long long>(std::fmod(whole, kHour) / kMinute),
             seconds = static_cast<long long>(std::fmod(whole, kMinute));
  const auto put = [&](long long value, std::string_view text, char unit) {
    if (value != 0 || !text.empty()) fmt::format_to(std::back_inserter(out), "{}{}{}", value, text, unit);
  };
  out += 'P';
  put(days, "", 'D');
  if (hours != 0 || minutes != 0 || seconds != 0 || !behind.empty() || days == 0) out += 'T';
  put(hours, "", 'H');
  put(minutes, "", 'M');
  put(seconds, behind, 'S');
  if (out.ends_with('T')) out += "0S";
}

}  // namespace

std::span<const std::string_view> duration_formats() { return kDurationFormats; }

bool is_duration(std::string_view format) {
  return std::find(kDurationFormats.begin(), kDurationFormats.end(), format) != kDurationFormats.end();
}

std::optional<double> parse_duration(std::string_view cell, std::string_view format) {
  const std::string_view text = trimmed(cell);
  if (format == kIso) return parse_iso(text);
  if (format == kPython || format == kPandas) return parse_days(text, format == kPython);
  return Clock::of(format).parse(text);
}

void append_duration(double seconds, std::string_view format, int decimals, std::string& out) {
  const double scale = std::pow(10.0, decimals), units = std::round(seconds * scale);
  double rounded = units / scale;
  const bool has_days = format == kPython || format == kPandas;
  double days = 0;
  if (has_days) {  // a negative one has a clock that goes on from its day
    days = std::floor(rounded / kDay);
    rounded -= days * kDay;
  } else if (rounded < 0) {
    out += '-';
    rounded = -rounded;
  }
  const double whole = std::floor(rounded + 0.5 / scale / 10);
  const auto fraction = std::llround((rounded - whole) * scale);
  const std::string behind = fraction > 0 ? fmt::format(".{:0{}}", fraction, decimals) : std::string();
  if (format == kIso) return append_iso(whole, behind, out);
  if (format == kPandas) {
    fmt::format_to(std::back_inserter(out), "{:.0f} days {}", days, days < 0 ? "+" : "");
    return kPandasClock.append(whole, behind, out);
  }
  if (format != kPython) return Clock::of(format).append(whole, behind, out);
  if (days != 0) fmt::format_to(std::back_inserter(out), "{:.0f} {}, ", days, std::abs(days) == 1 ? "day" : "days");
  kPythonClock.append(whole, behind, out);
}

}  // namespace meg
