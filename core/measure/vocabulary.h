#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/schema.h"
#include "core/table/table.h"

namespace meg {

/// The values that a categorical column takes in two tables together, sorted; blanks around them aside. A missing cell
/// is a category of its own, whatever its spelling: it stands in the order where the column's schema spells it, "?" or,
/// like pandas, "nan".
class Vocabulary {
 public:
  /// `column` is looked up by its name in both tables.
  Vocabulary(const ColumnSchema& column, const Table& first, const Table& second);

  int size() const { return static_cast<int>(words_.size()); }
  const std::vector<std::string>& words() const { return words_; }

  /// The place of each row's category. `table` is one of the two.
  std::vector<int> code(const Table& table) const;

 private:
  std::string_view word_of(std::string_view cell) const;

  std::string name_;
  std::string missing_word_;
  std::vector<std::string> words_;
};

}  // namespace meg
