#include "core/table/infer/read_table.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "core/fail.h"
#include "core/parallel.h"
#include "core/table/cells.h"

namespace meg {

namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
constexpr std::int32_t kNoPlace = -1;

/// Numbers and whether there are any: what is not there is null, what is no number NaN.
class Numbers {
 public:
  Numbers(std::size_t rows, const ColumnSchema& column) : words_(std::ssize(column.words)) { numbers_.reserve(rows); }
  void add(double number, bool is_there) {
    const std::ptrdiff_t word = word_of(number);  // of a NaN that came from elsewhere any
    const bool is_known = std::isfinite(number) || (word >= 0 && word < words_);
    numbers_.push_back(is_there && is_known ? number : kNoNumber);
    valid_.push_back(is_there);
  }
  Array take() { return Array::of({.id = TypeId::kFloat64}, std::move(numbers_), std::move(valid_)); }

 private:
  std::ptrdiff_t words_;
  std::vector<double> numbers_;
  Bitmap valid_;
};

/// What each value of a dictionary is read as, and then each cell.
template <class T, class Read>
std::vector<T> read_each(const Array& dictionary, const Read& read) {
  std::vector<T> out;
  for (std::size_t i = 0; i < dictionary.size(); ++i) out.push_back(read(dictionary.text(i)));
  return out;
}

Array read_numbers(const ColumnSchema& column, const Array& cells, bool is_text) {
  Numbers out(cells.size(), column);
  if (is_number(cells.type().id)) {
    for (std::size_t r = 0; r < cells.size(); ++r) out.add(number_of(column, cells, r), !cells.is_null(r));
    return out.take();
  }
  if (cells.type().id == TypeId::kBool) {  // numbers 0 and 1
    for (std::size_t r = 0; r < cells.size(); ++r) out.add(cells.boolean(r) ? 1 : 0, !cells.is_null(r));
    return out.take();
  }
  if (cells.type().id == TypeId::kDictionary) {
    const auto numbers = read_each<double>(
        cells.dictionary(), [&](std::string_view cell) { return parse_cell(column, cell).value_or(kNoNumber); });
    const auto places = cells.values<std::int32_t>();
    for (std::size_t r = 0; r < cells.size(); ++r)
      out.add(cells.is_null(r) ? kNoNumber : numbers[static_cast<std::size_t>(places[r])], !cells.is_null(r));
    return out.take();
  }
  for (std::size_t r = 0; r < cells.size(); ++r) {
    const bool is_there = !cells.is_null(r) && !(is_text && is_missing(column, cells.text(r)));
    out.add(is_there ? parse_cell(column, cells.text(r)).value_or(kNoNumber) : kNoNumber, is_there);
  }
  return out.take();
}

/// The places of words among a schema's values, and behind these those of others as they come.
class Words {
 public:
  explicit Words(const ColumnSchema& column) : words_(column.values) {
    for (const std::string& word : words_) places_.emplace(word, static_cast<std::int32_t>(places_.size()));
  }
  std::int32_t place_of(std::string_view word) {
    if (const auto at = places_.find(word); at != places_.end()) return at->second;
    words_.emplace_back(word);
    return places_.emplace(word, static_cast<std::int32_t>(places_.size())).first->second;
  }
  Array take(std::vector<std::int32_t> places) const { return Array::dictionary(std::move(places), words_); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> places_;
};

Array read_words(const ColumnSchema& column, const Array& cells, bool is_text) {
  Words words(column);
  std::vector<std::int32_t> places(cells.size(), kNoPlace);
  std::string text;
  std::vector<std::int32_t> of_entry;  // of a dictionary, as far as they are used
  if (cells.type().id == TypeId::kDictionary) of_entry.assign(cells.dictionary().size(), kNoPlace);
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (cells.is_null(r)) continue;
    if (cells.type().id == TypeId::kUtf8) {
      const std::string_view cell = cells.text(r);
      if (!(is_text && is_missing(column, cell))) places[r] = words.place_of(cell);
    } else if (!of_entry.empty()) {
      std::int32_t& place = of_entry[static_cast<std::size_t>(cells.values<std::int32_t>()[r])];
      if (place == kNoPlace) place = words.place_of(cells.text(r));
      places[r] = place;
    } else {
      text.clear();
      append_cell(cells, r, text);
      places[r] = words.place_of(text);
    }
  }
  return words.take(std::move(places));
}

Array read_texts(const ColumnSchema& column, const Array& cells, bool is_text) {
  Bitmap valid;
  if (cells.type().id == TypeId::kUtf8) {
    for (std::size_t r = 0; r < cells.size(); ++r)
      valid.push_back(!cells.is_null(r) && !(is_text && is_missing(column, cells.text(r))));
    return cells.with_validity(std::move(valid));
  }
  std::vector<std::string> texts(cells.size());
  for (std::size_t r = 0; r < cells.size(); ++r) {
    append_cell(cells, r, texts[r]);
    valid.push_back(!cells.is_null(r));
  }
  return Array::texts(texts, std::move(valid));
}

}  // namespace

