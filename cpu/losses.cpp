#include <Eigen/Core>

#include "core/nn/formulas.h"
#include "cpu/backend.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {
constexpr std::size_t kLossLanes = 16;
using LossLanes = Eigen::Array<float, static_cast<int>(kLossLanes), 1>;

/// Of rows of one label.
void add_bce(std::size_t count, const float* logit, float label, float* loss, float* dlogit) {
  if (count == 0) return;
  const float share = 1.0f / static_cast<float>(count);
  double sum = 0;
  for (std::size_t r = 0; r < count; r += kLossLanes) {
    const std::size_t lanes = std::min(kLossLanes, count - r);
    LossLanes d = LossLanes::Zero();
    std::copy_n(logit + r, lanes, d.data());
    const LossLanes e = (-d.abs()).exp(), log_one_plus_e = e.log1p();
    float value[kLossLanes], slope[kLossLanes];
    for (std::size_t l = 0; l < kLossLanes; ++l) {
      const LossAndSlope of = bce(d.data()[l], label, e.data()[l], log_one_plus_e.data()[l]);
      value[l] = of.loss;
      slope[l] = share * of.slope;
    }
    std::copy_n(slope, lanes, dlogit + r);
    for (std::size_t l = 0; l < lanes; ++l) sum += static_cast<double>(value[l]);
  }
  *loss += static_cast<float>(sum) * share;
}

/// Sum of term(x) over [count], one sum a lane, for the compiler may not reorder a single one.
template <class Term>
double lane_sum(std::size_t count, const float* x, const Term& term) {
  double part[kLossLanes] = {}, total = 0;
  const std::size_t whole = count / kLossLanes * kLossLanes;
  for (std::size_t i = 0; i < whole; i += kLossLanes)
    for (std::size_t l = 0; l < kLossLanes; ++l) part[l] += term(static_cast<double>(x[i + l]));
  for (std::size_t i = whole; i < count; ++i) part[i - whole] += term(static_cast<double>(x[i]));
  for (const double p : part) total += p;
  return total;
}

/// The same on all threads: one sum a task, a fixed number of tasks.
template <class Term>
float shared_sum(ThreadPool& pool, std::size_t count, const float* x, const Term& term) {
  constexpr std::size_t kTasks = 32;
  double part[kTasks] = {}, total = 0;
  pool.run(kTasks, static_cast<double>(count), [&](int task) {
    const auto t = static_cast<std::size_t>(task);
    const std::size_t begin = count * t / kTasks, end = count * (t + 1) / kTasks;
    part[t] = lane_sum(end - begin, x + begin, term);
  });
  for (const double p : part) total += p;
  return static_cast<float>(total);
}

}  // namespace

void CpuBackend::bce_with_logits(std::size_t real, ConstView logit, float* loss, View dlogit) {
  check_alike(Device::kCpu, logit, dlogit);
  add_bce(real, logit.data(), 1.0f, loss, dlogit.data());
  add_bce(logit.size() - real, logit.data() + real, 0.0f, loss, dlogit.data() + real);
}

void CpuBackend::add_square_sum(float factor, ConstView x, float* sum) {
  check_alike(Device::kCpu, x);
  *sum += factor * shared_sum(pool_, x.size(), x.data(), [](double v) { return v * v; });
}

void CpuBackend::add_sum(float factor, ConstView x, float* sum) {
  check_alike(Device::kCpu, x);
  *sum += factor * shared_sum(pool_, x.size(), x.data(), [](double v) { return v; });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
