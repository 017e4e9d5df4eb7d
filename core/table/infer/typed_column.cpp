#include <algorithm>
#include <cmath>

#include "core/fail.h"
#include "core/table/cells.h"
#include "core/table/infer/infer_texts.h"
#include "core/table/infer/number.h"
#include "core/table/infer/read_table.h"
#include "core/table/infer/survey.h"

namespace meg {

namespace {

/// How a typed column of dates or times is spelled where it becomes text.
std::string format_of(const DataType& type, bool has_fraction) {
  if (type.id == TypeId::kDate) return "%Y-%m-%d";
  std::string out = type.id == TypeId::kTime ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S";
  if (has_fraction) out += ".%f";
  return type.time_zone.empty() ? out : out + "Z";
}

/// Digits behind the seconds' point that some of the cells need.
int fraction_digits(const Array& cells) {
  const DataType& type = cells.type();
  if (type.id == TypeId::kDate || type.unit == TimeUnit::kSecond) return 0;
  const auto needs = [&](std::int64_t units) {
    int digits = 3 * static_cast<int>(type.unit);
    std::int64_t behind = units % units_per_second(type.unit);
    while (digits > 0 && behind % 10 == 0) behind /= 10, --digits;
    return digits;
  };
  int most = 0;
  const bool narrow = type.id == TypeId::kTime && type.unit == TimeUnit::kMilli;
  for (std::size_t r = 0; r < cells.size(); ++r)
    if (!cells.is_null(r))
      most = std::max(most, needs(narrow ? cells.values<std::int32_t>()[r] : cells.values<std::int64_t>()[r]));
  return most;
}

/// Counts, ends and digits of a column of numbers.
Survey survey_numbers(const Array& numbers, ColumnSchema& out) {
  Survey s;
  const std::span<const double> values = numbers.values<double>();
  std::vector<double> sorted;
  double previous = 0;
  for (std::size_t r = 0; r < values.size(); ++r) {
    if (numbers.is_null(r)) continue;
    const double x = values[r];
    if (std::isnan(x))
      fail("column '{}' has a cell that is NaN or infinite, in row {}: leave it out, or make it null", out.name, r + 1);
    s.rises = s.rises && (sorted.empty() || x > previous);
    s.rises_by_one = s.rises_by_one && (sorted.empty() || x == previous + 1);
    s.whole = s.whole && x == std::floor(x);
    s.long_codes += std::abs(x) >= kBeyondWholeDoubles;
    sorted.push_back(x);
    previous = x;
  }
  s.present = sorted.size();
  out.missing = values.size() - sorted.size();
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  out.distinct = sorted.size();
  if (sorted.empty()) return s;
  out.smallest = sorted.front(), out.largest = sorted.back();
  return s;
}

/// Of whole numbers of which some are not doubles.
std::size_t count_distinct(const Array& cells) {
  std::vector<std::int64_t> sorted;
  for (std::size_t r = 0; r < cells.size(); ++r)
    if (!cells.is_null(r)) sorted.push_back(cells.values<std::int64_t>()[r]);
  std::sort(sorted.begin(), sorted.end());
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

/// Digits as the shortest texts of the numbers have them.
void count_digits(const Array& numbers, Survey& s, ColumnSchema& out) {
  std::vector<double> sorted;
  const std::span<const double> values = numbers.values<double>();
  for (std::size_t r = 0; r < values.size(); ++r)
    if (!numbers.is_null(r)) sorted.push_back(values[r]);
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::string text = fmt::format("{}", sorted[i]);
    const WrittenDigits digits = written_digits(text);
    out.fewest_decimals = i == 0 ? digits.decimals : std::min(out.fewest_decimals, digits.decimals);
    out.decimals = std::max(out.decimals, digits.decimals);
    s.significant = std::max(s.significant, digits.significant);
    s.exponents = s.exponents || text.find('e') != std::string::npos;
  }
}

ColumnType type_of_numbers(const Survey& s, const ColumnSchema& column, TypeId type) {
  if (type == TypeId::kFloat64) return ColumnType::kDecimal;
  const bool is_identifier = type == TypeId::kInt64 && (is_identifier_of_numbers(s, column) || s.long_codes > 0);
  return is_identifier ? ColumnType::kIdentifier : ColumnType::kInteger;
}

InferredColumn infer_numbers(ColumnSchema out, const Array& cells, const AskedType* asked) {
  const TypeId type = cells.type().id;
  const bool is_date = type == TypeId::kDate || type == TypeId::kTimestamp || type == TypeId::kTime;
  out.type = ColumnType::kInteger;  // reads as numbers
  Array numbers = read_column(out, cells, /*is_text=*/false);
  Survey s = survey_numbers(numbers, out);
  if (type == TypeId::kInt64 && s.long_codes > 0) out.distinct = count_distinct(cells);
  if (is_date) {
    out.type = ColumnType::kDatetime;
    out.decimals = fraction_digits(cells);
    out.format = format_of(cells.type(), out.decimals > 0);
  } else {
    out.type = asked ? asked->type : type_of_numbers(s, out, type);
    if (out.type == ColumnType::kInteger && !s.whole)
      fail("column '{}' cannot be integer: not all of its values are whole numbers", out.name);
  }
  if (out.type == ColumnType::kDecimal) {
    count_digits(numbers, s, out);
    out.significant = significant_digits(s, out);
  }
  if (is_numeric(out.type)) return {std::move(out), std::move(numbers), {}};
  if (out.type != ColumnType::kIdentifier) out.smallest = out.largest = 0;
  const bool runs = out.type == ColumnType::kIdentifier && s.rises_by_one && s.long_codes == 0;
  Array values = read_column(out, cells, /*is_text=*/false);
  return {std::move(out), std::move(values), {}, runs};
}

/// A categorical column of the words that are in use.
InferredColumn infer_words(ColumnSchema out, const Array& cells) {
  Array read = read_column(out, cells, /*is_text=*/false);
  std::vector<bool> used(read.dictionary().size());
  for (std::size_t r = 0; r < read.size(); ++r)
    if (!read.is_null(r)) used[static_cast<std::size_t>(read.values<std::int32_t>()[r])] = true;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i]) out.values.emplace_back(read.dictionary().text(i));
  std::sort(out.values.begin(), out.values.end());
  out.distinct = out.values.size(), out.missing = read.null_count();
  Array values = read_column(out, cells, /*is_text=*/false);
  return {std::move(out), std::move(values), {}};
}

