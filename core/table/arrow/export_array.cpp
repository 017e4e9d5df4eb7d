#include "core/table/arrow/export_array.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/fail.h"
#include "core/table/arrow/decimal.h"
#include "core/table/arrow/format.h"

namespace meg {

namespace {

constexpr std::int64_t kMillisADay = 86'400'000;
/// Where a buffer without bytes points to.
constexpr std::int64_t kNothing = 0;

/// What an exported array keeps until it is released.
struct Kept {
  Array values;
  std::vector<unsigned char> converted;  // the second buffer, where it is not of `values`
  std::vector<std::uint8_t> validity;
  std::vector<const void*> buffers;
  std::int64_t text_bytes = 0;  // of views
  ArrowArray dictionary{};
};

void release(ArrowArray* array) {
  const std::unique_ptr<Kept> kept(static_cast<Kept*>(array->private_data));
  if (array->dictionary && array->dictionary->release) array->dictionary->release(array->dictionary);
  array->release = nullptr;
}

/// A column on its way out.
class ArrayExport {
 public:
  ArrayExport(const Array& values, const std::string& column)
      : kept_(std::make_unique<Kept>()), values_(values), column_(column), type_(values.type()) {
    kept_->values = values;
  }

  void run(ArrowArray* out) {
    const ArrowFormat format = parse_format(format_of(type_), column_);
    *out = {};
    out->length = static_cast<std::int64_t>(values_.size());
    out->null_count = static_cast<std::int64_t>(values_.null_count());
    if (format.storage == Storage::kNull) {
      if (values_.null_count() != values_.size())
        fail("column '{}' had no values when it came in, and has some now", column_);
    } else if (lies_so(format.storage)) {
      share(out);
    } else {
      keep_validity();
      convert(format);
    }
    if (type_.id == TypeId::kDictionary) {
      DataType texts;
      if (const std::string stored = dictionary_format_of(type_); stored != "u") texts.stored = stored;
      export_array(Array(texts, values_.dictionary().layout()), column_, &kept_->dictionary);
      out->dictionary = &kept_->dictionary;
    }
    out->n_buffers = static_cast<std::int64_t>(kept_->buffers.size());
    out->buffers = kept_->buffers.data();
    out->release = &release;
    out->private_data = kept_.release();
  }

 private:
  /// Whether the values lie in memory as they go out.
  bool lies_so(Storage storage) const {
    return storage == (type_.id == TypeId::kDictionary ? Storage::kInt32 : Storage::kSame);
  }

  void share(ArrowArray* out) {
    const Array::Layout& layout = values_.layout();
    out->offset = static_cast<std::int64_t>(layout.offset);
    if (!layout.values) out->offset = 0;  // no rows, and no memory
    kept_->buffers = {out->null_count == 0 ? nullptr : layout.validity, layout.values ? layout.values : &kNothing};
    if (type_.id == TypeId::kUtf8) kept_->buffers.push_back(layout.bytes ? layout.bytes : "");
  }

  void keep_validity() {
    kept_->buffers = {nullptr};
    if (values_.null_count() == 0) return;
    Bitmap valid;
    for (std::size_t i = 0; i < values_.size(); ++i) valid.push_back(!values_.is_null(i));
    kept_->validity = valid.bytes();
    kept_->buffers[0] = kept_->validity.data();
  }

  [[noreturn]] void fail_value(std::size_t row, const std::string& value) const {
    fail("column '{}', row {}: {} does not fit the type that the column came in with (Arrow's format '{}')", column_,
         row + 1, value, format_of(type_));
  }

  void convert(const ArrowFormat& format) {
    switch (format.storage) {
      case Storage::kInt8: return integers<std::int8_t>();
      case Storage::kUint8: return integers<std::uint8_t>();
      case Storage::kInt16: return integers<std::int16_t>();
      case Storage::kUint16: return integers<std::uint16_t>();
      case Storage::kInt32: return integers<std::int32_t>();
      case Storage::kUint32: return integers<std::uint32_t>();
      case Storage::kUint64: return integers<std::uint64_t>();
      case Storage::kFloat16:
        return each<std::uint16_t>([&](std::size_t i) { return double_to_half(values_.values<double>()[i]); });
      case Storage::kFloat32:
        return each<float>([&](std::size_t i) { return static_cast<float>(values_.values<double>()[i]); });
      case Storage::kMilliDate:
        return each<std::int64_t>([&](std::size_t i) { return kMillisADay * values_.values<std::int32_t>()[i]; });
      case Storage::kDecimal: return decimals(format);
      case Storage::kLargeText: return large_texts();
      case Storage::kTextView: return text_views();
      case Storage::kSame: return integers<std::int64_t>();  // places of 64 bits
      case Storage::kNull: break;
    }
  }

