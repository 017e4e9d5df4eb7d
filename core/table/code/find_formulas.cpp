#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/table/code/column.h"
#include "core/table/code/feature.h"
#include "core/table/code/line_search.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

/// Rows of a sample: formulas are found in one half of it, drawn at random, and accepted on the other.
constexpr std::size_t kSampledRows = 4000, kFewestSampled = 120;
/// Beyond so many columns of numbers none is searched, and beyond so many no factors and no pairs of columns.
constexpr std::size_t kMostSearched = 200, kMostScaled = 16;
/// Columns of so few numbers have a code for each, which learns what a formula would say.
constexpr std::size_t kFewValues = 100;
/// A number that more than this share of a column's cells hold is no sign of a formula.
constexpr double kFrequentShare = 0.05;
constexpr std::size_t kMostOffsets = 6;
/// Of a column of so many numbers, and not all that its grid has: the share of what a formula gives that it must hold.
constexpr std::size_t kListed = 1000;
constexpr double kHeldShare = 0.95;

/// The formulas of one column.
class FormulaSearch {
 public:
  /// The target is `column` of the schema, in sampled rows, as features are. All must outlive this.
  FormulaSearch(const ReadTable& table, const Schema& schema, std::size_t column, const Target& target)
      : table_(table), schema_(schema), column_(column), target_(target) {
    std::map<double, double> share;
    for (const double y : target.y) share[y] += 1 / static_cast<double>(target.y.size());
    const Philox philox(0, Stream::kCoding);
    for (std::size_t i = 0; i < target.rows.size(); ++i) {
      is_second_.push_back(philox.bits(target.rows[i], 1)[0] % 2 == 1);
      is_open_.push_back(share[target.y[i]] <= kFrequentShare);
    }
  }

  /// Adds the lines over a feature, of any factor where they are `scaled`.
  void add_lines(const Feature& feature, bool scaled) {
    const LineSearch search = lines(feature, false);
    std::vector<double> factors{1};
    if (target_.schema.type != ColumnType::kDatetime) {
      if (schema_[feature.term.a].smallest < 0 || target_.schema.smallest < 0) factors.push_back(-1);
      if (scaled)
        for (const double factor : search.factors())
          if (std::abs(factor) != 1) factors.push_back(factor);
    }
    for (const double factor : factors)
      for (const double offset : search.offsets(factor, kMostOffsets)) add(feature, search, {factor, offset});
  }

  /// Adds a feature as it is, where it gives so many cells.
  void add_equal(const Feature& feature) {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < target_.rows.size(); ++i)
      hits += is_open_[i] && std::abs(feature.x[target_.rows[i]] - target_.y[i]) < 0.5 * target_.step;
    if (static_cast<double>(hits) >= LineSearch::kFewestShare * static_cast<double>(target_.rows.size()))
      add(feature, lines(feature, false), {});
  }

  /// Those that hold in both halves, each in the rows that the others before it leave.
  std::vector<FrequentFormula> accepted() {
    std::vector<FrequentFormula> out;
    std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.excess > b.excess; });
    for (const Found& found : found_) {
      if (out.size() == Column::kMostFormulas) break;
      const Feature& feature = *found.feature;
      if (lines(feature, false).excess(found.line) == 0 || lines(feature, true).excess(found.line) == 0) continue;
      FrequentFormula formula;
      formula.column = column_, formula.offset = found.line.offset;
      formula.terms.push_back(feature.term);
      formula.terms[0].factor = found.line.factor;
      if (!complete_where_possible(formula)) continue;
      for (std::size_t i = 0; i < is_open_.size(); ++i) {
        const double sum = found.line.factor * feature.x[target_.rows[i]] + found.line.offset;
        const double given = on_grid(sum, target_.schema.smallest, target_.step);
        is_open_[i] = is_open_[i] && std::abs(given - target_.y[i]) >= 0.5 * target_.step;
      }
      out.push_back(std::move(formula));
    }
    return out;
  }

 private:
  struct Found {
    double excess;
    const Feature* feature;
    Line line;
  };

  void add(const Feature& feature, const LineSearch& search, Line line) {
    if (const double excess = search.excess(line); excess > 0) found_.push_back({excess, &feature, line});
  }

  /// In the rows of one half that no formula gives yet.
  LineSearch lines(const Feature& feature, bool second) const {
    std::vector<std::pair<double, double>> points;
    std::size_t all = 0;
    for (std::size_t i = 0; i < target_.rows.size(); ++i) {
      all += is_second_[i] == second;
      if (is_second_[i] == second && is_open_[i]) points.emplace_back(feature.x[target_.rows[i]], target_.y[i]);
    }
    std::sort(points.begin(), points.end());
    std::vector<double> x, y;
    for (const auto& point : points) x.push_back(point.first), y.push_back(point.second);
    return {std::move(x), std::move(y), all, target_.schema.smallest, target_.step};
  }

  /// Sets the step and the share of the whole table's cells. Not where one has no base, nor where the column could not
  /// hold what the formula gives.
  bool complete_where_possible(FrequentFormula& formula) const {
    const ColumnSchema& schema = target_.schema;
    const Target whole = make_target(schema, read_feature(table_, column_, table_.rows()));
    formula.step = whole.step;
    std::vector<double> held;
    if (schema.distinct <= kListed && whole.places() > static_cast<double>(schema.distinct)) held = whole.y;
    std::sort(held.begin(), held.end());
    std::size_t given = 0, possible = 0;
    for (std::size_t i = 0; i < whole.rows.size(); ++i) {
      const double by = formula.predict(schema, [&](std::size_t c) { return table_.number(whole.rows[i], c); });
      if (!std::isfinite(by)) return false;
      given += std::abs(by - whole.y[i]) < 0.5 * formula.step;
      possible += held.empty() || std::binary_search(held.begin(), held.end(), by);
    }
    const auto all = static_cast<double>(whole.rows.size());
    formula.share = static_cast<double>(given) / all;
    return static_cast<double>(possible) >= kHeldShare * all;
  }

  const ReadTable& table_;
  const Schema& schema_;
  std::size_t column_;
  const Target& target_;
  std::vector<bool> is_open_, is_second_;  // [target_.rows]
  std::vector<Found> found_;
};

