#include <algorithm>

#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/block_discriminator.h"

namespace meg::MEG_KERNELS {

namespace {

// Many steps of a game in one cooperative launch: what a step changes stays in the shared memory of its blocks. A
// generator's hidden units are cut into slices of 32, one a block, which computes their forward and backward pass. The
// generated rows are the sums of all slices' parts, so there is one grid barrier a step, behind the parts. From then on
// every block has all rows, and repeats the discriminator's step, which is short: the same numbers in every block, and
// no second barrier.
//
// The noise is the same for all generators, but it takes long to draw. So each block draws a share of it two steps
// ahead, in threads that are idle, and writes it to global memory, where all blocks read it behind the next barrier.
//
// A bias is one more row of its layer's weights, of an input that is always one.

constexpr unsigned kSliceUnits = 32, kUnitPitch = kSliceUnits + 1, kGameThreads = 512;

/// A block's part of the generators.
struct Slice {
  std::uint32_t number, unit, units;  // in its generator: hidden units unit ... unit + units - 1
  std::uint32_t column, outputs;      // the columns that its generator writes
  std::uint32_t hidden;               // units of all its slices
  std::size_t first_weight, last_weight;
};

/// The arguments of a step.
struct StepArguments {
  GameStep step;
  AdamStep generators, discriminator;
};

/// Extents that all blocks share, and so the sizes of the arrays in shared memory.
struct Extents {
  std::uint32_t rows;            // of a batch, at most
  std::uint32_t noise, columns;  // inputs of the generators and of the discriminator
  std::uint32_t outputs, units;  // columns of a generator, at most; hidden units of the discriminator
  std::uint32_t averages;        // whether the generators have some

  // Floats of the arrays.
  MEG_HOST_DEVICE std::size_t parameters() const {
    return std::size_t{kUnitPitch} * (noise + 1) + std::size_t{kUnitPitch} * outputs;
  }
  MEG_HOST_DEVICE std::size_t noise_pitch() const { return (noise + 1) | 1; }  // odd: rows lie in different banks
  MEG_HOST_DEVICE std::size_t noises() const { return 2 * rows * noise_pitch(); }
  MEG_HOST_DEVICE std::size_t slice_units() const { return std::size_t{2} * rows * kUnitPitch; }
  MEG_HOST_DEVICE std::size_t unit_gradients() const { return std::size_t{rows} * kUnitPitch; }
  MEG_HOST_DEVICE std::size_t cells() const { return std::size_t{3} * rows * columns; }
  MEG_HOST_DEVICE std::size_t cell_gradients() const { return std::size_t{rows} * outputs; }

