#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/distinct_texts.h"

namespace meg {

/// Which cells of a column of texts are missing.
enum class Missing {
  kNulls,  ///< nulls alone: the column is typed
  kWords,  ///< those that is_missing says, too
  kGaps,   ///< those that is_gap says, too
};

/// What a cell says about being missing.
enum class MissingKind { kValue, kMissing, kGap };
/// `words`: what was said to stand for a missing cell, too.
MissingKind missing_kind(std::string_view cell, Missing missing, const std::vector<std::string>& words);

/// The words of a column that stand for missing cells, counted.
class MissingWords {
 public:
  /// `words` must outlive it.
  MissingWords(Missing missing, const std::vector<std::string>& words) : missing_(missing), said_(words) {}

  /// Counts a cell; false where it is not missing: it is not counted then.
  bool add(std::string_view cell, std::size_t times = 1);
  /// Cells of is_gap.
  std::size_t gaps() const { return gaps_; }
  /// The word, NA and the like, that some of the missing cells say while others are empty; empty where there is none,
  /// or several.
  std::string beside_empty() const;
  /// How the table spells a missing value: as most of its missing cells do.
  std::string most_used() const;

 private:
  struct Word {
    std::size_t cells = 0;
    MissingKind kind = MissingKind::kValue;
  };
  Missing missing_;
  const std::vector<std::string>& said_;
  DistinctTexts texts_;
  std::vector<Word> words_;  // [texts_]
  std::size_t gaps_ = 0;
};

}  // namespace meg