Feature combined(Combination what, const Feature& a, const Feature& b) {
  Feature out{{.what = what, .a = a.term.a, .b = b.term.a}, a.x};
  for (std::size_t r = 0; r < out.x.size(); ++r) out.x[r] = Formula::combine(what, a.x[r], b.x[r]);
  return out;
}

/// Sums of two columns and differences.
void add_pairs_of(const Feature& own, std::span<const Feature> before, const Schema& schema,
                  std::vector<Feature>& pairs) {
  const ColumnSchema& column = schema[own.term.a];
  for (const Feature& other : before) {
    if (!are_of_a_kind(column, schema[other.term.a]) || column.type == ColumnType::kDatetime) continue;
    pairs.push_back(combined(Combination::kSum, other, own));
    pairs.push_back(combined(Combination::kDifference, other, own));
    pairs.push_back(combined(Combination::kDifference, own, other));
  }
}

}  // namespace

std::vector<FrequentFormula> find_formulas(const ReadTable& table, const Schema& schema,
                                           std::span<const std::size_t> order, std::span<const Relation> relations,
                                           std::size_t fixed) {
  const std::size_t rows = std::min(table.rows(), kSampledRows);
  const std::vector<std::size_t> numbers = searched_columns(schema, order);
  if (rows < kFewestSampled || numbers.size() > kMostSearched) return {};
  const bool scaled = numbers.size() <= kMostScaled;
  std::vector<FrequentFormula> out;
  std::vector<Feature> columns, pairs;
  for (const std::size_t c : numbers) {
    Feature own = read_feature(table, c, rows);
    const Target target = make_target(schema[c], own);
    const auto relation = std::find_if(relations.begin(), relations.end(), [&](auto& r) { return r.column == c; });
    const bool is_ordered = relation != relations.end() && !relation->is_exact;
    const bool is_fixed = std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(fixed), c) !=
                          order.begin() + static_cast<std::ptrdiff_t>(fixed);
    if (schema[c].distinct > kFewValues && target.step > 0 && target.rows.size() >= kFewestSampled && !is_fixed &&
        (relation == relations.end() || is_ordered)) {
      FormulaSearch search(table, schema, c, target);
      std::vector<Feature> sizes;
      sizes.reserve(columns.size());
      for (const Feature& feature : columns) {
        const ColumnSchema& base = schema[feature.term.a];
        const bool are_dates = base.type == ColumnType::kDatetime;
        if (are_dates != (schema[c].type == ColumnType::kDatetime) || !is_usable(feature, target)) continue;
        if (is_ordered && relation->terms[0].a == feature.term.a) continue;  // it is learned as that distance
        search.add_lines(feature, scaled);
        if (are_dates || base.smallest >= 0) continue;
        sizes.push_back(combined(Combination::kAbsolute, feature, feature));
        search.add_equal(sizes.back());
      }
      for (const Feature& feature : pairs)
        if (schema[c].type != ColumnType::kDatetime && is_usable(feature, target)) search.add_equal(feature);
      const std::vector<FrequentFormula> found = search.accepted();
      out.insert(out.end(), found.begin(), found.end());
    }
    if (scaled) add_pairs_of(own, columns, schema, pairs);
    columns.push_back(std::move(own));
  }
  return out;
}

}  // namespace meg
