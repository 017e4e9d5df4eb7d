#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/model/ensemble/derived_cells.h"
#include "core/model/ensemble/trained_ensemble.h"
#include "core/table/code/cell_set.h"

namespace meg {

/// What all conditions ask of a column that is learned as its distance from others.
struct AskedNumbers {
  std::size_t column;  // of the schema
  std::size_t at;      // its generator
  NumberSet in;
};

/// What a group of rows must meet that is generated in the fixed order.
struct ParticleTarget {
  std::vector<float> known;  // [3 columns] of a row, code -1 of unknown cells
  std::vector<WantedNumber> wanted = {};
  std::optional<std::size_t> given_row = {};  // where it stands among the given ones
  std::size_t first = 0;                      // column that is not known
  /// Where the last column ends that says how likely the columns before it are; `first` where none does.
  std::size_t end = 0;

  bool is_known(std::size_t k) const { return known[k] >= 0; }
};

/// Particles of a target that are drawn together.
struct Island {
  const ParticleTarget* target = nullptr;
  Draw draw;                      // of its first particle; those behind it have the rows behind
  std::span<float> cells;         // [particles, 3 columns]
  std::span<double> log_weight;   // [particles]
  std::span<std::size_t> origin;  // [particles] the one that it descends from
};

/// Draws rows column by column in the fixed order, in passes, and weighs them by how likely each makes what is known
/// and asked of the columns behind (sequential Monte Carlo; Gordon, Salmond & Smith 1993). An island whose effective
/// sample size is below half of its particles is resampled. What an island becomes depends on nothing but itself.
class Particles {
 public:
  /// sets: [columns] what a column is kept to. Where `weighs`, that is a condition on the columns before it, too;
  /// asked: the same of columns that are learned as distances. `given`: what given rows are read from, or null.
  Particles(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets, bool weighs,
            std::vector<AskedNumbers> asked, const ReadTable* given, float temperature, std::size_t rows);

  /// Draws the columns of islands up to the ends of their targets, from their first columns on.
  void draw(std::span<Island> islands);
  /// Draws the unknown cells (code -1) of rows [rows, 3 columns], kept to the sets.
  void finish(const Draw& draw, std::span<float> cells);

  /// The first column of a target that is not known, and where the last one ends that weighs those before it.
  void set_range(ParticleTarget& target) const;

 private:
  /// What a pass works in.
  struct Slot {
    MaskedEnsemble::Tape tape{};
    View cells{}, heads{}, log_mass{};
    ColumnsLayout layout;  // as if each head were alone
    std::vector<float> host_cells, host_heads, host_mass;
  };
  /// A pass of rows in a slot.
  struct Pass;

  std::size_t columns() const { return on_.ensemble.layout().size(); }
  std::size_t stride() const { return on_.ensemble.layout().cell_stride(); }
  std::size_t slot_floats() const;
  bool asked_at(std::size_t k) const;
  void run(Backend& on, Slot& slot, std::span<Island> islands);
  void run_rows(Backend& on, Slot& slot, const Draw& draw, std::span<float> cells);
  void step(Pass& pass, std::size_t k, std::span<Island> islands);
  void start(Pass& pass, std::size_t k) const;
  void compute_head(Pass& pass, std::size_t k) const;
  void sample(Pass& pass, std::size_t k, std::size_t first, std::size_t count, Draw draw, bool weighs) const;
  bool derive(Pass& pass, std::size_t k, std::size_t first, Island& island) const;
  void weigh_cells(Pass& pass, std::size_t k, std::size_t first, Island& island) const;
  void weigh_numbers(Pass& pass, std::size_t k, std::size_t first, Island& island) const;
  bool resample(Pass& pass, std::size_t k, std::size_t first, Island& island) const;

  const TrainedEnsemble on_;
  std::vector<std::optional<CellSet>> sets_;  // [columns]
  bool weighs_;
  std::vector<AskedNumbers> asked_;
  const ReadTable* given_;
  float temperature_;
  std::size_t rows_;              // of a pass
  std::size_t head_width_;        // the widest
  std::vector<Allowed> allowed_;  // [columns]
  std::vector<Slot> slots_;
  Arena arena_;
};

}  // namespace meg
