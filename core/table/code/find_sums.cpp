#include "core/table/code/find_sums.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/table/code/least_squares.h"

namespace meg {

namespace {

/// Beyond so many columns of numbers no pairs of them are looked at.
constexpr std::size_t kMostTried = 16;
/// Terms of any kind, and of columns alone.
constexpr std::size_t kMostTerms = 3, kMostSummed = 8;
/// Share of the cells that another term must add to an exact relation.
constexpr double kWorthATerm = 0.005;
/// Share of a column's variance that a first term may leave for others, and of what is left that a fourth and later
/// ones may.
constexpr double kMostLeft = 0.9, kMostLeftByLater = 0.8;
/// A column of so few numbers must have most of those that lie on its grid: others do not come by adding.
constexpr std::size_t kFewToAdd = 100;
/// How many times as many numbers a column must hold as it is off a sum by.
constexpr std::size_t kManyTimes = 5;
/// Share of cells that are on one side.
constexpr double kOneSided = 0.995;

bool has_few_to_add(const Target& target, double places_each) {
  const auto distinct = static_cast<double>(target.schema.distinct);
  return target.schema.distinct <= kFewToAdd && target.places() > places_each * distinct;
}

/// Terms are added one by one: the feature that says most of what is left (orthogonal matching pursuit), or, behind the
/// first and where there are few, the column beside which most cells come out. A quotient stands alone.
std::optional<Sum> pursue(const Target& target, Features usable, std::size_t most_terms) {
  Features chosen;
  std::vector<double> left = target.y;
  std::optional<Sum> best;
  while (!usable.empty() && chosen.size() < most_terms && !(best && best->hits().share() == 1)) {
    std::vector<double> by(usable.size());
    std::transform(usable.begin(), usable.end(), by.begin(),
                   [&](const Feature* feature) { return explained(*feature, target, left); });
    Features tried{usable[static_cast<std::size_t>(std::max_element(by.begin(), by.end()) - by.begin())]};
    if (chosen.size() == 1)
      for (const Feature* feature : usable)
        if (feature->term.what == Combination::kColumn && tried.size() <= kMostTried) tried.push_back(feature);
    std::optional<Sum> next;
    for (const Feature* feature : tried) {
      Features with = chosen;
      with.push_back(feature);
      Sum sum(target, std::move(with));
      if (!next || sum.hits().share() > next->hits().share()) next = std::move(sum);
    }
    if (next->ends_in_rounding()) break;
    const double before = square_sum(left);
    chosen = next->features(), left = next->rest();
    if (square_sum(left) > kMostLeft * square_sum(target.y)) break;
    if (chosen.size() > kMostTerms && square_sum(left) > kMostLeftByLater * before) break;
    const double share = best ? best->hits().share() : 0;
    if (next->hits().are_enough() && next->hits().share() > share + kWorthATerm) best = std::move(next);
    if (chosen[0]->term.what == Combination::kQuotient) break;
    std::erase_if(usable, [&](const Feature* feature) {
      return feature == chosen.back() || feature->term.what == Combination::kQuotient;
    });
  }
  return best;
}

Features usable_of(const std::vector<Feature>& features, const Target& target) {
  Features out;
  for (const Feature& feature : features)
    if (is_usable(feature, target)) out.push_back(&feature);
  return out;
}

Features columns_of(Features features) {
  std::erase_if(features, [](const Feature* feature) { return feature->term.what != Combination::kColumn; });
  return features;
}

std::vector<double> minus(std::vector<double> numbers, const Feature& feature, double factor, const Target& target) {
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] -= factor * feature.x[target.rows[i]];
  return numbers;
}

FewNumbers count_few(std::span<const double> numbers, double step) {
  FewNumbers out;
  for (const double x : numbers) out.add(std::round(x / step));
  return out;
}

bool is_on_one_side(std::span<const double> numbers) {
  const auto above = std::count_if(numbers.begin(), numbers.end(), [](double x) { return x >= 0; }),
             below = std::count_if(numbers.begin(), numbers.end(), [](double x) { return x <= 0; });
  return static_cast<double>(std::max(above, below)) >= kOneSided * static_cast<double>(numbers.size());
}

}  // namespace

std::vector<std::size_t> FewNumbers::counts() const {
  std::vector<std::size_t> out;
  for (const auto& number : count_) out.push_back(number.second);
  std::sort(out.rbegin(), out.rend());
  return out;
}

std::size_t FewNumbers::of_most() const {
  const std::vector<std::size_t> of = counts();
  const std::size_t all = std::accumulate(of.begin(), of.end(), std::size_t{0});
  std::size_t most = 0, out = 0;
  while (10 * most < 9 * all) most += of[out++];
  return out;
}

double FewNumbers::share() const {
  const std::vector<std::size_t> of = counts();
  const auto top = of.begin() + static_cast<std::ptrdiff_t>(std::min(of.size(), kMost));
  return static_cast<double>(std::accumulate(of.begin(), top, std::size_t{0})) /
         static_cast<double>(std::max<std::size_t>(1, std::accumulate(of.begin(), of.end(), std::size_t{0})));
}

std::optional<Relation> find_exact_sum(const Target& target, const std::vector<Feature>& features) {
  if (has_few_to_add(target, 2)) return {};
  const Features usable = usable_of(features, target), columns = columns_of(usable);
  std::optional<Sum> best;
  if (columns.size() < usable.size()) best = pursue(target, usable, kMostTerms);
  if (!best) best = pursue(target, columns, kMostSummed);
  if (!best) return {};
  best->simplify();
  Relation out = best->relation();
  out.is_exact = true;
  return out;
}

std::optional<Relation> find_sum_off_by_few(const Target& target, const std::vector<Feature>& features) {
  if (has_few_to_add(target, 1) || target.schema.type == ColumnType::kDatetime) return {};
  Features usable = columns_of(usable_of(features, target));
  std::vector<double> left = target.y;
  std::vector<Term> terms;
  Relation best;
  double share = 0;
  const std::size_t numbers = count_few(target.y, target.step).of_most();
  std::size_t least_off_by = numbers;
  while (!usable.empty() && terms.size() < kMostSummed) {
    double least = square_sum(left), sign = 0;
    std::size_t place = 0;
    for (std::size_t f = 0; f < usable.size(); ++f)
      for (const double factor : {1.0, -1.0})
        if (const double square = square_sum(minus(left, *usable[f], factor, target)); square < least)
          least = square, place = f, sign = factor;
    if (sign == 0) break;
    left = minus(std::move(left), *usable[place], sign, target);
    terms.push_back(usable[place]->term);
    terms.back().factor = sign;
    usable.erase(usable.begin() + static_cast<std::ptrdiff_t>(place));
    const FewNumbers few = count_few(left, target.step);
    const std::size_t off_by = few.of_most();
    if (!few.are_few() || numbers < kManyTimes * off_by) continue;
    if (off_by >= least_off_by && few.share() <= share + kWorthATerm) continue;
    best.terms = terms, share = few.share(), least_off_by = off_by;
    best.is_off_by_few = terms.size() > 1 || !is_on_one_side(left);
  }
  if (!best.is_off_by_few) return {};
  best.step = target.step;
  return best;
}

}  // namespace meg
