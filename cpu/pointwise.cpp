#include "core/nn/formulas.h"
#include "cpu/backend.h"
#include "cpu/dropout.h"

namespace meg::cpu {

namespace {

/// out[i] = function(i), a loop of its own for every function so that each is vectorized. dx may be dy: element i is
/// read before it is written, and nothing else is.
template <class Function>
void write(std::size_t begin, std::size_t end, float* out, const Function& function) {
#pragma GCC ivdep
  for (std::size_t i = begin; i < end; ++i) out[i] = function(i);
}

}  // namespace

void CpuBackend::activation_backward(Activation activation, std::size_t count, const float* y, const float* dy,
                                     float* dx) {
  pool_.run_blocks(count, 4, [=](std::size_t begin, std::size_t end) {
    with_formula(activation, [=](auto formula) {
      write(begin, end, dx, [=](std::size_t i) { return formula.slope(y[i]) * dy[i]; });
    });
  });
}

void CpuBackend::dropout(const Dropout& dropout, std::size_t count, float* x) {
  pool_.run_blocks(count, 4,
                   [=](std::size_t begin, std::size_t end) { drop_out(dropout, 1, end - begin, begin, 0, x + begin); });
}

void CpuBackend::add_scaled(std::size_t count, float factor, const float* x, float scale, float* y) {
  pool_.run_blocks(count, 4, [=](std::size_t begin, std::size_t end) {
    write(begin, end, y, [=](std::size_t i) { return scale * y[i] + factor * x[i]; });
  });
}

}  // namespace meg::cpu
