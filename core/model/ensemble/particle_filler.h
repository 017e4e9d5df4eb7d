#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/model/ensemble/particle_pool.h"
#include "core/model/ensemble/particles.h"

namespace meg {

/// Fills the unknown cells of rows in the fixed order of an ensemble, given all that is known and asked of them, also
/// behind them: each is chosen among particles, in proportion to their weights. There are more of them the less these
/// are worth. A row is a function of (seed, draw, its number, what is known and asked of it); those that are alike
/// share the particles of blocks of kBlock rows.
class ParticleFiller {
 public:
  static constexpr std::size_t kBlock = 256;

  struct Settings {
    std::uint64_t seed = 0;
    std::uint32_t draw = 0;
    float temperature = 1;
    const ReadTable* given = nullptr;  ///< what rows are read from
    std::string advice = {};           ///< what to do where hardly a row meets the conditions
    /// Whether a number that cannot be met is passed over instead: the column's cell is drawn as any.
    bool is_lenient = false;
  };

  /// sets: [columns] what a column is kept to; where `weighs`, a condition on the columns before it, too. asked: the
  /// same of columns that are learned as distances.
  ParticleFiller(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets, bool weighs,
                 std::vector<AskedNumbers> asked, Settings settings);

  /// Rows first_row, first_row + 1, ... (below 2^50), cells [rows, 3 columns] on the host, of which those with code -1
  /// are unknown. Each is filled by itself; wanted: [rows] what it has to come to, or empty. The rows of the given
  /// table begin with number first_given. Throws Error, naming the row, where none comes to that.
  void fill(std::uint64_t first_row, std::span<float> cells, std::span<const std::vector<WantedNumber>> wanted = {},
            std::uint64_t first_given = 0);
  /// The same of rows of which the same is known. Throws Error where fewer than about one in 100,000 meet the
  /// conditions.
  void fill_alike(std::uint64_t first_row, std::span<float> cells);

 private:
  /// Rows that are chosen among the same particles.
  struct Group {
    ParticleTarget target;
    std::uint64_t number;
    std::size_t rows;
    ParticlePool pool;
    std::uint64_t islands = 0;  // so far
  };
  struct Sizes {
    std::size_t islands, particles;  // of each
  };

  std::size_t stride() const { return trained_.ensemble.layout().cell_stride(); }
  Group group(ParticleTarget target, std::uint64_t number, std::size_t rows) const;
  /// Draws particles of groups until they are enough.
  void grow(std::vector<Group>& groups);
  void advance(std::span<Group* const> groups, std::span<const Sizes> sizes);
  static Sizes more(const Group& group);
  bool is_enough(Group& group) const;
  [[noreturn]] void fail_rare(const Group& group) const;
  void choose(const Group& group, std::span<float> cells) const;
  ParticleTarget target_of(std::span<const float> row) const;
  std::uint64_t seed_of(std::uint64_t island) const;

  const TrainedEnsemble trained_;
  Settings settings_;
  std::vector<AskedNumbers> one_;            // of those that are asked for: one number
  Particles particles_;                      // weigh by the others
  std::uint64_t block_ = ~std::uint64_t{0};  // the last of rows that are alike
  std::vector<float> block_cells_;           // and what was chosen
};

}  // namespace meg