  /// The second buffer: T of each row that has a value, 0 of others.
  template <class T, class Of>
  void each(const Of& of) {
    kept_->converted.resize(std::max<std::size_t>(1, values_.size() * sizeof(T)));
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_.is_null(i)) continue;
      const T value = of(i);
      std::memcpy(kept_->converted.data() + i * sizeof(T), &value, sizeof(T));
    }
    kept_->buffers.push_back(kept_->converted.data());
  }

  std::int64_t integer(std::size_t i) const {
    return type_.id == TypeId::kDictionary ? values_.values<std::int32_t>()[i] : values_.values<std::int64_t>()[i];
  }

  template <class T>
  void integers() {
    each<T>([&](std::size_t i) {
      const std::int64_t x = integer(i);
      if (!std::in_range<T>(x)) fail_value(i, std::to_string(x));
      return static_cast<T>(x);
    });
  }

  void decimals(const ArrowFormat& format) {
    const auto bytes = static_cast<std::size_t>(format.decimal_bytes);
    kept_->converted.resize(std::max<std::size_t>(1, values_.size() * bytes));
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_.is_null(i)) continue;
      const auto value = type_.id == TypeId::kInt64 ? std::optional(values_.values<std::int64_t>()[i])
                                                    : double_to_decimal(values_.values<double>()[i], format.scale);
      // A decimal of 32 bits has 9 digits.
      if (!value || (format.decimal_bytes == 4 && !std::in_range<std::int32_t>(*value)))
        fail_value(i, type_.id == TypeId::kInt64 ? std::to_string(values_.values<std::int64_t>()[i])
                                                 : fmt::format("{}", values_.values<double>()[i]));
      write_wide_integer(*value, kept_->converted.data() + i * bytes, format.decimal_bytes);
    }
    kept_->buffers.push_back(kept_->converted.data());
  }

  const char* text_bytes() const { return values_.layout().bytes ? values_.layout().bytes : ""; }

  void large_texts() {
    const std::size_t size = values_.size();
    std::vector<std::int64_t> offsets(size + 1);
    const auto* const from = static_cast<const std::int32_t*>(values_.layout().values) + values_.layout().offset;
    for (std::size_t i = 0; i <= size && values_.layout().values; ++i) offsets[i] = from[i];
    kept_->converted.resize(offsets.size() * sizeof(std::int64_t));
    std::memcpy(kept_->converted.data(), offsets.data(), kept_->converted.size());
    kept_->buffers.push_back(kept_->converted.data());
    kept_->buffers.push_back(text_bytes());
  }

  void text_views() {
    constexpr std::size_t kView = 16, kInline = 12;
    kept_->converted.resize(std::max<std::size_t>(1, values_.size() * kView));
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_.is_null(i)) continue;
      const std::string_view text = values_.text(i);
      unsigned char* const view = kept_->converted.data() + i * kView;
      const auto size = static_cast<std::int32_t>(text.size());
      const auto at = static_cast<std::int32_t>(text.data() - values_.layout().bytes);
      std::memcpy(view, &size, sizeof size);
      std::memcpy(view + 4, text.data(), std::min(text.size(), text.size() <= kInline ? kInline : 4));
      if (text.size() <= kInline) continue;
      std::memcpy(view + 12, &at, sizeof at);  // in the first of the buffers, whose number is 0
      kept_->text_bytes = std::max(kept_->text_bytes, std::int64_t{at} + size);
    }
    kept_->buffers.push_back(kept_->converted.data());
    kept_->buffers.push_back(text_bytes());
    kept_->buffers.push_back(&kept_->text_bytes);
  }

  std::unique_ptr<Kept> kept_;
  const Array& values_;
  const std::string& column_;
  const DataType& type_;
};

}  // namespace

void export_array(const Array& values, const std::string& column, ArrowArray* out) {
  ArrayExport(values, column).run(out);
}

}  // namespace meg
