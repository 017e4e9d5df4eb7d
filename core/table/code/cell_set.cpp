#include "core/table/code/cell_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/fail.h"
#include "core/table/code/relation.h"

namespace meg {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Most values that an error lists.
constexpr std::size_t kMostListed = 12;

/// Floats in their order as whole numbers, so that halving finds a float.
std::int64_t rank_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  return bits < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits : bits;
}
float of_rank(std::int64_t rank) {
  return std::bit_cast<float>(
      static_cast<std::int32_t>(rank < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - rank : rank));
}

/// The smallest z in [low, high] for which `is` holds, if it holds for `high` and from some z on.
template <class Is>
float first_where(float low, float high, const Is& is) {
  std::int64_t from = rank_of(low), to = rank_of(high);
  while (from < to) {
    const std::int64_t middle = from + (to - from) / 2;
    if (is(of_rank(middle)))
      to = middle;
    else
      from = middle + 1;
  }
  return of_rank(to);
}

/// The least distance of two numbers of a column.
double least_distance(const Column& column) {
  if (!is_numeric(column.schema().type)) return 0;
  double out = column.continuous_code() >= 0 ? column.numbers().step : kInfinity, before = -kInfinity;
  for (int c = 0; c < column.codes(); ++c) {
    if (!column.is_number_code(c)) continue;
    const double number = column.value({static_cast<std::uint32_t>(c), 0});
    if (number > before) out = std::min(out, number - before);
    before = number;
  }
  return out;
}

/// The text of an alternative in quotes, "NA" or "a|b", which is a value whatever it looks like; a quote in it is
/// written twice.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return {};
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"' && (++i + 1 >= text.size() || text[i] != '"')) return {};
    out.push_back(text[i]);
  }
  return out;
}

/// Where the first alternative of a text ends: at a | that is not in quotes.
std::size_t end_of_alternative(std::string_view text) {
  const bool opens = text.starts_with('"');
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (opens && text[i] == '"') quoted = !quoted;  // one that is written twice does so twice
    if (text[i] == '|' && !quoted) return i;
  }
  return quoted ? text.find('|') : text.npos;
}

/// What one alternative after the other adds to.
class Builder {
 public:
  explicit Builder(const Column& column)
      : column_(column),
        rounding_(std::min(1e-12 * std::max(std::abs(column.schema().smallest), std::abs(column.schema().largest)),
                           0.25 * least_distance(column))),
        coarseness_(std::max(rounding_, 1e-6 * (column.schema().largest - column.schema().smallest))) {
    set_.codes.assign(static_cast<std::size_t>(column.codes()), 0.0f);
  }

  void add_value(std::string_view text) {
    const Cell cell = column_.encode_text(text, 0.5f);
    if (is_numeric(column_.schema().type) && static_cast<int>(cell.code) != column_.missing_code() &&
        !column_.is_word_code(static_cast<int>(cell.code))) {
      const double number = column_.part_of(to_number(column_.schema(), text));
      const bool is_continuous = static_cast<int>(cell.code) == column_.continuous_code();
      const GridTables grid = column_.numbers();
      const double nearest = on_grid_between(number, grid.smallest, grid.largest, grid.step);
      if (std::abs(nearest - number) > rounding_ ||
          std::abs(column_.value(cell) - number) > (is_continuous ? coarseness_ : rounding_))
        refuse_number(cell, text);
    }
    if (static_cast<int>(cell.code) == column_.continuous_code()) {
      const double number = column_.value(cell);
      middle_ = cell.z;
      if (add_continuous(number - rounding_, number + rounding_)) return;
      add_interval(cell.z, cell.z);
    }
    set_.codes[cell.code] = 1;
  }

  /// One of the column's categories, or of the words among its numbers, whatever it looks like.
  void add_word(std::string_view text) {
    if (is_numeric(column_.schema().type)) return add_value(text);
    const std::vector<std::string>& values = column_.schema().values;
    const auto place = std::lower_bound(values.begin(), values.end(), text) - values.begin();
    set_.codes[column_.encode(Value{.number = static_cast<double>(place)}, 0.5f).code] = 1;
  }

  void add_range(double low, double high, std::string_view text) {
    low -= rounding_, high += rounding_;
    bool any = false;
    for (int c = 0; c < column_.codes(); ++c) {
      if (!column_.is_number_code(c)) continue;
      const Cell cell{static_cast<std::uint32_t>(c), 0};
      if (const double number = column_.value(cell); number < low || number > high) continue;
      set_.codes[cell.code] = 1;
      any = true;
    }
    any |= add_continuous(low, high);
    if (!any)
      fail(ErrorCode::kInvalidArgument, "column '{}' has no value in {}: its values go from {} to {}",
           column_.schema().name, text, text_of(column_.schema().smallest), text_of(column_.schema().largest));
  }

