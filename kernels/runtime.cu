#include <cuda_runtime.h>

#include "core/error.h"
#include "kernels/device.h"
#include "kernels/runtime.h"

namespace meg::MEG_KERNELS {

namespace {

constexpr int kOldest = 8;  // major compute capability that the kernels are built for

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

void check(cudaError_t result, const char* what, std::source_location where) {
  if (result == cudaSuccess) return;
  throw Error(std::string(what) + " failed at " + where.file_name() + ":" + std::to_string(where.line()) + ": " +
              cudaGetErrorString(result) + " (" + cudaGetErrorName(result) + ")");
}

std::string obstacle() {
  int driver = 0, runtime = 0, devices = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) return "there is no NVIDIA driver on this machine";
  if (driver / 1000 < runtime / 1000)
    return "the NVIDIA driver is for CUDA " + version_text(driver) + ", but this meg needs " +
           version_text(runtime / 1000 * 1000) + " (update the driver)";
  const cudaError_t result = cudaGetDeviceCount(&devices);
  if (result != cudaSuccess) return std::string("there is no usable NVIDIA GPU (") + cudaGetErrorString(result) + ")";
  if (devices == 0) return "there is no NVIDIA GPU on this machine";
  cudaDeviceProp device;
  check(cudaGetDeviceProperties(&device, 0), "asking for the properties of the GPU");
  if (device.major < kOldest)
    return std::string("the GPU is too old (") + device.name + " has compute capability " +
           std::to_string(device.major) + "." + std::to_string(device.minor) + ", " + std::to_string(kOldest) +
           ".0 is the least)";
  return {};
}

void* allocate_bytes(std::size_t bytes) {
  void* block = nullptr;
  const cudaError_t result = cudaMalloc(&block, bytes);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // or the next launch would report it
    std::size_t unused = 0, all = 0;
    check(cudaMemGetInfo(&unused, &all), "asking for the free memory of the GPU");
    throw Error("out of memory on the GPU: " + std::to_string((bytes >> 20) + 1) + " MB were needed, " +
                std::to_string(unused >> 20) + " of " + std::to_string(all >> 20) +
                " MB are free; lower the batch size or the hidden width, or use --device cpu");
  }
  check(result, "allocating memory on the GPU");
  check(cudaMemset(block, 0, bytes), "clearing memory on the GPU");
  return block;
}

void free_bytes(void* block) noexcept { cudaFree(block); }

Queue::Queue() { check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "making a stream"); }

Queue::~Queue() { cudaStreamDestroy(handle_); }

void Queue::upload(const void* from, std::size_t bytes, void* to) const {
  if (bytes > 0) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, handle_), "a copy to the GPU");
}

void Queue::download(const void* from, std::size_t bytes, void* to) const {
  if (bytes > 0) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, handle_), "a copy from the GPU");
  synchronize();
}

void Queue::synchronize() const { check(cudaStreamSynchronize(handle_), "waiting for the GPU"); }

}  // namespace meg::MEG_KERNELS
