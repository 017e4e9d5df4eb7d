#include "core/measure/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "core/measure/numbers.h"
#include "core/measure/sample.h"
#include "core/table/code/relation.h"
#include "core/table/rule/stated_rules.h"

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
    ++out.all;
    out.equal += is_equal;
    out.above += !is_equal && off > 0;
    out.below += !is_equal && off < 0;
  }
  return out;
}

/// Which column follows from which is looked for among so many of at most so many values each, in so many rows, drawn
/// at random.
constexpr std::size_t kMostColumns = 100, kMostValues = 1000, kSearchedRows = 20'000;
/// The share of rows with a value that stands there twice or more that keep such a rule; the share of all rows that
/// these must be, for copies of a few rows agree in everything; how many would break it on average, were the columns
/// independent; and the most that may, as a share of these: where nearly all rows have one value, it follows from
/// anything.
constexpr double kKept = 0.995, kRepeated = 0.5, kBrokenByChance = 20, kBrokenStill = 0.05;

/// A column's cells, numbered by their values from 0 on as they come in the real table.
struct Values {
  static constexpr int kMissing = -1, kNew = -2;
  std::vector<int> real, synthetic;  // a row each
  std::size_t count = 0;
  double repeated = 0;  // chance that two rows of the real table have the same

  /// Of these rows of the real table and of all of the other, which may be null, as read_column() reads them;
  /// value(cells, row) is a cell's.
  template <class Key, class ValueOf>
  static Values of(const Array& real, std::span<const std::size_t> chosen, const Array* synthetic,
                   const ValueOf& value) {
    std::unordered_map<Key, int> numbers;
    Values out;
    std::vector<double> rows;
    for (const std::size_t r : chosen) {
      const bool is_there = !real.is_null(r);
      const auto next = static_cast<int>(numbers.size());
      out.real.push_back(is_there ? numbers.try_emplace(value(real, r), next).first->second : kMissing);
      rows.resize(numbers.size());
      if (is_there) ++rows[static_cast<std::size_t>(out.real.back())];
    }
    for (std::size_t r = 0; synthetic && r < synthetic->size(); ++r) {
      const bool is_there = !synthetic->is_null(r);
      const auto found = is_there ? numbers.find(value(*synthetic, r)) : numbers.end();
      out.synthetic.push_back(!is_there ? kMissing : found == numbers.end() ? kNew : found->second);
    }
    out.count = numbers.size();
    const double all = std::accumulate(rows.begin(), rows.end(), 0.0);
    for (const double n : rows) out.repeated += n * n / (all * all);
    return out;
  }
};

Values values_of(const ColumnSchema& column, const Table& real, std::span<const std::size_t> chosen,
                 const Table* synthetic) {
  const Array of_real = read_column(column, real[column.name], real.is_text());
  std::optional<Array> of_synthetic;
  if (synthetic) of_synthetic = read_column(column, (*synthetic)[column.name], synthetic->is_text());
  const Array* const second = of_synthetic ? &*of_synthetic : nullptr;
  if (is_numeric(column.type))
    return Values::of<double>(of_real, chosen, second,
                              [](const Array& cells, std::size_t r) { return cells.values<double>()[r]; });
  return Values::of<std::string_view>(of_real, chosen, second,
                                      [](const Array& cells, std::size_t r) { return cells.text(r); });
}

constexpr int kNothing = -1;  // is said of a value that stands there once

/// The rows whose b is what their a says; of those that have both, and an a of which something is said.
struct Followers {
  std::size_t all = 0, kept = 0;

  Followers(std::span<const int> a, std::span<const int> b, std::span<const int> says) {
    for (std::size_t r = 0; r < a.size(); ++r) {
      if (a[r] < 0 || b[r] == Values::kMissing) continue;
      const int said = says[static_cast<std::size_t>(a[r])];
      all += said != kNothing;
      kept += said == b[r];
    }
  }
  double share() const { return static_cast<double>(kept) / static_cast<double>(all); }
};

/// For every value of a the one of b that most of its real rows have, where any does (Boyer & Moore's majority vote),
/// if b follows.
std::optional<std::vector<int>> follow(const Values& a, const Values& b) {
  std::vector<int> says(a.count, kNothing), lead(a.count, 0), rows_of(a.count, 0);
  std::size_t rows = 0, against = 0;  // votes: at most twice as many as rows break the rule
  const auto most_against = static_cast<std::size_t>(2 * (1 - kKept) * static_cast<double>(a.real.size()));
  for (std::size_t r = 0; r < a.real.size(); ++r) {
    if (a.real[r] < 0 || b.real[r] < 0) continue;
    const auto value = static_cast<std::size_t>(a.real[r]);
    if (lead[value] == 0) says[value] = b.real[r];
    const bool agrees = says[value] == b.real[r];
    ++rows;
    ++rows_of[value];
    lead[value] += agrees ? 1 : -1;
    against += !agrees;
    if (against > most_against) return {};
  }
  double again = 0;
  for (std::size_t v = 0; v < a.count; ++v) {
    if (rows_of[v] < 2) says[v] = kNothing;
    again += std::max(rows_of[v] - 1, 0);
  }
  const Followers real(a.real, b.real, says);
  const auto all = static_cast<double>(real.all);
  const double by_chance = again * (1 - b.repeated), most = std::min((1 - kKept) * all, kBrokenStill * by_chance);
  if (all < kRepeated * static_cast<double>(rows) || again < kRepeated * all || by_chance < kBrokenByChance) return {};
  if (static_cast<double>(real.all - real.kept) > most) return {};
  return says;
}

