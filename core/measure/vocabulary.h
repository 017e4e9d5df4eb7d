#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// The values that a categorical column takes in several tables together, sorted; blanks around them aside. A missing
/// cell is a category of its own, whatever its spelling: it stands in the order where the column's schema spells it,
/// "?" or, like pandas, "nan".
class Vocabulary {
 public:
  /// `column` is looked up by its name in all tables.
  Vocabulary(const ColumnSchema& column, const std::vector<const Table*>& tables);

  int size() const { return static_cast<int>(words_.size()); }
  const std::vector<std::string>& words() const { return words_; }

  /// The place of each row's category. `table` is one of them.
  std::vector<int> code(const Table& table) const;

 private:
  Array read(const Table& table) const;
  int place_of(std::string_view word) const;

  ColumnSchema column_;
  std::string missing_word_;
  std::vector<std::string> words_;
};

}  // namespace meg
