// Takes the place of boosted_trees.cpp where the build found no XGBoost.
#include "core/fail.h"
#include "core/measure/boosted_trees.h"

namespace meg {

const bool BoostedTrees::kAvailable = false;

void BoostedTrees::Free::operator()(void*) const {}

BoostedTrees::BoostedTrees(const FeatureMatrix&, std::span<const float>, const TreeOptions&) {
  fail("this meg was built without XGBoost: install it (libxgboost-dev) and build again to predict columns");
}

std::vector<double> BoostedTrees::predict(const FeatureMatrix&) const { return {}; }

}  // namespace meg