  CellSet take() {
    const auto count = std::count(set_.codes.begin(), set_.codes.end(), 1.0f);
    const auto code =
        static_cast<std::uint32_t>(std::find(set_.codes.begin(), set_.codes.end(), 1.0f) - set_.codes.begin());
    // Alone, a continuous number is the cell in the middle of its rounding step; beside others it is the whole step,
    // for that is how likely it is.
    if (count == 1 && static_cast<int>(code) == column_.continuous_code() && middle_)
      set_.z_low = set_.z_high = *middle_;
    if (count == 1 && set_.z_low == set_.z_high) set_.only = Cell{code, set_.z_low};
    return std::move(set_);
  }

 private:
  /// The z whose numbers lie in [low, high]; number(z) never falls.
  bool add_continuous(double low, double high) {
    if (column_.continuous_code() < 0) return false;
    const auto code = static_cast<std::uint32_t>(column_.continuous_code());
    const auto number = [&](float z) { return column_.value({code, z}); };
    const float z_low = column_.z_low(), z_high = column_.z_high();
    if (number(z_high) < low || number(z_low) > high) return false;
    const float first = first_where(z_low, z_high, [&](float z) { return number(z) >= low; });
    const float last = number(z_high) <= high
                           ? z_high
                           : std::nextafter(first_where(z_low, z_high, [&](float z) { return number(z) > high; }),
                                            -std::numeric_limits<float>::infinity());
    if (first > last) return false;  // between two numbers of the grid
    add_interval(first, last);
    set_.codes[code] = 1;
    return true;
  }

  void add_interval(float low, float high) {
    const bool again = set_.codes[static_cast<std::size_t>(column_.continuous_code())] != 0;
    if (again && (low != set_.z_low || high != set_.z_high))
      fail(ErrorCode::kInvalidArgument,
           "column '{}' holds too many different numbers for a choice among them: give one range, or one number",
           column_.schema().name);
    set_.z_low = low, set_.z_high = high;
  }

  std::string text_of(double number) const {
    std::string out;
    append_value(column_.schema(), number, out);
    return out;
  }

  [[noreturn]] void refuse_number(Cell nearest, std::string_view text) const {
    std::string spelled;
    column_.append(nearest, spelled);
    fail(ErrorCode::kInvalidArgument, "column '{}' has no value {}; the nearest that it has is {}",
         column_.schema().name, text, spelled);
  }

  const Column& column_;
  double rounding_;    // a number of the grid, low + i * step, may be so far from the one that it is written as
  double coarseness_;  // of numbers far from all of the table's, whose z is a float
  CellSet set_;
  std::optional<float> middle_;  // of the rounding step of the one continuous number, where that is no range
};

/// From the first to the last number that an alternative stands for.
struct Span {
  double from, to;
};

double unit_of(const ColumnSchema& schema) { return least_step(schema.format, schema.decimals); }

/// A number, or the first or last moment of a day.
double bound_of(const ColumnSchema& schema, std::string_view text, bool is_last) {
  if (schema.type == ColumnType::kDatetime && has_time_of_day(schema.format) && !parse_datetime(text, schema.format))
    if (const auto day = parse_datetime(text, date_part(schema.format)))
      return *day + (is_last ? kDaySeconds - 0.5 * unit_of(schema) : 0);
  return to_number(schema, text);
}

Span span_of(const ColumnSchema& schema, std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return {bound_of(schema, text, false), bound_of(schema, text, true)};
  const std::string_view low = text.substr(0, dots), high = text.substr(dots + 2);
  if (low.empty() && high.empty())
    fail(ErrorCode::kInvalidArgument, "the range of column '{}' has no end: write low..high, low.. or ..high",
         schema.name);
  const Span span{low.empty() ? -kInfinity : bound_of(schema, low, false),
                  high.empty() ? kInfinity : bound_of(schema, high, true)};
  if (span.from > span.to)
    fail(ErrorCode::kInvalidArgument, "the range {} of column '{}' is empty: its low end is above its high end", text,
         schema.name);
  return span;
}

bool is_of_whole_days(const ColumnSchema& schema, Span span) {
  const bool begins = std::isinf(span.from) || span.from == day_of(span.from);
  return begins && (std::isinf(span.to) || span.to - day_of(span.to) >= kDaySeconds - unit_of(schema));
}

/// An alternative for one part of a datetime.
void add_day_or_time(const Column& column, std::string_view text, Builder& builder) {
  const ColumnSchema& schema = column.schema();
  const Span span = span_of(schema, text);
  const bool is_time = column.part() == Column::Part::kTime, is_one_day = day_of(span.from) == day_of(span.to);
  if (!is_of_whole_days(schema, span) && !is_one_day)
    fail(ErrorCode::kInvalidArgument,
         "the day and the time of column '{}' are learned apart, so a range of several days begins and ends with whole "
         "ones: leave the times out",
         schema.name);
  if (is_time && is_of_whole_days(schema, span)) return builder.add_range(-kInfinity, kInfinity, text);
  if (is_time && span.from != span.to)
    return builder.add_range(column.part_of(span.from), column.part_of(span.to), text);
  if (!is_time && !is_one_day) return builder.add_range(day_of(span.from), day_of(span.to), text);
  std::string one;  // a day, or a time
  append_value(schema, span.from, one);
  builder.add_value(one);
}

