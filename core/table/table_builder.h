#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "meg/table.h"

namespace meg {

/// One column that grows by copies of others, all of one type.
class ColumnBuilder {
 public:
  ColumnBuilder(std::string name, const DataType& type);
  const std::string& name() const { return name_; }

  /// Throws Error, naming the column, where the type is another, and where texts are 2 GiB or more together.
  void append(const Array& values);
  Array finish() &&;

 private:
  struct Texts {
    std::vector<std::int32_t> offsets{0};
    std::string bytes;
  };
  /// Places in the union of the parts' dictionaries, in the order in which their values first stand there.
  struct Words {
    std::map<std::string, std::int32_t, std::less<>> place;
    std::vector<std::string> values;
    std::vector<std::int32_t> places;
  };
  using Values =
      std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::int32_t>, Bitmap, Texts, Words>;
  static Values values_of(const DataType& type);

  template <class T>
  void add(std::vector<T>& to, const Array& from);
  void add(Bitmap& to, const Array& from);
  void add(Texts& to, const Array& from);
  void add(Words& to, const Array& from);
  template <class T>
  Array take(std::vector<T>& values);
  Array take(Bitmap& values);
  Array take(Texts& texts);
  Array take(Words& words);

  std::string name_;
  DataType type_;
  std::size_t size_ = 0;
  Values values_;
  Bitmap valid_;  // empty as long as there are no nulls
};

/// A table that comes part by part.
class TableBuilder {
 public:
  /// Copies the rows. Throws Error, naming the column, where names or types are not those of the first part.
  void append(const Table& rows);
  Table finish() &&;

 private:
  std::vector<ColumnBuilder> columns_;
  bool is_text_ = false;
};

/// All the tables that next() returns until it returns nothing, as one; a single one is not copied. Nothing where there
/// is none.
std::optional<Table> all_rows(const std::function<std::optional<Table>()>& next);

}  // namespace meg
