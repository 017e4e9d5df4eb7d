#include "core/model/trained_parameters.h"

#include <array>
#include <cmath>

#include "core/fail.h"

namespace meg {

namespace {
/// Blocks that a file keeps, and their places; the gradients between them last one step.
constexpr std::array<std::pair<const char*, std::size_t>, 4> kKept{
    {{"parameters", 0}, {"first_moments", 2}, {"second_moments", 3}, {"average", 4}}};
}  // namespace

TrainedParameters::TrainedParameters(Backend& backend, std::size_t count, bool with_average)
    : count_(count),
      with_average_(with_average),
      memory_(backend.allocate((with_average ? 5 : 4) * Arena::padded(count))) {}

TrainedParameters::TrainedParameters(Backend& backend, const Network& network, std::uint64_t seed, bool with_average)
    : TrainedParameters(backend, network.parameters(), with_average) {
  std::vector<float> start(network.parameters());
  network.initialize(seed, start);
  backend.upload(start, parameters());
}

void TrainedParameters::step(Backend& backend, int step, const AdamOptions& options, View square_norm) const {
  if (options.clip > 0) {
    backend.fill(0.0f, square_norm);
    backend.add_square_sum(1.0f, gradients(), square_norm.data());
  }
  AdamState with_norm = state();
  with_norm.square_norm = square_norm;
  backend.adam(step, options, with_norm);
}

void TrainedParameters::save(Backend& backend, const std::string& name, const std::string& when,
                             TensorFile& file) const {
  for (const auto& [part, place] : kKept)
    if (place < 4 || with_average_) save_vector(backend, name + "." + part, when, block(place), file);
}

void TrainedParameters::load(Backend& backend, const std::string& name, const TensorFile& file) const {
  for (const auto& [part, place] : kKept) {
    if (place == 4 && !with_average_) continue;
    const bool there = place < 4 || file.tensors.contains(name + "." + part);
    load_vector(backend, name + (there ? std::string(".") + part : ".parameters"), block(place), file);
  }
}

void save_vector(Backend& backend, const std::string& name, const std::string& when, ConstView from, TensorFile& file) {
  std::vector<float>& to = file.tensors[name];
  to.resize(from.size());
  backend.download(from, to);
  if (!std::all_of(to.begin(), to.end(), [](float x) { return std::isfinite(x); }))
    fail(ErrorCode::kDiverged, "the {} are not finite {}: lower the learning rate", name, when);
}

void load_vector(Backend& backend, const std::string& name, View to, const TensorFile& file) {
  const auto from = file.tensors.find(name);
  if (from == file.tensors.end() || from->second.size() != to.size())
    fail("the model has no '{}' of {} numbers; it is of another shape", name, to.size());
  backend.upload(from->second, to);
}

}  // namespace meg
