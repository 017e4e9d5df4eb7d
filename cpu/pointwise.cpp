#include "core/nn/formulas.h"
#include "cpu/backend.h"
#include "cpu/dropout.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {

/// out[i] = function(i), a loop of its own for every function so that each is vectorized. dx may be dy: element i is
/// read before it is written, and nothing else is.
template <class Function>
void write(std::size_t begin, std::size_t end, float* out, const Function& function) {
  for_independent(begin, end, [=](std::size_t i) { out[i] = function(i); });
}

}  // namespace

void CpuBackend::activation_backward(Activation activation, ConstView y, ConstView dy, View dx) {
  check_alike(Device::kCpu, y, dy, dx);
  pool_.run_blocks(dx.size(), 4, [=](std::size_t begin, std::size_t end) {
    with_formula(activation, [=, y = y.data(), dy = dy.data()](auto formula) {
      write(begin, end, dx.data(), [=](std::size_t i) { return formula.slope(y[i]) * dy[i]; });
    });
  });
}

void CpuBackend::dropout(const Dropout& dropout, View x) {
  check_alike(Device::kCpu, x);
  pool_.run_blocks(x.size(), 4, [=](std::size_t begin, std::size_t end) {
    drop_out(dropout, 1, end - begin, begin, 0, x.data() + begin);
  });
}

void CpuBackend::add_scaled(float factor, ConstView x, float scale, View y) {
  check_alike(Device::kCpu, x, y);
  pool_.run_blocks(y.size(), 4, [=, from = x.data(), to = y.data()](std::size_t begin, std::size_t end) {
    write(begin, end, to, [=](std::size_t i) { return scale * to[i] + factor * from[i]; });
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
