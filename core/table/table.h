#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// A table as text: names, and cells as they are written in a CSV file, unquoted. Cells are kept row by row in one
/// block, so a table costs its text and 8 bytes a cell.
class Table {
 public:
  Table() = default;
  explicit Table(std::vector<std::string> names, char delimiter = ',')
      : names_(std::move(names)), delimiter_(delimiter) {}

  std::size_t rows() const { return names_.empty() ? 0 : (ends_.size() / names_.size()); }
  std::size_t columns() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  /// What separates values in the table's CSV file.
  char delimiter() const { return delimiter_; }
  /// The place of a column. Throws Error where there is none of that name.
  std::size_t column(std::string_view name) const;

  /// The cell of `row` and `column`, both from 0; valid until the table is appended to.
  std::string_view cell(std::size_t row, std::size_t column) const {
    const std::size_t i = row * columns() + column;
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

  /// Appends the next cell, row by row: after columns() cells a row is complete.
  void append(std::string_view cell) {
    text_.append(cell);
    ends_.push_back(text_.size());
  }
  /// The same for a cell whose text a caller writes at the end of the string that it is given.
  template <class Write>
  void append_with(const Write& write) {
    write(text_);
    ends_.push_back(text_.size());
  }
  /// Appends the rows of another table of these columns.
  void append_rows(const Table& rows) {
    const std::size_t begin = text_.size();
    text_ += rows.text_;
    for (const std::size_t end : rows.ends_) ends_.push_back(begin + end);
  }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  /// Removes the rows and keeps the memory.
  void clear() {
    text_.clear();
    ends_.clear();
  }

 private:
  std::vector<std::string> names_;
  char delimiter_ = ',';
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace meg
