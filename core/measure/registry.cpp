#include "core/measure/registry.h"

#include <algorithm>

namespace meg {

std::span<const Measure* const> all_measures() {
#define MEASURE(name) &measures::name,
  static constexpr const Measure* kAll[] = {MEG_MEASURES};
#undef MEASURE
  return kAll;
}

const Measure* find_measure(std::string_view key) {
  for (const Measure* measure : all_measures())
    if (measure->key == key) return measure;
  return nullptr;
}

std::vector<const Measure*> measures_of(Card card) {
  std::vector<const Measure*> out;
  for (const Measure* measure : all_measures())
    if (measure->card && measure->card->card == card) out.push_back(measure);
  std::stable_sort(out.begin(), out.end(),
                   [](const Measure* a, const Measure* b) { return a->card->choice < b->card->choice; });
  return out;
}

}  // namespace meg
