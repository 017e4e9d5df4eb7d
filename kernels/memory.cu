#include <memory>

#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

std::unique_ptr<Backend> make_backend(Precision precision) { return std::make_unique<CudaBackend>(precision); }

namespace {

constexpr std::size_t kMostSums = 2048;  // blocks of one launch, see blocks_for

__global__ void fill_kernel(float value, View out) {
  for (std::size_t i = grid_thread(); i < out.size(); i += grid_threads()) out[i] = value;
}

}  // namespace

CudaBackend::CudaBackend(Precision precision)
    : precision_(precision), sums_(queue_.allocate((kMostSums + 1) * sizeof(double))) {
  clear_bytes(sums_.as<void>(), (kMostSums + 1) * sizeof(double));
}

int CudaBackend::rows_of_pass(std::size_t wanted, std::size_t floats) const {
  constexpr std::size_t kTile = 64;  // rows of a block of linear_forward, at most
  constexpr std::size_t kMostTiles = 128, kMostFloats = (std::size_t{256} << 20) / sizeof(float);
  const std::size_t tiles = std::min({(wanted + kTile - 1) / kTile, kMostTiles, kMostFloats / floats / kTile});
  return static_cast<int>(std::max<std::size_t>(1, tiles) * kTile);
}

Memory CudaBackend::allocate(std::size_t count) {
  const std::size_t bytes = std::max<std::size_t>(count, 1) * sizeof(float);
  auto block = std::make_shared<Block>(queue_.allocate(bytes));
  auto* const data = block->as<float>();
  clear_bytes(data, bytes);
  return Memory(data, count, Device::kCuda, [block = std::move(block)](float*) mutable { block.reset(); });
}

void CudaBackend::upload(std::span<const float> from, View to) {
  check_count(Device::kCuda, to, from.size());
  queue_.upload(from.data(), from.size_bytes(), to.data());
}

void CudaBackend::upload(std::span<const std::uint32_t> from, IndexView to) {
  check_count(Device::kCuda, to, from.size());
  queue_.upload(from.data(), from.size_bytes(), to.data());
}

void CudaBackend::download(ConstView from, std::span<float> to) {
  check_count(Device::kCuda, from, to.size());
  queue_.download(from.data(), to.size_bytes(), to.data());
}

Memory CudaBackend::allocate_on_host(std::size_t count) {
  auto* const data = static_cast<float*>(allocate_host_bytes(std::max<std::size_t>(count, 1) * sizeof(float)));
  return Memory(data, count, Device::kCpu, [](float* p) { free_host_bytes(p); });
}

void CudaBackend::start_download(int slot, ConstView from, std::span<float> to) {
  check_count(Device::kCuda, from, to.size());
  queue_.start_download(from.data(), to.size_bytes(), to.data(), downloads_[static_cast<std::size_t>(slot)]);
}

void CudaBackend::finish_download(int slot) { downloads_[static_cast<std::size_t>(slot)].wait(); }

void CudaBackend::fill(float value, View out) {
  check_alike(Device::kCuda, out);
  launch(queue_, {blocks_for(out.size())}, fill_kernel, value, out);
}

}  // namespace meg::MEG_KERNELS
