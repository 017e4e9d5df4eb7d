#include "core/measure/evaluation.h"

#include <algorithm>

#include "core/fail.h"
#include "core/measure/registry.h"

namespace meg {

namespace {

/// Throws where unseen rows lack a column that they are asked for.
void check_columns(const Table* unseen, const char* which, const Schema& schema) {
  if (!unseen) return;
  const std::vector<std::string>& names = unseen->names();
  for (const ColumnSchema& column : schema)
    if (is_modelled(column.type) && std::find(names.begin(), names.end(), column.name) == names.end())
      fail("the {} table has no column '{}', which the real table has", which, column.name);
}

RowMeasures measure_rows(const MeasureContext& context) {
  return {.classifier_rows = two_sample_rows(context),
          .logistic = context.get(two_sample_by_regression),
          .trees = context.get(two_sample_by_trees),
          .neighbour_rows = precision_recall_rows(context),
          .precision_recall = context.get<PrecisionRecall>(precision_recall),
          .associations = associations(context),
          .pca_rows = kPcaRows,
          .pca = pca(context)};
}

bool is_measured(const Measure& measure, const MeasureContext& context) {
  const EvaluationOptions& options = context.options();
  return (options.thorough || !measure.needs.thorough) && (!options.target.empty() || !measure.needs.target) &&
         (options.test || !measure.needs.test) && (options.held_out || !measure.needs.held_out) &&
         (!measure.applies || measure.applies(context));
}

Headline read_headline(const Measure& measure, const MeasureContext& context) {
  Headline out;
  out.measure = &measure;
  out.value = measure.compute(context);
  if (measure.of_real_rows)
    out.real_against_real = measure.of_real_rows(context);
  else if (context.halves())
    out.real_against_real = measure.compute(*context.halves());
  if (measure.text) out.text = measure.text(context);
  if (measure.note) out.note = measure.note(context);
  return out;
}

}  // namespace

const Headline* Evaluation::headline(std::string_view key) const {
  const auto found =
      std::find_if(headlines.begin(), headlines.end(), [&](const Headline& h) { return h.measure->key == key; });
  return found == headlines.end() ? nullptr : &*found;
}

Evaluation evaluate(const Table& real, const Table& synthetic, const Schema& schema, const EvaluationOptions& options) {
  check_columns(options.test, "test", schema);
  check_columns(options.held_out, "held-out", schema);
  const MeasureContext context(real, synthetic, schema, options);
  Evaluation out;
  out.real_rows = real.rows();
  out.synthetic_rows = synthetic.rows();
  out.comparison = context.get<Comparison>(compare);
  // First what can refuse its tables, then what takes long.
  if (!options.target.empty()) out.target = context.get(target_efficacy);
  if (context.columns() > 0 || options.held_out) out.privacy = context.get(privacy);
  out.rules = stated_rules(options.rules, real, synthetic, schema, options.threads);
  for (Rule& rule : find_rules(real, synthetic, schema)) {
    const auto is_same = [&](const std::string& stated) { return stated == rule.text; };
    if (std::none_of(options.rules.begin(), options.rules.end(), is_same)) out.rules.push_back(std::move(rule));
  }
  if (options.thorough) out.rows = measure_rows(context);
  if (options.thorough && options.test) out.test_rows = context.get<TestTwoSample>(two_sample_test_rows);
  for (const Measure* measure : all_measures())
    if (is_measured(*measure, context)) out.headlines.push_back(read_headline(*measure, context));
  return out;
}

}  // namespace meg
