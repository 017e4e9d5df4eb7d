#include "core/measure/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "core/measure/numbers.h"
#include "core/table/relation.h"

namespace meg {

namespace {

/// Rows of each kind, of those that have all cells of a relation.
struct Sides {
  std::size_t all = 0, equal = 0, above = 0, below = 0;

  double share(std::size_t rows) const { return static_cast<double>(rows) / static_cast<double>(all); }
};

Sides count_sides(const Relation& relation, const Table& table, const Schema& schema, std::string_view which) {
  const ColumnSchema& column = schema[relation.column];
  std::map<std::size_t, std::vector<double>> numbers{{relation.column, read_numbers(column, table, which)}};
  for (const std::size_t c : relation.bases()) numbers[c] = read_numbers(schema[c], table, which);
  Sides out;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const double off =
        numbers[relation.column][r] - relation.predict(column, [&](std::size_t c) { return numbers[c][r]; });
    if (!std::isfinite(off)) continue;
    const bool is_equal = std::abs(off) < 0.5 * relation.step;
    ++out.all, out.equal += is_equal, out.above += !is_equal && off > 0, out.below += !is_equal && off < 0;
  }
  return out;
}

/// Which column follows from which is looked for among so many of at most so many values each, in rows spread evenly.
constexpr std::size_t kMostColumns = 100, kMostValues = 1000, kSearchedRows = 20'000;
/// The share of the rows that keep such a rule; how many would break it on average, were the columns independent; and
/// the most that may, as a share of these: where nearly all rows have one value, it follows from anything.
constexpr double kKept = 0.995, kBrokenByChance = 20, kBrokenStill = 0.05;

/// A column's cells, numbered by their values from 0 on as they come in the real table.
struct Values {
  static constexpr int kMissing = -1, kNew = -2;
  std::vector<int> real, synthetic;  // a row each
  std::size_t count = 0;
  double repeated = 0;  // chance that two rows of the real table have the same

