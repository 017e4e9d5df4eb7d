#include "core/table/rule/stated_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/fail.h"
#include "core/parallel.h"

namespace meg {

namespace {

/// Rows whose value stands in an earlier row, ascending.
std::vector<std::size_t> repeated_rows(const StatedRule& rule, const ReadTable& rows) {
  const StatedRule::Node& column = rule.node().parts[0];
  std::unordered_set<std::string> seen;
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const Value value = rows.value(r, column.column);
    if (value.is_missing()) continue;
    const bool is_text = value.text.data() != nullptr;
    if (!seen.insert(is_text ? std::string(value.text) : fmt::format("{}", value.number)).second) out.push_back(r);
  }
  return out;
}

}  // namespace

StatedRules::StatedRules(const std::vector<std::string>& texts, const Schema& schema, RuleWords words) {
  for (const std::string& text : texts) rules_.emplace_back(text, schema, words);
  real_broken_.resize(rules_.size());
}

bool StatedRules::hold(const RuleRow& row) const {
  return std::all_of(rules_.begin(), rules_.end(), [&](const StatedRule& rule) { return rule.holds(row); });
}

StatedRules::Broken StatedRules::broken(const ReadTable& rows, int threads) const {
  Broken out{std::vector<std::size_t>(rules_.size()), {}};
  std::vector<char> is_broken(rows.rows()), breaks(rows.rows());
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    std::fill(breaks.begin(), breaks.end(), false);
    if (rules_[i].is_unique())
      for (const std::size_t r : repeated_rows(rules_[i], rows)) breaks[r] = true;
    else
      parallel_parts(rows.rows(), kPartRows, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) breaks[r] = !rules_[i].holds(RuleRow(rows, r));
      });
    for (std::size_t r = 0; r < breaks.size(); ++r) {
      out.of_rule[i] += breaks[r] != 0;
      is_broken[r] |= breaks[r];
    }
  }
  for (std::size_t r = 0; r < is_broken.size(); ++r)
    if (is_broken[r]) out.rows.push_back(r);
  return out;
}

std::vector<std::string> StatedRules::texts() const {
  std::vector<std::string> out;
  for (const StatedRule& rule : rules_) out.push_back(rule.text());
  return out;
}

StatedRules StatedRules::of(const Schema& schema) const {
  StatedRules out(texts(), schema, RuleWords::kAny);
  for (std::size_t i = 0; i < rules_.size(); ++i) out.rules_[i].set_combinations(rules_[i].combinations());
  out.real_rows_ = real_rows_, out.real_broken_ = real_broken_;
  return out;
}

Table StatedRules::kept(const Schema& schema, Table table, int threads) {
  const Broken found = broken(ReadTable(schema, table, threads), threads);
  set_found(table.rows(), found);
  return found.rows.empty() ? std::move(table) : table.take(rows_but(found.rows, table.rows()));
}

std::vector<std::size_t> rows_but(const std::vector<std::size_t>& some, std::size_t rows) {
  std::vector<std::size_t> out;
  for (std::size_t r = 0, next = 0; r < rows; ++r) {
    const bool is_out = next < some.size() && some[next] == r;
    next += is_out;
    if (!is_out) out.push_back(r);
  }
  if (out.size() < 2)
    fail(ErrorCode::kInvalidArgument,
         "the rules leave {} of {} rows to learn from: `meg schema` says which break which", out.size(), rows);
  return out;
}

void StatedRules::learn(const ReadTable& real) {
  for (StatedRule& rule : rules_) rule.learn(real);
}

void StatedRules::set_found(std::size_t rows, const Broken& broken) {
  real_rows_ = rows;
  real_broken_ = broken.of_rule;
}

std::vector<std::string> StatedRules::notes() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    out.push_back(real_broken_[i] == 0
                      ? fmt::format("rule '{}': all {} rows of the table keep it", rules_[i].text(), real_rows_)
                      : fmt::format("rule '{}': {} of {} rows of the table break it, and are not learned from",
                                    rules_[i].text(), real_broken_[i], real_rows_));
  return out;
}

std::string StatedRules::to_json() const {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    out.push_back({{"rule", rules_[i].text()}, {"rows", real_rows_}, {"broken", real_broken_[i]}});
    if (rules_[i].is_combination()) out.back()["combinations"] = rules_[i].combinations();
  }
  return out.dump();
}

StatedRules StatedRules::from_json(std::string_view json, const Schema& schema) {
  StatedRules out;
  for (const auto& in : nlohmann::json::parse(json)) {
    StatedRule& rule = out.rules_.emplace_back(in.at("rule").get<std::string>(), schema, RuleWords::kAny);
    out.real_rows_ = in.at("rows");
    out.real_broken_.push_back(in.at("broken"));
    if (rule.is_combination())
      rule.set_combinations(in.at("combinations").get<std::vector<std::vector<std::string>>>());
  }
  return out;
}

}  // namespace meg
