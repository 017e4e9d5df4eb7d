#include "core/measure/privacy.h"

#include "core/measure/identical_rows.h"

namespace meg {

namespace {

/// Rows of the samples that are looked at for drift.
constexpr std::size_t kDriftRows = 20'000;

Privacy::HeldOut measure_held_out(const MeasureContext& context) {
  const Table &real = context.real(), &held_out = *context.options().held_out, &synthetic = context.synthetic();
  const Schema& schema = context.schema();
  const std::uint64_t seed = context.options().seed;
  const int threads = context.options().threads;
  Privacy::HeldOut out;
  out.identical = identical_share(held_out, real, schema, "held-out");
  out.drift = drift(context.sample_real(kDriftRows), context.sample_unseen(held_out, kDriftRows), schema, threads);
  out.closest = closest_record(real, held_out, synthetic, schema, {.seed = seed, .threads = threads});
  out.membership = membership(real, held_out, synthetic, schema, {.seed = seed, .threads = threads});
  return out;
}

}  // namespace

Privacy privacy(const MeasureContext& context) {
  Privacy out;
  out.real_rows = context.real().rows();
  if (context.options().held_out) out.held_out = measure_held_out(context);
  out.identical = identical_share(context.synthetic(), context.real(), context.schema());
  return out;
}

}  // namespace meg