  /// Of every `step`-th row of the real table and of all rows of the other, which may be null; read(cell) is its value.
  template <class Key, class Read>
  static Values of(const ColumnSchema& column, const Table& real, std::size_t step, const Table* synthetic,
                   const Read& read) {
    std::unordered_map<Key, int> numbers;
    Values out;
    std::vector<double> rows;
    const std::size_t place = real.column(column.name);
    for (std::size_t r = 0; r < real.rows(); r += step) {
      const std::string_view cell = real.cell(r, place);
      const bool is_there = !is_missing(column, cell);
      const auto next = static_cast<int>(numbers.size());
      out.real.push_back(is_there ? numbers.emplace(read(cell), next).first->second : kMissing);
      rows.resize(numbers.size());
      if (is_there) ++rows[static_cast<std::size_t>(out.real.back())];
    }
    const std::size_t synthetic_place = synthetic ? synthetic->column(column.name) : 0;
    for (std::size_t r = 0; synthetic && r < synthetic->rows(); ++r) {
      const std::string_view cell = synthetic->cell(r, synthetic_place);
      const bool is_there = !is_missing(column, cell);
      const auto found = is_there ? numbers.find(read(cell)) : numbers.end();
      out.synthetic.push_back(!is_there ? kMissing : found == numbers.end() ? kNew : found->second);
    }
    out.count = numbers.size();
    const double all = std::accumulate(rows.begin(), rows.end(), 0.0);
    for (const double n : rows) out.repeated += n * n / (all * all);
    return out;
  }
};

Values values_of(const ColumnSchema& column, const Table& real, std::size_t step, const Table* synthetic) {
  if (!is_numeric(column.type))
    return Values::of<std::string_view>(column, real, step, synthetic, [](std::string_view cell) { return cell; });
  return Values::of<double>(column, real, step, synthetic,
                            [&](std::string_view cell) { return number_or_nan(column, cell); });
}

/// For every value of a the one of b that most of its real rows have (Boyer & Moore's majority vote), if b follows.
std::optional<std::vector<int>> follow(const Values& a, const Values& b) {
  std::vector<int> says(a.count, Values::kMissing), lead(a.count, 0);
  std::size_t rows = 0, again = 0, broken = 0;
  const auto most_broken = static_cast<std::size_t>((1 - kKept) * static_cast<double>(a.real.size()));
  for (std::size_t r = 0; r < a.real.size() && broken <= most_broken; ++r) {
    if (a.real[r] < 0 || b.real[r] < 0) continue;
    const auto value = static_cast<std::size_t>(a.real[r]);
    ++rows, again += says[value] != Values::kMissing, broken += says[value] >= 0 && says[value] != b.real[r];
    if (lead[value] == 0) says[value] = b.real[r];
    lead[value] += says[value] == b.real[r] ? 1 : -1;
  }
  const double by_chance = static_cast<double>(again) * (1 - b.repeated),
               most = std::min((1 - kKept) * static_cast<double>(rows), kBrokenStill * by_chance);
  if (by_chance < kBrokenByChance || static_cast<double>(broken) > most) return {};
  return says;
}

/// The share of rows whose b is what their a says; of those that have both, and an a of the real table.
double share_that_follows(std::span<const int> a, std::span<const int> b, std::span<const int> says) {
  std::size_t all = 0, kept = 0;
  for (std::size_t r = 0; r < a.size(); ++r) {
    if (a[r] < 0 || b[r] == Values::kMissing) continue;
    const int said = says[static_cast<std::size_t>(a[r])];
    all += said != Values::kMissing, kept += said == b[r];
  }
  return static_cast<double>(kept) / static_cast<double>(all);
}

/// Columns of which every value of another one has but one: one country per city. The other one is that of the fewest
/// values. Not of those in `known`, which are known to follow.
void add_followers(const Table& real, const Table& synthetic, const Schema& schema,
                   const std::vector<std::size_t>& known, std::vector<Rule>& rules) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < schema.size() && columns.size() < kMostColumns; ++c)
    if (is_modelled(schema[c].type) && schema[c].distinct > 1 && schema[c].distinct <= kMostValues)
      columns.push_back(c);
  const std::size_t step = real.rows() / kSearchedRows + 1;
  std::vector<Values> values;
  for (const std::size_t c : columns) values.push_back(values_of(schema[c], real, step, nullptr));
  std::vector<std::size_t> by_count(columns.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::stable_sort(by_count.begin(), by_count.end(),
                   [&](std::size_t i, std::size_t j) { return values[i].count < values[j].count; });
  for (std::size_t b = 0; b < columns.size(); ++b) {
    if (std::find(known.begin(), known.end(), columns[b]) != known.end()) continue;
    for (const std::size_t a : by_count) {
      if (a == b || values[a].count < values[b].count || (values[a].count == values[b].count && a > b)) continue;
      if (!follow(values[a], values[b])) continue;
      const Values all_a = values_of(schema[columns[a]], real, 1, &synthetic),
                   all_b = values_of(schema[columns[b]], real, 1, &synthetic);
      const std::optional<std::vector<int>> says = follow(all_a, all_b);
      if (!says) continue;
      rules.push_back({fmt::format("one {} per {}", schema[columns[b]].name, schema[columns[a]].name),
                       share_that_follows(all_a.real, all_b.real, *says),
                       share_that_follows(all_a.synthetic, all_b.synthetic, *says)});
      break;
    }
  }
}

}  // namespace

std::vector<Rule> find_rules(const Table& real, const Table& synthetic, const Schema& schema) {
  std::vector<std::size_t> order(schema.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::size_t> known;
  std::vector<Rule> out;
  for (const Relation& relation : find_relations(real, schema, order)) {
    const Sides of_real = count_sides(relation, real, schema, "real"),
                of_synthetic = count_sides(relation, synthetic, schema, "synthetic");
    const bool is_above = of_real.above > of_real.below;
    if (relation.is_exact) known.push_back(relation.column);
    const auto kept = [&](const Sides& sides) {
      return sides.share(sides.equal + (relation.is_exact ? 0 : is_above ? sides.above : sides.below));
    };
    out.push_back({fmt::format("{} {} {}", schema[relation.column].name,
                               relation.is_exact ? "="
                               : is_above        ? ">="
                                                 : "<=",
                               formula(relation, schema)),
                   kept(of_real), kept(of_synthetic)});
  }
  add_followers(real, synthetic, schema, known, out);
  return out;
}

}  // namespace meg