bool asks_for_words(const AskedType* asked) { return asked && is_categorical(asked->type); }

void check_asked(const ColumnSchema& column, const DataType& type, const AskedType* asked) {
  const bool is_date = type.id == TypeId::kDate || type.id == TypeId::kTimestamp || type.id == TypeId::kTime;
  const bool fits =
      !asked || is_categorical(asked->type) || !is_modelled(asked->type) ||
      (is_date ? asked->type == ColumnType::kDatetime : is_number(type.id) && asked->type != ColumnType::kDatetime);
  if (!fits) fail("column '{}' is {}, so it cannot be {}", column.name, to_string(type), type_name(asked->type));
}

}  // namespace

namespace {

/// A column whose cells stand for something: text, whatever they are.
InferredColumn infer_stand_ins(const std::string& name, const Array& cells, bool is_text, const AskedType& asked,
                               const std::vector<std::string>& missing) {
  const AskedType as_text(is_modelled(asked.type) ? ColumnType::kText : asked.type);
  InferredColumn out = infer_column(name, cells, is_text, &as_text, missing);
  out.schema.sdtype = asked.sdtype, out.schema.locale = asked.locale;
  out.schema.smallest = out.schema.largest = 0;
  if (out.schema.typed_as && out.schema.typed_as->id != TypeId::kUtf8) out.schema.typed_as.reset();
  out.schema.levels.clear(), out.schema.maybe_sdtype.clear();
  return out;
}

}  // namespace

InferredColumn infer_column(const std::string& name, const Array& cells, bool is_text, const AskedType* asked,
                            const std::vector<std::string>& missing) {
  if (asked && !asked->sdtype.empty()) return infer_stand_ins(name, cells, is_text, *asked, missing);
  if (is_text) return infer_texts(name, cells, is_text, asked, missing);
  ColumnSchema out;
  out.name = name;
  out.typed_as = cells.type();
  const TypeId type = cells.type().id;
  if (type == TypeId::kUtf8) {
    InferredColumn of_texts = infer_texts(name, cells, is_text, asked, {});
    of_texts.schema.typed_as = cells.type();
    return of_texts;
  }
  check_asked(out, cells.type(), asked);
  if (asked && !is_modelled(asked->type)) {
    out.type = asked->type;
    out.missing = cells.null_count(), out.distinct = cells.size() - out.missing;
    Array values = read_column(out, cells, /*is_text=*/false);
    return {std::move(out), std::move(values), {}};
  }
  if (is_number(type) && !asks_for_words(asked)) return infer_numbers(std::move(out), cells, asked);
  out.type = type == TypeId::kBool ? ColumnType::kBoolean : ColumnType::kCategorical;
  if (type == TypeId::kDictionary)
    for (std::size_t i = 0; i < cells.dictionary().size(); ++i) out.levels.emplace_back(cells.dictionary().text(i));
  return infer_words(std::move(out), cells);
}

}  // namespace meg
