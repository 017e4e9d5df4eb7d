#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>

#include "core/fail.h"
#include "core/nn/checks.h"
#include "cpu/backend.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

int CpuBackend::rows_of_pass(std::size_t wanted, std::size_t floats) const {
  constexpr std::size_t kRows = 256, kFewest = 32, kMostFloats = (std::size_t{256} << 20) / sizeof(float);
  const std::size_t most = std::clamp(kMostFloats / floats / kFewest * kFewest, kFewest, kRows);
  const std::size_t passes = std::max<std::size_t>(1, (wanted + most - 1) / most);
  return static_cast<int>(std::max<std::size_t>(1, (wanted + passes - 1) / passes));
}

void CpuBackend::make_passes(int passes, int slots, const Pass& pass) {
  if (slots < 2 || 2 * std::min(passes, slots) <= pool_.threads())
    return Backend::make_passes(passes, slots, pass);  // all threads in each of them
  std::atomic<int> next{0};
  // Passes begin in their order, so those before one that throws have begun: the first of these throws every time.
  std::vector<std::pair<int, std::exception_ptr>> thrown(static_cast<std::size_t>(slots), {passes, nullptr});
  pool_.run(slots, ThreadPool::kWorthSharing, [&](int slot) {
    const auto own = static_cast<std::size_t>(slot);
    for (int i = next++; i < passes; i = next++) try {
        pass(*alone_, slot, i);
      } catch (...) {
        thrown[own] = {i, std::current_exception()};
        next = passes;
        return;
      }
  });
  const auto first =
      std::min_element(thrown.begin(), thrown.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (first->second) std::rethrow_exception(first->second);
}

Memory CpuBackend::allocate(std::size_t count) {
  const std::size_t bytes = std::max<std::size_t>(Arena::padded(count), 16) * sizeof(float);
  float* const data = ScratchPool::allocate(bytes);
  std::fill_n(data, bytes / sizeof(float), 0.0f);
  return Memory(data, count, Device::kCpu, [](float* p) { std::free(p); });
}

void CpuBackend::upload(std::span<const float> from, View to) {
  check_count(Device::kCpu, to, from.size());
  std::copy(from.begin(), from.end(), to.data());
}

void CpuBackend::upload(std::span<const std::uint32_t> from, IndexView to) {
  check_count(Device::kCpu, to, from.size());
  std::copy(from.begin(), from.end(), to.data());
}

void CpuBackend::download(ConstView from, std::span<float> to) {
  check_count(Device::kCpu, from, to.size());
  std::copy_n(from.data(), to.size(), to.begin());
}

void CpuBackend::fill(float value, View out) {
  check_alike(Device::kCpu, out);
  pool_.run_blocks(out.size(), 4, [value, to = out.data()](std::size_t begin, std::size_t end) {
    std::fill(to + begin, to + end, value);
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
