#include "core/table/arrow/import_array.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "core/fail.h"
#include "core/table/arrow/decimal.h"
#include "core/table/arrow/format.h"
#include "core/table/text_limit.h"
#include "core/table/utf8.h"

namespace meg {

namespace {

constexpr std::int64_t kDayMillis = 86'400'000;

/// An Arrow array that is ours to release.
struct Owned {
  ArrowArray array;
  explicit Owned(ArrowArray& from) : array(from) { from.release = nullptr; }
  Owned(const Owned&) = delete;
  ~Owned() {
    if (array.release) array.release(&array);
  }
};

/// A column on its way in.
class ArrayImport {
 public:
  ArrayImport(const ArrowSchema& schema, ArrowArray& array, const std::string& column)
      : owned_(std::make_shared<Owned>(array)),
        array_(owned_->array),
        schema_(schema),
        column_(column),
        format_(parse_format(schema.format, column)) {
    constexpr std::int64_t kMost = std::int64_t{1} << 48;  // so that no sum or product below overflows
    if (array_.length < 0 || array_.offset < 0 || array_.length > kMost || array_.offset > kMost)
      fail("column '{}' has a length of {} and an offset of {}", column_, array_.length, array_.offset);
    size_ = static_cast<std::size_t>(array_.length);
    offset_ = static_cast<std::size_t>(array_.offset);
  }

  Array run() {
    if (schema_.dictionary) return dictionary();
    if (format_.storage == Storage::kNull) return nulls();
    check_buffers(format_.type.id == TypeId::kUtf8 ? 3 : 2);
    switch (format_.storage) {
      case Storage::kSame: return format_.type.id == TypeId::kUtf8 ? texts() : same();
      case Storage::kInt8: return integers<std::int8_t>();
      case Storage::kUint8: return integers<std::uint8_t>();
      case Storage::kInt16: return integers<std::int16_t>();
      case Storage::kUint16: return integers<std::uint16_t>();
      case Storage::kInt32: return integers<std::int32_t>();
      case Storage::kUint32: return integers<std::uint32_t>();
      case Storage::kUint64: return integers<std::uint64_t>();
      case Storage::kFloat16:
        return converted<double>([&](std::size_t i) { return half_to_double(value<std::uint16_t>(i)); });
      case Storage::kFloat32: return converted<double>([&](std::size_t i) { return double{value<float>(i)}; });
      case Storage::kDecimal: return decimals();
      case Storage::kMilliDate: return milli_dates();
      case Storage::kLargeText: return copied_texts([&](std::size_t i) { return text_at<std::int64_t>(i); });
      case Storage::kTextView: return copied_texts([&](std::size_t i) { return view_at(i); });
      case Storage::kNull: break;
    }
    return {};
  }

 private:
  [[noreturn]] void fail_value(std::size_t row, std::string_view what) const {
    fail("column '{}', row {}: {}", column_, row + 1, what);
  }

  /// The buffers are there, the first of which is the validity bitmap.
  void check_buffers(int count) const {
    if (array_.n_buffers < count || !array_.buffers || array_.n_children != 0)
      fail("column '{}' has {} buffers and {} children, not as its type (Arrow's format '{}') has", column_,
           array_.n_buffers, array_.n_children, schema_.format);
    for (int b = 1; b < count; ++b)
      if (size_ > 0 && !array_.buffers[b] && b != 2) fail("column '{}' has no buffer {}", column_, b);
    if (!array_.buffers[0] && array_.null_count > 0)
      fail("column '{}' has {} nulls but no validity bitmap", column_, array_.null_count);
  }

  const std::uint8_t* validity() const {
    return array_.null_count == 0 ? nullptr : static_cast<const std::uint8_t*>(array_.buffers[0]);
  }
  bool is_null(std::size_t i) const {
    const std::uint8_t* const bits = validity();
    return bits && (bits[(offset_ + i) / 8] >> (offset_ + i) % 8 & 1) == 0;
  }
  Bitmap valid() const {
    Bitmap out;
    if (!validity()) return out;
    for (std::size_t i = 0; i < size_; ++i) out.push_back(!is_null(i));
    return out;
  }

