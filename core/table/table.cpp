#include "meg/table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "core/fail.h"
#include "core/table/text_limit.h"

namespace meg {

namespace {

constexpr const char* kUnitNames[]{"s", "ms", "us", "ns"};

const char* name_of(TypeId id) {
  switch (id) {
    case TypeId::kBool: return "bool";
    case TypeId::kInt64: return "int64";
    case TypeId::kFloat64: return "float64";
    case TypeId::kUtf8: return "utf8";
    case TypeId::kDictionary: return "dictionary";
    case TypeId::kDate: return "date";
    case TypeId::kTimestamp: return "timestamp";
    case TypeId::kTime: return "time";
    case TypeId::kDuration: return "duration";
  }
  return "";
}

bool has_unit(TypeId id) { return id == TypeId::kTimestamp || id == TypeId::kTime || id == TypeId::kDuration; }

/// Nulls among bits [first, first + count).
std::size_t count_zeros(const std::uint8_t* bits, std::size_t first, std::size_t count) {
  std::size_t ones = 0, i = first;
  const std::size_t end = first + count;
  for (; i < end && i % 8 != 0; ++i) ones += bits[i / 8] >> i % 8 & 1;
  for (; i + 64 <= end; i += 64) {
    std::uint64_t word;
    std::memcpy(&word, bits + i / 8, 8);
    ones += static_cast<std::size_t>(std::popcount(word));
  }
  for (; i < end; ++i) ones += bits[i / 8] >> i % 8 & 1;
  return count - ones;
}

/// Takes the bitmap's memory into `owner`; null where it is empty.
const std::uint8_t* hold(std::shared_ptr<Bitmap>& owner, Bitmap&& valid, std::size_t size) {
  if (valid.empty()) return nullptr;
  if (valid.size() != size) fail("{} values have a bitmap of {}", size, valid.size());
  owner = std::make_shared<Bitmap>(std::move(valid));
  return owner->bytes().data();
}

/// Two owners as one.
template <class A, class B>
std::shared_ptr<const void> both(A a, B b) {
  return std::make_shared<std::pair<A, B>>(std::move(a), std::move(b));
}

}  // namespace

std::string to_string(const DataType& type) {
  std::string out = name_of(type.id);
  if (!has_unit(type.id)) return out;
  out += fmt::format("[{}", kUnitNames[static_cast<int>(type.unit)]);
  if (!type.time_zone.empty()) out += ", " + type.time_zone;
  return out + "]";
}

Array::Array(DataType type, Layout layout) : type_(std::move(type)), layout_(std::move(layout)) { count_nulls(); }

void Array::count_nulls() {
  null_count_ = layout_.validity ? count_zeros(layout_.validity, layout_.offset, layout_.size) : 0;
}

Array::Memory Array::memory_of(const DataType& type) {
  switch (type.id) {
    case TypeId::kBool: return Memory::kBits;
    case TypeId::kFloat64: return Memory::kDouble;
    case TypeId::kUtf8: return Memory::kText;
    case TypeId::kDictionary:
    case TypeId::kDate: return Memory::kInt32;
    case TypeId::kTime: return type.unit <= TimeUnit::kMilli ? Memory::kInt32 : Memory::kInt64;
    default: return Memory::kInt64;
  }
}

void Array::check_memory(Memory asked) const {
  constexpr const char* kNames[]{"bits", "std::int32_t", "std::int64_t", "double", "text"};
  if (const Memory is = memory_of(type_); is != asked)
    fail("a column of type {} holds {}, not {}", to_string(type_), kNames[static_cast<int>(is)],
         kNames[static_cast<int>(asked)]);
}

template <class T>
Array Array::of(DataType type, std::vector<T> values, Bitmap valid) {
  const auto held = std::make_shared<std::vector<T>>(std::move(values));
  std::shared_ptr<Bitmap> bits;
  Layout layout{.size = held->size()};
  layout.validity = hold(bits, std::move(valid), held->size());
  layout.values = held->data();
  layout.owner = bits ? both(held, bits) : std::shared_ptr<const void>(held);
  Array out(std::move(type), std::move(layout));
  out.check_memory(memory_of<T>());
  return out;
}
template Array Array::of(DataType, std::vector<double>, Bitmap);
template Array Array::of(DataType, std::vector<std::int64_t>, Bitmap);
template Array Array::of(DataType, std::vector<std::int32_t>, Bitmap);

Array Array::bools(const Bitmap& values, Bitmap valid) {
  const auto held = std::make_shared<Bitmap>(values);
  std::shared_ptr<Bitmap> bits;
  Layout layout{.size = held->size()};
  layout.validity = hold(bits, std::move(valid), held->size());
  layout.values = held->bytes().data();
  layout.owner = both(held, bits);
  return {{.id = TypeId::kBool}, std::move(layout)};
}

Array Array::texts(std::vector<std::int32_t> offsets, std::string bytes, Bitmap valid, DataType type) {
  if (offsets.empty()) offsets.push_back(0);
  struct Memory {
    std::vector<std::int32_t> offsets;
    std::string bytes;
  };
  const auto held = std::make_shared<Memory>(Memory{std::move(offsets), std::move(bytes)});
  std::shared_ptr<Bitmap> bits;
  Layout layout{.size = held->offsets.size() - 1};
  layout.validity = hold(bits, std::move(valid), layout.size);
  layout.values = held->offsets.data();
  layout.bytes = held->bytes.data();
  layout.owner = bits ? both(held, bits) : std::shared_ptr<const void>(held);
  return {std::move(type), std::move(layout)};
}

Array Array::texts(std::span<const std::string> texts, Bitmap valid) {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;
  for (const std::string& text : texts) {
    bytes += text;
    if (bytes.size() > kMostTextBytes) fail("the texts of a column are 2 GiB or more");
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  return Array::texts(std::move(offsets), std::move(bytes), std::move(valid));
}

Array Array::dictionary(std::vector<std::int32_t> places, std::span<const std::string> values, DataType type) {
  Bitmap valid;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] >= static_cast<std::int32_t>(values.size()))
      fail("place {} is beyond a dictionary of {} values", places[i], values.size());
    if (places[i] >= 0) continue;
    if (valid.empty()) valid = Bitmap(places.size(), true);
    valid.set(i, false);
    places[i] = 0;
  }
  Array out = of({.id = TypeId::kDate}, std::move(places), std::move(valid));  // any type of that memory
  out.type_ = std::move(type);
  out.layout_.dictionary = std::make_shared<const Array>(texts(values));
  return out;
}

