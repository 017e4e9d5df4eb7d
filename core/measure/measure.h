#pragma once
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/measure/measured.h"

namespace meg {

class MeasureContext;

/// What a measure needs beside the two tables. An evaluation that has not got it leaves the measure out.
struct MeasureNeeds {
  bool thorough = false;  ///< EvaluationOptions::thorough: it looks at samples of whole rows, which takes longer
  bool target = false;    ///< a column to predict
  bool test = false;      ///< real rows that nobody learned from
  bool held_out = false;  ///< real rows that the model has not seen
  bool trees = false;     ///< XGBoost
};

/// The part of the terminal's text that a measure is printed in.
enum class MeasureSection { kScores, kTestRows, kTarget, kPrivacy };

/// How far a value may be from what real rows score and still be good, and still be fair; it is weak beyond.
struct Gap {
  double good = 0, fair = std::numeric_limits<double>::infinity();
};

/// The five numbers that a report begins with.
enum class Card { kColumns, kPairs, kRows, kUsefulness, kPrivacy };

/// A measure's place among them. Several may share a card: it shows the first choice that has a value.
struct OnCard {
  Card card;
  int choice = 0;             ///< 0: the first
  std::string_view question;  ///< what it says, for somebody who does not know the measure; {} is the target's name
  double low = 0;             ///< the lower end of its scale, which ends at 1
};

/// All that the program knows of a measure: a number that sums up a synthetic table beside the real one. The terminal,
/// the JSON, the report and `--fail-below` read it from here. A measure is defined beside its statistic; registry.cpp
/// lists them.
struct Measure {
  std::string_view key;      ///< "c2st_xgb": its name in JSON, in `--fail-below` and on the terminal
  std::string_view label;    ///< the same in a few words, at most 34 characters
  std::string_view meaning;  ///< a sentence
  bool higher_is_better = true;
  std::string_view best = "";  ///< the best value where it is neither the highest nor the lowest: "0.5"
  MeasureNeeds needs = {};

  /// Computes the value for the synthetic table.
  Measured (*compute)(const MeasureContext&) = nullptr;
  /// Whether the measure says something of these tables: a regression has no AUC. Null: always.
  bool (*applies)(const MeasureContext&) = nullptr;
  /// What real rows score. Null: compute() of one half of the real table as if it were synthetic to the other.
  std::optional<Measured> (*of_real_rows)(const MeasureContext&) = nullptr;

  std::optional<Gap> gap = {};      ///< none: it is not graded, or core/report/grade.h grades it by more than its value
  std::optional<OnCard> card = {};  ///< none: it is not among the report's five numbers
  /// What to do where it is fair or weak, with {value}, {real} (what real rows score) and {target}.
  std::string_view advice = "";

  MeasureSection section = MeasureSection::kScores;
  std::string_view heading = "";  ///< of its column or line on the terminal, outside of kScores
  bool is_percent = false;        ///< the report prints 0.01 as 1 %
  /// The number as its line on the terminal shows it, with its error, say. Null: the number.
  std::string (*text)(const MeasureContext&) = nullptr;
  /// A remark below the scores, such as on the size of a sample; may be empty. Null: none.
  std::string (*note)(const MeasureContext&) = nullptr;
};

}  // namespace meg