  std::size_t shared_bytes() const {
    std::size_t bytes =
        Held::bytes(parameters(), averages != 0) + BlockDiscriminator::shared_bytes(rows, columns, units);
    for (const std::size_t count : {noises(), slice_units(), unit_gradients(), cells(), cell_gradients()})
      bytes += SharedMemory::bytes<float>(count);
    return bytes;
  }
};

/// The arguments of a launch. The discriminator's state begins at its parameters, all of which lie side by side.
struct GameArguments {
  Extents extents;
  const Slice* slices;
  std::uint32_t slices_each;  // of a generator
  AdamOptions generator_adam, discriminator_adam;
  AdamState generators, discriminator;
  float gamma;
  Philox noise;
  const float* table;
  const std::uint32_t* order;
  const StepArguments* steps;
  std::uint32_t step_count;
  float* noises;          // [2, 2 extents.rows, noise in fours]: those of the next step, and of the one after it
  float *parts, *losses;  // parts [2, slices_each, 2 extents.rows, columns]
};

/// The product a b, [rows, depth] by [depth, columns]. A quad has 8 x 4 sums, each lane every fourth k of them; then
/// lane q gets whole those of rows q and q + 4, for visit(i, j, sums, count): row i, columns j ... j + count - 1, count
/// <= 4. Beyond the matrices it computes the last row or column again.
template <class A, class B, class Visit>
__device__ void multiply(unsigned rows, unsigned columns, unsigned depth, const A& a, const B& b, const Visit& visit) {
  const auto inside = [](unsigned i, unsigned count) { return i < count ? i : count - 1; };
  const unsigned across = (columns + 3) / 4, q = quad_lane();
  each_by_quad((rows + 7) / 8 * across, [&](unsigned tile, bool write) {
    const unsigned row = tile / across * 8, column = tile % across * 4;
    float sum[8][4] = {};
#pragma unroll 2
    for (unsigned m = 0; m < (depth + 3 - q) / 4; ++m) {
      const unsigned k = 4 * m + q;
      float x[8], y[4];
#pragma unroll
      for (unsigned n = 0; n < 8; ++n) x[n] = a(inside(row + n, rows), k);
#pragma unroll
      for (unsigned n = 0; n < 4; ++n) y[n] = b(k, inside(column + n, columns));
#pragma unroll
      for (unsigned n = 0; n < 32; ++n) sum[n / 4][n % 4] += x[n / 4] * y[n % 4];
    }
#pragma unroll
    for (unsigned bit = 2; bit > 0; bit /= 2)
#pragma unroll
      for (unsigned n = 0; n < 8; ++n)
        if ((n & bit) == 0 && n % 4 < 2 * bit)
#pragma unroll
          for (unsigned c = 0; c < 4; ++c) {
            const float low = sum[n][c], high = sum[n + bit][c];
            const float other = __shfl_xor_sync(0xffffffff, q & bit ? low : high, static_cast<int>(bit));
            sum[n][c] = (q & bit ? high : low) + other;
          }
#pragma unroll
    for (unsigned n = 0; n < 8; n += 4)
      if (const unsigned i = row + n + q; write && i < rows)
        visit(i, column, sum[n], columns - column < 4 ? columns - column : 4);
  });
}

/// One block of a launch.
class GameBlock {
 public:
  __device__ GameBlock(const GameArguments& arguments, SharedMemory& shared)
      : arguments_(arguments),
        extents_(arguments.extents),
        slice_(arguments.slices[blockIdx.x]),
        inputs_(extents_.noise + 1),
        last_(inputs_ * kUnitPitch),
        held_(shared, extents_.parameters(), extents_.averages != 0),
        discriminator_(shared, extents_.rows, extents_.columns, extents_.units),
        noise_(shared.take<float>(extents_.noises())),
        units_(shared.take<float>(extents_.slice_units())),
        unit_gradients_(shared.take<float>(extents_.unit_gradients())),
        cells_(shared.take<float>(extents_.cells())),
        cell_gradients_(shared.take<float>(extents_.cell_gradients())) {}

  /// Loads the state of the players, and sets the inputs that are always one.
  __device__ void load() const {
    held_.load(parameters(), arguments_.generators, [this](unsigned e) { return place(e); });
    discriminator_.load(arguments_.discriminator);
    for (unsigned r = threadIdx.x; r < 2 * extents_.rows; r += blockDim.x) {
      noise_[r * extents_.noise_pitch() + extents_.noise] = 1.0f;
      units_[r * kUnitPitch + slice_.units] = 1.0f;
    }
  }
  /// Stores it; the discriminator's is the same in all blocks.
  __device__ void store() const {
    held_.store(parameters(), arguments_.generators, [this](unsigned e) { return place(e); });
    if (blockIdx.x == 0) discriminator_.store(arguments_.discriminator);
  }
  /// Which all blocks compute alike.
  __device__ const BlockDiscriminator& discriminator() const { return discriminator_; }
  /// The cells of rows: real ones, generated ones for the discriminator, generated ones for the generators.
  __device__ Shared<float> cells() const { return cells_; }

  /// Draws the block's share of a step's noise, by the threads from `first` on.
  __device__ void draw_noise(const GameStep& step, unsigned parity, unsigned first) const {
    if (threadIdx.x < first) return;
    const unsigned fours = (extents_.noise + 3) / 4, all = 2 * step.rows * fours;
    const unsigned share = (all + gridDim.x - 1) / gridDim.x, begin = blockIdx.x * share;
    const unsigned end = begin + share < all ? begin + share : all;
    for (unsigned b = begin + threadIdx.x - first; b < end; b += blockDim.x - first) {
      const auto z = arguments_.noise.normal(step.noise_row + b / fours, b % fours);
      *reinterpret_cast<Four*>(noises(parity) + 4 * b) = {z[0], z[1], z[2], z[3]};
    }
  }
  /// Copies the real rows, and the noise of the discriminator's rows, to shared memory, where those of the step before
  /// are no longer read.
  __device__ void fetch_rows(const GameStep& step, unsigned parity, unsigned first) const {
    if (threadIdx.x < first) return;
    const unsigned columns = extents_.columns;
    for (unsigned i = threadIdx.x - first; i < step.rows * columns; i += blockDim.x - first)
      copy_async<1>(cells_, i,
                    arguments_.table + std::size_t{arguments_.order[step.first + i / columns]} * columns + i % columns,
                    true);
    fetch_noise(step.rows, 2 * step.rows, parity, first);
  }
  /// Noise of rows begin ... end - 1. A warp has a row.
  __device__ void fetch_noise(unsigned begin, unsigned end, unsigned parity, unsigned first) const {
    if (threadIdx.x < first) return;
    const unsigned pitch = (extents_.noise + 3) / 4 * 4, warp = (threadIdx.x - first) / 32;
    for (unsigned r = begin + warp; r < end; r += (blockDim.x - first) / 32)
      for (unsigned i = threadIdx.x % 32; i < extents_.noise; i += 32)
        copy_async<1>(noise_, r * static_cast<unsigned>(extents_.noise_pitch()) + i, noises(parity) + r * pitch + i,
                      true);
  }

