#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/measure/column_measures.h"
#include "core/measure/evaluation_json.h"
#include "core/report/cut_column.h"
#include "core/report/report.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostColumns = 1000, kMostMatrix = 200;
constexpr BarLimits kColumnBars{.intervals = 40, .values = 12}, kPairBars{.intervals = 12, .values = 12};
/// Cells of pairs that the page holds, three or four bytes each.
constexpr std::size_t kMostPairCells = 320'000;
constexpr std::size_t kDistanceBars = 40;
/// Lines of a training run: what a curve can show.
constexpr std::size_t kMostLines = 600;

Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

void put(Json& out, const char* key, double x) {
  if (std::isfinite(x)) out[key] = x;
}

void put(Json& out, const char* key, const Measured& x) { out[key] = x ? Json(*x) : Json(nullptr); }

/// Six significant digits: nobody sees more, and the page is a third of the size.
void shorten_numbers(Json& json) {
  if (json.is_number_float()) {
    const auto value = json.get<double>();
    json = parse_number(fmt::format("{:.6g}", value)).value_or(value);
    return;
  }
  if (json.is_structured())
    for (Json& part : json) shorten_numbers(part);
}

Json to_json(const Score& score) {
  Json out{{"name", score.name}, {"title", score.title}, {"question", score.question}};
  put(out, "value", score.value);
  if (!score.value) out["reason"] = score.value.reason;
  if (score.real_rows) {
    put(out, "real_rows", *score.real_rows);
    if (!*score.real_rows) out["real_rows_reason"] = score.real_rows->reason;
  }
  out["low"] = score.low;
  out["high"] = score.high;
  out["higher_is_better"] = score.higher_is_better;
  out["grade"] = grade_name(score.grade);
  out["badge"] = score.badge;
  if (score.is_percent) out["is_percent"] = true;
  return out;
}

Json to_json(const Verdict& v) {
  Json out{{"likeness", grade_name(v.likeness)}, {"privacy", grade_name(v.privacy)}, {"title", v.title},
           {"privacy_title", v.privacy_title},   {"sentences", v.sentences},         {"scores", Json::array()}};
  for (const Score* score : v.scores()) out["scores"].push_back(to_json(*score));
  return out;
}

Json to_json(const std::vector<Advice>& all) {
  Json out = Json::array();
  for (const Advice& advice : all)
    out.push_back({{"about", advice.about}, {"grade", grade_name(advice.grade)}, {"sentence", advice.sentence}});
  return out;
}

Json to_json(const Bars& bars) {
  Json out;
  if (bars.edges.empty())
    out["labels"] = bars.labels;
  else
    out["edges"] = bars.edges;
  if (bars.open_low) out["open_low"] = true;
  if (bars.open_high) out["open_high"] = true;
  if (bars.others > 0) out["others"] = bars.others;
  if (bars.missing) out["missing"] = true;
  return out;
}

/// Of more lines than a curve can show every n-th and the last.
Json to_json(const std::vector<TrainingLine>& lines) {
  Json out = Json::array();
  const std::size_t every = lines.size() / kMostLines + 1;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i % every != 0 && i + 1 != lines.size()) continue;
    const Progress& p = lines[i].progress;
    Json line{{"phase", phase_name(p.phase)}, {"done", p.done}, {"of", p.of}};
    put(line, "loss", p.loss);
    put(line, "held_out_loss", p.held_out_loss);
    put(line, "discriminator", p.discriminator);
    put(line, "generator", p.generator);
    put(line, "held_out_auc", p.held_out_auc);
    put(line, "seconds", lines[i].seconds);
    put(line, "megabytes", lines[i].megabytes);
    put(line, "gpu_megabytes", lines[i].gpu_megabytes);
    out.push_back(std::move(line));
  }
  return out;
}

Json to_json(const ReportedModel& model) {
  return {{"preset", model.facts.preset},    {"effort", model.facts.effort},     {"epochs", model.epochs},
          {"batch_size", model.batch_size},  {"finished", model.facts.finished}, {"refined", model.facts.refined},
          {"lines", to_json(model.training)}};
}

