#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/table/code/find_sums.h"
#include "core/table/code/least_squares.h"

namespace meg {

namespace {

/// Rows that relations are searched in; in all rows they must hold as well.
constexpr std::size_t kSearchedRows = 2000, kFewestRows = 40;
/// Beyond so many columns of numbers none is searched, and beyond so many no pairs of them.
constexpr std::size_t kMostNumbers = 200, kMostPaired = 16;
/// Share of the cells that are on the one side of the column that they are ordered by.
constexpr double kOrderedShare = 0.995;
/// How much an ordered distance may vary, as a share of what the column does.
constexpr double kNarrowDates = 1, kNarrowNumbers = 0.25;
/// A column of so few numbers must have all of those that lie on its grid to be ordered beside another: others do not
/// come by adding.
constexpr std::size_t kFewNumbers = 100;
/// A number that more than this share of a column's cells hold is lost in a sum, where not all of its terms hold such
/// numbers in the same rows.
constexpr double kSpikeShare = 0.05;

/// Between the quarters.
double range_of(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() * 3 / 4] - numbers[numbers.size() / 4];
}

std::vector<double> distances(const Target& target, const Feature& feature) {
  std::vector<double> out(target.y);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= feature.x[target.rows[i]];
  return out;
}

/// The column that is always on one side and whose distance varies least, and the nearest ones beside it that limit the
/// target on each side.
std::optional<Relation> find_ordered(const Target& target, const Schema& schema, const std::vector<Feature>& features) {
  const ColumnSchema& column = target.schema;
  if (column.distinct <= kFewNumbers && target.places() > static_cast<double>(column.distinct)) return {};
  double least = (column.type == ColumnType::kDatetime ? kNarrowDates : kNarrowNumbers) * range_of(target.y);
  if (least == 0) return {};  // most cells are the same, which is on one side of whatever is
  std::optional<Relation> best;
  struct Beside {
    const Feature* feature;
    bool is_behind;
    double away;  // typically
  };
  std::vector<Beside> ordered;
  for (const Feature& feature : features) {
    const ColumnSchema& other = schema[feature.term.a];
    if (feature.term.what != Combination::kColumn || !are_of_a_kind(column, other) || !is_usable(feature, target))
      continue;
    std::vector<double> distance = distances(target, feature);
    const auto is_most = [&](auto on_side) {
      return static_cast<double>(std::count_if(distance.begin(), distance.end(), on_side)) >=
             kOrderedShare * static_cast<double>(distance.size());
    };
    const bool is_behind = is_most([](double d) { return d >= 0; }) && other.largest > column.smallest;
    const bool is_before = is_most([](double d) { return d <= 0; }) && other.smallest < column.largest;
    if (!is_behind && !is_before) continue;
    ordered.push_back({&feature, is_behind, std::abs(median(distance))});
    if (const double range = range_of(std::move(distance)); range <= least) {
      least = range;
      best.emplace();
      best->terms.push_back(feature.term), best->step = target.step;
    }
  }
  if (!best) return best;
  for (const bool is_behind : {true, false}) {
    const Beside* nearest = nullptr;
    for (const Beside& beside : ordered)
      if (beside.is_behind == is_behind && beside.feature->term.a != best->terms[0].a &&
          (!nearest || beside.away < nearest->away))
        nearest = &beside;
    if (nearest) best->limits.push_back({nearest->feature->term.a, is_behind});
  }
  return best;
}

/// Whether the relation holds in the whole table; if so, sets what is learned instead of its column.
bool complete_where_it_holds(Relation& relation, const Target& target, const ReadTable& table) {
  const ColumnSchema& column = target.schema;
  ColumnSchema& distance = relation.distance = distance_column(column);
  Hits hits(target.common);
  FewNumbers few;
  std::size_t all = 0, behind = 0, before = 0;
  std::vector<std::size_t> beyond(relation.limits.size());
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const auto value = [&](std::size_t c) { return table.number(r, c); };
    const double number = value(relation.column);
    if (std::isnan(number)) continue;
    const double predicted = relation.predict(column, value);
    if (!std::isfinite(predicted)) return false;
    hits.add(number, predicted, relation.step);
    const double off = relation.off_by(number, predicted);
    ++all, behind += off >= 0, before += off <= 0;
    if (relation.is_off_by_few) few.add(off);
    for (std::size_t i = 0; i < beyond.size(); ++i) {
      const double end = value(relation.limits[i].column);
      beyond[i] += relation.limits[i].is_least ? number < end : number > end;
    }
    low = std::min(low, off), high = std::max(high, off);
  }
  distance.smallest = low, distance.largest = high;
  for (std::size_t i = beyond.size(); i-- > 0;)
    if (static_cast<double>(beyond[i]) > (1 - kOrderedShare) * static_cast<double>(all))
      relation.limits.erase(relation.limits.begin() + static_cast<std::ptrdiff_t>(i));
  if (relation.is_exact) return hits.are_enough();
  if (relation.is_off_by_few) return few.are_few();
  return static_cast<double>(std::max(behind, before)) >= kOrderedShare * static_cast<double>(all);
}

bool is_never_zero(const ColumnSchema& column) { return column.smallest > 0 || column.largest < 0; }

