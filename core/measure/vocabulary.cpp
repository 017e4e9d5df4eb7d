#include "core/measure/vocabulary.h"

#include <algorithm>
#include <set>

#include "core/table/infer/number.h"
#include "core/table/infer/read_table.h"

namespace meg {

Vocabulary::Vocabulary(const ColumnSchema& column, const std::vector<const Table*>& tables)
    : column_(column), missing_word_(trimmed(column.missing_word) == "?" ? "?" : "nan") {
  std::set<std::string> words;
  for (const Table* table : tables) {
    const Array cells = read(*table);
    std::vector<bool> seen(cells.dictionary().size());
    for (std::size_t r = 0; r < cells.size(); ++r) {
      if (cells.is_null(r))
        words.insert(missing_word_);
      else
        seen[static_cast<std::size_t>(cells.values<std::int32_t>()[r])] = true;
    }
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (seen[i]) words.emplace(trimmed(cells.dictionary().text(i)));
  }
  words_.assign(words.begin(), words.end());
}

Array Vocabulary::read(const Table& table) const { return read_column(column_, table[column_.name], table.is_text()); }

int Vocabulary::place_of(std::string_view word) const {
  return static_cast<int>(std::lower_bound(words_.begin(), words_.end(), word) - words_.begin());
}

std::vector<int> Vocabulary::code(const Table& table) const {
  const Array cells = read(table);
  std::vector<int> of_entry;
  for (std::size_t i = 0; i < cells.dictionary().size(); ++i)
    of_entry.push_back(place_of(trimmed(cells.dictionary().text(i))));
  const int missing = place_of(missing_word_);
  const std::span<const std::int32_t> places = cells.values<std::int32_t>();
  std::vector<int> codes(table.rows());
  for (std::size_t r = 0; r < codes.size(); ++r)
    codes[r] = cells.is_null(r) ? missing : of_entry[static_cast<std::size_t>(places[r])];
  return codes;
}

}  // namespace meg
