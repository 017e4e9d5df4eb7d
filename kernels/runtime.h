#pragma once
#include <cstddef>
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

/// Bytes on the device, set to zero. Throws Error that says how much was needed and how much there is.
void* allocate_bytes(std::size_t bytes);
void free_bytes(void* block) noexcept;

/// A block of device memory.
class Block {
 public:
  explicit Block(std::size_t bytes) : data_(allocate_bytes(bytes)) {}
  Block(Block&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Block() { free_bytes(data_); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
};

/// The queue that all of a backend's work goes through, in order.
class Queue {
 public:
  Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue();

  /// The host's bytes may change as soon as it returns.
  void upload(const void* from, std::size_t bytes, void* to) const;
  /// Returns when they are there.
  void download(const void* from, std::size_t bytes, void* to) const;
  void synchronize() const;
  CUstream_st* handle() const { return handle_; }

 private:
  CUstream_st* handle_ = nullptr;
};

}  // namespace meg::MEG_KERNELS
