#include "core/model/ruled_rows.h"

#include <algorithm>
#include <numeric>

#include "core/fail.h"
#include "core/parallel.h"
#include "core/table/table_builder.h"
#include "core/table/write/write_column.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

/// Rows so near to each other are drawn again in one go, with those between them.
constexpr std::size_t kGap = 32;

/// The finalizer of SplitMix64 (Steele et al. 2014).
std::uint64_t redraw_seed(std::uint64_t seed, int draw) {
  std::uint64_t x = seed + static_cast<std::uint64_t>(draw) * 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// Columns that neither conditions nor given rows are about, and that are learned.
std::vector<bool> free_columns(const Schema& schema, const GenerateOptions& how) {
  std::vector<bool> out;
  for (const ColumnSchema& column : schema) {
    const bool is_asked = std::any_of(how.where.begin(), how.where.end(), [&](const std::string& condition) {
      return condition.starts_with(column.name + "=");
    });
    out.push_back(is_modelled(column.type) && !is_asked && !(how.given && how.given->find(column.name)));
  }
  return out;
}

std::vector<std::size_t> rows_to(std::size_t count) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

}  // namespace

RuledRows::RuledRows(const StatedRules& rules, const Schema& schema, Make make, std::uint64_t first_row,
                     std::size_t count, std::uint64_t seed, const GenerateOptions& how, int threads)
    : rules_(rules),
      schema_(schema),
      make_(std::move(make)),
      row_(first_row),
      seed_(seed),
      has_conditions_(!how.where.empty() || how.given),
      may_change_(free_columns(schema, how)),
      mender_(rules, schema, may_change_),
      threads_(threads),
      source_(make_(first_row, count, seed)),
      seen_(rules.all().size()) {}

std::optional<Table> RuledRows::next() {
  std::optional<Table> made = source_->next();
  if (!made) return made;
  Settled settled = settle(*std::move(made));
  std::vector<std::size_t> broken;
  for (std::size_t r = 0; r < settled.hold.size(); ++r)
    if (!settled.hold[r]) broken.push_back(r);
  Table out = broken.empty() ? std::move(settled.rows) : redraw(std::move(settled.rows), std::move(broken));
  check_unique(out);
  row_ += out.rows();
  return out;
}

RuledRows::Settled RuledRows::settle(Table rows) const {
  const ReadTable read(schema_, rows, threads_);
  std::vector<RuleRow> settled;
  settled.reserve(rows.rows());
  for (std::size_t r = 0; r < rows.rows(); ++r) settled.emplace_back(read, r);
  std::vector<char> hold(rows.rows());
  parallel_parts(rows.rows(), kPartRows, threads_, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      mender_.derive(settled[r]);
      hold[r] = rules_.hold(settled[r]);
    }
  });
  return {with_changes(rows, settled), std::move(hold)};
}

Table RuledRows::with_changes(const Table& rows, const std::vector<RuleRow>& changed) const {
  std::vector<bool> changes(schema_.size());
  for (const RuleRow& row : changed)
    for (const auto& [column, value] : row.changed()) changes[column] = true;
  if (std::find(changes.begin(), changes.end(), true) == changes.end()) return rows;
  std::vector<NamedArray> columns;
  for (std::size_t c = 0; c < schema_.size(); ++c) {
    const Array& now = rows[schema_[c].name];
    columns.push_back({schema_[c].name, now});
    if (!changes[c]) continue;
    std::vector<double> values;
    for (const RuleRow& row : changed) values.push_back(row.value(c).number);
    columns.back().values = write_column(schema_[c], read_values(schema_[c], std::move(values)), now.type());
  }
  return Table(std::move(columns));
}

