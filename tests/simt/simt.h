#pragma once
/// CUDA on the host, for tests: the sources in kernels/ compile against this header instead of the CUDA toolkit, and
/// launch() runs the blocks of a grid one after another, or side by side where they are launched together, and the
/// threads of a block as fibers of one thread. What is checked, with an Error that says where:
///   - shared memory: bounds, the alignment of wide accesses, reads of what nobody wrote, and races (two threads, one
///   of
///     them writing, with no barrier between them);
///   - barriers and warp operations: that all threads of the grid or of the block, all lanes of the mask, meet at the
///     same one;
///   - copies that a thread begins and goes on beside: what they bring is there when it has waited for them, not
///   before.
/// Global memory is the host's: AddressSanitizer checks it where the tests are built with it. Races there are not seen,
/// but what they would change is: a launch runs the blocks and the threads of a block from the first one to the last
/// or, by the toss of a coin, the other way; and of blocks that are launched together one runs ahead of the others, as
/// far as the barriers of their grid let it. A kernel without barriers runs as a plain loop over its threads: a fiber
/// is left only where a thread must wait.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <span>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

namespace simt {

using Where = std::source_location;

/// The thread that runs now.
struct Place {
  dim3 thread{0, 0, 0}, block{0, 0, 0}, block_size, grid_size;
};
const Place& place();

/// Runs `thread` for every thread of the grid. Throws meg::Error where a check fails.
void run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread, bool together = false);

/// Waits for all threads of the grid, of blocks launched together.
void grid_barrier(Where where = Where::current());
/// Waits for all threads of the block.
void block_barrier(Where where);
/// Waits for the lanes of the mask.
void warp_barrier(unsigned mask, Where where);
/// Waits for the lanes of the mask, and gives what lane `source` of the warp brought; its own where that has none.
std::uint64_t shuffle(unsigned mask, std::uint64_t mine, unsigned source, Where where);
/// Waits for the lanes of the mask, and gives a bit for each: whether its condition holds.
unsigned ballot(unsigned mask, bool condition, Where where);
/// Waits for all lanes of the warp, and gives what each of them brought, [32, mine.size()]; valid until the lane waits
/// again.
const std::byte* gather(std::span<const std::byte> mine, Where where);

/// Bytes [begin, begin + size) of the block's shared memory are read, or written.
void note_read(std::size_t begin, std::size_t size, Where where);
void note_write(std::size_t begin, std::size_t size, Where where);
std::byte* shared_memory();
std::size_t shared_size();
[[noreturn]] void out_of_bounds(std::size_t index, std::size_t size, Where where);
[[noreturn]] void not_aligned(std::size_t bytes, Where where);

/// Begins a copy to bytes [begin, begin + size) of shared memory, of zeros where `from` is null: cp.async,
/// .commit_group and .wait_group of the PTX manual.
void copy_later(std::size_t begin, std::size_t size, const void* from, Where where);
void commit_copies();
void wait_for_copies(unsigned groups);

/// One element of shared memory.
template <class T>
class Element {
 public:
  Element(std::size_t begin, Where where) : begin_(begin), where_(where) {}
  Element(const Element&) = default;
  operator T() const {
    note_read(begin_, sizeof(T), where_);
    T value;
    std::memcpy(&value, shared_memory() + begin_, sizeof(T));
    return value;
  }
  Element& operator=(T value) {
    note_write(begin_, sizeof(T), where_);
    std::memcpy(shared_memory() + begin_, &value, sizeof(T));
    return *this;
  }
  Element& operator=(const Element& other) { return *this = static_cast<T>(other); }
  Element& operator+=(T value) { return *this = static_cast<T>(static_cast<T>(*this) + value); }

 private:
  std::size_t begin_;
  Where where_;
};

/// An array in shared memory, used as a pointer is.
template <class T>
class Shared {
 public:
  Shared(std::size_t begin, std::size_t size) : begin_(begin), size_(size) {}

