#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/table/standin/row.h"

namespace meg {

/// What the cells of a column stand for ("semantic data type"), and how new ones are made.
struct Sdtype {
  std::string_view name;  ///< as schema files spell it
  bool needs_lists;       ///< of names and places, see StandInLists
  /// Appends the cell of a row. Null where new cells follow the column's: phone.
  void (*append)(const StandInRow& row, std::string& out);
};

/// All there are, in the order of the documentation.
std::span<const Sdtype> sdtypes();
/// By its name; null where there is none.
const Sdtype* find_sdtype(std::string_view name);
/// By its name. Throws Error, with the names there are.
const Sdtype& sdtype_of(std::string_view name);

}  // namespace meg
