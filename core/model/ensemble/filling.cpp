#include "core/model/ensemble/filling.h"

#include <algorithm>
#include <limits>

namespace meg {

namespace {

/// Where the noise of a row's candidate begins: rows are fewer than 2^50.
std::uint64_t candidate_row(std::uint64_t row, int candidate) {
  return (static_cast<std::uint64_t>(candidate) << 50) + row;
}

std::size_t arena_floats(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets, int rows) {
  const MaskedEnsemble& ensemble = trained.ensemble;
  std::size_t floats = ensemble.tape_floats(rows, ensemble.forward_on(trained.backend)) +
                       Arena::padded(static_cast<std::size_t>(rows) * ensemble.layout().cell_stride()) +
                       Arena::padded(static_cast<std::size_t>(rows));
  for (const auto& set : sets) floats += set ? Arena::padded(set->codes.size()) : 0;
  return floats;
}

}  // namespace

RowFiller::RowFiller(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets, Sets meaning,
                     int rows)
    : on_(trained),
      arena_(trained.backend.scratch(arena_floats(trained, sets, rows))),
      tape_(trained.ensemble.make_tape(arena_, rows, trained.ensemble.forward_on(trained.backend))),
      allowed_(sets.size()),
      candidate_(static_cast<std::size_t>(rows) * trained.ensemble.layout().cell_stride()),
      host_mass_(static_cast<std::size_t>(rows)) {
  cells_ = arena_.take(host_mass_.size(), trained.ensemble.layout().cell_stride());
  log_mass_ = arena_.take(1, host_mass_.size());
  for (std::size_t k = 0; k < sets.size(); ++k) {
    if (!sets[k]) continue;
    const View codes = arena_.take(1, sets[k]->codes.size());
    trained.backend.upload(sets[k]->codes, codes);
    allowed_[k] = {.codes = codes, .z_low = sets[k]->z_low, .z_high = sets[k]->z_high};
    if (meaning == Sets::kCondition) set_first_.push_back(k);
  }
}

bool RowFiller::some_unknown(std::size_t column, std::span<const float> cells) const {
  const std::size_t stride = on_.ensemble.layout().cell_stride();
  for (std::size_t i = column; i < cells.size(); i += stride)
    if (cells[i] < 0) return true;
  return false;
}

/// Draws what is in todo_ and puts all cells back.
void RowFiller::run(const Draw& draw, std::span<float> cells) {
  on_.backend.upload(cells, cells_);
  on_.ensemble.fill(on_.backend, draw, on_.parameters, on_.constants, tape_, cells_, todo_);
  on_.backend.download(cells_, cells);
}

/// The cells of several sets: of each row the candidate with the largest log weight + Gumbel noise.
void RowFiller::choose_sets(const Draw& draw, std::span<float> cells) {
  const std::size_t stride = on_.ensemble.layout().cell_stride();
  todo_.clear();
  for (const std::size_t k : set_first_) {
    todo_.push_back({static_cast<int>(k), allowed_[k]});
    todo_.back().allowed.log_mass = log_mass_;
  }
  best_.assign(host_mass_.size(), -std::numeric_limits<double>::infinity());
  const Philox philox(draw.seed, Stream::kCandidate);
  std::vector<float> chosen(cells.begin(), cells.end());
  for (int c = 0; c < kCandidates; ++c) {
    candidate_.assign(cells.begin(), cells.end());
    on_.backend.fill(0.0f, log_mass_);
    Draw of = draw;
    of.stream = Stream::kCandidate, of.first_row = candidate_row(draw.first_row, c);
    run(of, candidate_);
    on_.backend.download(log_mass_, host_mass_);
    for (std::size_t r = 0; r < host_mass_.size(); ++r) {
      const std::uint64_t row = candidate_row(draw.first_row + r, kCandidates);
      const auto uniform = static_cast<double>(philox.uniform(row, static_cast<std::uint32_t>(c))[0]);
      const double score = static_cast<double>(host_mass_[r]) - std::log(-std::log(uniform));
      if (score <= best_[r]) continue;
      best_[r] = score;
      const auto row_begin = static_cast<std::ptrdiff_t>(r * stride);
      std::copy_n(candidate_.begin() + row_begin, stride, chosen.begin() + row_begin);
    }
  }
  std::copy(chosen.begin(), chosen.end(), cells.begin());
}

void RowFiller::fill(const Draw& draw, std::span<float> cells) {
  if (set_first_.size() > 1) choose_sets(draw, cells);
  todo_.clear();
  const auto add = [&](std::size_t k) {
    if (some_unknown(k, cells)) todo_.push_back({static_cast<int>(k), allowed_[k]});
  };
  if (set_first_.size() == 1) add(set_first_.front());
  for (std::size_t k = 0; k < columns(); ++k)
    if (set_first_.size() != 1 || k != set_first_.front()) add(k);
  run(draw, cells);
}

}  // namespace meg
