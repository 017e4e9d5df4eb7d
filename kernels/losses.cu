#include "core/nn/formulas.h"
#include "kernels/backend.h"
#include "kernels/device.h"
#include "kernels/reduce.h"

namespace meg::MEG_KERNELS {

namespace {

constexpr unsigned kBceThreads = 1024;

/// One block.
__global__ void __launch_bounds__(kBceThreads)
    bce_with_logits_kernel(std::size_t real, ConstView logit, float* loss, View dlogit) {
  SharedMemory shared;
  const Shared<double> part = shared.take<double>(32);
  double sum = 0;
  const std::size_t generated = logit.size() - real;
  for (std::size_t r = threadIdx.x; r < logit.size(); r += blockDim.x) {
    const LossAndSlope of = bce(logit[r], r < real ? 1.0f : 0.0f);
    const float share = 1.0f / static_cast<float>(r < real ? real : generated);
    sum += static_cast<double>(share * of.loss);
    dlogit[r] = share * of.slope;
  }
  sum = block_sum<double>(sum, part);
  if (threadIdx.x == 0) *loss += static_cast<float>(sum);
}

/// *sum += factor * the sum of x, or of its squares. Every block leaves its sum in sums[block]; the last one to be done
/// adds them up in the order of the blocks, whichever that is. `done` is zero before and behind.
template <bool squared>
__global__ void add_sum_kernel(float factor, ConstView x, double* sums, unsigned* done, float* sum) {
  SharedMemory shared;
  const Shared<double> part = shared.take<double>(32);
  const Shared<unsigned> last = shared.take<unsigned>(1);
  double mine = 0;
  for (std::size_t i = grid_thread(); i < x.size(); i += grid_threads()) {
    const auto v = static_cast<double>(x[i]);
    mine += squared ? v * v : v;
  }
  mine = block_sum<double>(mine, part);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = mine;
    __threadfence();
    last[0] = atomicAdd(done, 1u) + 1 == gridDim.x ? 1 : 0;
  }
  __syncthreads();
  if (last[0] == 0) return;
  __threadfence();
  double all = 0;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += blockDim.x) all += static_cast<const volatile double*>(sums)[b];
  all = block_sum<double>(all, part);
  if (threadIdx.x == 0) *sum += factor * static_cast<float>(all), *done = 0;
}

}  // namespace

void CudaBackend::bce_with_logits(std::size_t real, ConstView logit, float* loss, View dlogit) {
  check_alike(Device::kCuda, logit, dlogit);
  launch(queue_, {{1, 1, 1}, kBceThreads, block_sum_bytes<double>()}, bce_with_logits_kernel, real, logit, loss,
         dlogit);
}

template <bool squared>
void CudaBackend::add_sum_of(float factor, ConstView x, float* sum) {
  check_alike(Device::kCuda, x);
  constexpr std::size_t kEach = 8;  // elements of a thread, and more where that would be too many blocks
  launch(queue_,
         {blocks_for((x.size() + kEach - 1) / kEach), kThreads,
          block_sum_bytes<double>() + SharedMemory::bytes<unsigned>(1)},
         add_sum_kernel<squared>, factor, x, sums_.as<double>() + 1, sums_.as<unsigned>(), sum);
}

void CudaBackend::add_square_sum(float factor, ConstView x, float* sum) { add_sum_of<true>(factor, x, sum); }

void CudaBackend::add_sum(float factor, ConstView x, float* sum) { add_sum_of<false>(factor, x, sum); }

}  // namespace meg::MEG_KERNELS
