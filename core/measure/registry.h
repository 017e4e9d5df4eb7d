#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/measure/measure.h"

// The registry: a line for each measure, in the order in which everything lists them. MEASURE(x) is the variable
// meg::measures::x, which is defined in the file beside it.
// clang-format off
#define MEG_MEASURES                                              \
  MEASURE(shape)                   /* shape.cpp */                \
  MEASURE(trend)                   /* trend.cpp */                \
  MEASURE(quality)                 /* quality.cpp */              \
  MEASURE(correlation_similarity)  /* trend.cpp */                \
  MEASURE(contingency_similarity)  /* trend.cpp */                \
  MEASURE(range_coverage)          /* diagnostic.cpp */           \
  MEASURE(category_coverage)       /* diagnostic.cpp */           \
  MEASURE(validity)                /* diagnostic.cpp */           \
  MEASURE(missing_similarity)      /* diagnostic.cpp */           \
  MEASURE(text_shape)              /* text_shape.cpp */           \
  MEASURE(ks)                      /* kolmogorov_smirnov.cpp */   \
  MEASURE(wasserstein)             /* wasserstein.cpp */          \
  MEASURE(jensen_shannon)          /* jensen_shannon.cpp */       \
  MEASURE(c2st_test_auc)           /* two_sample_test_rows.cpp */ \
  MEASURE(c2st_lr)                 /* two_sample.cpp */           \
  MEASURE(c2st_xgb)                /* two_sample.cpp */           \
  MEASURE(alpha_precision)         /* precision_recall.cpp */     \
  MEASURE(beta_recall)             /* precision_recall.cpp */     \
  MEASURE(auc)                     /* efficacy.cpp */             \
  MEASURE(f1)                      /* efficacy.cpp */             \
  MEASURE(macro_f1)                /* efficacy.cpp */             \
  MEASURE(accuracy)                /* efficacy.cpp */             \
  MEASURE(r2)                      /* efficacy.cpp */             \
  MEASURE(rmse)                    /* efficacy.cpp */             \
  MEASURE(identical)               /* identical_rows.cpp */       \
  MEASURE(closest_share)           /* closest_record.cpp */       \
  MEASURE(membership_auc)          /* membership.cpp */
// clang-format on

namespace meg {

namespace measures {
#define MEASURE(name) extern const Measure name;
MEG_MEASURES
#undef MEASURE
}  // namespace measures

/// All measures, in the order in which everything lists them.
std::span<const Measure* const> all_measures();

/// The measure of that key, or nullptr.
const Measure* find_measure(std::string_view key);

/// The measures that may fill a card, the first choice first.
std::vector<const Measure*> measures_of(Card card);

}  // namespace meg
