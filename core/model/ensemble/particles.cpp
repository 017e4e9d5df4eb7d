#include "core/model/ensemble/particles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/model/ensemble/particle_pool.h"
#include "core/nn/head_formulas.h"

namespace meg {

namespace {

/// What passes that are made at once work in, together.
constexpr std::size_t kMostSlotFloats = std::size_t{64} << 20;

/// Of numbers that are added as exponents.
class LogSum {
 public:
  void add(double x) {
    if (x == kImpossible) return;
    if (x > top_) sum_ *= std::exp(top_ - x), top_ = x;
    sum_ += std::exp(x - top_);
  }
  double value() const { return top_ + std::log(sum_); }

 private:
  double top_ = kImpossible, sum_ = 0;
};

/// Log of how likely a head makes a cell, of the continuous code with the density of its z.
double log_likelihood(const ColumnLayout& column, const float* head, Cell cell, double temperature) {
  LogSum all;
  for (int c = 0; c < column.codes; ++c) all.add(static_cast<double>(head[c]) / temperature);
  const double code = static_cast<double>(head[cell.code]) / temperature - all.value();
  if (static_cast<int>(cell.code) != column.continuous) return code;
  LogSum weights, densities;
  const float* const mixture = head + column.codes;
  for (int i = 0; i < kMixtures; ++i) {
    const double weight = static_cast<double>(mixture[i]) / temperature;
    const double log_sigma = static_cast<double>(keep_sigma(mixture[2 * kMixtures + i])) + std::log(temperature);
    const double distance = static_cast<double>(cell.z - mixture[kMixtures + i]) * std::exp(-log_sigma);
    weights.add(weight);
    densities.add(component_log_density(weight, distance, log_sigma));
  }
  return code + densities.value() - weights.value() - static_cast<double>(kLogSqrtTwoPi);
}

}  // namespace

struct Particles::Pass {
  Backend& on;
  Slot& slot;
  std::size_t rows;
  std::size_t width = 0;    // of the head that was computed last
  bool is_on_host = false;  // whether slot.host_cells are the cells