Array read_column(const ColumnSchema& column, const Array& cells, bool is_text) {
  if (is_numeric(column.type)) return read_numbers(column, cells, is_text);
  return is_categorical(column.type) ? read_words(column, cells, is_text) : read_texts(column, cells, is_text);
}

Array read_values(const ColumnSchema& column, std::vector<double> values) {
  if (is_categorical(column.type)) {
    std::vector<std::int32_t> places(values.size());
    for (std::size_t r = 0; r < places.size(); ++r)
      places[r] = std::isnan(values[r]) ? kNoPlace : static_cast<std::int32_t>(values[r]);
    return Array::dictionary(std::move(places), column.values);
  }
  Bitmap valid(values.size(), true);
  bool all = true;
  for (std::size_t r = 0; r < values.size(); ++r)
    if (is_nothing(values[r])) valid.set(r, all = false);
  return Array::of({.id = TypeId::kFloat64}, std::move(values), all ? Bitmap() : std::move(valid));
}

Table InferredTable::table() const {
  std::vector<NamedArray> out;
  for (std::size_t c = 0; c < columns.size(); ++c) out.push_back({schema[c].name, columns[c]});
  return Table(std::move(out));
}

ReadTable::ReadTable(const Schema& schema, std::vector<Array> columns) : columns_(columns.size()) {
  for (std::size_t c = 0; c < columns.size(); ++c) set(c, schema[c], std::move(columns[c]), {});
}

ReadTable::ReadTable(const Schema& schema, const Table& table, int threads)
    : rows_(table.rows()), columns_(schema.size()) {
  parallel_for(schema.size(), threads_for_columns(threads), [&](std::size_t c) {
    const auto place = table.find(schema[c].name);
    if (place) set(c, schema[c], read_column(schema[c], table[*place], table.is_text()), table[*place]);
  });
}

void ReadTable::set(std::size_t c, const ColumnSchema& schema, Array values, Array source) {
  Column& column = columns_[c];
  column.values = std::move(values), column.source = std::move(source);
  column.is_there = true;
  const TypeId type = column.values.type().id;
  if (type == TypeId::kFloat64) column.numbers = column.values.values<double>().data();
  if (type == TypeId::kDictionary) column.places = column.values.values<std::int32_t>().data();
  column.known = static_cast<std::int32_t>(schema.values.size());
  if (rows_ == 0) rows_ = column.values.size();
}

Value ReadTable::value(std::size_t row, std::size_t c) const {
  const Column& column = columns_[c];
  if (column.values.is_null(row)) return {};
  if (column.places) {
    const std::int32_t place = column.places[row];
    if (place < column.known) return {.number = static_cast<double>(place)};
    return {.text = column.values.text(row), .is_odd = true};
  }
  if (!column.numbers) return {.number = 0, .text = column.values.text(row)};
  const double number = column.numbers[row];
  if (!std::isnan(number) || word_of(number) >= 0) return {.number = number};
  const TypeId source = column.source.type().id;
  const bool is_word = column.source.size() > row && (source == TypeId::kUtf8 || source == TypeId::kDictionary);
  return {.text = is_word ? column.source.text(row) : std::string_view("NaN or infinite"), .is_odd = true};
}

Table read_all(const Schema& schema, const Table& table, std::string_view which, int threads) {
  for (const ColumnSchema& column : schema) table.place_of(column.name);
  const ReadTable read(schema, table, threads);
  std::vector<NamedArray> columns;
  for (std::size_t c = 0; c < schema.size(); ++c) {
    columns.push_back({schema[c].name, read[c]});
    for (std::size_t r = 0; is_numeric(schema[c].type) && r < read.rows(); ++r)
      if (const Value value = read.value(r, c); value.is_odd) try {
          fail_cell(schema[c], value.text);
        } catch (const Error& error) {
          fail("row {} of the {} table: {}", r + 1, which, error.what());
        }
  }
  return Table(std::move(columns));
}

}  // namespace meg
