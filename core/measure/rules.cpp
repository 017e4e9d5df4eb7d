#include "core/measure/rules.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>

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

}  // namespace

std::vector<Rule> find_rules(const Table& real, const Table& synthetic, const Schema& schema) {
  std::vector<std::size_t> order(schema.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<Rule> out;
  for (const Relation& relation : find_relations(real, schema, order)) {
    const Sides of_real = count_sides(relation, real, schema, "real"),
                of_synthetic = count_sides(relation, synthetic, schema, "synthetic");
    const bool is_above = of_real.above > of_real.below;
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
  return out;
}

}  // namespace meg
