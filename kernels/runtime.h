#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <utility>

struct CUstream_st;  // cudaStream_t is a pointer to it

/// What the backend needs of the CUDA runtime, behind handles that own it: kernels/runtime.cu, and
/// tests/simt/runtime.cpp for the host. Every call is checked: what fails is an Error that says what and where.
/// MEG_KERNELS is `cuda`, or `emulated` where the kernels are compiled for the host: one program can hold both.
namespace meg::MEG_KERNELS {

/// Why no device of this machine can be used; empty where one can.
std::string obstacle();

/// Bytes on the device, of any contents. Throws Error that says how much was needed and how much there is.
void* allocate_bytes(std::size_t bytes);
void free_bytes(void* block) noexcept;
/// Sets bytes on the device to zero, before anything that is asked of it later.
void clear_bytes(void* block, std::size_t bytes);

/// Bytes of the host that a device copies to and from by itself, set to zero.
void* allocate_host_bytes(std::size_t bytes);
/// Waits for copies to them first.
void free_host_bytes(void* block) noexcept;

/// Bytes that the blocks of one backend hold together, and the most that they have held. Any thread may free a block.
class HeldBytes {
 public:
  void add(std::size_t bytes) {
    const std::size_t held = held_ += bytes;
    for (std::size_t most = most_; most < held && !most_.compare_exchange_weak(most, held);) {
    }
  }
  void remove(std::size_t bytes) { held_ -= bytes; }
  std::size_t most() const { return most_; }

 private:
  std::atomic<std::size_t> held_{0}, most_{0};
};

/// A block of device memory, of any contents; see Queue::allocate.
class Block {
 public:
  Block(std::size_t bytes, std::shared_ptr<HeldBytes> held)
      : data_(allocate_bytes(bytes)), bytes_(bytes), held_(std::move(held)) {
    held_->add(bytes);
  }
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)),
        held_(std::move(other.held_)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~Block() {
    free_bytes(data_);
    if (held_) held_->remove(bytes_);
  }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
  std::size_t bytes_;
  std::shared_ptr<HeldBytes> held_;
};

/// A kernel with its arguments, not yet run.
struct Call {
  const void* kernel;
  void (*run)(const Call& call);  ///< runs it on the host: only where the device is emulated
  unsigned blocks[3], threads;
  std::size_t shared_bytes;
  bool together;                                ///< the device must run all blocks side by side
  std::span<void* const> arguments;             ///< where each of them lies
  std::span<const std::size_t> argument_sizes;  ///< in bytes
  std::source_location where;
};

/// Blocks of a kernel that the device can run side by side; 0 where one of them needs more shared memory than it has.
std::size_t blocks_together(const void* kernel, unsigned threads, std::size_t shared_bytes);

/// Calls in a fixed order that run as one, with arguments that may change from one run to the next.
class Graph {
 public:
  Graph();
  Graph(Graph&& other) noexcept;
  Graph& operator=(Graph&& other) noexcept;
  ~Graph();

  /// Appends a call. All of them must be there before the first run.
  void add(const Call& call);
  /// Call number `index` has these arguments from now on; kernel and shape stay.
  void change(std::size_t index, const Call& call);
  void run(CUstream_st* stream);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The order that all of a backend's work is done in.
class CudaStream {
 public:
  CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  ~CudaStream();

  /// The host's bytes may change as soon as it returns.
  void upload(const void* from, std::size_t bytes, void* to);
  /// Returns when they are there.
  void download(const void* from, std::size_t bytes, void* to) const;
  void run(const Call& call) const;
  CUstream_st* handle() const { return handle_; }

 private:
  struct Staging;
  CUstream_st* handle_ = nullptr;
  std::unique_ptr<Staging> staging_;
};

/// A copy to the host beside a stream's later work.
class Download {
 public:
  Download();
  ~Download();

  /// Copies when all is done that `stream` has been given so far. `to` is of allocate_host_bytes().
  void start(const CudaStream& stream, const void* from, std::size_t bytes, void* to);
  /// Returns when the last copy is there.
  void wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace meg::MEG_KERNELS
