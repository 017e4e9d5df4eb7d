#include "core/model/ensemble/particle_filler.h"

#include <algorithm>
#include <array>

#include "core/fail.h"

namespace meg {

namespace {

/// Particles that are drawn together at most.
constexpr std::size_t kIsland = 256;
/// Floats of the cells that are held at once while particles are drawn.
constexpr std::size_t kMostCells = std::size_t{1} << 22;

/// Rows that stand alone: the particles of one round after the other, and the effective size that is enough.
constexpr std::array<std::array<std::size_t, 2>, 3> kRounds{{{1, 32}, {1, 128}, {4, kIsland}}};
constexpr std::uint64_t kIslandsOfOne = 1 + 1 + 4;
constexpr double kEnoughOfOne = 8;
/// Groups of them that grow at once.
constexpr std::size_t kGroups = 512;
/// Islands that a lone row may have where no particle has any weight.
constexpr std::uint64_t kMostIslandsOfOne = 512;

/// Blocks: twice as many as rows are enough, behind many particles fewer are. Where not one in 100,000 is worth
/// anything, or none of so many, there are no rows.
constexpr std::size_t kFirstIslands = 4, kMostInVain = std::size_t{1} << 18, kMany = std::size_t{1} << 20;
constexpr double kEnough = 2 * ParticleFiller::kBlock, kFew = 0.25 * ParticleFiller::kBlock, kRarest = 1e-5;

// The places of a particle's noise, beside those of columns.
constexpr std::uint32_t kPriority = 1 << 20, kChoice = 1 << 21;

Philox noise(std::uint64_t seed) { return {seed, Stream::kCandidate}; }

/// Those of `asked` that are one number, or the others.
std::vector<AskedNumbers> of_one_number(std::vector<AskedNumbers> asked, bool are) {
  std::erase_if(asked, [&](const AskedNumbers& numbers) { return numbers.in.only().has_value() != are; });
  return asked;
}

}  // namespace

ParticleFiller::ParticleFiller(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets,
                               bool weighs, std::vector<AskedNumbers> asked, Settings settings)
    : trained_(trained),
      settings_(std::move(settings)),
      one_(of_one_number(asked, true)),
      particles_(trained, sets, weighs, of_one_number(asked, false), settings_.given, settings_.temperature,
                 std::max(kIsland, static_cast<std::size_t>(trained.rows_of_pass(std::size_t{1} << 20)))) {}

std::uint64_t ParticleFiller::seed_of(std::uint64_t island) const {
  const auto words = noise(settings_.seed).bits(island, settings_.draw);
  return (std::uint64_t{words[1]} << 32) | words[0];
}

ParticleFiller::Group ParticleFiller::group(ParticleTarget target, std::uint64_t number, std::size_t rows) const {
  particles_.set_range(target);
  return {std::move(target), number, rows, ParticlePool(4 * rows + 28, stride())};
}

ParticleTarget ParticleFiller::target_of(std::span<const float> row) const {
  ParticleTarget out{.known = {row.begin(), row.end()}};
  for (const AskedNumbers& asked : one_)
    out.wanted.push_back(want_number(trained_.coding, asked.column, *asked.in.only(), row.data()));
  return out;
}

void ParticleFiller::fill(std::uint64_t first_row, std::span<float> cells,
                          std::span<const std::vector<WantedNumber>> wanted, std::uint64_t first_given) {
  const std::size_t rows = cells.size() / stride();
  std::vector<Group> groups;
  const auto finish_groups = [&] {
    grow(groups);
    for (const Group& of : groups)
      if (of.pool.has_any())
        choose(of, cells.subspan(static_cast<std::size_t>(of.number - first_row) * stride(), stride()));
    groups.clear();
  };
  for (std::size_t r = 0; r < rows; ++r) {
    ParticleTarget target = target_of(cells.subspan(r * stride(), stride()));
    if (!wanted.empty()) target.wanted.insert(target.wanted.end(), wanted[r].begin(), wanted[r].end());
    target.given_row = static_cast<std::size_t>(first_row + r - first_given);
    Group of = group(std::move(target), first_row + r, 1);
    if (of.target.end > of.target.first) groups.push_back(std::move(of));
    if (groups.size() == kGroups) finish_groups();
  }
  finish_groups();
  particles_.finish({.seed = seed_of(~std::uint64_t{0}), .first_row = first_row}, cells);
}

void ParticleFiller::fill_alike(std::uint64_t first_row, std::span<float> cells) {
  const std::uint64_t rows = cells.size() / stride(), end = first_row + rows;
  std::vector<Group> groups;
  for (std::uint64_t block = first_row / kBlock; block * kBlock < end; ++block) {
    if (block != block_) groups.push_back(group(target_of(cells.first(stride())), block, kBlock));
  }
  grow(groups);
  std::vector<float> made(kBlock * stride());
  const auto copy = [&](std::uint64_t block, std::span<const float> from) {
    const std::uint64_t begin = std::max(first_row, block * kBlock), stop = std::min(end, (block + 1) * kBlock);
    if (begin >= stop) return;
    std::ranges::copy(from.subspan((begin - block * kBlock) * stride(), (stop - begin) * stride()),
                      cells.begin() + static_cast<std::ptrdiff_t>((begin - first_row) * stride()));
  };
  if (block_ != ~std::uint64_t{0}) copy(block_, block_cells_);
  for (const Group& of : groups) {
    choose(of, made);
    copy(of.number, made);
  }
  if (!groups.empty()) block_ = groups.back().number, block_cells_ = made;
  particles_.finish({.seed = settings_.seed, .first_row = first_row}, cells);
}

void ParticleFiller::grow(std::vector<Group>& groups) {
  std::vector<Group*> open;
  for (Group& of : groups) open.push_back(&of);
  while (!open.empty()) {
    std::vector<Sizes> sizes;
    for (const Group* of : open) sizes.push_back(more(*of));
    advance(open, sizes);
    std::erase_if(open, [&](Group* of) { return is_enough(*of); });
  }
}

ParticleFiller::Sizes ParticleFiller::more(const Group& of) {
  if (of.rows == 1) {
    std::size_t round = 0;
    for (std::uint64_t islands = of.islands; round + 1 < kRounds.size() && islands > 0; ++round)
      islands -= std::min<std::uint64_t>(islands, kRounds[round][0]);
    return {kRounds[round][0], kRounds[round][1]};
  }
  if (of.islands == 0) return {kFirstIslands, kIsland};
  const auto islands = static_cast<double>(of.islands);
  const double size = of.pool.effective_size();
  const double wanted = size > 0 ? islands * (1.1 * kEnough / size - 1) : 3 * islands;
  return {static_cast<std::size_t>(std::ceil(std::clamp(wanted, islands / 4, 3 * islands))), kIsland};
}

bool ParticleFiller::is_enough(Group& of) const {
  const double size = of.pool.effective_size();
  if (of.rows > 1) {
    const auto seen = static_cast<double>(of.pool.seen());
    if (size >= kEnough) return true;
    if (!of.pool.has_any() && of.pool.seen() >= kMostInVain) fail_rare(of);
    if (of.pool.seen() < kMany) return false;
    if (size < kRarest * seen) fail_rare(of);
    return size >= kFew;
  }
  if (size >= kEnoughOfOne) return true;
  if (of.islands < kIslandsOfOne) return false;
  if (of.pool.has_any()) return true;
  if (settings_.is_lenient && !of.target.wanted.empty()) {
    of.target.wanted.clear();
    of = group(std::move(of.target), of.number, of.rows);
    return of.target.end == of.target.first;
  }
  if (of.islands >= kMostIslandsOfOne) fail_rare(of);
  return false;
}

void ParticleFiller::fail_rare(const Group& of) const {
  const std::size_t seen = of.pool.seen();
  if (of.rows == 1 && of.target.given_row)
    fail(ErrorCode::kInvalidArgument, "row {} of the given ones: of {} rows that begin as it does none goes on so: {}",
         *of.target.given_row + 1, seen, settings_.advice);
  fail(ErrorCode::kInvalidArgument,
       "of {} rows in the model's fixed order hardly one meets the conditions, so there are too few to choose from: {}",
       seen, settings_.advice);
}

void ParticleFiller::advance(std::span<Group* const> groups, std::span<const Sizes> sizes) {
  struct Drawn {
    Group* group;
    std::size_t particles;
  };
  std::vector<Drawn> drawn;
  std::vector<Island> islands;
  std::size_t particles = 0;
  const auto flush = [&] {
    std::vector<float> cells(particles * stride()), uniform;
    std::vector<double> log_weight(particles);
    std::vector<std::size_t> origin(particles);
    std::size_t first = 0;
    for (std::size_t i = 0; i < islands.size(); ++i) {
      const std::size_t count = drawn[i].particles;
      islands[i].cells = std::span(cells).subspan(first * stride(), count * stride());
      islands[i].log_weight = std::span(log_weight).subspan(first, count);
      islands[i].origin = std::span(origin).subspan(first, count);
      for (std::size_t p = 0; p < count; ++p)
        std::ranges::copy(islands[i].target->known,
                          islands[i].cells.begin() + static_cast<std::ptrdiff_t>(p * stride()));
      first += count;
    }
    particles_.draw(islands);
    for (std::size_t i = 0; i < islands.size(); ++i) {
      const Philox philox = noise(islands[i].draw.seed);
      uniform.resize(drawn[i].particles);
      for (std::size_t p = 0; p < uniform.size(); ++p)
        uniform[p] = philox.uniform(islands[i].draw.first_row + p, kPriority)[0];
      drawn[i].group->pool.add(islands[i].cells, islands[i].log_weight, islands[i].origin, uniform);
    }
    drawn.clear(), islands.clear();
    particles = 0;
  };
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (std::size_t i = 0; i < sizes[g].islands; ++i) {
      const std::size_t count = sizes[g].particles;
      if (particles > 0 && (particles + count) * stride() > kMostCells) flush();
      islands.push_back({.target = &groups[g]->target,
                         .draw = {.seed = seed_of(groups[g]->islands++), .first_row = groups[g]->number * count},
                         .cells = {},
                         .log_weight = {},
                         .origin = {}});
      drawn.push_back({groups[g], count});
      particles += count;
    }
  flush();
}

void ParticleFiller::choose(const Group& of, std::span<float> cells) const {
  const auto uniform = static_cast<double>(noise(seed_of(~std::uint64_t{0})).uniform(of.number, kChoice)[0]);
  of.pool.choose(of.rows, uniform, cells);
}

}  // namespace meg
