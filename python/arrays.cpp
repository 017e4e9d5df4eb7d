#include "python/arrays.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/fail.h"
#include "core/table/arrow/format.h"

namespace meg::python {

namespace {

namespace nb = nanobind;

constexpr std::string_view kDictionary = "dictionary", kOrdered = "dictionary ordered";

template <class T>
using Values = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
Values<T> cast(const std::string& name, nb::handle values) {
  Values<T> out;
  if (!nb::try_cast(values, out)) fail("column '{}': its values do not lie in memory as its type says", name);
  return out;
}

/// Whether the values lie in memory as 32 bits, not 64; see TypeId.
bool is_narrow(const DataType& type) {
  return type.id == TypeId::kDate ||
         (type.id == TypeId::kTime && (type.unit == TimeUnit::kSecond || type.unit == TimeUnit::kMilli));
}

Bitmap bits_of(const Values<bool>& values) {
  Bitmap out(values.size(), false);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values.data()[i]) out.set(i, true);
  return out;
}

Bitmap present_bits(const std::string& name, nb::handle present) {
  return present.is_none() ? Bitmap() : bits_of(cast<bool>(name, present));
}

std::string type_text(nb::handle value) { return nb::cast<std::string>(value.type().attr("__name__")); }

Array texts_of(const std::string& name, nb::handle values, DataType type) {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;
  Bitmap present;
  bool any_missing = false;
  for (nb::handle value : nb::cast<nb::list>(values)) {
    Py_ssize_t size = 0;
    if (const bool is_there = !value.is_none(); is_there) {
      if (!PyUnicode_Check(value.ptr()))
        fail("column '{}' has texts and, in row {}, a value of type {}: give it one type", name, offsets.size(),
             type_text(value));
      const char* const text = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
      if (!text) {
        PyErr_Clear();
        fail("column '{}', row {}: the text cannot be written as UTF-8", name, offsets.size());
      }
      bytes.append(text, static_cast<std::size_t>(size));
      if (bytes.size() > std::numeric_limits<std::int32_t>::max())
        fail("column '{}' has more than 2 GiB of texts", name);
      present.push_back(true);
    } else {
      present.push_back(false);
      any_missing = true;
    }
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  return Array::texts(std::move(offsets), std::move(bytes), any_missing ? std::move(present) : Bitmap(),
                      std::move(type));
}

template <class T>
Array shared(DataType type, const std::string& name, nb::handle values, Bitmap present) {
  auto memory = std::make_shared<Values<T>>(cast<T>(name, values));
  const std::size_t size = memory->size();
  Array out(std::move(type), {.size = size, .values = memory->data(), .owner = memory});
  return present.empty() ? out : out.with_validity(std::move(present));
}

Array dictionary_of(const std::string& name, nb::handle values, nb::handle dictionary, bool ordered) {
  const auto places = cast<std::int32_t>(name, values);
  const Array texts = texts_of(name, dictionary, {});
  std::vector<std::string> levels;
  for (std::size_t i = 0; i < texts.size(); ++i) levels.emplace_back(texts.text(i));
  return Array::dictionary({places.data(), places.data() + places.size()}, levels,
                           {.id = TypeId::kDictionary, .ordered = ordered});
}

template <class T>
nb::object numpy_of(const Array& array) {
  const std::span<const T> values = array.values<T>();
  auto keep = std::make_unique<Array>(array);
  nb::capsule owner(keep.get(), [](void* p) noexcept { delete static_cast<Array*>(p); });
  keep.release();
  return nb::cast(nb::ndarray<nb::numpy, const T, nb::ndim<1>>(values.data(), {values.size()}, owner));
}

template <class At>
nb::object numpy_bools(std::size_t size, const At& at) {
  auto values = std::make_unique<bool[]>(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = at(i);
  nb::capsule owner(values.get(), [](void* p) noexcept { delete[] static_cast<bool*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, bool, nb::ndim<1>>(values.release(), {size}, owner));
}

nb::list text_list(const Array& array) {
  nb::list out;
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (array.is_null(i))
      out.append(nb::none());
    else
      out.append(nb::str(array.text(i).data(), array.text(i).size()));
  }
  return out;
}

}  // namespace

Array array_of(const std::string& name, const std::string& format, nb::handle values, nb::handle present,
               nb::handle dictionary) {
  if (format == kDictionary || format == kOrdered) return dictionary_of(name, values, dictionary, format == kOrdered);
  DataType type = parse_format(format, name).type;
  if (type.id == TypeId::kUtf8) return texts_of(name, values, std::move(type));
  Bitmap bits = present_bits(name, present);
  if (type.id == TypeId::kBool) return Array::bools(bits_of(cast<bool>(name, values)), std::move(bits));
  if (type.id == TypeId::kFloat64) return shared<double>(std::move(type), name, values, std::move(bits));
  if (is_narrow(type)) return shared<std::int32_t>(std::move(type), name, values, std::move(bits));
  return shared<std::int64_t>(std::move(type), name, values, std::move(bits));
}

nb::tuple values_of(const Array& array) {
  const DataType& type = array.type();
  nb::object present = nb::none();
  if (array.null_count() > 0) present = numpy_bools(array.size(), [&](std::size_t i) { return !array.is_null(i); });
  const auto out = [&](std::string_view format, nb::object values, nb::object dictionary = nb::none()) {
    return nb::make_tuple(nb::str(format.data(), format.size()), values, present, dictionary);
  };
  if (type.id == TypeId::kUtf8) return out("u", text_list(array));
  if (type.id == TypeId::kDictionary)
    return out(type.ordered ? kOrdered : kDictionary, numpy_of<std::int32_t>(array), text_list(array.dictionary()));
  const std::string format = format_of(type);
  if (type.id == TypeId::kBool)
    return out(format, numpy_bools(array.size(), [&](std::size_t i) { return array.boolean(i); }));
  if (type.id == TypeId::kFloat64) return out(format, numpy_of<double>(array));
  if (type.id == TypeId::kDate) return out("tdD", numpy_of<std::int32_t>(array));  // days, however they are stored
  return out(format, is_narrow(type) ? numpy_of<std::int32_t>(array) : numpy_of<std::int64_t>(array));
}

}  // namespace meg::python