/// The columns that are compared, those of the lowest shape first: places in Comparison::columns.
std::vector<std::size_t> weakest_first(const Comparison& comparison) {
  std::vector<std::size_t> out(comparison.columns.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    return comparison.columns[a].shape < comparison.columns[b].shape;
  });
  if (out.size() > kMostColumns) out.resize(kMostColumns);
  return out;
}

/// Scores of pairs by the places of their columns in Comparison::columns; NaN where there is none.
class TrendTable {
 public:
  explicit TrendTable(const Comparison& comparison) {
    for (const Trend& trend : comparison.trends) scores_[{trend.first, trend.second}] = trend.score;
  }
  double operator()(std::size_t a, std::size_t b) const {
    const auto found = scores_.find({std::min(a, b), std::max(a, b)});
    return found == scores_.end() ? Progress::kNone : found->second;
  }

 private:
  std::map<std::pair<std::size_t, std::size_t>, double> scores_;
};

struct ShownPair {
  std::size_t first, second;  // places among the columns that are shown
  double trend;
};

/// Counts of the weakest pairs, as many as there is room for. `order`: places in Comparison::columns.
Json count_weakest_pairs(const std::vector<std::size_t>& order, const std::vector<CutColumn>& cuts,
                         const TrendTable& trend) {
  std::vector<ShownPair> pairs;
  for (std::size_t b = 1; b < cuts.size(); ++b)
    for (std::size_t a = 0; a < b; ++a) pairs.push_back({a, b, trend(order[a], order[b])});
  const auto rank = [](const ShownPair& p) { return std::isnan(p.trend) ? 2.0 : p.trend; };
  std::stable_sort(pairs.begin(), pairs.end(),
                   [&](const ShownPair& a, const ShownPair& b) { return rank(a) < rank(b); });
  Json out = Json::array();
  std::size_t cells = 0;
  for (const ShownPair& p : pairs) {
    const CutColumn &a = cuts[p.first], &b = cuts[p.second];
    const std::size_t a_bars = a.bars.size(), b_bars = b.bars.size();
    cells += 2 * a_bars * b_bars;
    if (cells > kMostPairCells) break;
    out.push_back({{"first", p.first},
                   {"second", p.second},
                   {"real", count_pairs(a.real, a_bars, b.real, b_bars)},
                   {"synthetic", count_pairs(a.synthetic, a_bars, b.synthetic, b_bars)}});
  }
  return out;
}

/// The lower triangle of a symmetric matrix, without its diagonal, for the columns at `order`.
template <class Value>
Json triangle(std::size_t columns, Value value) {
  Json out = Json::array();
  for (std::size_t b = 1; b < columns; ++b)
    for (std::size_t a = 0; a < b; ++a) out.push_back(number(value(a, b)));
  return out;
}

Json matrices(const std::vector<std::size_t>& order, const Evaluation& e, const TrendTable& trend) {
  const std::size_t count = std::min(order.size(), kMostMatrix);
  std::vector<std::size_t> shown(count);
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  std::sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) { return order[a] < order[b]; });
  const auto place = [&](std::size_t i) { return order[shown[i]]; };
  Json out{{"columns", shown}};
  out["trend"] = triangle(count, [&](std::size_t a, std::size_t b) { return trend(place(a), place(b)); });
  if (!e.rows) return out;
  if (!e.rows->associations.reason.empty()) out["reason"] = e.rows->associations.reason;
  if (e.rows->associations.columns.empty()) return out;
  const std::size_t width = e.rows->associations.columns.size();
  const auto of = [&](const AssociationMatrix& m) {
    return triangle(count, [&](std::size_t a, std::size_t b) { return m.pearson[place(b) * width + place(a)]; });
  };
  out["associations"] = {{"real", of(e.rows->associations.real)}, {"synthetic", of(e.rows->associations.synthetic)}};
  return out;
}

/// What evaluation_to_json() says, without what is long and said again in pictures; and the measures in words.
Json to_json(const Evaluation& e) {
  Json out = Json::parse(evaluation_to_json(e));
  for (std::size_t i = 0; i < e.headlines.size(); ++i) {
    const Measure& measure = *e.headlines[i].measure;
    out["headlines"][i]["meaning"] = measure.meaning;
    out["headlines"][i]["best"] = !measure.best.empty() ? measure.best : measure.higher_is_better ? "high" : "low";
  }
  out.erase("trends");
  out.erase("associations");
  return out;
}

