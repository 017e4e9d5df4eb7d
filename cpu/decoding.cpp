#include "core/nn/checks.h"
#include "cpu/backend.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

void CpuBackend::decode(std::span<const NumberColumn> numbers, ConstView cells, IndexView code,
                        BasicView<double> number) {
  check_decoded(Device::kCpu, numbers.size(), cells, code, number);
  const std::size_t n = code.columns(), count = code.rows();
  constexpr std::size_t kRows = 64;  // of one task
  const double work = static_cast<double>(n) + 20.0 * static_cast<double>(numbers.size());
  pool_.run_blocks(count, kRows, work * static_cast<double>(count), [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      const float* cell = cells.data() + r * 3 * n;
      for (std::size_t j = 0; j < n; ++j) code[r * n + j] = static_cast<std::uint32_t>(cell[j]);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto j = static_cast<std::size_t>(numbers[i].column);
        const bool continuous = cell[j] == static_cast<float>(numbers[i].continuous);
        number[r * numbers.size() + i] = continuous ? numbers[i].numbers.number(cell[n + j]) : 0;
      }
    }
  });
}

void CpuBackend::unscale(std::span<const PlacedColumn> columns, ConstView x, BasicView<double> number) {
  const std::size_t n = columns.size(), count = number.rows();
  check_matrix(Device::kCpu, number, count, n);
  check_matrix(Device::kCpu, x, count, n);
  constexpr std::size_t kRows = 64;  // of one task
  pool_.run_blocks(count, kRows, 20.0 * static_cast<double>(n * count), [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r)
      for (std::size_t i = 0; i < n; ++i) number[r * n + i] = columns[i].column.unscale(x[r * n + columns[i].place]);
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
