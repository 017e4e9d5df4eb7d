#include "core/model/preset.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/checksum.h"
#include "core/fail.h"

namespace meg {

std::string fingerprint(std::span<const float> values) {
  Checksum sum;
  sum.add(bytes_of(values));
  return sum.text();
}

std::vector<std::uint32_t> held_out_rows(std::size_t rows, double share, std::uint64_t seed) {
  if (!(share >= 0 && share < 1)) fail("the held-out share must be in [0, 1), got {}", share);
  const auto count = static_cast<std::size_t>(share * static_cast<double>(rows));
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  const Philox philox(seed, Stream::kMeasure);
  for (std::size_t i = 0; i < count; ++i) std::swap(order[i], order[i + (philox.bits(i, 0)[0] * (rows - i) >> 32)]);
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

std::string history_to_json(const std::vector<Progress>& history) {
  nlohmann::json out = nlohmann::json::array();
  for (const Progress& p : history)
    out.push_back(
        {phase_name(p.phase), p.done, p.of, p.discriminator, p.generator, p.loss, p.held_out_loss, p.held_out_auc});
  return out.dump();
}

std::vector<Progress> history_from_json(const std::string& json) {
  std::vector<Progress> out;
  for (const auto& p : nlohmann::json::parse(json)) {
    const auto number = [&](std::size_t i) { return p.at(i).is_null() ? Progress::kNone : p.at(i).get<double>(); };
    const std::string phase = p.at(0);
    out.push_back({phase == "warm-up"      ? Progress::Phase::kWarmUp
                   : phase == "refinement" ? Progress::Phase::kRefinement
                                           : Progress::Phase::kTraining,
                   p.at(1), p.at(2), number(3), number(4), number(5), number(6), number(7)});
  }
  return out;
}

}  // namespace meg
