#include "core/table/write/fill_column.h"

#include <algorithm>
#include <limits>

#include "core/fail.h"
#include "core/table/infer/read_table.h"
#include "core/table/text_limit.h"
#include "core/table/write/write_column.h"

namespace meg {

namespace {

/// Both as read_column() reads them; the words of `made` are the first of those of `read`.
Array merge(const Array& read, const std::vector<bool>& is_hole, const Array& made) {
  const auto from = [&](std::size_t r) -> const Array& { return is_hole[r] ? made : read; };
  if (read.type().id == TypeId::kDictionary) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < read.dictionary().size(); ++i) words.emplace_back(read.dictionary().text(i));
    std::vector<std::int32_t> places;
    for (std::size_t r = 0; r < read.size(); ++r)
      places.push_back(from(r).is_null(r) ? -1 : from(r).values<std::int32_t>()[r]);
    return Array::dictionary(std::move(places), words);
  }
  Bitmap valid;
  for (std::size_t r = 0; r < read.size(); ++r) valid.push_back(!from(r).is_null(r));
  if (read.type().id == TypeId::kUtf8) {
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < read.size(); ++r) texts.emplace_back(from(r).text(r));
    return Array::texts(texts, std::move(valid));
  }
  std::vector<double> numbers;
  for (std::size_t r = 0; r < read.size(); ++r) numbers.push_back(from(r).values<double>()[r]);
  return Array::of({.id = TypeId::kFloat64}, std::move(numbers), std::move(valid));
}

/// What is there as it is, to the bit.
Array filled(const std::string& name, const Array& cells, const std::vector<bool>& is_hole, const Array& made) {
  const Table both[] = {Table({{name, cells}}), Table({{name, made}})};
  std::vector<std::size_t> rows(cells.size());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = is_hole[r] ? cells.size() + r : r;
  return Table::concatenate(both).take(rows)[std::size_t{0}];
}

}  // namespace

Array fill_texts(const ColumnSchema& column, const Array& cells, const std::vector<bool>& is_hole, const Array& made) {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;
  Bitmap valid;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (is_hole[r])
      append_spelled(column, made, r, bytes);
    else
      bytes += cells.text(r);
    if (bytes.size() > kMostTextBytes) fail("the texts of column '{}' are 2 GiB or more", column.name);
    valid.push_back(is_hole[r] || !cells.is_null(r));
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  return Array::texts(std::move(offsets), std::move(bytes), std::move(valid), cells.type());
}

Array fill_column(const ColumnSchema& column, const Array& cells, bool is_text, const std::vector<bool>& is_hole,
                  const Array& made, const DataType& type) {
  const bool is_whole = std::find(is_hole.begin(), is_hole.end(), true) == is_hole.end();
  if (!is_text && cells.type() == type)
    return is_whole ? cells : filled(column.name, cells, is_hole, write_column(column, made, type));
  return write_column(column, merge(read_column(column, cells, is_text), is_hole, made), type);
}

}  // namespace meg
