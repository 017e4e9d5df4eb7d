#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/table/code/grid.h"
#include "core/table/code/relation.h"

namespace meg {

namespace {

/// Rows that relations are searched in; in all rows they must hold as well.
constexpr std::size_t kSearchedRows = 2000, kFewestRows = 40, kFewestUncommonRows = 20;
/// Beyond so many columns of numbers none is searched, and beyond so many no pairs of them.
constexpr std::size_t kMostNumbers = 200, kMostPaired = 16;
constexpr std::size_t kMostTerms = 3;
/// Share of the cells that an exact relation gives, that another term must add to it, and that are on the one side of
/// the column that they are ordered by.
constexpr double kExactShare = 0.95, kWorthATerm = 0.005, kOrderedShare = 0.995;
/// And that may be lost for factors of few digits.
constexpr double kRounding = 0.002;
/// Share of a column's variance that a first term may leave for others.
constexpr double kMostLeft = 0.9;
/// How much an ordered distance may vary, as a share of what the column does.
constexpr double kNarrowDates = 1, kNarrowNumbers = 0.25;
/// A column of so few numbers must have most of those that lie on its grid, and all where it is ordered beside another:
/// others do not come by adding.
constexpr std::size_t kFewNumbers = 100;
/// A number that more than this share of a column's cells hold is lost in a sum, where not all of its terms hold such
/// numbers in the same rows.
constexpr double kSpikeShare = 0.05;

/// What cells may follow from: a number a searched row, NaN where one is missing.
struct Feature {
  Term term;
  std::vector<double> x;
};
using Features = std::vector<const Feature*>;

/// A column whose cells are to follow from others.
struct Target {
  const ColumnSchema& schema;
  std::vector<std::size_t> rows;  // of those searched, that have a cell
  std::vector<double> y;          // in these
  double step = 0, common = 0;    // of their grid; the most frequent of them
};

double most_frequent(std::span<const double> numbers) {
  std::map<double, std::size_t> count;
  for (const double x : numbers) ++count[x];
  return std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

/// Of distances from the mean.
double square_sum(std::span<const double> numbers) {
  double mean = 0, sum = 0;
  for (const double x : numbers) mean += x / static_cast<double>(numbers.size());
  for (const double x : numbers) sum += (x - mean) * (x - mean);
  return sum;
}

/// Between the quarters.
double range_of(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() * 3 / 4] - numbers[numbers.size() / 4];
}

/// Whether the feature has a number wherever the target has, and not always the same.
bool is_usable(const Feature& feature, const Target& target) {
  bool varies = false;
  for (const std::size_t r : target.rows) {
    if (!std::isfinite(feature.x[r])) return false;
    varies |= feature.x[r] != feature.x[target.rows[0]];
  }
  return varies;
}

/// Counts the cells that a relation gives.
class Hits {
 public:
  explicit Hits(double common) : common_(common) {}
  void add(double number, double predicted, double step) {
    const bool hit = std::abs(number - predicted) < 0.5 * step;
    ++all_, hits_ += hit;
    if (number != common_) ++uncommon_, uncommon_hits_ += hit;
  }
  double share() const { return static_cast<double>(hits_) / static_cast<double>(std::max<std::size_t>(all_, 1)); }
  bool are_enough() const {
    return share() >= kExactShare && uncommon_ >= kFewestUncommonRows &&
           static_cast<double>(uncommon_hits_) >= kExactShare * static_cast<double>(uncommon_);
  }

 private:
  double common_;
  std::size_t all_ = 0, hits_ = 0, uncommon_ = 0, uncommon_hits_ = 0;
};

/// A sum of features, beside the target that it is to give.
class Sum {
 public:
  /// Least squares, of which the quarter of rows that are furthest off is left out twice.
  Sum(const Target& target, Features features) : target_(&target), features_(std::move(features)) {
    const auto n = static_cast<Eigen::Index>(target.y.size()), k = static_cast<Eigen::Index>(features_.size());
    Eigen::MatrixXd x(n, k + 1);
    Eigen::VectorXd y(n), scale(k);
    for (Eigen::Index i = 0; i < n; ++i) y(i) = target.y[static_cast<std::size_t>(i)] - target.y[0];
    x.col(k).setOnes();
    for (Eigen::Index j = 0; j < k; ++j) {
      for (Eigen::Index i = 0; i < n; ++i)
        x(i, j) = features_[static_cast<std::size_t>(j)]->x[target.rows[static_cast<std::size_t>(i)]];
      x.col(j).array() -= x.col(j).mean();
      scale(j) = std::sqrt(x.col(j).squaredNorm() / static_cast<double>(n));
      x.col(j) /= scale(j);
    }
    Eigen::VectorXd factors = x.colPivHouseholderQr().solve(y);
    for (int again = 0; again < 2; ++again) {
      const Eigen::VectorXd off = (y - x * factors).cwiseAbs();
      std::vector<double> sorted(off.begin(), off.end());
      const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 3 / 4);
      std::nth_element(sorted.begin(), last, sorted.end());
      const Eigen::VectorXd weight = (off.array() <= *last).cast<double>();
      factors = (weight.asDiagonal() * x).colPivHouseholderQr().solve(weight.cwiseProduct(y));
    }
    for (Eigen::Index j = 0; j < k; ++j) factors_.push_back(factors(j) / scale(j));
    set_offset();
    count();
  }