  /// The slice's units of all rows.
  __device__ void forward_units(unsigned rows) const {
    multiply(
        2 * rows, slice_.units, inputs_, [&](unsigned i, unsigned k) { return noise(i, k); },
        [&](unsigned k, unsigned j) { return held_[k * kUnitPitch + j]; },
        [&](unsigned i, unsigned j, const float(&sum)[4], unsigned count) {
#pragma unroll
          for (unsigned n = 0; n < 4; ++n)
            if (n < count) units_[i * kUnitPitch + j + n] = Relu::value(sum[n]);
        });
  }
  /// Their part of the rows, to global memory. A quad has a row, a lane eight units.
  __device__ void write_parts(unsigned rows, unsigned parity) const {
    float* const to = parts(parity, slice_.number);
    const unsigned outputs = slice_.outputs, unit = 8 * quad_lane();
    each_by_quad(2 * rows, [&](unsigned r, bool write) {
      for (unsigned o = 0; o < outputs; ++o) {
        float part = 0;
#pragma unroll
        for (unsigned j = unit; j < unit + 8; ++j)
          if (j < slice_.units) part += units_[r * kUnitPitch + j] * held_[last_ + j * outputs + o];
        part = quad_sum(part);
        if (!write || quad_lane() != 0) continue;
        if (slice_.number == 0) part += held_[last_ + slice_.units * outputs + o];
        to[r * extents_.columns + slice_.column + o] = part;
      }
    });
  }
  /// Sums the parts up to the generated rows, all columns of them: the discriminator's behind the real ones, then the
  /// generators'.
  __device__ void sum_parts(unsigned rows, unsigned parity) const {
    const unsigned half = rows * extents_.columns;
    for (unsigned i = threadIdx.x; i < half; i += blockDim.x) {
      float mine = 0, theirs = 0;
#pragma unroll 4
      for (unsigned s = 0; s < arguments_.slices_each; ++s) {
        const float* const part = parts(parity, s) + i;
        mine += part[0], theirs += part[half];
      }
      cells_[2 * half + i] = Tanh::value(mine);
      cells_[half + i] = Tanh::value(theirs);
    }
  }

  /// The gradient of the generator's loss by its cells, before their Tanh.
  __device__ void backward_cells(unsigned rows) const {
    const Shared<float> mine = cells_ + 2 * rows * extents_.columns;
    discriminator_.input_gradients(mine, rows, slice_.column, slice_.outputs, [&](unsigned r, unsigned o, float d) {
      const float y = mine[r * extents_.columns + slice_.column + o];
      cell_gradients_[r * slice_.outputs + o] = d * Tanh::slope(y);
    });
  }
  /// The same by the units, before their ReLU. A warp has a row.
  __device__ void backward_units(unsigned rows) const {
    const unsigned j = threadIdx.x % 32;
    if (j >= slice_.units) return;
#pragma unroll 4
    for (unsigned r = threadIdx.x / 32; r < rows; r += blockDim.x / 32) {
      float sum = 0;
      for (unsigned o = 0; o < slice_.outputs; ++o)
        sum += cell_gradients_[r * slice_.outputs + o] * held_[last_ + j * slice_.outputs + o];
      unit_gradients_[r * kUnitPitch + j] = units_[r * kUnitPitch + j] > 0.0f ? sum : 0.0f;
    }
  }
  /// Adam's step of the slice, each parameter where its gradient is made; the few of the last layer by the last
  /// threads, which have the least to do before.
  __device__ void update(const StepArguments& now) const {
    const unsigned rows = now.step.rows, outputs = slice_.outputs;
    const auto step = [&](unsigned e, const auto& gradients, unsigned count) {
      held_.step(e, gradients, count, arguments_.generator_adam, now.generators, now.step.average_decay);
    };
    multiply(
        inputs_, slice_.units, rows, [&](unsigned i, unsigned k) { return noise(k, i); },
        [&](unsigned k, unsigned j) -> float { return unit_gradients_[k * kUnitPitch + j]; },
        [&](unsigned i, unsigned j, const float(&sum)[4], unsigned count) { step(i * kUnitPitch + j, sum, count); });
    for (unsigned e = blockDim.x - 1 - threadIdx.x; e < last_inputs() * outputs; e += blockDim.x) {
      const unsigned j = e / outputs, o = e % outputs;
      float sum[1] = {};
#pragma unroll 4
      for (unsigned r = 0; r < rows; ++r) sum[0] += units_[r * kUnitPitch + j] * cell_gradients_[r * outputs + o];
      step(last_ + e, sum, 1);
    }
  }

