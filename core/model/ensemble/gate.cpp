#include "core/model/ensemble/gate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace meg {

namespace {

constexpr std::size_t kMostRows = 20'000, kMostPairs = 500;
constexpr int kZBins = 10;     // of a continuous code, about equally full
constexpr int kMostBins = 64;  // of a column: its rarer codes share one
constexpr int kBatch = 256;

/// 1 - total variation distance between two histograms of `rows` rows each.
double overlap(std::span<const int> a, std::span<const int> b, std::size_t rows) {
  double distance = 0;
  for (std::size_t i = 0; i < a.size(); ++i) distance += std::abs(a[i] - b[i]);
  return 1 - distance / (2 * static_cast<double>(rows));
}

}  // namespace

Gate::Gate(Backend& backend, const MaskedEnsemble& ensemble, const TrainingRows& rows, ConstView constants,
           std::uint64_t seed)
    : backend_(backend),
      ensemble_(ensemble),
      rows_(rows),
      constants_(constants),
      seed_(seed),
      sample_(std::min(rows.train.size(), kMostRows)) {
  const ColumnsLayout& layout = ensemble.layout();
  const RowNumbers order(backend, rows.train.size());
  backend.shuffle_rows(seed, 0, rows.train, order.view());
  const Memory device = backend.allocate(sample_ * layout.cell_stride());
  backend.gather_rows(rows.cells, order.view().column_range(0, sample_), device.view(sample_, layout.cell_stride()));
  std::vector<float> cells(sample_ * layout.cell_stride());
  backend.download(device, cells);
  rank_codes(cells);
  real_ = bins(cells);
  const std::size_t n = layout.size(), all = n * (n - 1) / 2;
  std::size_t number = 0;
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = a + 1; b < n; ++b, ++number)
      if (all <= kMostPairs || number * kMostPairs / all != (number + 1) * kMostPairs / all) pairs_.emplace_back(a, b);
}

void Gate::rank_codes(std::span<const float> cells) {
  const ColumnsLayout& layout = ensemble_.layout();
  for (std::size_t j = 0; j < layout.size(); ++j) {
    const auto codes = static_cast<std::size_t>(layout.columns[j].codes);
    std::vector<int> count(codes);
    for (std::size_t cell = j; cell < cells.size(); cell += layout.cell_stride())
      ++count[static_cast<std::size_t>(cells[cell])];
    std::vector<std::size_t> by_count(codes);
    std::iota(by_count.begin(), by_count.end(), 0);
    std::stable_sort(by_count.begin(), by_count.end(),
                     [&](std::size_t a, std::size_t b) { return count[a] > count[b]; });
    std::vector<std::uint8_t>& bin = code_bin_.emplace_back(codes);
    for (std::size_t rank = 0; rank < codes; ++rank)
      bin[by_count[rank]] = static_cast<std::uint8_t>(std::min<std::size_t>(rank, kMostBins - kZBins - 1));
  }
}

std::vector<std::uint8_t> Gate::bins(std::span<const float> cells) const {
  const ColumnsLayout& layout = ensemble_.layout();
  const std::size_t n = layout.size(), rows = cells.size() / layout.cell_stride();
  std::vector<std::uint8_t> out(rows * n);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const float* cell = &cells[r * layout.cell_stride() + j];
      int bin = code_bin_[j][static_cast<std::size_t>(cell[0])];
      if (static_cast<int>(cell[0]) == layout.columns[j].continuous) {
        const double share = 0.5 * std::erfc(-static_cast<double>(cell[n]) / std::sqrt(2.0));
        bin = kMostBins - 1 - std::min(static_cast<int>(share * kZBins), kZBins - 1);
      }
      out[r * n + j] = static_cast<std::uint8_t>(bin);
    }
  return out;
}

Gate::Score Gate::score(ConstView parameters) const {
  const ColumnsLayout& layout = ensemble_.layout();
  const std::size_t n = layout.size(), stride = layout.cell_stride();
  const auto passes = ensemble_.forward_on(backend_);
  Arena arena(backend_.allocate(ensemble_.tape_floats(kBatch, passes) + Arena::padded(kBatch * stride) +
                                Arena::padded(kBatch * n)));
  MaskedEnsemble::Tape tape = ensemble_.make_tape(arena, kBatch, passes);
  const View cells = arena.take(kBatch, stride), losses = arena.take(kBatch, n);
  std::vector<float> host(kBatch * stride);
  std::vector<std::uint8_t> generated;
  for (std::size_t row = 0; row < sample_; row += kBatch) {
    ensemble_.generate(backend_, {seed_, Stream::kMeasure, row}, parameters, constants_, tape, cells, {});
    backend_.download(cells, host);
    const std::vector<std::uint8_t> part = bins(host);
    generated.insert(generated.end(), part.begin(), part.end());
  }
  generated.resize(sample_ * n);
  Score out{};
  std::vector<int> real_count, count;
  const auto compare = [&](std::size_t a, std::size_t b) {
    const bool pair = a != b;
    for (auto* c : {&real_count, &count}) c->assign(pair ? kMostBins * kMostBins : kMostBins, 0);
    for (std::size_t r = 0; r < sample_; ++r) {
      const auto bin = [&](const std::vector<std::uint8_t>& of) {
        return static_cast<std::size_t>(pair ? of[r * n + a] * kMostBins + of[r * n + b] : of[r * n + a]);
      };
      ++real_count[bin(real_)], ++count[bin(generated)];
    }
    return overlap(real_count, count, sample_);
  };
  for (std::size_t j = 0; j < n; ++j) out.shape += compare(j, j) / static_cast<double>(n);
  for (const auto& [a, b] : pairs_) out.trend += compare(a, b) / static_cast<double>(pairs_.size());
  const RowNumbers& judges = rows_.held_out.empty() ? rows_.train : rows_.held_out;
  const auto loss = [&] {
    return static_cast<double>(
        mean_loss(row_losses(backend_, ensemble_, rows_.cells, judges, parameters, tape, cells, losses)));
  };
  out.loss = loss();
  if (ensemble_.shape().any_order) {
    tape.seed = seed_, tape.hidden_from = 0;
    out.hidden_loss = loss();
  }
  return out;
}

bool Gate::passes(ConstView base, ConstView candidate) const {
  const Score before = score(base), after = score(candidate);
  // What two samples of one model differ by: about a standard error of a mean of many distances.
  const double chance = 0.1 / std::sqrt(static_cast<double>(sample_));
  const double little = 0.05 * static_cast<double>(ensemble_.layout().size());
  return after.shape + after.trend >= before.shape + before.trend - chance && after.loss <= before.loss + little &&
         after.hidden_loss <= before.hidden_loss + little;
}

}  // namespace meg