[[noreturn]] void fail_category(const Column& column, std::string_view text) {
  const ColumnSchema& schema = column.schema();
  const std::size_t listed = std::min(kMostListed, schema.values.size());
  fail(ErrorCode::kInvalidArgument, "column '{}' has no value '{}'; it has: {}{}", schema.name, text,
       fmt::join(schema.values.begin(), schema.values.begin() + static_cast<std::ptrdiff_t>(listed), ", "),
       listed < schema.values.size() ? ", ..." : "");
}

void add_part(const Column& column, std::string_view text, Builder& builder) {
  const ColumnSchema& schema = column.schema();
  if (const auto value = unquoted(text)) {
    if (is_word(schema, *value)) return builder.add_word(*value);
    if (is_word(schema, text)) return builder.add_word(text);
    if (is_categorical(schema.type)) fail_category(column, *value);
    return add_part(column, *value, builder);
  }
  if (is_word(schema, text) && (!text.empty() || column.missing_code() < 0)) return builder.add_word(text);
  if (is_missing(schema, text)) {
    if (column.missing_code() < 0) fail(ErrorCode::kInvalidArgument, "column '{}' has no missing values", schema.name);
    return builder.add_value(text);
  }
  if (!is_modelled(schema.type))
    fail(ErrorCode::kInvalidArgument,
         "column '{}' is {}: what it says is not learned, only whether it says anything ('{}=' is a missing cell)",
         schema.name, type_name(schema.type), schema.name);
  if (column.part() == Column::Part::kDay || column.part() == Column::Part::kTime)
    return add_day_or_time(column, text, builder);
  const bool is_range = text.find("..") != std::string_view::npos || asks_for_whole_days(schema, text);
  if (!is_numeric(schema.type) || !is_range) {
    if (is_categorical(schema.type)) fail_category(column, text);
    return builder.add_value(text);
  }
  const Span span = span_of(schema, text);
  builder.add_range(span.from, span.to, text);
}

}  // namespace

bool asks_for_whole_days(const ColumnSchema& schema, std::string_view text) {
  if (schema.type != ColumnType::kDatetime || !has_time_of_day(schema.format)) return false;
  while (true) {
    const std::size_t bar = end_of_alternative(text);
    const std::string part(text.substr(0, bar)), one = unquoted(part).value_or(part);
    if (!is_missing(schema, one) && !is_word(schema, one) && !is_of_whole_days(schema, span_of(schema, one)))
      return false;
    if (bar == std::string_view::npos) return true;
    text.remove_prefix(bar + 1);
  }
}

bool NumberSet::contains(double number) const {
  if (is_nothing(number)) return has_missing;
  const double rounding = 1e-12 * std::abs(number);
  return std::ranges::any_of(ranges,
                             [&](const Range& r) { return number >= r.low - rounding && number <= r.high + rounding; });
}

std::optional<double> NumberSet::only() const {
  if (has_missing || ranges.size() != 1 || ranges[0].low != ranges[0].high) return {};
  return ranges[0].low;
}

NumberSet parse_numbers(const ColumnSchema& schema, std::string_view text) {
  NumberSet out;
  while (true) {
    const std::size_t bar = end_of_alternative(text);
    const std::string part(text.substr(0, bar)), one = unquoted(part).value_or(part);
    if (is_missing(schema, one)) {
      if (schema.missing == 0) fail(ErrorCode::kInvalidArgument, "column '{}' has no missing values", schema.name);
      out.has_missing = true;
    } else {
      const Span span = span_of(schema, one);
      if (span.to < schema.smallest || span.from > schema.largest) {
        std::string low, high;
        append_value(schema, schema.smallest, low), append_value(schema, schema.largest, high);
        fail(ErrorCode::kInvalidArgument, "column '{}' has no value in {}: its values go from {} to {}", schema.name,
             one, low, high);
      }
      const bool is_one = span.from == span.to;
      if (is_one && std::abs(as_written(schema, span.from) - span.from) > 1e-12 * std::abs(span.from))
        fail(ErrorCode::kInvalidArgument, "column '{}' has no value {}: its numbers have {} decimals", schema.name, one,
             schema.decimals);
      out.ranges.push_back({span.from, span.to});
    }
    if (bar == std::string_view::npos) return out;
    text.remove_prefix(bar + 1);
  }
}

CellSet parse_cells(const Column& column, std::string_view text) {
  Builder builder(column);
  // A category may be spelled with |; then it is meant.
  if (!text.empty() && is_word(column.schema(), text) && !unquoted(text)) {
    builder.add_word(text);
    return builder.take();
  }
  while (true) {
    const std::size_t bar = end_of_alternative(text);
    add_part(column, text.substr(0, bar), builder);
    if (bar == std::string_view::npos) return builder.take();
    text.remove_prefix(bar + 1);
  }
}

}  // namespace meg