  View cells() const { return slot.cells.row_range(0, rows); }
  View heads() const { return slot.heads.column_range(0, rows * width).reshaped(rows, width); }
  std::span<float> host_cells() const { return {slot.host_cells.data(), rows * slot.cells.columns()}; }
  float* host_row(std::size_t r) const { return slot.host_cells.data() + r * slot.cells.columns(); }
  void download() {
    if (!is_on_host) on.download(cells(), host_cells());
    is_on_host = true;
  }
  void upload() const { on.upload(host_cells(), cells()); }
};

Particles::Particles(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets, bool weighs,
                     std::vector<AskedNumbers> asked, const ReadTable* given, float temperature, std::size_t rows)
    : on_(trained),
      sets_(sets.begin(), sets.end()),
      weighs_(weighs),
      asked_(std::move(asked)),
      given_(given),
      temperature_(temperature),
      rows_(rows),
      head_width_(0),
      allowed_(sets.size()),
      arena_(Memory()) {
  const ColumnsLayout& layout = trained.ensemble.layout();
  for (const ColumnLayout& column : layout.columns)
    head_width_ = std::max(head_width_, static_cast<std::size_t>(column.head_width()));
  const auto most = std::max<std::size_t>(1, kMostSlotFloats / slot_floats());
  slots_.resize(std::min(most, static_cast<std::size_t>(trained.backend.passes_at_once())));
  std::size_t floats = slots_.size() * slot_floats();
  for (const auto& set : sets) floats += set ? Arena::padded(set->codes.size()) : 0;
  arena_ = Arena(trained.backend.scratch(floats));
  for (std::size_t k = 0; k < sets.size(); ++k) {
    if (!sets[k]) continue;
    const View codes = arena_.take(1, sets[k]->codes.size());
    trained.backend.upload(sets[k]->codes, codes);
    allowed_[k] = {.codes = codes, .z_low = sets[k]->z_low, .z_high = sets[k]->z_high};
  }
  for (Slot& slot : slots_) {
    slot.tape =
        trained.ensemble.make_tape(arena_, static_cast<int>(rows_), trained.ensemble.forward_on(trained.backend));
    slot.cells = arena_.take(rows_, stride());
    slot.heads = arena_.take(1, rows_ * head_width_);
    slot.log_mass = arena_.take(1, rows_);
    slot.layout = layout;
    for (ColumnLayout& column : slot.layout.columns) column.head = 0;
    slot.host_cells.resize(rows_ * stride());
  }
}

std::size_t Particles::slot_floats() const {
  return on_.ensemble.tape_floats(static_cast<int>(rows_), on_.ensemble.forward_on(on_.backend)) +
         Arena::padded(rows_ * stride()) + Arena::padded(rows_ * head_width_) + Arena::padded(rows_);
}

bool Particles::asked_at(std::size_t k) const {
  return std::ranges::any_of(asked_, [&](const AskedNumbers& asked) { return asked.at == k; });
}

void Particles::set_range(ParticleTarget& target) const {
  target.first = 0;
  while (target.first < columns() && target.is_known(target.first)) ++target.first;
  target.end = target.first;
  for (std::size_t k = target.first; k < columns(); ++k) {
    const auto derives = [&](const WantedNumber& wanted) { return wanted.at == k; };
    const bool weighs = k > target.first && (target.is_known(k) || (weighs_ && allowed_[k].codes));
    if (weighs || asked_at(k) || std::ranges::any_of(target.wanted, derives)) target.end = k + 1;
  }
}

void Particles::draw(std::span<Island> islands) {
  std::vector<std::size_t> first{0};  // island of each pass, and the end
  std::size_t rows = 0;
  for (std::size_t i = 0; i < islands.size(); ++i) {
    rows += islands[i].log_weight.size();
    if (rows <= rows_) continue;
    first.push_back(i);
    rows = islands[i].log_weight.size();
  }
  first.push_back(islands.size());
  on_.backend.make_passes(static_cast<int>(first.size() - 1), static_cast<int>(slots_.size()),
                          [&](Backend& on, int slot, int i) {
                            const std::size_t begin = first[static_cast<std::size_t>(i)];
                            const std::size_t end = first[static_cast<std::size_t>(i) + 1];
                            run(on, slots_[static_cast<std::size_t>(slot)], islands.subspan(begin, end - begin));
                          });
}

void Particles::run(Backend& on, Slot& slot, std::span<Island> islands) {
  Pass pass{.on = on, .slot = slot, .rows = 0};
  std::size_t begin = columns(), end = 0;
  for (Island& island : islands) {
    std::ranges::copy(island.cells, slot.host_cells.begin() + static_cast<std::ptrdiff_t>(pass.rows * stride()));
    std::ranges::fill(island.log_weight, 0.0);
    std::iota(island.origin.begin(), island.origin.end(), std::size_t{0});
    pass.rows += island.log_weight.size();
    begin = std::min(begin, island.target->first), end = std::max(end, island.target->end);
  }
  pass.upload();
  start(pass, begin);
  for (std::size_t k = begin; k < end; ++k) step(pass, k, islands);
  pass.download();
  std::size_t first = 0;
  for (Island& island : islands) {
    std::copy_n(pass.host_row(first), island.cells.size(), island.cells.begin());
    first += island.log_weight.size();
  }
}

void Particles::step(Pass& pass, std::size_t k, std::span<Island> islands) {
  compute_head(pass, k);
  const auto for_active = [&](const auto& does) {
    std::size_t first = 0;
    for (Island& island : islands) {
      if (k >= island.target->first && k < island.target->end) does(first, island);
      first += island.log_weight.size();
    }
  };
  // What is known there.
  bool derived = false, known = false;
  for_active([&](std::size_t first, Island& island) {
    if (island.target->is_known(k)) known = true;
    derived |= derive(pass, k, first, island);
  });
  if (derived) pass.upload();
  if (derived || known) {
    pass.download();
    pass.slot.host_heads.resize(pass.rows * pass.width);
    pass.on.download(pass.heads(), pass.slot.host_heads);
    for_active([&](std::size_t first, Island& island) { weigh_cells(pass, k, first, island); });
  }
  // What is drawn there: at once where the particles' numbers follow on one another.
  const bool set_weighs = weighs_ && allowed_[k].codes;
  if (set_weighs) pass.on.fill(0.0f, pass.slot.log_mass);
  std::size_t run_first = 0, run_count = 0;
  Draw run_draw;
  const auto flush = [&] {
    if (run_count > 0) sample(pass, k, run_first, run_count, run_draw, set_weighs);
    run_count = 0;
  };
  for_active([&](std::size_t first, Island& island) {
    if (island.target->is_known(k)) return;
    const bool follows = run_count > 0 && first == run_first + run_count && island.draw.seed == run_draw.seed &&
                         island.draw.first_row == run_draw.first_row + run_count;
    if (!follows) flush(), run_first = first, run_draw = island.draw;
    run_count += island.log_weight.size();
  });
  flush();
  pass.is_on_host = false;
  if (set_weighs) {
    pass.slot.host_mass.resize(pass.slot.log_mass.size());
    pass.on.download(pass.slot.log_mass, pass.slot.host_mass);
  }
  bool resampled = false;
  for_active([&](std::size_t first, Island& island) {
    for (std::size_t i = 0; set_weighs && i < island.log_weight.size(); ++i)
      island.log_weight[i] += static_cast<double>(pass.slot.host_mass[first + i]);
    weigh_numbers(pass, k, first, island);
    if (k + 1 < island.target->end) resampled |= resample(pass, k, first, island);
  });
  if (!resampled) return;
  pass.upload();
  start(pass, k + 1);
}

void Particles::start(Pass& pass, std::size_t k) const {
  on_.ensemble.start_at(pass.on, k, pass.cells(), on_.parameters, pass.slot.tape);
}

void Particles::compute_head(Pass& pass, std::size_t k) const {
  pass.width = static_cast<std::size_t>(pass.slot.layout.columns[k].head_width());
  pass.slot.layout.head_stride = pass.width;
  on_.ensemble.head(pass.on, k, pass.cells(), on_.parameters, pass.slot.tape, pass.heads());
}

void Particles::sample(Pass& pass, std::size_t k, std::size_t first, std::size_t count, Draw draw, bool weighs) const {
  Allowed allowed = allowed_[k];
  if (weighs) allowed.log_mass = pass.slot.log_mass.column_range(first, count);
  draw.temperature = temperature_, draw.fills = true;
  pass.on.sample_column(pass.slot.layout, static_cast<int>(k), pass.heads().row_range(first, count), on_.constants,
                        draw, pass.cells().row_range(first, count), {}, allowed);
}

/// Puts the cells there that make wanted numbers true. A particle that none does has no weight.
bool Particles::derive(Pass& pass, std::size_t k, std::size_t first, Island& island) const {
  bool any = false;
  for (const WantedNumber& wanted : island.target->wanted) {
    if (!is_derived(on_.coding, wanted, k)) continue;
    pass.download();
    any = true;
    for (std::size_t i = 0; i < island.log_weight.size(); ++i)
      island.log_weight[i] += put_derived_cell(on_.coding, wanted, k, sets_[k], given_,
                                               island.target->given_row.value_or(0), pass.host_row(first + i));
  }
  return any;
}

void Particles::weigh_cells(Pass& pass, std::size_t k, std::size_t first, Island& island) const {
  const double temperature = static_cast<double>(temperature_);
  for (std::size_t i = 0; i < island.log_weight.size(); ++i) {
    const float* const cells = pass.host_row(first + i);
    if (cells[k] < 0 || island.log_weight[i] == kImpossible) continue;
    island.log_weight[i] +=
        log_likelihood(pass.slot.layout.columns[k], pass.slot.host_heads.data() + (first + i) * pass.width,
                       {static_cast<std::uint32_t>(cells[k]), cells[columns() + k]}, temperature);
  }
}

void Particles::weigh_numbers(Pass& pass, std::size_t k, std::size_t first, Island& island) const {
  for (const AskedNumbers& asked : asked_) {
    if (asked.at != k) continue;
    pass.download();
    for (std::size_t i = 0; i < island.log_weight.size(); ++i)
      if (!asked.in.contains(on_.coding.value_of(asked.column, pass.host_row(first + i), given_,
                                                 island.target->given_row.value_or(0))))
        island.log_weight[i] = kImpossible;
  }
}

/// Where too few particles have the weight: puts as many in their places, in proportion to it.
bool Particles::resample(Pass& pass, std::size_t k, std::size_t first, Island& island) const {
  const std::size_t count = island.log_weight.size();
  const double top = *std::ranges::max_element(island.log_weight);
  if (top == kImpossible) return false;
  std::vector<double> weight(count);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    weight[i] = std::exp(island.log_weight[i] - top);
    sum += weight[i], squares += weight[i] * weight[i];
  }
  if (2 * sum * sum >= static_cast<double>(count) * squares) return false;
  const Philox philox(island.draw.seed, Stream::kCandidate);
  std::vector<std::size_t> chosen(count);
  choose_systematically(
      weight, static_cast<double>(philox.uniform(island.draw.first_row, static_cast<std::uint32_t>(k))[0]), chosen);
  pass.download();
  const std::vector<float> cells(pass.host_row(first), pass.host_row(first + count));
  const std::vector<std::size_t> origin(island.origin.begin(), island.origin.end());
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(cells.begin() + static_cast<std::ptrdiff_t>(chosen[i] * stride()), stride(), pass.host_row(first + i));
    island.origin[i] = origin[chosen[i]];
  }
  std::ranges::fill(island.log_weight, top + std::log(sum / static_cast<double>(count)));
  return true;
}