  struct Index {  // so that an element knows the line that asks for it
    template <class I>
    Index(I index, Where at = Where::current()) : value(static_cast<std::size_t>(index)), where(at) {}
    std::size_t value;
    Where where;
  };
  Element<T> operator[](Index index) const {
    if (index.value >= size_) out_of_bounds(index.value, size_, index.where);
    return {begin_ + index.value * sizeof(T), index.where};
  }
  /// Element `index`, of a place that the bytes of `count` elements can be read from or written to at once.
  void check_aligned(Index index, std::size_t count, const T* beside = nullptr) const {
    const std::size_t bytes = count * sizeof(T), place = begin_ + index.value * sizeof(T);
    if (place % bytes != 0 || reinterpret_cast<std::uintptr_t>(beside) % bytes != 0) not_aligned(bytes, index.where);
  }
  void copy_later(Index index, std::size_t count, const T* from) const {
    if (index.value + count > size_) out_of_bounds(index.value + count - 1, size_, index.where);
    check_aligned(index, count, from);
    simt::copy_later(begin_ + index.value * sizeof(T), count * sizeof(T), from, index.where);
  }
  Shared operator+(std::size_t offset) const { return {begin_ + offset * sizeof(T), size_ - std::min(offset, size_)}; }

 private:
  std::size_t begin_, size_;
};

template <class T>
std::uint64_t to_word(T value) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));
  return word;
}

template <class T>
T from_word(std::uint64_t word) {
  T value;
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

/// mma.m16n8k8 on tf32 and mma.m16n8k16 on bf16, with the fragments of the PTX manual.
void multiply_add_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Where where = Where::current());
void multiply_add_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Where where = Where::current());

inline unsigned lane() { return place().thread.x % 32; }

/// Lane 8 m + r brings where row r of square m is, lane 4 r + c gets element (r, c) of each.
inline void ldmatrix(const Shared<float>& x, unsigned at, float (&squares)[4], Where where = Where::current()) {
  x.check_aligned({at, where}, 4);
  const std::byte* const all = gather(std::as_bytes(std::span(&at, 1)), where);
  for (unsigned m = 0; m < 4; ++m) {
    unsigned row;
    std::memcpy(&row, all + sizeof(row) * (8 * m + lane() / 4), sizeof(row));
    squares[m] = x[{row + lane() % 4, where}];
  }
}

}  // namespace simt

#define threadIdx (simt::place().thread)
#define blockIdx (simt::place().block)
#define blockDim (simt::place().block_size)
#define gridDim (simt::place().grid_size)

inline void __syncthreads(simt::Where where = simt::Where::current()) { simt::block_barrier(where); }
inline void __syncwarp(unsigned mask = 0xffffffff, simt::Where where = simt::Where::current()) {
  simt::warp_barrier(mask, where);
}
inline void __threadfence() {}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, simt::Where where = simt::Where::current()) {
  return simt::from_word<T>(simt::shuffle(mask, simt::to_word(value), static_cast<unsigned>(source) % 32, where));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, simt::Where where = simt::Where::current()) {
  return simt::from_word<T>(
      simt::shuffle(mask, simt::to_word(value), simt::lane() ^ static_cast<unsigned>(bits), where));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, simt::Where where = simt::Where::current()) {
  return simt::from_word<T>(simt::shuffle(mask, simt::to_word(value), simt::lane() + distance, where));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, simt::Where where = simt::Where::current()) {
  return simt::from_word<T>(simt::shuffle(mask, simt::to_word(value), simt::lane() - distance, where));
}
inline unsigned __ballot_sync(unsigned mask, bool condition, simt::Where where = simt::Where::current()) {
  return simt::ballot(mask, condition, where);
}

/// In global memory, where blocks and threads run one after another anyway.
template <class T>
T atomicAdd(T* to, std::type_identity_t<T> value) {
  const T before = *to;
  *to = static_cast<T>(before + value);
  return before;
}

/// The place of the lowest bit, from 1 on; 0 where there is none.
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