Array Array::with_validity(Bitmap valid) const {
  if (valid.size() != size()) fail("{} values have a bitmap of {}", size(), valid.size());
  Bitmap moved(layout_.offset, true);  // in front of the values that are passed over, too
  for (std::size_t i = 0; i < valid.size(); ++i) moved.push_back(valid[i]);
  Array out = *this;
  std::shared_ptr<Bitmap> bits;
  out.layout_.validity = hold(bits, std::move(moved), layout_.offset + size());
  out.layout_.owner = both(layout_.owner, bits);
  out.count_nulls();
  return out;
}

Array Array::slice(std::size_t first, std::size_t count) const {
  if (first > size() || count > size() - first)
    fail(ErrorCode::kInvalidArgument, "rows {} to {} of {} are asked for", first, first + count, size());
  Array out = *this;
  out.layout_.offset += first;
  out.layout_.size = count;
  out.count_nulls();
  return out;
}

Table::Table(std::vector<NamedArray> columns, bool is_text) : columns_(std::move(columns)), is_text_(is_text) {
  std::map<std::string_view, std::size_t> seen;
  for (const NamedArray& column : columns_) {
    if (!seen.emplace(column.name, seen.size()).second) fail("two columns are named '{}'; rename one", column.name);
    if (column.values.size() != rows())
      fail("column '{}' has {} rows, but '{}' has {}", column.name, column.values.size(), columns_[0].name, rows());
    if (is_text && column.values.type().id != TypeId::kUtf8)
      fail("column '{}' of a text table is {}", column.name, to_string(column.values.type()));
  }
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> out;
  for (const NamedArray& column : columns_) out.push_back(column.name);
  return out;
}

std::optional<std::size_t> Table::find(std::string_view name) const {
  const auto at = std::find_if(columns_.begin(), columns_.end(), [&](const NamedArray& c) { return c.name == name; });
  return at == columns_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - columns_.begin()));
}

std::size_t Table::place_of(std::string_view name) const {
  if (const auto place = find(name)) return *place;
  fail("there is no column '{}'; the table has {}", name, fmt::join(names(), ", "));
}

Table Table::slice(std::size_t first, std::size_t count) const {
  Table out = *this;
  for (NamedArray& column : out.columns_) column.values = column.values.slice(first, count);
  return out;
}

namespace {

template <class T>
std::vector<T> taken_values(const Array& from, std::span<const std::size_t> rows) {
  const std::span<const T> values = from.values<T>();
  std::vector<T> out;
  out.reserve(rows.size());
  for (const std::size_t r : rows) out.push_back(values[r]);
  return out;
}

Array taken(const Array& from, std::span<const std::size_t> rows) {
  const DataType& type = from.type();
  Bitmap valid, bools;
  if (from.null_count() > 0)
    for (const std::size_t r : rows) valid.push_back(!from.is_null(r));
  switch (type.id) {
    case TypeId::kBool:
      for (const std::size_t r : rows) bools.push_back(from.boolean(r));
      return Array::bools(bools, std::move(valid));
    case TypeId::kUtf8: {
      std::vector<std::int32_t> offsets{0};
      std::string bytes;
      for (const std::size_t r : rows) {
        bytes += from.text(r);
        if (bytes.size() > kMostTextBytes) fail("the texts of a column are 2 GiB or more; take fewer rows");
        offsets.push_back(static_cast<std::int32_t>(bytes.size()));
      }
      return Array::texts(std::move(offsets), std::move(bytes), std::move(valid), type);
    }
    case TypeId::kDictionary: {
      Array::Layout layout =
          Array::of({.id = TypeId::kDate}, taken_values<std::int32_t>(from, rows), std::move(valid)).layout();
      layout.dictionary = from.layout().dictionary;
      return {type, std::move(layout)};
    }
    case TypeId::kFloat64: return Array::of(type, taken_values<double>(from, rows), std::move(valid));
    case TypeId::kDate: return Array::of(type, taken_values<std::int32_t>(from, rows), std::move(valid));
    case TypeId::kTime:
      if (type.unit <= TimeUnit::kMilli)
        return Array::of(type, taken_values<std::int32_t>(from, rows), std::move(valid));
      [[fallthrough]];
    default: return Array::of(type, taken_values<std::int64_t>(from, rows), std::move(valid));
  }
}

}  // namespace

Table Table::take(std::span<const std::size_t> rows) const {
  for (const std::size_t r : rows)
    if (r >= this->rows()) fail(ErrorCode::kInvalidArgument, "row {} of {} is asked for", r, this->rows());
  std::vector<NamedArray> columns;
  for (const NamedArray& column : columns_) columns.push_back({column.name, taken(column.values, rows)});
  return Table(std::move(columns), is_text_);
}

}  // namespace meg
