#pragma once
#include <string>
#include <string_view>

#include "meg/table.h"

namespace meg {

/// How the values of an Arrow array lie in memory, where it is not as those of meg's own types.
enum class Storage {
  kSame,
  kNull,  // no memory: all are null
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kUint64,
  kFloat16,
  kFloat32,
  kDecimal,
  kMilliDate,  // std::int64_t milliseconds since 1970-01-01
  kLargeText,  // std::int64_t offsets
  kTextView,
};

/// What a format string of Arrow's C data interface says (arrow.apache.org/docs/format/CDataInterface.html).
struct ArrowFormat {
  DataType type;  ///< as which meg holds the values; `stored` is set where Storage or the format is another
  Storage storage = Storage::kSame;
  int decimal_bytes = 0, scale = 0;  ///< of decimals, which are value * 10^-scale
};

/// Throws Error, naming the column, for a type that meg does not take.
ArrowFormat parse_format(std::string_view format, const std::string& column);

/// The format that a column has outside: the one it came with, or its type's own. Of dictionaries that of the places.
std::string format_of(const DataType& type);
/// Of a dictionary's values.
std::string dictionary_format_of(const DataType& type);

/// Whether it is the format of integers, as places of a dictionary are.
bool is_place_format(std::string_view format);

}  // namespace meg