  /// Rounds the factors to few digits, and the offset to 0, where that gives about as many cells.
  void simplify() {
    const double least = hits_.share() - kRounding;
    const auto keep_if_as_good = [&](Sum other) {
      other.count();
      if (other.hits_.share() >= least) *this = std::move(other);
    };
    for (std::size_t j = 0; j < factors_.size(); ++j)
      for (const double unit : {1e-4, 1e-2, 1.0, 0.0}) {  // 0: one by a whole number
        Sum other = *this;
        double& factor = other.factors_[j];
        factor = unit > 0 ? std::round(factor / unit) * unit : 1 / std::round(1 / factor);
        if (!std::isfinite(factor) || factor == 0) continue;
        other.set_offset();
        keep_if_as_good(std::move(other));
      }
    Sum other = *this;
    other.offset_ = 0;
    keep_if_as_good(std::move(other));
  }

  const Features& features() const { return features_; }
  /// Whether the last term moves the sum by less than a step of the grid: it only turns how some cells are rounded.
  bool ends_in_rounding() const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const std::size_t r : target_->rows)
      low = std::min(low, features_.back()->x[r]), high = std::max(high, features_.back()->x[r]);
    return std::abs(factors_.back()) * (high - low) < target_->step;
  }
  const Hits& hits() const { return hits_; }
  /// What it leaves of the target.
  std::vector<double> rest() const {
    std::vector<double> out(target_->y);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= at(i);
    return out;
  }
  Relation relation() const {
    Relation out;
    for (std::size_t j = 0; j < factors_.size(); ++j) {
      Term& term = out.terms.emplace_back(features_[j]->term);
      term.factor = factors_[j];
      if (term.what == Combination::kDifference && term.factor < 0)
        std::swap(term.a, term.b), term.factor = -term.factor;
    }
    out.offset = offset_, out.step = target_->step;
    return out;
  }

 private:
  double at(std::size_t i) const {
    double sum = offset_;
    for (std::size_t j = 0; j < factors_.size(); ++j) sum += factors_[j] * features_[j]->x[target_->rows[i]];
    return sum;
  }
  /// Half of the cells are above it.
  void set_offset() {
    offset_ = 0;
    offset_ = median(rest());
  }
  void count() {
    hits_ = Hits(target_->common);
    for (std::size_t i = 0; i < target_->y.size(); ++i)
      hits_.add(target_->y[i], on_grid(at(i), target_->schema.smallest, target_->step), target_->step);
  }

  const Target* target_;
  Features features_;
  std::vector<double> factors_;
  double offset_ = 0;
  Hits hits_{0};
};

/// How much of `left`, one number a row of the target, a factor times the feature is.
double explained(const Feature& feature, const Target& target, std::span<const double> left) {
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(left.size());
  for (std::size_t i = 0; i < left.size(); ++i) mean_x += feature.x[target.rows[i]] / n, mean_y += left[i] / n;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double x = feature.x[target.rows[i]] - mean_x;
    xx += x * x, xy += x * (left[i] - mean_y);
  }
  return xx > 0 ? xy * xy / xx : 0;
}

/// How many numbers the target's grid has.
double places_of(const Target& target) {
  return std::round((target.schema.largest - target.schema.smallest) / target.step) + 1;
}