  /// A value of a buffer, which need not be aligned.
  template <class T>
  T value(std::size_t i, int buffer = 1) const {
    T out;
    std::memcpy(&out, static_cast<const char*>(array_.buffers[buffer]) + (offset_ + i) * sizeof(T), sizeof(T));
    return out;
  }

  /// Values [size], nulls 0, from of(row).
  template <class T, class Of>
  Array converted(const Of& of) const {
    std::vector<T> values(size_);
    for (std::size_t i = 0; i < size_; ++i)
      if (!is_null(i)) values[i] = of(i);
    return Array::of(format_.type, std::move(values), valid());
  }

  template <class T>
  Array integers() const {
    return converted<std::int64_t>([&](std::size_t i) {
      const T x = value<T>(i);
      if (!std::in_range<std::int64_t>(x)) fail_value(i, fmt::format("{} is beyond 64-bit integers with a sign", x));
      return static_cast<std::int64_t>(x);
    });
  }

  template <class T>
  Array decimals_as() const {
    const auto bytes = static_cast<std::size_t>(format_.decimal_bytes);
    return converted<T>([&](std::size_t i) {
      const auto* const at = static_cast<const unsigned char*>(array_.buffers[1]) + (offset_ + i) * bytes;
      const auto integer = read_wide_integer(at, format_.decimal_bytes);
      if constexpr (std::is_same_v<T, std::int64_t>) {
        if (integer) return *integer;
      } else if (integer) {
        if (const auto number = decimal_to_double(*integer, format_.scale)) return *number;
      }
      fail_value(i, "a decimal of more digits than meg holds (15, or 18 of whole numbers)");
    });
  }
  Array decimals() const {
    return format_.type.id == TypeId::kInt64 ? decimals_as<std::int64_t>() : decimals_as<double>();
  }

  Array milli_dates() const {
    return converted<std::int32_t>([&](std::size_t i) {
      const auto millis = value<std::int64_t>(i);
      if (millis % kDayMillis != 0 || !std::in_range<std::int32_t>(millis / kDayMillis))
        fail_value(i, "a date in milliseconds that is no whole day");
      return static_cast<std::int32_t>(millis / kDayMillis);
    });
  }

  Array nulls() const {
    return Array::texts(std::vector<std::int32_t>(size_ + 1), "", Bitmap(size_, false), format_.type);
  }

  Array::Layout layout() const {
    return {.size = size_,
            .offset = offset_,
            .validity = validity(),
            .values = array_.buffers[1],
            .bytes = nullptr,
            .dictionary = nullptr,
            .owner = owned_};
  }

  bool aligned(std::size_t bytes) const {
    return size_ > 0 && reinterpret_cast<std::uintptr_t>(array_.buffers[1]) % bytes == 0;
  }

  /// Values that lie as meg holds them: kept where they are, if they are aligned.
  Array same() const {
    const TypeId id = format_.type.id;
    if (id == TypeId::kBool) return size_ == 0 ? Array::bools({}) : Array(format_.type, layout());
    if (id == TypeId::kDate || (id == TypeId::kTime && format_.type.unit <= TimeUnit::kMilli))
      return aligned(4) ? Array(format_.type, layout())
                        : converted<std::int32_t>([&](std::size_t i) { return value<std::int32_t>(i); });
    if (aligned(8)) return {format_.type, layout()};
    if (id == TypeId::kFloat64) return converted<double>([&](std::size_t i) { return value<double>(i); });
    return converted<std::int64_t>([&](std::size_t i) { return value<std::int64_t>(i); });
  }

