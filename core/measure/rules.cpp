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

/// A column of few values, numbered from 0 on as they come in the real table.
struct Values {
  static constexpr int kMissing = -1, kNew = -2;
  std::vector<int> real, synthetic;  // a row each
  std::size_t count = 0;
  double repeated = 0;  // chance that two rows of the real table have the same

  /// Of cells key(table, row), nothing where one is missing.
  template <class Key, class Cell>
  static Values of(const Table& real, const Table& synthetic, const Cell& key) {
    std::unordered_map<Key, int> numbers;
    Values out;
    std::vector<double> rows;
    for (std::size_t r = 0; r < real.rows(); ++r) {
      const std::optional<Key> cell = key(real, r);
      out.real.push_back(cell ? numbers.emplace(*cell, static_cast<int>(numbers.size())).first->second : kMissing);
      if (!cell) continue;
      rows.resize(numbers.size());
      ++rows[static_cast<std::size_t>(out.real.back())];
    }
    for (std::size_t r = 0; r < synthetic.rows(); ++r) {
      const std::optional<Key> cell = key(synthetic, r);
      const auto found = cell ? numbers.find(*cell) : numbers.end();
      out.synthetic.push_back(!cell ? kMissing : found == numbers.end() ? kNew : found->second);
    }
    out.count = numbers.size();
    const double all = std::accumulate(rows.begin(), rows.end(), 0.0);
    for (const double n : rows) out.repeated += n * n / (all * all);
    return out;
  }
};

Values values_of(const ColumnSchema& column, const Table& real, const Table& synthetic) {
  const std::size_t of_real = real.column(column.name), of_synthetic = synthetic.column(column.name);
  if (!is_numeric(column.type))
    return Values::of<std::string_view>(real, synthetic, [&](const Table& table, std::size_t r) {
      const std::string_view cell = table.cell(r, &table == &real ? of_real : of_synthetic);
      return is_missing(column, cell) ? std::nullopt : std::optional(cell);
    });
  const std::vector<double> numbers = read_numbers(column, real, "real"),
                            made = read_numbers(column, synthetic, "synthetic");
  return Values::of<double>(real, synthetic, [&](const Table& table, std::size_t r) {
    const double number = (&table == &real ? numbers : made)[r];
    return std::isnan(number) ? std::nullopt : std::optional(number);
  });
}

/// For every value of a the one of b that most of its rows have (Boyer & Moore's majority vote), if b follows from a in
/// these rows of the real table, every `step`-th.
std::optional<std::vector<int>> follow(const Values& a, const Values& b, std::size_t step) {
  std::vector<int> says(a.count, Values::kMissing), lead(a.count, 0);
  std::size_t rows = 0, again = 0, broken = 0;
  const auto most_broken = static_cast<std::size_t>((1 - kKept) * static_cast<double>(a.real.size() / step + 1));
  for (std::size_t r = 0; r < a.real.size() && broken <= most_broken; r += step) {
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
    ++all, kept += says[static_cast<std::size_t>(a[r])] == b[r];
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
  std::vector<Values> values;
  for (const std::size_t c : columns) values.push_back(values_of(schema[c], real, synthetic));
  std::vector<std::size_t> by_count(columns.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::stable_sort(by_count.begin(), by_count.end(),
                   [&](std::size_t i, std::size_t j) { return values[i].count < values[j].count; });
  for (std::size_t b = 0; b < columns.size(); ++b) {
    if (std::find(known.begin(), known.end(), columns[b]) != known.end()) continue;
    for (const std::size_t a : by_count) {
      if (a == b || values[a].count < values[b].count || (values[a].count == values[b].count && a > b)) continue;
      if (!follow(values[a], values[b], real.rows() / kSearchedRows + 1)) continue;
      const std::optional<std::vector<int>> says = follow(values[a], values[b], 1);
      if (!says) continue;
      rules.push_back({fmt::format("one {} per {}", schema[columns[b]].name, schema[columns[a]].name),
                       share_that_follows(values[a].real, values[b].real, *says),
                       share_that_follows(values[a].synthetic, values[b].synthetic, *says)});
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