/// Terms are added one by one: the feature that says most of what is left (orthogonal matching pursuit), or, behind the
/// first and where there are few, the column beside which most cells come out. A quotient stands alone.
std::optional<Relation> find_exact(const Target& target, const std::vector<Feature>& features) {
  if (target.schema.distinct <= kFewNumbers && places_of(target) > 2 * static_cast<double>(target.schema.distinct))
    return {};
  Features usable, chosen;
  for (const Feature& feature : features)
    if (is_usable(feature, target)) usable.push_back(&feature);
  std::vector<double> left = target.y;
  std::optional<Sum> best;
  while (!usable.empty() && chosen.size() < kMostTerms && !(best && best->hits().share() == 1)) {
    std::vector<double> by(usable.size());
    std::transform(usable.begin(), usable.end(), by.begin(),
                   [&](const Feature* feature) { return explained(*feature, target, left); });
    Features tried{usable[static_cast<std::size_t>(std::max_element(by.begin(), by.end()) - by.begin())]};
    if (chosen.size() == 1)
      for (const Feature* feature : usable)
        if (feature->term.what == Combination::kColumn && tried.size() <= kMostPaired) tried.push_back(feature);
    std::optional<Sum> next;
    for (const Feature* feature : tried) {
      Features with = chosen;
      with.push_back(feature);
      Sum sum(target, std::move(with));
      if (!next || sum.hits().share() > next->hits().share()) next = std::move(sum);
    }
    if (next->ends_in_rounding()) break;
    chosen = next->features(), left = next->rest();
    if (square_sum(left) > kMostLeft * square_sum(target.y)) break;
    const double share = best ? best->hits().share() : 0;
    if (next->hits().are_enough() && next->hits().share() > share + kWorthATerm) best = std::move(next);
    if (chosen[0]->term.what == Combination::kQuotient) break;
    std::erase_if(usable, [&](const Feature* feature) {
      return feature == chosen.back() || feature->term.what == Combination::kQuotient;
    });
  }
  if (!best) return {};
  best->simplify();
  Relation out = best->relation();
  out.is_exact = true;
  return out;
}

bool are_of_a_kind(const ColumnSchema& a, const ColumnSchema& b) {
  if (a.type == ColumnType::kDatetime || b.type == ColumnType::kDatetime) return a.type == b.type;
  return a.decimals == b.decimals && a.style.prefix == b.style.prefix && a.style.suffix == b.style.suffix;
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
  if (column.distinct <= kFewNumbers && places_of(target) > static_cast<double>(column.distinct)) return {};
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
  ColumnSchema& distance = relation.distance;
  distance.name = column.name, distance.missing = column.missing, distance.missing_word = column.missing_word;
  distance.type = column.decimals > 0 ? ColumnType::kDecimal : ColumnType::kInteger;
  distance.decimals = column.decimals, distance.distinct = column.distinct;
  Hits hits(target.common);
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
  return static_cast<double>(std::max(behind, before)) >= kOrderedShare * static_cast<double>(all);
}

bool is_never_zero(const ColumnSchema& column) { return column.smallest > 0 || column.largest < 0; }

/// What sums are of: numbers as they are written, and dates with a day, for months are not all as long, and times of
/// the day begin again.
bool adds_up(const ColumnSchema& column) {
  if (column.type == ColumnType::kDatetime)
    return has_date(column.format) && column.format.find_first_of("dsQe") != std::string::npos;
  return is_numeric(column.type) && column.significant == 0;
}

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

/// The column of the schema in the rows that are searched.
Feature read_feature(const ReadTable& table, std::size_t column, std::size_t rows) {
  Feature out{{.a = column, .b = column}, std::vector<double>(rows)};
  for (std::size_t r = 0; r < rows; ++r) out.x[r] = table.number(r * table.rows() / rows, column);
  return out;
}

Target make_target(const ColumnSchema& column, const Feature& own) {
  Target out{column, {}, {}};
  for (std::size_t r = 0; r < own.x.size(); ++r)
    if (!std::isnan(own.x[r])) out.rows.push_back(r), out.y.push_back(own.x[r]);
  out.step = grid_step(out.y, column.smallest, column.largest, column.decimals);
  if (!out.y.empty()) out.common = most_frequent(out.y);
  return out;
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
  std::vector<std::size_t> numbers;
  for (const std::size_t c : order)
    if (adds_up(schema[c]) && schema[c].words.empty() && schema[c].smallest < schema[c].largest) numbers.push_back(c);
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
      std::optional<Relation> found = find_exact(target, features);
      if (found) {
        found->column = c;
        if (lost_spike(*found, target, table, rows) > kSpikeShare)
          found = exchanged(*found, target);
        else if (!complete_where_it_holds(*found, target, table))
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
