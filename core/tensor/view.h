#pragma once
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <type_traits>

#include "core/tensor/host_device.h"
#include "meg/device.h"
#include "meg/error.h"

namespace meg {

/// Whether views check extents and devices; without NDEBUG, so not in release builds.
#ifdef NDEBUG
inline constexpr bool kChecksViews = false;
#else
inline constexpr bool kChecksViews = true;
#endif

/// A matrix in memory that is held elsewhere: [rows, columns], row-major, a row `stride` elements behind the one before
/// it, on one device. It is passed by value, to kernels too. A vector is a matrix of one row. Extents are checked where
/// `checks` says so; elements can be reached on their own device alone.
template <class T, bool checks = kChecksViews>
class BasicView {
 public:
  BasicView() = default;
  MEG_HOST_DEVICE BasicView(T* data, std::size_t rows, std::size_t columns, std::size_t stride, Device device)
      : data_(data), rows_(rows), columns_(columns), stride_(stride), device_(device) {
    if constexpr (checks) require(stride >= columns, "a view's rows overlap");
  }
  /// Rows without gaps.
  MEG_HOST_DEVICE BasicView(T* data, std::size_t rows, std::size_t columns, Device device)
      : BasicView(data, rows, columns, columns, device) {}
  /// A vector on the host: of an array, a std::vector, a std::span.
  template <std::ranges::contiguous_range Range>
  requires std::convertible_to<decltype(std::ranges::data(std::declval<Range&>())), T*> BasicView(Range&& range)
      : BasicView(std::ranges::data(range), 1, std::ranges::size(range), Device::kCpu) {}
  /// What can be written can be read.
  template <class U>
  requires(std::is_same_v<const U, T> && !std::is_const_v<U>) MEG_HOST_DEVICE BasicView(BasicView<U, checks> of)
      : BasicView(of.data(), of.rows(), of.columns(), of.stride(), of.device()) {}

  MEG_HOST_DEVICE T* data() const { return data_; }
  MEG_HOST_DEVICE std::size_t rows() const { return rows_; }
  MEG_HOST_DEVICE std::size_t columns() const { return columns_; }
  MEG_HOST_DEVICE std::size_t stride() const { return stride_; }
  MEG_HOST_DEVICE std::size_t size() const { return rows_ * columns_; }
  MEG_HOST_DEVICE Device device() const { return device_; }
  /// Whether there is nothing to see.
  MEG_HOST_DEVICE explicit operator bool() const { return data_ != nullptr; }
  MEG_HOST_DEVICE bool has_gaps() const { return stride_ != columns_ && rows_ > 1; }

  MEG_HOST_DEVICE T& operator()(std::size_t row, std::size_t column) const {
    if constexpr (checks) require(row < rows_ && column < columns_, "an element lies outside of its view");
    return data_[row * stride_ + column];
  }
  /// Element i of all, row by row, of a view without gaps.
  MEG_HOST_DEVICE T& operator[](std::size_t i) const {
    if constexpr (checks) require(!has_gaps() && i < size(), "an element lies outside of its view");
    return data_[i];
  }

  /// Rows first ... first + count - 1.
  MEG_HOST_DEVICE BasicView row_range(std::size_t first, std::size_t count) const {
    if constexpr (checks) require(first + count <= rows_, "rows lie outside of their view");
    return {data_ + first * stride_, count, columns_, stride_, device_};
  }
  MEG_HOST_DEVICE BasicView column_range(std::size_t first, std::size_t count) const {
    if constexpr (checks) require(first + count <= columns_, "columns lie outside of their view");
    return {data_ + first, rows_, count, stride_, device_};
  }
  /// The same memory as one row, or as rows of another length.
  MEG_HOST_DEVICE BasicView reshaped(std::size_t rows, std::size_t columns) const {
    if constexpr (checks) require(!has_gaps() && rows * columns == size(), "a view cannot have this shape");
    return {data_, rows, columns, device_};
  }

 private:
  MEG_HOST_DEVICE static void require(bool holds, const char* otherwise) {
#ifdef __CUDA_ARCH__
    if (!holds) __trap();
#else
    if (!holds) throw Error(otherwise);
#endif
  }

  T* data_ = nullptr;
  std::size_t rows_ = 0, columns_ = 0, stride_ = 0;
  Device device_ = Device::kCpu;
};

using View = BasicView<float>;
using ConstView = BasicView<const float>;
/// Of row numbers and codes.
using IndexView = BasicView<std::uint32_t>;
using ConstIndexView = BasicView<const std::uint32_t>;
static_assert(std::is_trivially_copyable_v<View> && sizeof(View) == 5 * sizeof(std::size_t));

/// That operands lie on `device`, without gaps, and hold as many elements as each other: for operations element by
/// element. Nothing in release builds.
template <bool checks, class First, class... Views>
void check_alike(Device device, const BasicView<First, checks>& first, const BasicView<Views, checks>&... others) {
  if constexpr (checks) {
    const auto check = [&](const auto& view) {
      if (view.size() != first.size())
        throw Error("operands of " + std::to_string(first.size()) + " and " + std::to_string(view.size()) +
                    " elements");
      if (view.has_gaps()) throw Error("an operand has gaps between its rows");
      if (view.size() > 0 && view.device() != device) throw Error("an operand lies on another device");
    };
    check(first);
    (check(others), ...);
  }
}

}  // namespace meg
