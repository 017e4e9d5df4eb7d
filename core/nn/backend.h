#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/tensor/memory.h"
#include "core/tensor/philox.h"

namespace meg {

enum class Activation { kNone, kRelu, kLeakyRelu, kTanh, kSigmoid };

/// Slope of LeakyReLU left of zero.
inline constexpr float kLeakySlope = 0.2f;

/// One member of a grouped linear layer: y = x w + b for one generator. Offsets count floats from the start of the
/// operand; all matrices are row-major. Several groups may read the same x (shared noise), read only its first
/// `inputs` columns (a prefix mask: masked weights do not exist), and write disjoint columns of one y (output masks).
struct LinearGroup {
  int inputs, outputs;  // w is [inputs, outputs], b is [outputs]
  std::size_t x;        // first element of x, [rows, inputs] with row stride x_stride
  std::size_t x_stride;
  std::size_t weight, bias;  // first element of w and b in the parameter block
  std::size_t y;             // first element of y, [rows, outputs] with row stride y_stride
  std::size_t y_stride;
};

/// A grouped GEMM: one launch, one product per group, each with its own extents.
using GroupedLinear = std::vector<LinearGroup>;

/// Adam's constants; weight_decay is decoupled (AdamW, Loshchilov & Hutter 2019), l2 joins the gradient.
struct AdamOptions {
  float rate = 2e-4f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float weight_decay = 0.0f, l2 = 0.0f;
};

/// THE interface: the operations that a training step is made of. cpu/ and kernels/ implement it, file by file.
/// All pointers are to memory of this backend, float32, row-major; sizes are in elements. Nothing allocates but
/// allocate(). Results do not depend on the number of threads; bit for bit they do on the alignment of the operands,
/// which is the same for what an Arena hands out.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Device device() const = 0;

  // --- memory
  /// `count` floats, set to zero.
  virtual Memory allocate(std::size_t count) = 0;
  virtual void upload(std::span<const float> from, float* to) = 0;
  virtual void download(const float* from, std::span<float> to) = 0;
  virtual void fill(std::size_t count, float value, float* out) = 0;

  // --- linear (grouped)
  /// y[g] = activation(x[g] w[g] + b[g]); with_bias = false leaves b out (the tangent pass of a gradient penalty).
  virtual void linear_forward(const GroupedLinear& layer, int rows, const float* x, const float* parameters,
                              Activation activation, bool with_bias, float* y) = 0;
  /// dx[g] = dy[g] w[g]^T; where groups share x their gradients are added in the order of the groups. The x of two
  /// groups start at the same element or have none in common.
  virtual void linear_backward_input(const GroupedLinear& layer, int rows, const float* dy, const float* parameters,
                                     float* dx) = 0;
  /// dw[g] += x[g]^T dy[g], and with_bias: db[g] += column sums of dy[g].
  virtual void linear_backward_weight(const GroupedLinear& layer, int rows, const float* x, const float* dy,
                                      bool with_bias, float* gradients) = 0;

  // --- pointwise
  /// dx = dy * activation'(x), from y = activation(x), all [count]; dx may be dy.
  virtual void activation_backward(Activation activation, std::size_t count, const float* y, const float* dy,
                                   float* dx) = 0;
  /// x[r, c] *= mask[r, c] with mask drawn by Philox: 0 with `probability`, else 1 / (1 - probability). Calling it
  /// on the gradient with the same (seed, step) is the backward.
  virtual void dropout(std::uint64_t seed, std::uint64_t step, float probability, std::size_t count, float* x) = 0;
  /// y = scale * y + factor * x, [count].
  virtual void add_scaled(std::size_t count, float factor, const float* x, float scale, float* y) = 0;

  // --- rows
  /// out[r, :] = standard normal numbers of row first_row + r, [rows, columns].
  virtual void fill_normal(std::uint64_t seed, Stream stream, std::uint64_t first_row, int rows, int columns,
                           float* out) = 0;
  /// out[r, :] = table[index[r], :], [rows, columns].
  virtual void gather_rows(const float* table, const std::uint32_t* index, int rows, int columns, float* out) = 0;

  // --- losses
  /// BCE from the logit, mean over rows: softplus(logit) - label * logit, computed without exp overflow.
  /// dlogit [rows] = gradient of that mean. Returns nothing; the mean is added to *loss.
  virtual void bce_with_logits(int rows, const float* logit, float label, float* loss, float* dlogit) = 0;
  /// *sum += factor * sum of squares of x [count].
  virtual void add_square_sum(std::size_t count, float factor, const float* x, float* sum) = 0;

  // --- optimizers
  /// One Adam / AdamW step number `step` (from 1) over [count] parameters (Kingma & Ba 2015). Adam is element-wise,
  /// so one call over the parameters of all generators IS one optimizer per generator.
  virtual void adam(std::size_t count, int step, const AdamOptions& options, const float* gradient, float* parameter,
                    float* first, float* second) = 0;
};

/// The backend of a device. threads = 0 takes all cores; it never changes a result.
std::unique_ptr<Backend> make_backend(Device device, int threads = 0);

}  // namespace meg
