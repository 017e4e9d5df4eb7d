#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace meg {

/// The types of a column's values; each is laid out in memory as Apache Arrow's columnar format says
/// (arrow.apache.org/docs/format/Columnar.html).
enum class TypeId {
  kBool,        ///< one bit a value
  kInt64,       ///< std::int64_t
  kFloat64,     ///< double
  kUtf8,        ///< std::int32_t offsets [size + 1] into bytes of UTF-8
  kDictionary,  ///< std::int32_t places in a dictionary of utf8
  kDate,        ///< std::int32_t days since 1970-01-01
  kTimestamp,   ///< std::int64_t units since 1970-01-01 00:00, of UTC where there is a time zone
  kTime,        ///< units since midnight: std::int32_t of seconds and milliseconds, std::int64_t of finer ones
  kDuration,    ///< std::int64_t units
};

/// The unit of timestamps, times and durations.
enum class TimeUnit { kSecond, kMilli, kMicro, kNano };

/// How many of the unit make a second.
constexpr std::int64_t units_per_second(TimeUnit unit) {
  return unit == TimeUnit::kSecond  ? 1
         : unit == TimeUnit::kMilli ? 1'000
         : unit == TimeUnit::kMicro ? 1'000'000
                                    : 1'000'000'000;
}

struct DataType {
  TypeId id = TypeId::kUtf8;
  TimeUnit unit = TimeUnit::kSecond;  ///< of timestamps, times and durations
  std::string time_zone = {};         ///< of timestamps: "Europe/Berlin", "+02:00", "UTC"; empty: local, of no zone
  bool ordered = false;               ///< of dictionaries: whether the order of the values means something
  /// The format string of Arrow's C data interface that the column had outside and gets again on its way out, where it
  /// is not this type's own: "i" of 32-bit integers, "f" of floats, "d:10,2" of decimals, "U" of large strings, "tdm"
  /// of dates in milliseconds; of dictionaries that of the places, "c".
  std::string stored = {};

  bool operator==(const DataType&) const = default;
};

/// The type as messages and docs name it: "int64", "timestamp[us, UTC]", "dictionary".
std::string to_string(const DataType& type);

/// One bit a value, least significant first: 1 where a value is there. Empty: all are.
class Bitmap {
 public:
  Bitmap() = default;
  /// All bits are `value`.
  Bitmap(std::size_t size, bool value) : bytes_((size + 7) / 8, value ? 0xFF : 0), size_(size) {}

  void push_back(bool value) {
    if (size_ % 8 == 0) bytes_.push_back(0);
    set(size_++, value);
  }
  void set(std::size_t i, bool value) {
    const auto bit = static_cast<std::uint8_t>(1u << i % 8);
    bytes_[i / 8] = static_cast<std::uint8_t>(value ? bytes_[i / 8] | bit : bytes_[i / 8] & ~bit);
  }
  bool operator[](std::size_t i) const { return (bytes_[i / 8] >> i % 8 & 1) != 0; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
};

/// The values of one column, in Arrow's memory layout. Immutable and cheap to copy: copies and slices share the memory,
/// which may be somebody else's. Every const member may be called from any number of threads at once.
class Array {
 public:
  /// Memory as Arrow's C data interface describes it. `offset` values are passed over in all of it.
  struct Layout {
    std::size_t size = 0, offset = 0;
    const std::uint8_t* validity = nullptr;  ///< bits; null: all values are there
    const void* values = nullptr;            ///< bits of bool; places of a dictionary; offsets of utf8; else the values
    const char* bytes = nullptr;             ///< of utf8
    std::shared_ptr<const Array> dictionary = nullptr;  ///< of dictionaries: utf8 without nulls
    std::shared_ptr<const void> owner = nullptr;        ///< keeps all of it alive
  };

  /// No values of type utf8.
  Array() = default;
  /// Of memory that is there. It is trusted: offsets never fall and places lie in the dictionary.
  Array(DataType type, Layout layout);

  /// Values of int64, float64, date, timestamp, time and duration columns; T is the memory type of `type`. Throws Error
  /// where it is not, or where the bitmap is of another size.
  template <class T>
  static Array of(DataType type, std::vector<T> values, Bitmap valid = {});
  static Array bools(const Bitmap& values, Bitmap valid = {});
  /// Text i is bytes[offsets[i], offsets[i + 1]); offsets has one more entry than there are texts. Both are trusted.
  static Array texts(std::vector<std::int32_t> offsets, std::string bytes, Bitmap valid = {}, DataType type = {});
  static Array texts(std::span<const std::string> texts, Bitmap valid = {});
  /// Places in `values`, -1 where there is no value. Throws Error for a place beyond them.
  static Array dictionary(std::vector<std::int32_t> places, std::span<const std::string> values,
                          DataType type = {.id = TypeId::kDictionary});

