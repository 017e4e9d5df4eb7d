#pragma once
#include <string>

#include "core/model/tensor_file.h"
#include "core/nn/network.h"

namespace meg {

/// The parameters of one network and all that Adam keeps of them: blocks [count] of one allocation.
class TrainedParameters {
 public:
  TrainedParameters() = default;
  TrainedParameters(Backend& backend, std::size_t count, bool with_average = false);
  /// Those that a network starts with, see Network::initialize.
  TrainedParameters(Backend& backend, const Network& network, std::uint64_t seed, bool with_average = false);

  std::size_t count() const { return count_; }
  // Vectors of [count].
  View parameters() const { return block(0); }
  /// Zero before the first step and behind every one.
  View gradients() const { return block(1); }
  /// Empty where there is none.
  View average() const { return with_average_ ? block(4) : View(); }
  AdamState state() const {
    return {.gradient = gradients(),
            .parameter = parameters(),
            .first = block(2),
            .second = block(3),
            .average = average()};
  }

  /// Sets the moments to zero, for a new run from these parameters.
  void forget(Backend& backend) const {
    for (const View moments : {block(2), block(3)}) backend.fill(0.0f, moments);
  }
  /// Step number `step` (from 1). `square_norm` is scratch for one number, needed where options.clip > 0.
  void step(Backend& backend, int step, const AdamOptions& options, View square_norm = {}) const;

  /// "NAME.parameters", "NAME.first_moments", ... for a run to go on from.
  /// Throws Error, saying `when`, where one is not finite.
  void save(Backend& backend, const std::string& name, const std::string& when, TensorFile& file) const;
  /// Throws Error where the file has not these blocks in this size; an average that it lacks is the parameters.
  void load(Backend& backend, const std::string& name, const TensorFile& file) const;

 private:
  View block(std::size_t i) const { return {memory_.data() + i * Arena::padded(count_), 1, count_, memory_.device()}; }

  std::size_t count_ = 0;
  bool with_average_ = false;
  Memory memory_;
};

/// One vector of a file, put from a backend's memory. Throws Error, saying `when` ("after epoch 3"), where a number of
/// it is not finite.
void save_vector(Backend& backend, const std::string& name, const std::string& when, ConstView from, TensorFile& file);
/// Throws Error where the file has none of that name and size.
void load_vector(Backend& backend, const std::string& name, View to, const TensorFile& file);

}  // namespace meg
