#include "core/model/decoding.h"

namespace meg {

namespace {

template <class T>
constexpr std::size_t floats_of(std::size_t count) {
  return (count * sizeof(T) + sizeof(float) - 1) / sizeof(float);
}

std::size_t arena_floats(Backend& backend, const TableCoding& coding) {
  std::size_t floats = 0;
  for (const std::size_t k : coding.number_columns()) {
    const std::size_t knots = coding.columns()[k].numbers().tables.knots;
    floats += Arena::padded(floats_of<double>(knots)) + Arena::padded(floats_of<float>(knots)) +
              Arena::padded(floats_of<std::uint16_t>(ScoreTables::kCells));
  }
  return backend.device() == Device::kCpu ? 0 : floats;
}

/// A copy of host memory on the device; memory there is of floats.
template <class T>
const T* on_device(Backend& backend, Arena& arena, const T* from, std::size_t count) {
  const View to = arena.take(1, floats_of<T>(count));
  backend.upload({reinterpret_cast<const float*>(from), floats_of<T>(count)}, to);
  return reinterpret_cast<const T*>(to.data());
}

}  // namespace

Decoding::Decoding(Backend& backend, const TableCoding& coding)
    : tables_(backend.allocate(arena_floats(backend, coding))) {
  for (const std::size_t k : coding.number_columns()) {
    const Column& column = coding.columns()[k];
    NumberColumn& out =
        numbers_.emplace_back(NumberColumn{static_cast<int>(k), column.continuous_code(), column.numbers()});
    if (backend.device() == Device::kCpu) continue;
    ScoreTables& tables = out.numbers.tables;
    tables.quantiles = on_device(backend, tables_, tables.quantiles, tables.knots);
    tables.scores = on_device(backend, tables_, tables.scores, tables.knots);
    tables.first = on_device(backend, tables_, tables.first, ScoreTables::kCells);
  }
}

}  // namespace meg
