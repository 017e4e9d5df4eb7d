#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/tensor/view.h"
#include "meg/device.h"
#include "meg/error.h"

namespace meg {

/// Elements of [rows, columns].
constexpr std::size_t elements(int rows, std::size_t columns) { return static_cast<std::size_t>(rows) * columns; }
constexpr std::size_t elements(int rows, int columns) { return elements(rows, static_cast<std::size_t>(columns)); }

/// A block of floats on one device. Owns it; the backend that made it says how it is freed.
class Memory {
 public:
  Memory() = default;
  Memory(float* data, std::size_t size, Device device, std::function<void(float*)> free)
      : data_(data, std::move(free)), size_(size), device_(device) {}

  float* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  Device device() const { return device_; }

  /// All of it, as one row.
  operator View() const { return {data(), 1, size_, device_}; }
  operator ConstView() const { return View(*this); }
  /// Its first elements as a matrix.
  View view(std::size_t rows, std::size_t columns) const { return view_as<float>(rows, columns); }
  /// The same of elements of another kind.
  template <class T>
  BasicView<T> view_as(std::size_t rows, std::size_t columns) const {
    if (kChecksViews && rows * columns * sizeof(T) > size_ * sizeof(float))
      throw Error("a view is larger than its memory");
    return {reinterpret_cast<T*>(data()), rows, columns, device_};
  }

 private:
  std::unique_ptr<float, std::function<void(float*)>> data_{nullptr, [](float*) {}};
  std::size_t size_ = 0;
  Device device_ = Device::kCpu;
};

/// A fixed block handed out from its start: the memory of one training step. take() never allocates. Each piece starts
/// on a 64-byte boundary.
class Arena {
 public:
  explicit Arena(Memory memory) : memory_(std::move(memory)) {}

  /// `count` floats, contents undefined. Throws Error when the block is used up.
  float* take(std::size_t count);
  /// The same as a matrix.
  View take(std::size_t rows, std::size_t columns) { return {take(rows * columns), rows, columns, memory_.device()}; }

  /// The floats that take(arena) takes: of an arena without memory, which hands out null.
  template <class Take>
  static std::size_t floats(const Take& take) {
    Arena arena{Memory()};
    arena.counts_ = true;
    take(arena);
    return arena.used_;
  }

  /// What take(count) uses up: whole cache lines.
  static std::size_t padded(std::size_t count) { return (count + 15) / 16 * 16; }

 private:
  Memory memory_;
  std::size_t used_ = 0;
  bool counts_ = false;
};

}  // namespace meg