  template <class Offset>
  std::string_view text_at(std::size_t i) const {
    const auto begin = value<Offset>(i), end = value<Offset>(i + 1);
    if (begin < 0 || end < begin) fail_value(i, "the offsets of texts fall");
    if (begin == end) return {};
    if (!array_.buffers[2]) fail("column '{}' has no buffer 2", column_);
    return {static_cast<const char*>(array_.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
  }

  std::string_view view_at(std::size_t i) const {
    const char* const view = static_cast<const char*>(array_.buffers[1]) + (offset_ + i) * 16;
    std::int32_t size, buffer, at;
    std::memcpy(&size, view, 4);
    if (size < 0) fail_value(i, "a text of negative length");
    if (size <= 12) return {view + 4, static_cast<std::size_t>(size)};
    std::memcpy(&buffer, view + 8, 4);
    std::memcpy(&at, view + 12, 4);
    // Buffers: validity, views, the texts' bytes, and the sizes of these.
    const std::int64_t of_texts = array_.n_buffers - 3;
    if (buffer < 0 || buffer >= of_texts) fail_value(i, "a text in a buffer that is not there");
    std::int64_t bytes;
    std::memcpy(&bytes, static_cast<const char*>(array_.buffers[array_.n_buffers - 1]) + 8 * buffer, 8);
    if (at < 0 || at > bytes || size > bytes - at) fail_value(i, "a text that reaches beyond its buffer");
    return {static_cast<const char*>(array_.buffers[2 + buffer]) + at, static_cast<std::size_t>(size)};
  }

  void check_utf8(std::size_t i, std::string_view text) const {
    if (!is_utf8(text)) fail_value(i, "not UTF-8 text");
  }

  /// Texts [size], those of nulls empty, from of(row).
  template <class Of>
  Array copied_texts(const Of& of) const {
    std::vector<std::int32_t> offsets{0};
    offsets.reserve(size_ + 1);
    std::string bytes;
    for (std::size_t i = 0; i < size_; ++i) {
      if (!is_null(i)) {
        const std::string_view text = of(i);
        check_utf8(i, text);
        if (text.size() > kMostTextBytes - bytes.size()) fail("the texts of column '{}' are 2 GiB or more", column_);
        bytes += text;
      }
      offsets.push_back(static_cast<std::int32_t>(bytes.size()));
    }
    return Array::texts(std::move(offsets), std::move(bytes), valid(), format_.type);
  }

  /// Texts with offsets of 32 bits are kept where they are, if those of nulls are empty.
  Array texts() const {
    bool as_they_are = aligned(4);
    for (std::size_t i = 0; i < size_ && as_they_are; ++i) {
      const std::string_view text = text_at<std::int32_t>(i);
      if (!is_null(i))
        check_utf8(i, text);
      else
        as_they_are = text.empty();
    }
    if (!as_they_are) return copied_texts([&](std::size_t i) { return text_at<std::int32_t>(i); });
    Array::Layout out = layout();
    out.bytes = static_cast<const char*>(array_.buffers[2]);
    return {format_.type, std::move(out)};
  }

  Array dictionary() const;
  Array of_places(const Array& values, const std::vector<std::int32_t>& places) const;
  std::vector<std::int32_t> places(const Array& values) const;

  std::shared_ptr<Owned> owned_;
  const ArrowArray& array_;
  const ArrowSchema& schema_;
  const std::string& column_;
  ArrowFormat format_;
  std::size_t size_ = 0, offset_ = 0;
};

/// Places of 32 bits, -1 where there is no value: the place is null, or the dictionary's value is.
std::vector<std::int32_t> ArrayImport::places(const Array& values) const {
  std::vector<std::int32_t> out(size_, -1);
  const auto read_all = [&]<class T>(T) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (is_null(i)) continue;
      const T place = value<T>(i);
      if (std::cmp_less(place, 0) || std::cmp_greater_equal(place, values.size()))
        fail_value(i, fmt::format("place {} is beyond the dictionary of {} values", place, values.size()));
      if (!values.is_null(static_cast<std::size_t>(place))) out[i] = static_cast<std::int32_t>(place);
    }
  };
  switch (schema_.format[0]) {
    case 'c': read_all(std::int8_t{}); break;
    case 'C': read_all(std::uint8_t{}); break;
    case 's': read_all(std::int16_t{}); break;
    case 'S': read_all(std::uint16_t{}); break;
    case 'i': read_all(std::int32_t{}); break;
    case 'I': read_all(std::uint32_t{}); break;
    case 'l': read_all(std::int64_t{}); break;
    default: read_all(std::uint64_t{}); break;
  }
  return out;
}

Array ArrayImport::dictionary() const {
  const std::string_view places_format = schema_.format;
  if (!is_place_format(places_format) || !array_.dictionary || schema_.dictionary->dictionary)
    fail("column '{}' is a dictionary that meg does not take: its places are of Arrow's format '{}'", column_,
         places_format);
  check_buffers(2);
  const Array values = import_array(*schema_.dictionary, *array_.dictionary, column_);
  if (values.size() > kMostTextBytes) fail("the dictionary of column '{}' has 2^31 values or more", column_);
  if (values.type().id != TypeId::kUtf8) return of_places(values, places(values));

  DataType type{.id = TypeId::kDictionary, .ordered = (schema_.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0};
  const std::string format = std::string(places_format) + values.type().stored;
  if (format != "i") type.stored = format;
  std::vector<std::int32_t> checked = places(values);
  if (values.null_count() > 0) {
    // A dictionary of meg has no null: the values behind it move up.
    std::vector<std::string> words;
    std::vector<std::int32_t> moved(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      moved[i] = static_cast<std::int32_t>(words.size());
      if (!values.is_null(i)) words.emplace_back(values.text(i));
    }
    for (std::int32_t& place : checked)
      if (place >= 0) place = moved[static_cast<std::size_t>(place)];
    return Array::dictionary(std::move(checked), words, std::move(type));
  }
  Array::Layout out;
  if (places_format == "i" && aligned(4)) {
    out = layout();
  } else {
    // Null places mean nothing, and must not point anywhere.
    std::replace(checked.begin(), checked.end(), -1, 0);
    out = Array::of({.id = TypeId::kDate}, std::move(checked), valid()).layout();  // any type of that memory
  }
  DataType of_values;  // its format is kept with the places'
  out.dictionary = std::make_shared<const Array>(std::move(of_values), values.layout());
  return {std::move(type), std::move(out)};
}

/// A dictionary of other values than texts becomes these values.
Array ArrayImport::of_places(const Array& values, const std::vector<std::int32_t>& places) const {
  const DataType& type = values.type();
  Bitmap valid(size_, true);
  for (std::size_t i = 0; i < size_; ++i)
    if (places[i] < 0) valid.set(i, false);
  const auto gather = [&]<class T>(T) {
    const std::span<const T> from = values.values<T>();
    std::vector<T> out(size_);
    for (std::size_t i = 0; i < size_; ++i)
      if (places[i] >= 0) out[i] = from[static_cast<std::size_t>(places[i])];
    return Array::of(type, std::move(out), std::move(valid));
  };
  if (type.id == TypeId::kBool) {
    Bitmap out(size_, false);
    for (std::size_t i = 0; i < size_; ++i)
      if (places[i] >= 0) out.set(i, values.boolean(static_cast<std::size_t>(places[i])));
    return Array::bools(out, std::move(valid));
  }
  if (type.id == TypeId::kFloat64) return gather(double{});
  if (type.id == TypeId::kDate || (type.id == TypeId::kTime && type.unit <= TimeUnit::kMilli))
    return gather(std::int32_t{});
  return gather(std::int64_t{});
}

}  // namespace

Array import_array(const ArrowSchema& schema, ArrowArray& array, const std::string& column) {
  return ArrayImport(schema, array, column).run();
}

}  // namespace meg