  const DataType& type() const { return type_; }
  std::size_t size() const { return layout_.size; }
  std::size_t null_count() const { return null_count_; }
  bool is_null(std::size_t i) const {
    if (null_count_ == 0) return false;
    const std::size_t at = layout_.offset + i;
    return (layout_.validity[at / 8] >> at % 8 & 1) == 0;
  }

  /// [size()] the values; those of nulls mean nothing. T is double, std::int64_t or std::int32_t, as TypeId says (of
  /// dictionaries the places). Throws Error where the column's memory is of another type.
  template <class T>
  std::span<const T> values() const {
    check_memory(memory_of<T>());
    return {static_cast<const T*>(layout_.values) + layout_.offset, layout_.size};
  }
  /// A value of a bool column.
  bool boolean(std::size_t i) const {
    const std::size_t at = layout_.offset + i;
    return (static_cast<const std::uint8_t*>(layout_.values)[at / 8] >> at % 8 & 1) != 0;
  }
  /// A value of a utf8 or dictionary column; empty where it is null. Valid as long as any copy of the array is.
  /// Neither the type nor i < size() is checked, here and in boolean(), is_null() and dictionary().
  std::string_view text(std::size_t i) const {
    if (is_null(i)) return {};
    if (type_.id == TypeId::kDictionary)
      return layout_.dictionary->text(
          static_cast<std::size_t>(static_cast<const std::int32_t*>(layout_.values)[layout_.offset + i]));
    const std::int32_t* const offsets = static_cast<const std::int32_t*>(layout_.values) + layout_.offset + i;
    return {layout_.bytes + offsets[0], static_cast<std::size_t>(offsets[1] - offsets[0])};
  }
  /// The values that the places of a dictionary column are of, utf8.
  const Array& dictionary() const { return *layout_.dictionary; }

  /// The same values, of which others are null. Throws Error where the bitmap is of another size.
  Array with_validity(Bitmap valid) const;
  /// Values [first, first + count), of the same memory.
  Array slice(std::size_t first, std::size_t count) const;
  const Layout& layout() const { return layout_; }

 private:
  enum class Memory { kBits, kInt32, kInt64, kDouble, kText };
  template <class T>
  static constexpr Memory memory_of() {
    static_assert(std::is_same_v<T, double> || std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::int32_t>);
    return std::is_same_v<T, double> ? Memory::kDouble : sizeof(T) == 8 ? Memory::kInt64 : Memory::kInt32;
  }
  static Memory memory_of(const DataType& type);
  void check_memory(Memory asked) const;
  void count_nulls();

  DataType type_;
  Layout layout_;
  std::size_t null_count_ = 0;
};

/// A value as text, whatever its type: "12", "0.5", "true", "2024-02-29 12:00:00Z"; empty where it is null.
std::string to_text(const Array& values, std::size_t i);

/// A column of a table: its name and values.
struct NamedArray {
  std::string name;
  Array values;
};

/// A table: named, typed columns of one length in Arrow's memory layout. Immutable and cheap to copy. Every const
/// member may be called from any number of threads at once.
///
///     const meg::Table rows = model.generate(1000);
///     for (double income : rows["income"].values<double>()) ...
class Table {
 public:
  Table() = default;
  /// Throws Error where columns differ in length or share a name. is_text: the columns are the cells of a text file,
  /// all utf8, whose types and missing values are still to be told from what is written.
  explicit Table(std::vector<NamedArray> columns, bool is_text = false);

  std::size_t rows() const { return columns_.empty() ? 0 : columns_.front().values.size(); }
  std::size_t columns() const { return columns_.size(); }
  bool is_text() const { return is_text_; }

  const std::string& name(std::size_t column) const { return columns_[column].name; }
  std::vector<std::string> names() const;
  /// A column by its place, or by its name. Throws Error where there is none of that name.
  const Array& operator[](std::size_t column) const { return columns_[column].values; }
  const Array& operator[](std::string_view name) const { return columns_[place_of(name)].values; }
  /// The place of a column; find: nothing where there is none of that name, place_of throws Error there.
  std::optional<std::size_t> find(std::string_view name) const;
  std::size_t place_of(std::string_view name) const;

  /// The columns of a table that is not needed any longer.
  std::vector<NamedArray> take_columns() && { return std::move(columns_); }
  /// Rows [first, first + count), of the same memory.
  Table slice(std::size_t first, std::size_t count) const;
  /// A table of some of the rows, in the order of their numbers; copies them. Throws Error where there is no such row,
  /// and where a column's texts are 2 GiB or more.
  Table take(std::span<const std::size_t> rows) const;
  /// The rows of one table after the other, which must have the same columns; copies them, but for a single one. Throws
  /// Error, naming the column, where names or types differ, and where a column's texts are 2 GiB or more.
  static Table concatenate(std::span<const Table> tables);

 private:
  std::vector<NamedArray> columns_;
  bool is_text_ = false;
};

}  // namespace meg
