#include "core/table/write/write_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/fail.h"
#include "core/table/cells.h"
#include "core/table/infer/duration.h"
#include "core/table/text_limit.h"

namespace meg {

namespace {

bool fits_int64(const ColumnSchema& column) {
  constexpr double kBeyond = 9.2e18;
  return std::abs(column.smallest) < kBeyond && std::abs(column.largest) < kBeyond;
}

TimeUnit unit_for(int decimals) {
  return decimals == 0   ? TimeUnit::kSecond
         : decimals <= 3 ? TimeUnit::kMilli
         : decimals <= 6 ? TimeUnit::kMicro
                         : TimeUnit::kNano;
}

/// As Arrow names time zones: +05:45.
std::string offset_text(double seconds) {
  const int minutes = static_cast<int>(std::abs(seconds) / 60);
  return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/// The day of a date, the first of its month where the format says no more.
double day_number(double seconds, bool has_day) {
  const double days = std::floor(seconds / kDaySeconds);
  if (has_day) return days;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  return static_cast<double>(std::chrono::sys_days(date.year() / date.month() / 1).time_since_epoch().count());
}

DataType datetime_type(const ColumnSchema& column) {
  if (is_duration(column.format)) return {.id = TypeId::kDuration, .unit = unit_for(column.decimals)};
  if (!has_time_of_day(column.format)) return {.id = TypeId::kDate};
  const bool is_time = !has_date(column.format);
  const std::string_view zone = trimmed(zone_of(column.format));
  const bool is_unix = column.format == kUnixSeconds || column.format == kUnixMilliseconds;
  TimeUnit unit = unit_for(column.decimals);
  constexpr double kMostNanoseconds = 9.2e9;  // seconds
  if (unit == TimeUnit::kNano && std::max(-column.smallest, column.largest) > kMostNanoseconds) unit = TimeUnit::kMicro;
  const bool is_utc = is_unix || !column.offsets.empty() || zone == "Z" || (!zone.empty() && zone_seconds(zone) == 0);
  return {.id = is_time ? TypeId::kTime : TypeId::kTimestamp,
          .unit = unit,
          .time_zone = is_time || (zone.empty() && !is_utc) ? std::string()
                       : is_utc                             ? "UTC"
                                                            : offset_text(zone_seconds(zone))};
}

/// Units of whole and broken seconds, each rounded alone: their product with a billion would lose digits. Of the broken
/// ones so many decimals, for a double has no more than six of a date.
std::int64_t units_of(double seconds, TimeUnit unit, int decimals) {
  const double whole = std::floor(seconds);
  std::int64_t parts = units_per_second(unit), units = 1;  // of the last decimal: in a second, and units of each
  for (int digits = 3 * static_cast<int>(unit); digits > decimals; --digits) parts /= 10, units *= 10;
  return static_cast<std::int64_t>(whole) * units_per_second(unit) +
         std::llround((seconds - whole) * static_cast<double>(parts)) * units;
}

Bitmap validity_of(const Array& column) {
  Bitmap out;
  if (column.null_count() == 0) return out;
  for (std::size_t i = 0; i < column.size(); ++i) out.push_back(!column.is_null(i));
  return out;
}

/// Values of each number as `convert` says; of those beyond `most`, for which it does not, null.
template <class T, class Convert>
Array converted(const Array& read, const DataType& type, double most, const Convert& convert) {
  const std::span<const double> numbers = read.values<double>();
  std::vector<T> out(numbers.size());
  Bitmap valid(numbers.size(), true);
  bool all = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool is_there = !read.is_null(i) && std::abs(numbers[i]) < most;
    if (is_there)
      out[i] = static_cast<T>(convert(numbers[i]));
    else
      valid.set(i, all = false);
  }
  return Array::of(type, std::move(out), all ? Bitmap() : std::move(valid));
}

Array texts_of(const ColumnSchema& column, const Array& read, const DataType& type) {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (!read.is_null(i)) append_spelled(column, read, i, bytes);
    if (bytes.size() > kMostTextBytes) fail("the texts of column '{}' are 2 GiB or more", column.name);
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  return Array::texts(std::move(offsets), std::move(bytes), validity_of(read), type);
}

Array numbers_of(const ColumnSchema& column, const Array& read, const DataType& type) {
  constexpr double kMost32 = 2147483647, kMost64 = 9.2e18, kBeyond64 = 9223372036854775808.0;
  const auto whole = [](double x) {  // the largest integers have no doubles of their own
    return x >= kBeyond64 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(std::llround(x));
  };
  const auto each = static_cast<double>(units_per_second(type.unit));
  const auto units = [&](double seconds) {
    return units_of(seconds - ahead_of_utc(column, type, seconds), type.unit, column.decimals);
  };
  switch (type.id) {
    case TypeId::kFloat64: {
      const std::span<const double> numbers = read.values<double>();
      return Array::of(type, std::vector<double>(numbers.begin(), numbers.end()), validity_of(read));
    }
    case TypeId::kDate:
      return converted<std::int32_t>(read, type, kMost32 * kDaySeconds, [&](double seconds) {
        return day_number(seconds, column.typed_as || column.format.find_first_of("deVq") != std::string::npos);
      });
    case TypeId::kTime:
      if (type.unit <= TimeUnit::kMilli) return converted<std::int32_t>(read, type, kMost32 / each, units);
      [[fallthrough]];
    case TypeId::kTimestamp: return converted<std::int64_t>(read, type, kMost64 / each, units);
    case TypeId::kDuration:
      if (!column.typed_as) return converted<std::int64_t>(read, type, kMost64 / each, units);
      [[fallthrough]];
    case TypeId::kInt64: return converted<std::int64_t>(read, type, std::nextafter(kBeyond64, 1e300), whole);
    default: return texts_of(column, read, type);
  }
}

/// The words of a dictionary as those of another, in its order; new ones behind it.
Array with_levels(const Array& read, const ColumnSchema& column, const DataType& type) {
  std::vector<std::string> levels = column.levels;
  std::unordered_map<std::string_view, std::int32_t> known;
  for (std::size_t i = 0; i < column.levels.size(); ++i) known.emplace(column.levels[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> place;
  for (std::size_t i = 0; i < read.dictionary().size(); ++i) {
    const auto at = known.find(read.dictionary().text(i));
    place.push_back(at == known.end() ? static_cast<std::int32_t>(levels.size()) : at->second);
    if (at == known.end()) levels.emplace_back(read.dictionary().text(i));
  }
  std::vector<std::int32_t> places;
  const std::span<const std::int32_t> old = read.values<std::int32_t>();
  for (std::size_t i = 0; i < old.size(); ++i)
    places.push_back(read.is_null(i) ? -1 : place[static_cast<std::size_t>(old[i])]);
  return Array::dictionary(std::move(places), levels, type);
}

Array bools_of(const Array& read) {
  Bitmap values, valid;
  if (is_number(read.type().id)) {
    for (const double number : read.values<double>()) values.push_back(number != 0);
    return Array::bools(values, validity_of(read));
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    const std::string_view word = read.text(i);
    values.push_back(word == "true");
    valid.push_back(!read.is_null(i) && (word == "true" || word == "false"));
  }
  return Array::bools(values, std::move(valid));
}

/// Words or texts that say numbers, or dates as append_cell() writes them.
Array parsed(const ColumnSchema& column, const Array& read, const DataType& type) {
  ColumnSchema as_read;
  as_read.name = column.name;
  const bool is_date = type.id == TypeId::kDate || type.id == TypeId::kTimestamp || type.id == TypeId::kTime;
  as_read.type = is_date ? ColumnType::kDatetime : ColumnType::kInteger;
  if (type.id == TypeId::kInt64 || type.id == TypeId::kDuration) {  // whole, however large
    std::vector<std::int64_t> out(read.size());
    Bitmap valid;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::string_view text = read.text(i);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out[i]);
      valid.push_back(!read.is_null(i) && error == std::errc() && end == text.data() + text.size());
    }
    return Array::of(type, std::move(out), std::move(valid));
  }
  std::vector<double> numbers;
  Bitmap valid;
  for (std::size_t i = 0; i < read.size(); ++i) {
    std::optional<double> number;
    if (!read.is_null(i) && !is_date) number = parse_number(read.text(i));
    for (const char* format : {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%SZ",
                               "%Y-%m-%d %H:%M:%S.%fZ", "%H:%M:%S", "%H:%M:%S.%f"})
      if (!read.is_null(i) && is_date && !number) number = parse_datetime(read.text(i), format);
    numbers.push_back(number.value_or(0));
    valid.push_back(number.has_value());
  }
  as_read.typed_as = type;
  as_read.decimals = 9;
  return numbers_of(as_read, Array::of({.id = TypeId::kFloat64}, std::move(numbers), std::move(valid)), type);
}

}  // namespace

DataType output_type(const ColumnSchema& column) {
  if (column.typed_as) return *column.typed_as;
  if (is_numeric(column.type) && !column.words.empty()) return {.id = TypeId::kUtf8};
  switch (column.type) {
    case ColumnType::kInteger: return {.id = fits_int64(column) ? TypeId::kInt64 : TypeId::kFloat64};
    case ColumnType::kDecimal: return {.id = TypeId::kFloat64};
    case ColumnType::kDatetime: return datetime_type(column);
    case ColumnType::kCategorical:
    case ColumnType::kBoolean: return {.id = TypeId::kDictionary};
    default: return {.id = TypeId::kUtf8};
  }
}

Array write_column(const ColumnSchema& column, const Array& read, const DataType& type) {
  if (type.id == TypeId::kBool) return bools_of(read);
  if (is_number(read.type().id) && type.id == TypeId::kDictionary)
    return write_column(column, texts_of(column, read, {}), type);
  if (is_number(read.type().id)) return numbers_of(column, read, type);
  if (is_number(type.id)) return parsed(column, read, type);
  if (read.type().id == TypeId::kDictionary && type.id == TypeId::kDictionary) return with_levels(read, column, type);
  if (read.type().id == TypeId::kUtf8 && type.id == TypeId::kUtf8) return read;
  if (type.id == TypeId::kUtf8) return texts_of(column, read, type);
  // Texts as a dictionary: of an identifier or text that came as one.
  ColumnSchema words;
  words.type = ColumnType::kCategorical;
  for (std::size_t i = 0; i < read.size(); ++i)
    if (!read.is_null(i)) words.values.emplace_back(read.text(i));
  std::sort(words.values.begin(), words.values.end());
  words.values.erase(std::unique(words.values.begin(), words.values.end()), words.values.end());
  std::vector<std::int32_t> places;
  for (std::size_t i = 0; i < read.size(); ++i)
    places.push_back(read.is_null(i) ? -1 : static_cast<std::int32_t>(*parse_cell(words, read.text(i))));
  return Array::dictionary(std::move(places), words.values, type);
}

Table empty_table(const Schema& schema) {
  std::vector<NamedArray> columns;
  for (const ColumnSchema& column : schema) {
    const Array none = is_numeric(column.type)       ? Array::of({.id = TypeId::kFloat64}, std::vector<double>())
                       : is_categorical(column.type) ? Array::dictionary({}, column.values)
                                                     : Array();
    columns.push_back({column.name, write_column(column, none, output_type(column))});
  }
  return Table(std::move(columns));
}

}  // namespace meg