std::string_view print_name(ColumnMeasure::Print print) {
  switch (print) {
    case ColumnMeasure::Print::kNumber: return "number";
    case ColumnMeasure::Print::kShort: return "short";
    case ColumnMeasure::Print::kProbability: return "probability";
    case ColumnMeasure::Print::kPercent: return "percent";
  }
  return "";
}

/// The columns of the table of columns; neighbours of one heading are one.
Json columns_of_table() {
  Json out = Json::array();
  for (const ColumnMeasure& measure : column_measures()) {
    if (measure.heading.empty()) continue;
    if (out.empty() || out.back()["heading"] != measure.heading)
      out.push_back({{"heading", measure.heading}, {"print", print_name(measure.print)}, {"keys", Json::array()}});
    out.back()["keys"].push_back(measure.key);
  }
  return out;
}

/// Counts of the distances to the closest records, over the same intervals; the last one counts all beyond.
Json count_distances(const ClosestRecord& closest) {
  std::vector<double> all = closest.train.distances;
  all.insert(all.end(), closest.held_out.distances.begin(), closest.held_out.distances.end());
  std::sort(all.begin(), all.end());
  const double most = all[(all.size() - 1) * 99 / 100];
  const double width = (most > 0 ? most : 1) / kDistanceBars;
  const auto count = [&](const std::vector<double>& distances) {
    std::vector<std::size_t> out(kDistanceBars);
    for (const double d : distances) ++out[std::min(kDistanceBars - 1, static_cast<std::size_t>(d / width))];
    return out;
  };
  Json out;
  for (std::size_t i = 0; i <= kDistanceBars; ++i) out["edges"].push_back(static_cast<double>(i) * width);
  out["train"] = count(closest.train.distances);
  out["held_out"] = count(closest.held_out.distances);
  return out;
}

const ColumnSchema& find(const Schema& schema, const std::string& name) {
  return *std::find_if(schema.begin(), schema.end(), [&](const ColumnSchema& c) { return c.name == name; });
}

}  // namespace

std::string report_json(const ReportNames& names, const Table& real, const Table& synthetic, const Schema& schema,
                        const Evaluation& e, const std::optional<ReportedModel>& model) {
  const Verdict verdict = judge(e);
  Json out{
      {"names", {{"real", names.real}, {"synthetic", names.synthetic}, {"model", names.model}, {"test", names.test}}},
      {"verdict", to_json(verdict)},
      {"advice", to_json(advise(e, verdict, model ? std::optional(model->facts) : std::nullopt))},
      {"evaluation", to_json(e)},
      {"column_measures", columns_of_table()},
      {"columns", Json::array()}};
  const std::vector<std::size_t> order = weakest_first(e.comparison);
  std::vector<CutColumn> pair_cuts;
  for (const std::size_t place : order) {
    const ColumnComparison& measured = e.comparison.columns[place];
    const ReportColumn column(find(schema, measured.name), real, synthetic);
    const CutColumn cut = column.cut(kColumnBars);
    Json one{{"name", measured.name},
             {"type", type_name(measured.type)},
             {"measures", place},
             {"bars", to_json(cut.bars)},
             {"real", count_bars(cut.real, cut.bars.size())},
             {"synthetic", count_bars(cut.synthetic, cut.bars.size())}};
    if (pair_cuts.size() < kMostMatrix) {
      pair_cuts.push_back(column.cut(kPairBars));
      one["pair_bars"] = to_json(pair_cuts.back().bars);
    }
    out["columns"].push_back(std::move(one));
  }
  const TrendTable trend(e.comparison);
  out["pairs"] = matrices(order, e, trend);
  out["pairs"]["counts"] = count_weakest_pairs(order, pair_cuts, trend);
  if (e.privacy && e.privacy->held_out) out["distances"] = count_distances(e.privacy->held_out->closest);
  if (model) out["training"] = to_json(*model);
  shorten_numbers(out);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace meg