/// The column of the schema beside all those before it.
void add_pairs(const Feature& own, const Schema& schema, std::vector<Feature>& features) {
  const ColumnSchema& column = schema[own.term.a];
  const std::size_t before = features.size();
  features.reserve(5 * before + 1);  // what is added moves none
  for (std::size_t f = 0; f < before; ++f) {
    const Feature& other = features[f];
    if (other.term.what != Combination::kColumn) continue;
    const auto add = [&](Combination what, const Feature& a, const Feature& b) {
      Feature pair{{.what = what, .a = a.term.a, .b = b.term.a}, a.x};
      for (std::size_t r = 0; r < pair.x.size(); ++r) pair.x[r] = Relation::combine(what, a.x[r], b.x[r]);
      features.push_back(std::move(pair));
    };
    const ColumnSchema& beside = schema[other.term.a];
    if (are_of_a_kind(column, beside)) add(Combination::kDifference, own, other);
    if (column.type == ColumnType::kDatetime || beside.type == ColumnType::kDatetime) continue;
    add(Combination::kProduct, other, own);
    if (is_never_zero(beside)) add(Combination::kQuotient, own, other);
    if (is_never_zero(column)) add(Combination::kQuotient, other, own);
  }
}

/// The share of the target's cells that hold its most frequent number while some column that they follow from holds
/// none that is frequent: the sum of what is made for these will hit it by chance.
double lost_spike(const Relation& relation, const Target& target, const ReadTable& table, std::size_t rows) {
  std::vector<std::pair<Feature, std::map<double, double>>> bases;  // and shares of their numbers
  for (const std::size_t c : relation.bases()) {
    bases.emplace_back(read_feature(table, c, rows), std::map<double, double>());
    for (const double x : bases.back().first.x)
      if (!std::isnan(x)) bases.back().second[x] += 1 / static_cast<double>(rows);
  }
  std::size_t lost = 0;
  for (std::size_t i = 0; i < target.rows.size(); ++i)
    lost += target.y[i] == target.common && std::any_of(bases.begin(), bases.end(), [&](auto& base) {
              return base.second[base.first.x[target.rows[i]]] < kSpikeShare;
            });
  return static_cast<double>(lost) / static_cast<double>(std::max<std::size_t>(1, target.rows.size()));
}

/// The same relation, solved for a column that its terms add up: living = above + basement, not basement = living -
/// above. Nothing where the column stands in a product.
std::optional<Relation> solved_for(const Relation& relation, std::size_t column) {
  Relation out;
  double factor = 0;
  for (const Term& term : relation.terms) {
    if (term.what == Combination::kColumn && term.a == column) factor += term.factor;
    if (term.what == Combination::kDifference && (term.a == column || term.b == column))
      factor += term.a == column ? term.factor : -term.factor;
    if (term.what == Combination::kProduct || term.what == Combination::kQuotient) return {};
  }
  if (factor == 0) return {};
  const auto add = [&](std::size_t c, double share) {
    if (c != column) out.terms.push_back({.factor = share, .a = c, .b = c});
  };
  add(relation.column, 1 / factor);
  for (const Term& term : relation.terms) {
    add(term.a, -term.factor / factor);
    if (term.what == Combination::kDifference) add(term.b, term.factor / factor);
  }
  out.column = column, out.offset = -relation.offset / factor, out.is_exact = true;
  return out;
}

}  // namespace

std::vector<Relation> find_relations(const ReadTable& table, const Schema& schema, std::vector<std::size_t>& order,
                                     std::size_t fixed) {
  const std::size_t rows = std::min(table.rows(), kSearchedRows);
  const std::vector<std::size_t> numbers = searched_columns(schema, order);
  if (rows < kFewestRows || numbers.size() > kMostNumbers) return {};
  std::vector<Relation> out;
  std::vector<Feature> features;
  const auto holds_any = [&](std::size_t c) {
    return std::any_of(out.begin(), out.end(), [&](const Relation& found) {
      const std::vector<std::size_t> bases = found.bases();
      return found.column == c || std::find(bases.begin(), bases.end(), c) != bases.end();
    });
  };
  /// Of a sum that would lose the target's spike: the column beside which it is kept, which moves behind the target.
  const auto exchanged = [&](const Relation& relation, const Target& target) -> std::optional<Relation> {
    for (const std::size_t c : relation.bases()) {
      const auto from = std::find(order.begin(), order.end(), c),
                 to = std::find(order.begin(), order.end(), relation.column);
      if (static_cast<std::size_t>(from - order.begin()) < fixed || holds_any(c)) continue;
      std::optional<Relation> other = solved_for(relation, c);
      if (!other) continue;
      const Target of_other = make_target(schema[c], read_feature(table, c, rows));
      if (of_other.y.size() < target.y.size() || of_other.step == 0) continue;
      other->step = of_other.step;
      if (lost_spike(*other, of_other, table, rows) > kSpikeShare || !complete_where_it_holds(*other, of_other, table))
        continue;
      std::rotate(from, from + 1, to + 1);
      return other;
    }
    return {};
  };
  for (const std::size_t c : numbers) {
    const ColumnSchema& column = schema[c];
    Feature own = read_feature(table, c, rows);
    const Target target = make_target(column, own);
    if (target.y.size() >= kFewestRows && column.distinct > 2 && target.step > 0) {
      std::optional<Relation> found = find_exact_sum(target, features);
      if (found) {
        found->column = c;
        if (lost_spike(*found, target, table, rows) > kSpikeShare)
          found = exchanged(*found, target);
        else if (!complete_where_it_holds(*found, target, table))
          found.reset();
      }
      if (!found) {
        found = find_sum_off_by_few(target, features);
        if (found) found->column = c;
        if (found &&
            (lost_spike(*found, target, table, rows) > kSpikeShare || !complete_where_it_holds(*found, target, table)))
          found.reset();
      }
      if (!found) {
        found = find_ordered(target, schema, features);
        if (found) found->column = c;
        if (found && !complete_where_it_holds(*found, target, table)) found.reset();
      }
      if (found) out.push_back(std::move(*found));
    }
    if (numbers.size() <= kMostPaired) add_pairs(own, schema, features);
    features.push_back(std::move(own));
  }
  return out;
}

}  // namespace meg
