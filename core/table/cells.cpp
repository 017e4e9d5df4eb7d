#include "core/table/cells.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <limits>

namespace meg {

namespace {

constexpr std::int64_t kSecondsADay = 86400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

/// Digits of a unit behind the seconds' point.
int digits_of(TimeUnit unit) { return 3 * static_cast<int>(unit); }

void append_day(std::int64_t days, std::string& out) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// A time of the day, of units since midnight.
void append_time(std::int64_t units, TimeUnit unit, std::string& out) {
  const std::int64_t each = units_per_second(unit), seconds = units / each;
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (unit != TimeUnit::kSecond) fmt::format_to(std::back_inserter(out), ".{:0{}}", units % each, digits_of(unit));
}

void append_timestamp(std::int64_t units, const DataType& type, std::string& out) {
  const std::int64_t a_day = kSecondsADay * units_per_second(type.unit), day = floor_div(units, a_day);
  append_day(day, out);
  out.push_back(' ');
  append_time(units - day * a_day, type.unit, out);
  if (!type.time_zone.empty()) out.push_back('Z');
}

std::int64_t whole(const Array& column, std::size_t i) {
  const DataType& type = column.type();
  const bool narrow = type.id == TypeId::kDate || (type.id == TypeId::kTime && type.unit <= TimeUnit::kMilli);
  return narrow ? column.values<std::int32_t>()[i] : column.values<std::int64_t>()[i];
}

}  // namespace

std::string to_text(const Array& values, std::size_t i) {
  std::string out;
  append_cell(values, i, out);
  return out;
}

void append_cell(const Array& column, std::size_t i, std::string& out) {
  if (column.is_null(i)) return;
  switch (column.type().id) {
    case TypeId::kBool: out += column.boolean(i) ? "true" : "false"; return;
    case TypeId::kUtf8:
    case TypeId::kDictionary: out += column.text(i); return;
    case TypeId::kFloat64: fmt::format_to(std::back_inserter(out), "{}", column.values<double>()[i]); return;
    case TypeId::kDate: append_day(whole(column, i), out); return;
    case TypeId::kTimestamp: append_timestamp(whole(column, i), column.type(), out); return;
    case TypeId::kTime: append_time(whole(column, i), column.type().unit, out); return;
    case TypeId::kInt64:
    case TypeId::kDuration: fmt::format_to(std::back_inserter(out), "{}", whole(column, i)); return;
  }
}

bool is_number(TypeId type) { return type != TypeId::kBool && type != TypeId::kUtf8 && type != TypeId::kDictionary; }

double number_of(const Array& column, std::size_t i) {
  const DataType& type = column.type();
  if (!is_number(type.id) || column.is_null(i)) return std::numeric_limits<double>::quiet_NaN();
  if (type.id == TypeId::kFloat64) return column.values<double>()[i];
  const std::int64_t units = whole(column, i);
  if (type.id == TypeId::kDate) return static_cast<double>(units * kSecondsADay);
  if (type.id != TypeId::kTimestamp && type.id != TypeId::kTime) return static_cast<double>(units);
  // Whole seconds and what is behind them each fit a double; their sum is rounded once.
  const std::int64_t each = units_per_second(type.unit), seconds = floor_div(units, each);
  return static_cast<double>(seconds) + static_cast<double>(units - seconds * each) / static_cast<double>(each);
}

}  // namespace meg
