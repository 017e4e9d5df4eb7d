#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/measure/evaluation.h"
#include "core/report/advice.h"
#include "core/table/infer/schema.h"
#include "meg/meg.h"
#include "meg/progress.h"
#include "meg/table.h"

namespace meg {

/// A line of a training run, with what only a clock and the system say: NaN where nobody wrote it down.
struct TrainingLine {
  Progress progress;
  double seconds = Progress::kNone;    ///< since training began
  double megabytes = Progress::kNone;  ///< most memory held so far
  double gpu_megabytes = Progress::kNone;
};

/// The model that made the rows.
struct ReportedModel {
  ModelFacts facts;
  int epochs = 0, batch_size = 0;
  std::vector<TrainingLine> training;
};

/// What a model knows of itself: its losses, but no time and no memory.
ReportedModel reported_model(const Meg& model);

struct ReportNames {
  std::string real, synthetic, model, test;  ///< what the files are called; empty where there is none
};

/// Everything that a report shows, as one line of JSON. Numbers have six significant digits. Keys:
///   names {real, synthetic, model, test};
///   verdict {likeness, privacy, title, privacy_title, sentences [...], scores [{name, title, question, value, reason,
///     real_rows, real_rows_reason, low, high, higher_is_better, grade, badge (the grade in words), is_percent}]};
///   advice [{about, grade, sentence}], the worst first;
///   evaluation: as evaluation_to_json() has it, less what the next two say shorter (trends, associations); headlines
///     have also meaning (a sentence) and best ("high", "low" or a number);
///   column_measures [{heading, print ("number", "short", "probability" or "percent"), keys}]: the table of columns,
///     each key in evaluation.columns where the column has one of them;
///   columns [{name, type, and of a column that is compared: measures (its place in evaluation.columns), bars, real and
///     synthetic (rows in each bar), pair_bars}], the weakest first, at most 1,000;
///   pairs {columns [places in columns], associations {real, synthetic}, trend: the lower triangle without its
///     diagonal, row by row, at most 200 columns; reason: why there are no associations; counts [{first, second, real,
///     synthetic}]: rows in each pair of pair_bars, [bars of first, bars of second], the weakest pairs first, as many
///     as a page of 8 MB holds};
///   bars {edges or labels, open_low, open_high, others, missing}, see Bars;
///   distances {edges, train, held_out}: synthetic rows by their distance to the closest record, where there are unseen
///     rows;
///   training {preset, effort, epochs, batch_size, finished, refined, lines [{phase, done, of, loss, held_out_loss,
///     discriminator, generator, held_out_auc, seconds, megabytes, gpu_megabytes}]} where there is a model.
/// No row of a table is in it, only counts; but for the points of the components, three sums over a row's columns each.
std::string report_json(const ReportNames& names, const Table& real, const Table& synthetic, const Schema& schema,
                        const Evaluation& evaluation, const std::optional<ReportedModel>& model);

/// Whether this meg was built with the library that draws.
bool can_draw_reports();
/// The page that shows such JSON: one HTML file that needs nothing else. Throws Error, saying what to install, where
/// !can_draw_reports().
std::string report_page(const std::string& json);

}  // namespace meg
