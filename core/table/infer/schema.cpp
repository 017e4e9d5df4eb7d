#include "core/table/infer/schema.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/fail.h"
#include "core/parallel.h"
#include "core/table/cells.h"
#include "core/table/infer/read_table.h"
#include "core/table/infer/running_numbers.h"
#include "core/table/infer/utc_offsets.h"
#include "core/table/infer/word.h"

namespace meg {

namespace {

constexpr std::array<std::string_view, 7> kTypeNames{"categorical", "boolean",    "integer", "decimal",
                                                     "datetime",    "identifier", "text"};

}  // namespace

std::string_view type_name(ColumnType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

ColumnType type_of(std::string_view name) {
  const auto at = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (at == kTypeNames.end()) fail("'{}' is no column type; there are {}", name, fmt::join(kTypeNames, ", "));
  return static_cast<ColumnType>(at - kTypeNames.begin());
}

std::string why_not_learned(const ColumnSchema& column) {
  if (is_modelled(column.type)) return {};
  if (!column.sdtype.empty()) return fmt::format("its sdtype is {}", column.sdtype);
  if (column.type == ColumnType::kIdentifier)
    return column.kind.empty() ? "all of its values differ" : fmt::format("{}, all of which differ", column.kind);
  return fmt::format("{}, {} different ones", column.kind.empty() ? "free text" : column.kind, column.distinct);
}

InferredTable infer_table(Table table, const AskedTypes& types, const std::vector<std::string>& drop, int threads,
                          const std::vector<std::string>& missing) {
  for (const auto& [name, asked] : types) table.place_of(name);
  for (const std::string& name : drop) table.place_of(name);
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < table.columns(); ++c)
    if (std::find(drop.begin(), drop.end(), table.name(c)) == drop.end()) kept.push_back(c);
  if (kept.empty()) fail(ErrorCode::kInvalidArgument, "every column is dropped; leave one");
  InferredTable out{Schema(kept.size()), std::vector<Array>(kept.size()), {}};
  std::vector<std::string> notes(kept.size());
  std::vector<char> runs(kept.size());
  const bool is_text = table.is_text();
  std::vector<NamedArray> columns = std::move(table).take_columns();
  parallel_for(kept.size(), threads_for_columns(threads), [&](std::size_t k) {
    const auto [name, cells] = std::move(columns[kept[k]]);  // whose memory may end with them
    const auto asked = types.find(name);
    InferredColumn column =
        infer_column(name, cells, is_text, asked == types.end() ? nullptr : &asked->second, missing);
    out.schema[k] = std::move(column.schema), out.columns[k] = std::move(column.values);
    notes[k] = std::move(column.note);
    runs[k] = column.runs && asked == types.end();
  });
  take_numbers_that_run(runs, out, is_text);
  for (std::string& note : notes)
    if (!note.empty()) out.notes.push_back(std::move(note));
  return out;
}

Schema infer_schema(const Table& table, const AskedTypes& types, const std::vector<std::string>& drop, int threads,
                    const std::vector<std::string>& missing) {
  return infer_table(table, types, drop, threads, missing).schema;
}

namespace {

/// Also a number without what stands around it, or as C++ writes it, of whoever asks for one.
std::optional<double> parse_in_style(const NumberStyle& style, std::string_view cell) {
  if (style.is_plain()) return parse_number(cell);
  std::optional<std::string> plain = plain_number(style, cell);
  if (!plain) plain = plain_number({.grouping = style.grouping, .point = style.point}, cell);
  return parse_number(plain ? *plain : cell);
}

void append_plain(const ColumnSchema& column, double number, std::string& out) {
  if (column.style.always_exponent && column.significant > 0)
    append_scientific(number, column.significant, out);
  else if (column.significant > 0)
    append_significant(number, column.significant, out);
  else
    append_number(number, column.decimals, column.fewest_decimals, out);
}

void append_offset(const ColumnSchema& column, double seconds, std::string& out) {
  if (!column.offsets.empty()) out += offset_at(column.offsets, seconds);
}

}  // namespace

std::optional<double> parse_cell(const ColumnSchema& column, std::string_view cell) {
  if (is_numeric(column.type) && !cell.empty())
    if (const auto word = std::find(column.words.begin(), column.words.end(), cell); word != column.words.end())
      return number_of_word(static_cast<std::size_t>(word - column.words.begin()));
  if (column.type == ColumnType::kDatetime) return parse_datetime(cell, column.format);
  if (!is_categorical(column.type)) return parse_in_style(column.style, cell);
  const auto place = std::lower_bound(column.values.begin(), column.values.end(), cell);
  if (place == column.values.end() || *place != cell) return {};
  return static_cast<double>(place - column.values.begin());
}

void fail_cell(const ColumnSchema& column, std::string_view cell) {
  if (is_categorical(column.type))
    fail("column '{}' has no category '{}' in the table it was fitted on", column.name, cell);
  fail("column '{}' is {}{}, but '{}' is not", column.name, type_name(column.type),
       column.type == ColumnType::kDatetime ? ", written " + column.format : "", cell);
}

double to_number(const ColumnSchema& column, std::string_view cell) {
  const std::optional<double> number = parse_cell(column, cell);
  if (!number) fail_cell(column, cell);
  return *number;
}

void append_value(const ColumnSchema& column, double number, std::string& out) {
  if (is_categorical(column.type))
    out += column.values[static_cast<std::size_t>(
        std::clamp(std::lround(number), 0L, static_cast<long>(column.values.size()) - 1))];
  else if (const std::ptrdiff_t word = word_of(number); word >= 0)
    out += column.words[static_cast<std::size_t>(word)];
  else if (column.type == ColumnType::kDatetime)
    append_datetime(number, column.format, column.decimals, out), append_offset(column, number, out);
  else if (column.style.is_plain())
    append_plain(column, number, out);
  else {
    std::string plain;
    append_plain(column, number, plain);
    append_in_style(column.style, plain, out);
  }
}

double ahead_of_utc(const ColumnSchema& column, const DataType& type, double seconds) {
  if (type.time_zone.empty() || column.typed_as) return 0;
  return zone_seconds(column.offsets.empty() ? zone_of(column.format) : offset_at(column.offsets, seconds));
}

double number_of(const ColumnSchema& column, const Array& values, std::size_t i) {
  const double number = number_of(values, i);
  const TypeId type = values.type().id;
  if (column.typed_as || !is_numeric(column.type)) return number;
  // Durations are in their unit, but where the column came as text.
  if (type == TypeId::kDuration && column.type == ColumnType::kDatetime)
    return number / static_cast<double>(units_per_second(values.type().unit));
  if (type != TypeId::kTimestamp || values.type().time_zone.empty()) return number;
  return number +
         (column.offsets.empty() ? zone_seconds(zone_of(column.format)) : ahead_at_utc(column.offsets, number));
}

void append_spelled(const ColumnSchema& column, const Array& values, std::size_t i, std::string& out) {
  if (values.is_null(i))
    out += column.missing_word;
  else if (is_numeric(column.type) && is_number(values.type().id))
    append_value(column, number_of(column, values, i), out);
  else
    append_cell(values, i, out);
}

}  // namespace meg
