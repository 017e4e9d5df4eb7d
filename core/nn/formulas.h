#pragma once
#include <cmath>

#include "core/nn/operands.h"
#include "core/tensor/host_device.h"

/// Every activation, loss and optimizer update, written once for the loops of cpu/ and the kernels of kernels/. A new
/// activation is a name in operands.h, and here a struct and a line of with_formula().
namespace meg {

// --- elementary functions

/// The larger, the smaller of two numbers.
MEG_HOST_DEVICE inline float larger(float a, float b) {
#ifdef __CUDA_ARCH__
  return fmaxf(a, b);
#else
  return a < b ? b : a;
#endif
}

MEG_HOST_DEVICE inline float smaller(float a, float b) {
#ifdef __CUDA_ARCH__
  return fminf(a, b);
#else
  return b < a ? b : a;
#endif
}
MEG_HOST_DEVICE inline float keep_between(float x, float low, float high) { return smaller(larger(x, low), high); }

/// tanh, on the host to 2e-7 in plain arithmetic, which the compiler vectorizes: the [7/6] Pade approximant at x / 4
/// and two doublings, tanh(2z) = 2 tanh(z) / (1 + tanh(z)^2). Beyond 9 the nearest float is 1.
MEG_HOST_DEVICE inline float fast_tanh(float x) {
#ifdef __CUDA_ARCH__
  return tanhf(x);
#else
  const float low = x < -9.0f ? -9.0f : x, z = 0.25f * (9.0f < low ? 9.0f : low), s = z * z;
  float t =
      z * (135135.0f + s * (17325.0f + s * (378.0f + s))) / (135135.0f + s * (62370.0f + s * (3150.0f + s * 28.0f)));
  for (int doubling = 0; doubling < 2; ++doubling) t = (t + t) / (1.0f + t * t);
  return t;
#endif
}

// --- activations: value(x), and slope(y), the derivative at x from y = value(x)

struct Identity {
  MEG_HOST_DEVICE static float value(float x) { return x; }
  MEG_HOST_DEVICE static float slope(float) { return 1.0f; }
};

struct Relu {
  MEG_HOST_DEVICE static float value(float x) { return larger(x, 0.0f); }
  MEG_HOST_DEVICE static float slope(float y) { return y > 0.0f ? 1.0f : 0.0f; }
};

struct LeakyRelu {
  static constexpr float kSlope = 0.2f;  // left of zero
  MEG_HOST_DEVICE static float value(float x) { return larger(x, kSlope * x); }
  MEG_HOST_DEVICE static float slope(float y) { return y > 0.0f ? 1.0f : kSlope; }
};

struct Tanh {
  MEG_HOST_DEVICE static float value(float x) { return fast_tanh(x); }
  MEG_HOST_DEVICE static float slope(float y) { return 1.0f - y * y; }
};

struct Sigmoid {
  MEG_HOST_DEVICE static float value(float x) { return 0.5f + 0.5f * fast_tanh(0.5f * x); }
  MEG_HOST_DEVICE static float slope(float y) { return y * (1.0f - y); }
};

/// use(formula) with the struct of `activation`: a loop inside it is compiled, and vectorized, for each of them.
template <class Use>
MEG_HOST_DEVICE auto with_formula(Activation activation, const Use& use) {
  switch (activation) {
    case Activation::kNone: break;
    case Activation::kRelu: return use(Relu());
    case Activation::kLeakyRelu: return use(LeakyRelu());
    case Activation::kTanh: return use(Tanh());
    case Activation::kSigmoid: return use(Sigmoid());
  }
  return use(Identity());
}

MEG_HOST_DEVICE inline float activate(Activation activation, float x) {
  return with_formula(activation, [x](auto formula) { return formula.value(x); });
}

/// activation'(x) from y = activation(x).
MEG_HOST_DEVICE inline float slope(Activation activation, float y) {
  return with_formula(activation, [y](auto formula) { return formula.slope(y); });
}

// --- losses

/// A loss of a logit, and its derivative.
struct LossAndSlope {
  float loss, slope;
};

/// Binary cross-entropy softplus(d) - label * d of a logit d, from e = exp(-|d|) and log(1 + e). As e <= 1 nothing
/// overflows: softplus(d) = max(d, 0) + log(1 + e), and sigmoid(d) is 1 / (1 + e) right of zero, e / (1 + e) left of
/// it.
MEG_HOST_DEVICE inline LossAndSlope bce(float d, float label, float e, float log_one_plus_e) {
  return {larger(d, 0.0f) + log_one_plus_e - label * d, (d < 0.0f ? e : 1.0f) / (1.0f + e) - label};
}

MEG_HOST_DEVICE inline LossAndSlope bce(float d, float label) {
  const float e = std::exp(-std::fabs(d));
  return bce(d, label, e, std::log1p(e));
}

// --- optimizers

/// What the gradient is multiplied with, so that its norm is `clip` at most; clip = 0: as it is.
MEG_HOST_DEVICE inline float clip_factor(float clip, const float* square_norm) {
  const float norm = clip > 0.0f ? std::sqrt(*square_norm) : 0.0f;
  return norm > clip ? clip / norm : 1.0f;
}

MEG_HOST_DEVICE inline float moving_average(float decay, float average, float x) {
  return decay * average + (1.0f - decay) * x;
}

/// One step of Adam (Kingma & Ba 2015) or AdamW: what depends on its number, which the host computes.
struct AdamStep {
  AdamStep(const AdamOptions& o, int step) {
    const auto t = static_cast<float>(step);
    scale = o.rate / (1.0f - std::pow(o.beta1, t));
    correction = 1.0f / (1.0f - std::pow(o.beta2, t));
  }
  /// The parameter p after it; m and v are its moments.
  MEG_HOST_DEVICE float operator()(const AdamOptions& o, float gradient, float p, float& m, float& v) const {
    const float g = gradient + o.l2 * p;
    m = o.beta1 * m + (1.0f - o.beta1) * g;
    v = o.beta2 * v + (1.0f - o.beta2) * g * g;
    return p - (scale * m / (std::sqrt(v * correction) + o.epsilon) + o.rate * o.weight_decay * p);
  }

  float scale, correction;  // rate over the first moment's bias, one over the second's
};

}  // namespace meg
