#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/measure/evaluation.h"
#include "core/report/grade.h"

namespace meg {

/// One of the few numbers that a page begins with.
struct Score {
  std::string name;      ///< of the measure: "shape", "c2st_xgb"
  std::string title;     ///< "Columns"
  std::string question;  ///< what it says, for somebody who does not know the measure
  bool higher_is_better = true;
  bool is_percent = false;   ///< 0.01 is printed as 1 %
  double low = 0, high = 1;  ///< ends of its scale
  Measured value;
  std::optional<Measured> real_rows;  ///< what real rows score
  Grade grade = Grade::kUnknown;
  std::string_view badge = "";  ///< the grade in words
};

/// What to think of a synthetic table, in words.
struct Verdict {
  Grade likeness = Grade::kUnknown, privacy = Grade::kUnknown;
  std::string title, privacy_title;
  std::vector<std::string> sentences;
  Score columns, pairs, rows, usefulness, copying;

  std::vector<const Score*> scores() const { return {&columns, &pairs, &rows, &usefulness, &copying}; }
};

Verdict judge(const Evaluation& evaluation);

}  // namespace meg