Table RuledRows::redraw(Table rows, std::vector<std::size_t> broken) {
  redrawn_.rows += broken.size();
  std::vector<Table> tables{std::move(rows)};  // the first draw, and what of others keeps the rules
  std::size_t all = tables.front().rows();
  std::vector<std::size_t> place = rows_to(all);  // of each row in them
  for (int draw = 1; draw <= kDraws && !broken.empty(); ++draw) {
    redrawn_.draws += broken.size();
    std::vector<std::size_t> still;
    for (std::size_t i = 0; i < broken.size();) {
      std::vector<std::size_t> run{broken[i++]};
      while (i < broken.size() && broken[i] - run.back() <= kGap) run.push_back(broken[i++]);
      std::vector<std::size_t> in_run;
      for (const std::size_t r : run) in_run.push_back(r - run.front());
      const auto source = make_(row_ + run.front(), in_run.back() + 1, redraw_seed(seed_, draw));
      const Settled drawn = settle(all_rows([&] { return source->next(); })->take(in_run));
      std::vector<std::size_t> kept;
      for (std::size_t j = 0; j < run.size(); ++j) {
        if (!drawn.hold[j]) {
          still.push_back(run[j]);
          continue;
        }
        place[run[j]] = all++;
        kept.push_back(j);
      }
      if (!kept.empty()) tables.push_back(drawn.rows.take(kept));
    }
    broken = std::move(still);
  }
  if (!broken.empty()) {
    redrawn_.mended += broken.size();
    tables.push_back(mend(tables.front(), broken));
    for (const std::size_t r : broken) place[r] = all++;
  }
  const Table chosen = Table::concatenate(tables).take(place);
  std::vector<NamedArray> columns;
  for (std::size_t c = 0; c < schema_.size(); ++c) {
    const std::string& name = schema_[c].name;
    columns.push_back({name, is_modelled(schema_[c].type) ? chosen[name] : tables.front()[name]});
  }
  return Table(std::move(columns));
}

Table RuledRows::mend(const Table& rows, const std::vector<std::size_t>& broken) const {
  const Table some = rows.take(broken);
  const ReadTable read(schema_, some, threads_);
  const Philox random(redraw_seed(seed_, kDraws + 1), Stream::kSample);
  std::vector<RuleRow> mended;
  for (std::size_t i = 0; i < broken.size(); ++i) {
    RuleRow& row = mended.emplace_back(read, i);
    const std::array<std::uint32_t, 4> bits = random.bits(row_ + broken[i], 0);
    if (!mender_.mend(row, (std::uint64_t{bits[0]} << 32) | bits[1])) fail_row(row, row_ + broken[i]);
  }
  return with_changes(some, mended);
}

void RuledRows::fail_row(const RuleRow& row, std::uint64_t number) const {
  const auto breaks = [&](const StatedRule& rule) { return !rule.holds(row); };
  const StatedRule& rule = *std::find_if(rules_.all().begin(), rules_.all().end(), breaks);
  fail(ErrorCode::kUnsupported,
       "row {} breaks the rule '{}' in each of {} draws, and no cell of it can be set so that all rules hold: {}",
       number + 1, rule.text(), kDraws,
       has_conditions_ ? "the conditions or the given cells are against it, or the model never makes such rows"
                       : "the model hardly ever makes rows that keep it; look at whether other rules are against it");
}

void RuledRows::check_unique(const Table& rows) {
  std::optional<ReadTable> read;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const StatedRule& rule = rules_.all()[i];
    if (!rule.is_unique() || seen_[i].size() >= kMostUnique) continue;
    if (!read) read.emplace(schema_, rows, threads_);
    const std::size_t c = rule.node().parts[0].column;
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const Value value = read->value(r, c);
      if (value.is_missing() || seen_[i].emplace(value.text).second) continue;
      fail(ErrorCode::kUnsupported, "row {} breaks the rule '{}': '{}' stands in an earlier row; {}", row_ + r + 1,
           rule.text(), value.text,
           has_conditions_ ? "the given cells repeat it, or the column has no more texts of its shapes"
                           : "the column has no more texts of the shapes that it has in the real table, so ask for "
                             "fewer rows, or say with a schema file what it holds");
    }
  }
}

}  // namespace meg