void Particles::finish(const Draw& draw, std::span<float> cells) {
  const std::size_t rows = cells.size() / stride();
  on_.backend.make_passes(static_cast<int>((rows + rows_ - 1) / rows_), static_cast<int>(slots_.size()),
                          [&](Backend& on, int slot, int i) {
                            const std::size_t first = static_cast<std::size_t>(i) * rows_;
                            Draw of = draw;
                            of.first_row += first;
                            run_rows(on, slots_[static_cast<std::size_t>(slot)], of,
                                     cells.subspan(first * stride(), std::min(rows_, rows - first) * stride()));
                          });
}

void Particles::run_rows(Backend& on, Slot& slot, const Draw& draw, std::span<float> cells) {
  Pass pass{.on = on, .slot = slot, .rows = cells.size() / stride()};
  std::size_t begin = columns();
  for (std::size_t r = 0; r < pass.rows; ++r)
    for (std::size_t k = 0; k < begin; ++k)
      if (cells[r * stride() + k] < 0) begin = k;
  if (begin == columns()) return;
  on.upload(cells, pass.cells());
  start(pass, begin);
  for (std::size_t k = begin; k < columns(); ++k) {
    compute_head(pass, k);
    sample(pass, k, 0, pass.rows, draw, false);
  }
  on.download(pass.cells(), cells);
}

}  // namespace meg
