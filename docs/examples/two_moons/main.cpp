// Trains a small masked GAN on two half moons, and checks how near to them its points lie: two generators on the same
// noise, of which one writes x and one y, against a discriminator of whole points. The CPU does it, or a GPU:
//
//     two_moons [cuda]
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/model/trained_parameters.h"
#include "core/nn/row_numbers.h"

using namespace meg;

namespace {

constexpr std::size_t kPoints = 4096, kBatch = 256, kNoise = 4;
constexpr int kSteps = 5000;

/// The point of the upper moon (0) or the lower one (1) at an angle in [0, pi].
std::pair<float, float> moon(int which, float angle) {
  const float x = std::cos(angle) - 0.5f, y = std::sin(angle) - 0.25f;
  return which == 0 ? std::pair(x, y) : std::pair(-x, -y);
}

/// The distance of a point to a moon: half a circle of radius 1.
float distance(int which, float x, float y) {
  const float sign = which == 0 ? 1 : -1, to_x = sign * x + 0.5f, to_y = sign * y + 0.25f;
  return to_y > 0 ? std::abs(std::hypot(to_x, to_y) - 1) : std::hypot(std::abs(to_x) - 1, to_y);
}

}  // namespace

int main(int argc, char** argv) {
  using layers::LeakyRelu, layers::Linear, layers::Relu;
  const bool cuda = argc > 1 && std::strcmp(argv[1], "cuda") == 0;
  const auto backend = make_backend(cuda ? Device::kCuda : Device::kCpu);

  std::vector<float> points;
  const Philox random(1, Stream::kMeasure);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const auto [x, y] = moon(i % 2, 3.1416f * random.uniform(i, 0)[0]);
    const auto noise = random.normal(i, 1);
    points.insert(points.end(), {x + 0.05f * noise[0], y + 0.05f * noise[1]});
  }
  const Memory table = backend->allocate(points.size());
  backend->upload(points, table);

  const Network generators(kNoise, {Linear{{64, 64}}, Relu(), Linear{{64, 64}}, Relu(), Linear{{1, 1}}});
  const Network discriminator(2, {Linear{{64}}, LeakyRelu(), Linear{{64}}, LeakyRelu(), Linear{{1}}});
  const TrainedParameters g(*backend, generators, 2, /*with_average=*/true), d(*backend, discriminator, 3);

  // All memory of a step, taken once.
  Arena arena(backend->allocate(1 << 20));
  Network::Tape tape = generators.make_tape(arena, 2 * kBatch), scratch = generators.make_tape(arena, kBatch);
  Network::Tape judged = discriminator.make_tape(arena, 2 * kBatch),
                deltas = discriminator.make_tape(arena, 2 * kBatch),
                tangents = discriminator.make_tape(arena, 2 * kBatch);
  const View noise = arena.take(2 * kBatch, kNoise), rows = arena.take(2 * kBatch, 2),
             drows = arena.take(2 * kBatch, 2), dlogit = arena.take(2 * kBatch, 1), losses = arena.take(1, 2);
  const auto first_half = [](auto view) { return view.row_range(0, kBatch); };
  const auto second_half = [](auto view) { return view.row_range(kBatch, kBatch); };
  const RowNumbers drawn(*backend, kBatch);

  for (int step = 1; step <= kSteps; ++step) {
    backend->begin_step();
    const auto number = static_cast<std::uint64_t>(step);
    backend->draw_rows(1, Stream::kShuffle, number, {nullptr, kPoints}, drawn.view());
    backend->gather_rows(table.view(kPoints, 2), drawn.view(), first_half(rows));
    backend->fill_normal(1, Stream::kNoise, 2 * kBatch * number, noise);
    const View made = generators.forward(*backend, noise, g.parameters(), tape);
    backend->add_scaled(1, second_half(made), 0, second_half(rows));
    // The discriminator learns to tell real rows from generated ones behind them; R1 and R2 keep it smooth.
    backend->bce_with_logits(kBatch, discriminator.forward(*backend, rows, d.parameters(), judged), losses.data(),
                             dlogit);
    discriminator.backward(*backend, rows, d.parameters(), judged, dlogit, deltas, d.gradients(), {});
    discriminator.add_gradient_penalty(*backend, d.parameters(), judged, 0.1f, deltas, tangents, drows, losses.data(),
                                       d.gradients());
    d.step(*backend, step, {.rate = 1e-3f, .beta1 = 0, .beta2 = 0.99f});
    // The generators learn to have theirs taken for real, each through its own column.
    const View shown = first_half(made);
    backend->bce_with_logits(kBatch, discriminator.forward(*backend, shown, d.parameters(), judged), &losses(0, 1),
                             first_half(dlogit));
    discriminator.backward(*backend, shown, d.parameters(), judged, first_half(dlogit), deltas, {}, first_half(drows));
    generators.backward(*backend, first_half(noise), g.parameters(), tape, first_half(drows), scratch, g.gradients(),
                        {});
    g.step(*backend, step, {.rate = 1e-3f, .beta1 = 0, .beta2 = 0.99f, .average_decay = 0.998f});
    backend->end_step();
  }

  std::vector<float> generated(2 * 2 * kBatch);
  backend->fill_normal(1, Stream::kSample, 0, noise);
  backend->download(generators.forward(*backend, noise, g.average(), tape), generated);
  float near = 0, upper = 0, mean = 0;
  for (std::size_t i = 0; i < generated.size(); i += 2) {
    const float to_upper = distance(0, generated[i], generated[i + 1]),
                to_lower = distance(1, generated[i], generated[i + 1]);
    constexpr float kShare = 1.0f / (2 * kBatch);
    near += std::min(to_upper, to_lower) < 0.2f ? kShare : 0;
    upper += to_upper < to_lower ? kShare : 0;
    mean += kShare * std::min(to_upper, to_lower);
  }
  std::printf("near a moon %.3f, mean distance %.3f, at the upper one %.3f\n", near, mean, upper);
  return near > 0.9f && mean < 0.1f && upper > 0.35f && upper < 0.65f ? 0 : 1;
}
