#include "core/table/table_builder.h"

#include <utility>

#include "core/fail.h"
#include "core/table/text_limit.h"

namespace meg {

ColumnBuilder::ColumnBuilder(std::string name, const DataType& type)
    : name_(std::move(name)), type_(type), values_(values_of(type)) {}

ColumnBuilder::Values ColumnBuilder::values_of(const DataType& type) {
  switch (type.id) {
    case TypeId::kBool: return Bitmap();
    case TypeId::kUtf8: return Texts();
    case TypeId::kDictionary: return Words();
    case TypeId::kFloat64: return std::vector<double>();
    case TypeId::kDate: return std::vector<std::int32_t>();
    case TypeId::kTime:
      if (type.unit <= TimeUnit::kMilli) return std::vector<std::int32_t>();
      [[fallthrough]];
    default: return std::vector<std::int64_t>();
  }
}

template <class T>
void ColumnBuilder::add(std::vector<T>& to, const Array& from) {
  const std::span<const T> values = from.values<T>();
  to.insert(to.end(), values.begin(), values.end());
}

void ColumnBuilder::add(Bitmap& to, const Array& from) {
  for (std::size_t i = 0; i < from.size(); ++i) to.push_back(from.boolean(i));
}

void ColumnBuilder::add(Texts& to, const Array& from) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    to.bytes += from.text(i);
    if (to.bytes.size() > kMostTextBytes) fail("the texts of column '{}' are 2 GiB or more", name_);
    to.offsets.push_back(static_cast<std::int32_t>(to.bytes.size()));
  }
}

void ColumnBuilder::add(Words& to, const Array& from) {
  const Array& dictionary = from.dictionary();
  std::vector<std::int32_t> moved;
  for (std::size_t i = 0; i < dictionary.size(); ++i) {
    const auto [at, is_new] = to.place.emplace(dictionary.text(i), static_cast<std::int32_t>(to.values.size()));
    if (is_new) to.values.emplace_back(dictionary.text(i));
    moved.push_back(at->second);
  }
  const std::span<const std::int32_t> places = from.values<std::int32_t>();
  for (std::size_t i = 0; i < places.size(); ++i)
    to.places.push_back(from.is_null(i) ? -1 : moved[static_cast<std::size_t>(places[i])]);
}

void ColumnBuilder::append(const Array& values) {
  if (values.type() != type_)
    fail("column '{}' is {} in one part of the table and {} in another", name_, to_string(type_),
         to_string(values.type()));
  std::visit([&](auto& to) { add(to, values); }, values_);
  if (valid_.empty() && values.null_count() > 0) valid_ = Bitmap(size_, true);
  if (values.null_count() > 0 || !valid_.empty())
    for (std::size_t i = 0; i < values.size(); ++i) valid_.push_back(!values.is_null(i));
  size_ += values.size();
}

template <class T>
Array ColumnBuilder::take(std::vector<T>& values) {
  return Array::of(type_, std::move(values), std::move(valid_));
}
Array ColumnBuilder::take(Bitmap& values) { return Array::bools(values, std::move(valid_)); }
Array ColumnBuilder::take(Texts& texts) {
  return Array::texts(std::move(texts.offsets), std::move(texts.bytes), std::move(valid_), type_);
}
Array ColumnBuilder::take(Words& words) { return Array::dictionary(std::move(words.places), words.values, type_); }

Array ColumnBuilder::finish() && {
  return std::visit([&](auto& values) { return take(values); }, values_);
}

void TableBuilder::append(const Table& rows) {
  if (columns_.empty()) {
    is_text_ = rows.is_text();
    for (std::size_t c = 0; c < rows.columns(); ++c) columns_.emplace_back(rows.name(c), rows[c].type());
  }
  if (rows.is_text() != is_text_) fail("one part of the table is text, another has types");
  if (rows.columns() != columns_.size())
    fail("one part of the table has {} columns, another {}", columns_.size(), rows.columns());
  for (ColumnBuilder& column : columns_) column.append(rows[column.name()]);
}

Table TableBuilder::finish() && {
  std::vector<NamedArray> columns;
  for (ColumnBuilder& column : columns_) columns.push_back({column.name(), std::move(column).finish()});
  return Table(std::move(columns), is_text_);
}

std::optional<Table> all_rows(const std::function<std::optional<Table>()>& next) {
  std::optional<Table> first = next(), part = next();
  if (!part) return first;
  TableBuilder all;
  all.append(*std::exchange(first, std::nullopt));
  for (; part; part = next()) all.append(*part);
  return std::move(all).finish();
}

Table Table::concatenate(std::span<const Table> tables) {
  if (tables.size() == 1) return tables[0];
  TableBuilder all;
  for (const Table& table : tables) all.append(table);
  return std::move(all).finish();
}

}  // namespace meg
