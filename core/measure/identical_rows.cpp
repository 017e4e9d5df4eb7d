#include "core/measure/identical_rows.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/fail.h"
#include "core/measure/privacy.h"
#include "core/measure/registry.h"
#include "core/table/infer/number.h"
#include "core/table/infer/read_table.h"

namespace meg {

namespace {

/// A cell as bytes that equal cells share, with its length or a mark in front so that none runs into the next.
void append_key(const Array& cells, std::size_t r, std::string& out) {
  const auto append_bytes = [&](const auto& value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);  // a char may look at any object's bytes
  };
  if (cells.is_null(r)) {
    out += '?';
  } else if (cells.type().id == TypeId::kFloat64) {
    out += '#';
    append_bytes(cells.values<double>()[r] + 0.0);  // -0 becomes 0
  } else {
    const std::string_view word = trimmed(cells.text(r));
    out += '=';
    append_bytes(word.size());
    out += word;
  }
}

/// A 64-bit hash of every row. That two of a million rows and a million others meet by chance has odds of 1 in 10^7.
std::vector<std::size_t> row_hashes(const Table& table, const Schema& schema, std::string_view which) {
  const Table read = read_all(schema, table, which);
  std::vector<std::size_t> out;
  out.reserve(table.rows());
  std::string key;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    key.clear();
    for (std::size_t c = 0; c < schema.size(); ++c) append_key(read[c], r, key);
    out.push_back(std::hash<std::string_view>()(key));
  }
  return out;
}

}  // namespace

double identical_share(const Table& synthetic, const Table& real, const Schema& schema, std::string_view which) {
  Schema compared;
  std::copy_if(schema.begin(), schema.end(), std::back_inserter(compared),
               [](const ColumnSchema& column) { return is_modelled(column.type); });
  if (compared.empty()) fail("no column is left to compare rows by: all are identifiers or free text");
  std::vector<std::size_t> known = row_hashes(real, compared, "real");
  std::sort(known.begin(), known.end());
  const std::vector<std::size_t> asked = row_hashes(synthetic, compared, which);
  const auto found = std::count_if(asked.begin(), asked.end(), [&](std::size_t hash) {
    return std::binary_search(known.begin(), known.end(), hash);
  });
  return asked.empty() ? 0 : static_cast<double>(found) / static_cast<double>(asked.size());
}

constinit const Measure measures::identical{
    .key = "identical",
    .label = "rows that equal a real one",
    .meaning =
        "The share of synthetic rows that equal a row of the real table; of real rows: that of the unseen rows, "
        "or of one half's rows that equal one of the other half.",
    .higher_is_better = false,
    .compute = [](const MeasureContext& c) { return Measured(c.get(privacy).identical); },
    .applies = [](const MeasureContext& c) { return c.columns() > 0; },
    .of_real_rows = [](const MeasureContext& c) -> std::optional<Measured> {
      if (const auto& held_out = c.get(privacy).held_out) return held_out->identical;
      if (c.halves()) return c.halves()->get(privacy).identical;
      return std::nullopt;
    },
    .card = OnCard{.card = Card::kPrivacy,
                   .choice = 1,
                   .question = "Share of rows that equal a real row; with --test: much more"},
    .section = MeasureSection::kPrivacy,
    .heading = "rows identical with one of the real table",
    .is_percent = true,
    .text =
        [](const MeasureContext& c) {
          const Privacy& p = c.get(privacy);
          const std::string own = fmt::format("{:.3f} %", 100 * p.identical);
          return p.held_out ? fmt::format("{}  (held-out: {:.3f} %)", own, 100 * p.held_out->identical) : own;
        }};

}  // namespace meg
