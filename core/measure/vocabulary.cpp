#include "core/measure/vocabulary.h"

#include <algorithm>
#include <set>

#include "core/table/infer/number.h"

namespace meg {

Vocabulary::Vocabulary(const ColumnSchema& column, const Table& first, const Table& second)
    : name_(column.name), missing_word_(trimmed(column.missing_word) == "?" ? "?" : "nan") {
  std::set<std::string_view> words;
  for (const Table* table : {&first, &second}) {
    const std::size_t c = table->column(name_);
    for (std::size_t r = 0; r < table->rows(); ++r) words.insert(word_of(table->cell(r, c)));
  }
  words_.assign(words.begin(), words.end());
}

std::string_view Vocabulary::word_of(std::string_view cell) const {
  return is_missing(cell) ? std::string_view(missing_word_) : trimmed(cell);
}

std::vector<int> Vocabulary::code(const Table& table) const {
  const std::size_t c = table.column(name_);
  std::vector<int> codes(table.rows());
  for (std::size_t r = 0; r < codes.size(); ++r)
    codes[r] =
        static_cast<int>(std::lower_bound(words_.begin(), words_.end(), word_of(table.cell(r, c))) - words_.begin());
  return codes;
}

}  // namespace meg
