#include "core/measure/evaluation_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/measure/column_measures.h"

namespace meg {

namespace {

using Json = nlohmann::ordered_json;

/// Puts a number, or null and the reason for it.
void put(Json& out, std::string_view key, const Measured& measured) {
  if (measured) {
    out[key] = *measured;
    return;
  }
  out[key] = nullptr;
  out["reasons"][key] = measured.reason;
}

Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json to_json(const Nearness& n) {
  return {{"median_distance", n.median_distance}, {"median_ratio", n.median_ratio}, {"identical", n.identical}};
}

Json to_json(const Privacy& p) {
  Json out{{"identical_to_real", p.identical}};
  if (!p.held_out) return out;
  const ClosestRecord& c = p.held_out->closest;
  out["held_out_identical_to_real"] = p.held_out->identical;
  if (const auto& drift = p.held_out->drift)
    out["held_out_drift"] = {{"column", drift->column}, {"shape", drift->shape}};
  out["closest_record"] = {
      {"share", c.share},         {"share_error", c.share_error}, {"synthetic_rows", c.synthetic_rows},
      {"real_rows", c.real_rows}, {"train", to_json(c.train)},    {"held_out", to_json(c.held_out)}};
  const Membership& m = p.held_out->membership;
  out["membership"] = {
      {"auc", m.auc}, {"auc_error", m.auc_error}, {"synthetic_rows", m.synthetic_rows}, {"real_rows", m.real_rows}};
  return out;
}

Json to_json(const Efficacy& e) {
  Json out;
  if (e.task == EfficacyTask::kRegression)
    out = {{"rmse", number(e.rmse)}, {"r2", number(e.r2)}};
  else
    out = {{"auc", number(e.auc)}, {"f1", e.f1}, {"macro_f1", e.macro_f1}, {"accuracy", e.accuracy}};
  out["train_rows"] = e.train_rows;
  out["test_rows"] = e.test_rows;
  return out;
}

Json to_json(const ColumnComparison& column) {
  Json out{{"name", column.name}, {"type", type_name(column.type)}};
  for (const ColumnMeasure& measure : column_measures())
    if (const std::optional<Measured> value = measure.of(column)) put(out, measure.key, *value);
  return out;
}

/// `values` cut into rows of `width`.
template <class Value>
Json rows_of(const std::vector<Value>& values, std::size_t width) {
  Json out = Json::array();
  for (std::size_t begin = 0; width > 0 && begin < values.size(); begin += width) {
    Json row = Json::array();
    for (std::size_t i = begin; i < begin + width; ++i) row.push_back(number(static_cast<double>(values[i])));
    out.push_back(std::move(row));
  }
  return out;
}

Json to_json(const AssociationMatrix& m, std::size_t columns) {
  return {{"pearson", rows_of(m.pearson, columns)}, {"spearman", rows_of(m.spearman, columns)}};
}

Json to_json(const Associations& a) {
  Json out;
  if (!a.reason.empty()) {
    out["reason"] = a.reason;
    return out;
  }
  out["columns"] = a.columns;
  out["numeric"] = a.numeric;
  out["real_rows"] = a.real_rows;
  out["synthetic_rows"] = a.synthetic_rows;
  out["real"] = to_json(a.real, a.columns.size());
  out["synthetic"] = to_json(a.synthetic, a.columns.size());
  return out;
}

Json to_json(const TwoSample& t) {
  Json out;
  put(out, "score", t.score);
  put(out, "auc", t.auc);
  return out;
}

Json to_json(const TestTwoSample& t) {
  Json out;
  put(out, "auc", t.auc);
  out["auc_error"] = t.auc_error;
  put(out, "control", t.control);
  out["real_rows"] = t.real_rows;
  out["synthetic_rows"] = t.synthetic_rows;
  out["test_rows"] = t.test_rows;
  return out;
}

void put_rows(const RowMeasures& r, Json& out) {
  out["two_sample"] = {{"rows", r.classifier_rows}, {"logistic", to_json(r.logistic)}, {"trees", to_json(r.trees)}};
  Json& both = out["precision_recall"];
  both["rows"] = r.neighbour_rows;
  put(both, "alpha_precision", r.precision_recall.alpha_precision);
  put(both, "beta_recall", r.precision_recall.beta_recall);
  out["associations"] = to_json(r.associations);
  Json& pca = out["pca"];
  pca["rows"] = r.pca_rows;
  if (!r.pca.reason.empty()) pca["reason"] = r.pca.reason;
  pca["explained"] = r.pca.explained;
  pca["real"] = rows_of(r.pca.real, r.pca.explained.size());
  pca["synthetic"] = rows_of(r.pca.synthetic, r.pca.explained.size());
}

Json to_json(const Headline& h) {
  Json out{{"name", h.measure->key}, {"label", h.measure->label}, {"higher_is_better", h.measure->higher_is_better}};
  put(out, "value", h.value);
  if (h.real_against_real) put(out, "real_against_real", *h.real_against_real);
  return out;
}

}  // namespace

std::string evaluation_to_json(const Evaluation& e) {
  Json out;
  for (const Headline& h : e.headlines) put(out, h.measure->key, h.value);
  out["rows"] = {{"real", e.real_rows}, {"synthetic", e.synthetic_rows}};
  out["headlines"] = Json::array();
  for (const Headline& h : e.headlines) out["headlines"].push_back(to_json(h));
  out["columns"] = Json::array();
  for (const ColumnComparison& column : e.comparison.columns) out["columns"].push_back(to_json(column));
  out["trends"] = Json::array();
  for (const Trend& trend : e.comparison.trends)
    out["trends"].push_back({{"first", e.comparison.columns[trend.first].name},
                             {"second", e.comparison.columns[trend.second].name},
                             {"trend", trend.score}});
  out["rules"] = Json::array();
  for (const Rule& rule : e.rules) {
    out["rules"].push_back({{"rule", rule.text}, {"real", rule.real}, {"synthetic", rule.synthetic}});
    if (rule.is_stated)
      out["rules"].back().update(
          {{"stated", true}, {"real_broken", rule.real_broken}, {"synthetic_broken", rule.synthetic_broken}});
  }
  out["not_learned"] = Json::array();
  for (const TextComparison& text : e.comparison.texts)
    out["not_learned"].push_back({{"name", text.name},
                                  {"type", type_name(text.type)},
                                  {"shape", text.shape()},
                                  {"length", text.length},
                                  {"characters", text.characters},
                                  {"distinct", text.distinct},
                                  {"distinct_real", text.distinct_real},
                                  {"distinct_synthetic", text.distinct_synthetic}});
  if (e.rows) put_rows(*e.rows, out);
  if (e.test_rows) out["two_sample"]["test"] = to_json(*e.test_rows);
  if (e.target)
    out["target"] = {{"name", e.target->target},
                     {"task", task_name(e.target->real.task)},
                     {"learned_from_synthetic", to_json(e.target->synthetic)},
                     {"learned_from_real", to_json(e.target->real)}};
  if (e.privacy) out["privacy"] = to_json(*e.privacy);
  return out.dump(1, ' ', false, Json::error_handler_t::replace);  // names may be any bytes
}

}  // namespace meg