 private:
  __device__ float noise(unsigned row, unsigned i) const { return noise_[row * extents_.noise_pitch() + i]; }
  /// Inputs of the slice's last layer: its units, and the one whose weights are the bias, which is in the first slice.
  __device__ unsigned last_inputs() const { return slice_.units + (slice_.number == 0 ? 1 : 0); }
  __device__ unsigned parameters() const { return last_ + last_inputs() * slice_.outputs; }
  /// Where parameter e of the slice is among those of all generators.
  __device__ std::size_t place(unsigned e) const {
    const Slice& s = slice_;
    if (e < last_) {
      const unsigned i = e / kUnitPitch, j = e % kUnitPitch;
      return j < s.units ? s.first_weight + std::size_t{i} * s.hidden + s.unit + j : Held::kNowhere;
    }
    const unsigned j = (e - last_) / s.outputs;
    return s.last_weight + std::size_t{j < s.units ? s.unit + j : s.hidden} * s.outputs + (e - last_) % s.outputs;
  }
  __device__ float* parts(unsigned parity, unsigned number) const {
    return arguments_.parts +
           (std::size_t{parity} * arguments_.slices_each + number) * 2 * extents_.rows * extents_.columns;
  }

  __device__ float* noises(unsigned parity) const {
    return arguments_.noises + std::size_t{parity} * 2 * extents_.rows * ((extents_.noise + 3) / 4 * 4);
  }