/// Columns of which every value of another one has but one: one country per city. The other one is that of the fewest
/// values. Not of those in `known`, which are known to follow.
void add_followers(const Table& real, const Table& synthetic, const Schema& schema,
                   const std::vector<std::size_t>& known, std::vector<Rule>& rules) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < schema.size() && columns.size() < kMostColumns; ++c)
    if (is_modelled(schema[c].type) && schema[c].distinct > 1 && schema[c].distinct <= kMostValues)
      columns.push_back(c);
  const std::vector<std::size_t> some = choose_rows(real.rows(), kSearchedRows, 0, 0),
                                 every = choose_rows(real.rows(), real.rows(), 0, 0);
  std::vector<Values> values;
  for (const std::size_t c : columns) values.push_back(values_of(schema[c], real, some, nullptr));
  std::vector<std::size_t> by_count(columns.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::stable_sort(by_count.begin(), by_count.end(),
                   [&](std::size_t i, std::size_t j) { return values[i].count < values[j].count; });
  Values all_a;  // of a = last
  std::size_t last = columns.size();
  for (std::size_t b = 0; b < columns.size(); ++b) {
    if (std::find(known.begin(), known.end(), columns[b]) != known.end()) continue;
    for (const std::size_t a : by_count) {
      if (a == b || values[a].count < values[b].count || (values[a].count == values[b].count && a > b)) continue;
      if (!follow(values[a], values[b])) continue;
      if (a != last) {
        all_a = values_of(schema[columns[a]], real, every, &synthetic);
        last = a;
      }
      const Values all_b = values_of(schema[columns[b]], real, every, &synthetic);
      const std::optional<std::vector<int>> says = follow(all_a, all_b);
      if (!says) continue;
      const Followers of_synthetic(all_a.synthetic, all_b.synthetic, *says);
      rules.push_back({.text = fmt::format("one {} per {}", schema[columns[b]].name, schema[columns[a]].name),
                       .real = Followers(all_a.real, all_b.real, *says).share(),
                       .synthetic = of_synthetic.share(),
                       .synthetic_rows = of_synthetic.all});
      break;
    }
  }
}

}  // namespace

std::vector<Rule> stated_rules(const std::vector<std::string>& texts, const Table& real, const Table& synthetic,
                               const Schema& schema, int threads) {
  if (texts.empty()) return {};
  StatedRules rules(texts, schema);
  const ReadTable of_real(schema, real, threads), of_synthetic(schema, synthetic, threads);
  rules.learn(of_real);
  const StatedRules::Broken real_broken = rules.broken(of_real, threads),
                            synthetic_broken = rules.broken(of_synthetic, threads);
  std::vector<Rule> out;
  const auto kept = [](std::size_t broken, std::size_t rows) {
    return 1 - static_cast<double>(broken) / static_cast<double>(rows);
  };
  for (std::size_t i = 0; i < texts.size(); ++i)
    out.push_back({.text = texts[i],
                   .real = kept(real_broken.of_rule[i], real.rows()),
                   .synthetic = kept(synthetic_broken.of_rule[i], synthetic.rows()),
                   .synthetic_rows = synthetic.rows(),
                   .is_stated = true,
                   .real_broken = real_broken.of_rule[i],
                   .synthetic_broken = synthetic_broken.of_rule[i]});
  return out;
}

std::vector<Rule> find_rules(const Table& real, const Table& synthetic, const Schema& schema) {
  std::vector<std::size_t> order(schema.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::size_t> known;
  std::vector<Rule> out;
  const auto add = [&](const Relation& relation) {
    const Sides of_real = count_sides(relation, real, schema, "real"),
                of_synthetic = count_sides(relation, synthetic, schema, "synthetic");
    const bool is_above = of_real.above > of_real.below;
    const auto kept = [&](const Sides& sides) {
      return sides.share(sides.equal + (relation.is_exact ? 0 : is_above ? sides.above : sides.below));
    };
    if (relation.is_off_by_few && kept(of_real) < kKept) return;  // on both sides
    const char* sign = relation.is_exact ? "=" : is_above ? ">=" : "<=";
    out.push_back({.text = fmt::format("{} {} {}", schema[relation.column].name, sign, text_of(relation, schema)),
                   .real = kept(of_real),
                   .synthetic = kept(of_synthetic),
                   .synthetic_rows = of_synthetic.all,
                   .is_relation = true});
  };
  for (const Relation& relation : find_relations(ReadTable(schema, real), schema, order)) {
    if (relation.is_exact) known.push_back(relation.column);
    add(relation);
    for (const Relation::Limit& limit : relation.limits) add(relation.order_beside(limit));
  }
  add_followers(real, synthetic, schema, known, out);
  return out;
}

}  // namespace meg
