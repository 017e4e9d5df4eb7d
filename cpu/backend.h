#pragma once
#include "core/nn/backend.h"
#include "cpu/thread_pool.h"

namespace meg::cpu {

/// nn/backend.h on Eigen and a thread pool; see there for every operation.
class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(int threads) : pool_(threads) {}
  Device device() const override { return Device::kCpu; }

  Memory allocate(std::size_t count) override;
  void upload(std::span<const float> from, float* to) override;
  void download(const float* from, std::span<float> to) override;
  void fill(std::size_t count, float value, float* out) override;

  void linear_forward(const GroupedLinear& layer, int rows, const float* x, const float* parameters,
                      Activation activation, bool with_bias, float* y) override;
  void linear_backward_input(const GroupedLinear& layer, int rows, const float* dy, const float* parameters,
                             float* dx) override;
  void linear_backward_weight(const GroupedLinear& layer, int rows, const float* x, const float* dy, bool with_bias,
                              float* gradients) override;

  void activation_backward(Activation activation, std::size_t count, const float* y, const float* dy,
                           float* dx) override;
  void dropout(std::uint64_t seed, std::uint64_t step, float probability, std::size_t count, float* x) override;
  void add_scaled(std::size_t count, float factor, const float* x, float scale, float* y) override;

  void fill_normal(std::uint64_t seed, Stream stream, std::uint64_t first_row, int rows, int columns,
                   float* out) override;
  void gather_rows(const float* table, const std::uint32_t* index, int rows, int columns, float* out) override;

  void bce_with_logits(int rows, const float* logit, float label, float* loss, float* dlogit) override;
  void add_square_sum(std::size_t count, float factor, const float* x, float* sum) override;

  void adam(std::size_t count, int step, const AdamOptions& options, const float* gradient, float* parameter,
            float* first, float* second) override;

 private:
  ThreadPool pool_;
};

}  // namespace meg::cpu