  const GameArguments& arguments_;
  const Extents extents_;
  const Slice slice_;
  unsigned inputs_, last_;  // of the first layer, a one among them; where the last layer's weights begin
  Held held_;
  BlockDiscriminator discriminator_;
  Shared<float> noise_, units_, unit_gradients_, cells_, cell_gradients_;
};

__global__ void __launch_bounds__(kGameThreads) play_kernel(GameArguments arguments) {
  SharedMemory shared;
  const GameBlock block(arguments, shared);
  const BlockDiscriminator& discriminator = block.discriminator();
  const StepArguments* const steps = arguments.steps;
  const std::uint32_t count = arguments.step_count;
  block.load();
  StepArguments now = steps[0];
  block.draw_noise(now.step, 0, 0);
  if (count > 1) block.draw_noise(steps[1].step, 1, blockDim.x / 2);  // other warps, meanwhile
  grid_barrier();
  bool fetched = false;
  for (unsigned s = 0; s < count; ++s) {
    // A block that is a step ahead writes the other half of the parts.
    const unsigned rows = now.step.rows, parity = s % 2;
    float* const losses = blockIdx.x == 0 ? arguments.losses + 2 * s : nullptr;
    if (!fetched) block.fetch_rows(now.step, parity, 0);
    block.fetch_noise(0, rows, parity, 0);
    commit_copies();
    wait_for_copies<0>();
    __syncthreads();
    block.forward_units(rows);
    __syncthreads();
    block.write_parts(rows, parity);
    grid_barrier();
    block.sum_parts(rows, parity);
    __syncthreads();
    discriminator.row_terms(block.cells(), rows, arguments.gamma);
    __syncthreads();
    discriminator.sum_terms(rows, losses);
    __syncthreads();
    discriminator.gradients_of_sums();
    __syncthreads();
    discriminator.update(arguments.discriminator_adam, now.discriminator);
    __syncthreads();
    block.backward_cells(rows);
    const unsigned idle = BlockDiscriminator::first_idle(rows);
    fetched = s + 1 < count && steps[s + 1].step.rows == rows;  // else rows lie elsewhere
    if (fetched) block.fetch_rows(steps[s + 1].step, 1 - parity, idle);
    if (s + 2 < count) block.draw_noise(steps[s + 2].step, parity, idle);
    __syncthreads();
    block.backward_units(rows);
    discriminator.add_losses(rows, losses ? losses + 1 : nullptr);
    __syncthreads();
    block.update(now);
    __syncthreads();
    if (s + 1 < count) now = steps[s + 1];
  }
  block.store();
}

/// The slices of all generators.
std::vector<Slice> slices_of(const Player& generators) {
  std::vector<Slice> slices;
  for (std::size_t g = 0; g < generators.first.size(); ++g) {
    const LinearGroup &first = generators.first[g], &last = generators.last[g];
    const auto hidden = static_cast<std::uint32_t>(first.outputs);
    for (std::uint32_t unit = 0; unit < hidden; unit += kSliceUnits)
      slices.push_back({.number = unit / kSliceUnits,
                        .unit = unit,
                        .units = std::min(kSliceUnits, hidden - unit),
                        .column = static_cast<std::uint32_t>(last.y),
                        .outputs = static_cast<std::uint32_t>(last.outputs),
                        .hidden = hidden,
                        .first_weight = first.weight,
                        .last_weight = last.weight});
  }
  return slices;
}

Extents extents_of(const Game& game, int rows) {
  const auto number = [](int n) { return static_cast<std::uint32_t>(n); };
  int outputs = 0;
  for (const LinearGroup& g : game.generators.last) outputs = std::max(outputs, g.outputs);
  return {.rows = number(rows),
          .noise = number(game.generators.first.front().inputs),
          .columns = number(game.discriminator.first.front().inputs),
          .outputs = number(outputs),
          .units = number(game.discriminator.first.front().outputs),
          .averages = game.generators.state.average ? 1u : 0u};
}

/// A state from element `offset` of its vectors on.
AdamState from(const AdamState& state, std::size_t offset) {
  const auto behind = [&](View vector) { return vector.column_range(offset, vector.columns() - offset); };
  return {.gradient = View(),
          .parameter = behind(state.parameter),
          .first = behind(state.first),
          .second = behind(state.second)};
}

}  // namespace

bool CudaBackend::plays(const Game& game, int rows) const {
  const LinearGroup& first = game.generators.first.front();
  const bool alike = std::ranges::all_of(game.generators.first, [&](const LinearGroup& g) {
    return g.inputs == first.inputs && g.outputs == first.outputs;
  });
  if (!alike) return false;
  return slices_of(game.generators).size() <= blocks_together(reinterpret_cast<const void*>(play_kernel), kGameThreads,
                                                              extents_of(game, rows).shared_bytes());
}

void CudaBackend::play(const Game& game, std::span<const GameStep> steps, ConstIndexView order, View losses) {
  if (steps.empty()) return;
  check_matrix(Device::kCuda, losses, steps.size(), 2);
  check_alike(Device::kCuda, order);
  const std::vector<Slice> slices = slices_of(game.generators);
  std::vector<StepArguments> arguments;
  std::uint32_t rows = 0;
  for (const GameStep& step : steps) {
    arguments.push_back({.step = step,
                         .generators = AdamStep(game.generators.adam, step.number),
                         .discriminator = AdamStep(game.discriminator.adam, step.number)});
    rows = std::max(rows, step.rows);
  }
  const Extents extents = extents_of(game, static_cast<int>(rows));
  const std::size_t slices_each = slices.size() / game.generators.first.size();
  // The upload ends a step of the queue: a cooperative launch cannot be part of a graph.
  auto* const on_the_device = step_arguments_.as<StepArguments>(queue_, arguments.size());
  queue_.upload(arguments.data(), arguments.size() * sizeof(StepArguments), on_the_device);
  const std::size_t noise_floats = std::size_t{4} * extents.rows * ((extents.noise + 3) / 4 * 4);
  const GameArguments all{.extents = extents,
                          .slices = on_device(std::span<const Slice>(slices)),
                          .slices_each = static_cast<std::uint32_t>(slices_each),
                          .generator_adam = game.generators.adam,
                          .discriminator_adam = game.discriminator.adam,
                          .generators = game.generators.state,
                          .discriminator = from(game.discriminator.state, game.discriminator.first.front().weight),
                          .gamma = game.gamma,
                          .noise = Philox(game.seed, Stream::kNoise),
                          .table = game.table.data(),
                          .order = order.data(),
                          .steps = on_the_device,
                          .step_count = static_cast<std::uint32_t>(steps.size()),
                          .noises = noises_.as<float>(queue_, noise_floats),
                          .parts = parts_.as<float>(queue_, 4 * slices_each * extents.rows * extents.columns),
                          .losses = losses.data()};
  launch(queue_, {{static_cast<unsigned>(slices.size()), 1, 1}, kGameThreads, extents.shared_bytes(), true},
         play_kernel, all);
}

}  // namespace meg::MEG_KERNELS
