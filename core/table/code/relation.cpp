#include "core/table/code/relation.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/fail.h"

namespace meg {

double as_written(const ColumnSchema& column, double number) {
  const double unit = std::pow(10.0, column.decimals), units = std::round(number * unit);
  return std::abs(units) < kMostGridSteps ? units / unit + 0.0 : number;  // + 0.0: no -0
}

std::vector<std::size_t> Formula::bases() const {
  std::vector<std::size_t> out;
  for (const Term& term : terms)
    for (const std::size_t c : {term.a, term.b})
      if (std::find(out.begin(), out.end(), c) == out.end()) out.push_back(c);
  return out;
}

std::vector<std::size_t> Relation::bases() const {
  std::vector<std::size_t> out = Formula::bases();
  for (const Limit& limit : limits)
    if (std::find(out.begin(), out.end(), limit.column) == out.end()) out.push_back(limit.column);
  return out;
}

double Relation::fold(double number, double least, double most) {
  if (least > most) return number;
  if (number < least) return std::min(2 * least - number, most);
  return number > most ? std::max(2 * most - number, least) : number;
}

Relation Relation::order_beside(const Limit& limit) const {
  Relation out;
  out.column = column, out.step = step;
  out.terms.push_back({.a = limit.column, .b = limit.column});
  return out;
}

double Formula::combine(Combination what, double a, double b) {
  if (what == Combination::kDifference) return a - b;
  if (what == Combination::kProduct) return a * b;
  if (what == Combination::kAbsolute) return std::abs(a);
  if (what == Combination::kSum) return a + b;
  return what == Combination::kQuotient ? a / b : a;
}

std::string text_of(const Formula& formula, const Schema& schema) {
  std::string terms;
  for (const Term& term : formula.terms) {
    const std::string &a = schema[term.a].name, &b = schema[term.b].name;
    const double size = std::abs(term.factor);
    const bool divides = size < 1e-3 && std::abs(std::round(1 / size) * size - 1) < 1e-12;
    terms += terms.empty() ? (term.factor < 0 ? "-" : "") : (term.factor < 0 ? " - " : " + ");
    if (size != 1 && !divides) terms += fmt::format("{:.6g} * ", size);
    if (term.what == Combination::kColumn) terms += a;
    const bool is_alone = formula.terms.size() == 1 && term.factor == 1;
    if (term.what == Combination::kDifference || term.what == Combination::kSum) {
      const char sign = term.what == Combination::kSum ? '+' : '-';
      terms += is_alone ? fmt::format("{} {} {}", a, sign, b) : fmt::format("({} {} {})", a, sign, b);
    }
    if (term.what == Combination::kAbsolute) terms += fmt::format("|{}|", a);
    if (term.what == Combination::kProduct) terms += fmt::format("{} * {}", a, b);
    if (term.what == Combination::kQuotient) terms += fmt::format("{} / {}", a, b);
    if (divides) terms += fmt::format(" / {:.0f}", 1 / size);
  }
  if (formula.offset != 0) terms += fmt::format(" {} {:.6g}", formula.offset < 0 ? '-' : '+', std::abs(formula.offset));
  return terms;
}

std::string describe(const Relation& relation, const Schema& schema) {
  std::string limits;
  for (const Relation::Limit& limit : relation.limits)
    limits += fmt::format(", {} {}", limit.is_least ? "never below" : "never above", schema[limit.column].name);
  return fmt::format("column '{}' is learned as {}{}{}{}", schema[relation.column].name,
                     relation.is_exact || relation.is_off_by_few ? "" : "its distance from ", text_of(relation, schema),
                     relation.is_off_by_few ? " and one of few numbers" : "", limits);
}

std::string describe_lost(const Relation& relation, const Schema& schema) {
  return fmt::format(
      "column '{}' is {}{}{}: rows that are made need not keep that, for here columns are learned as they are",
      schema[relation.column].name, relation.is_exact || relation.is_off_by_few ? "" : "always on the same side of ",
      text_of(relation, schema), relation.is_off_by_few ? " and one of few numbers" : "");
}

std::string describe(std::span<const FrequentFormula> formulas, const Schema& schema) {
  std::string out = fmt::format("column '{}' is often ", schema[formulas.front().column].name);
  for (const FrequentFormula& formula : formulas)
    out += fmt::format("{}{} ({:.0f} % of rows)", &formula == &formulas.front() ? "" : ", ", text_of(formula, schema),
                       100 * formula.share);
  return out;
}

namespace {

nlohmann::json to_json(const Formula& formula) {
  nlohmann::json terms = nlohmann::json::array();
  for (const Term& term : formula.terms) terms.push_back({term.factor, static_cast<int>(term.what), term.a, term.b});
  return {{"column", formula.column}, {"terms", std::move(terms)}, {"offset", formula.offset}, {"step", formula.step}};
}

void check_numeric(std::size_t column, const Schema& schema) {
  if (column >= schema.size() || !is_numeric(schema[column].type))
    fail("a relation is of column {}, which has no numbers", column);
}

void from_json(const nlohmann::json& in, const Schema& schema, Formula& out) {
  in.at("column").get_to(out.column), in.at("offset").get_to(out.offset), in.at("step").get_to(out.step);
  check_numeric(out.column, schema);
  for (const auto& term : in.at("terms")) {
    const int what = term.at(1);
    if (what < 0 || what > static_cast<int>(Combination::kSum)) fail("a relation combines columns as {}", what);
    out.terms.push_back({term.at(0), static_cast<Combination>(what), term.at(2), term.at(3)});
    for (const std::size_t c : {out.terms.back().a, out.terms.back().b}) check_numeric(c, schema);
  }
}

}  // namespace

std::string relations_to_json(std::span<const Relation> relations) {
  nlohmann::json out = nlohmann::json::array();
  for (const Relation& relation : relations) {
    out.push_back(to_json(relation));
    out.back()["exact"] = relation.is_exact;
    if (relation.is_off_by_few) out.back()["off_by_few"] = true;
    out.back()["distance"] = nlohmann::json::parse(schema_to_json({relation.distance}));
    for (const Relation::Limit& limit : relation.limits) out.back()["limits"].push_back({limit.column, limit.is_least});
  }
  return out.dump();
}

std::vector<Relation> relations_from_json(std::string_view json, const Schema& schema) {
  std::vector<Relation> out;
  for (const auto& in : nlohmann::json::parse(json)) {
    Relation& relation = out.emplace_back();
    from_json(in, schema, relation);
    in.at("exact").get_to(relation.is_exact);
    relation.is_off_by_few = in.value("off_by_few", false);
    for (const auto& limit : in.value("limits", nlohmann::json::array())) {
      relation.limits.push_back({limit.at(0), limit.at(1)});
      check_numeric(relation.limits.back().column, schema);
    }
    relation.distance = schema_from_json(in.at("distance").dump()).at(0);
    const bool again = std::count_if(out.begin(), out.end(),
                                     [&](const Relation& other) { return other.column == relation.column; }) > 1;
    if (again || !is_numeric(relation.distance.type) || relation.distance.name != schema[relation.column].name)
      fail("column '{}' has no such relation", schema[relation.column].name);
  }
  return out;
}

std::string formulas_to_json(std::span<const FrequentFormula> formulas) {
  nlohmann::json out = nlohmann::json::array();
  for (const FrequentFormula& formula : formulas) {
    out.push_back(to_json(formula));
    out.back()["share"] = formula.share;
  }
  return out.dump();
}

std::vector<FrequentFormula> formulas_from_json(std::string_view json, const Schema& schema) {
  std::vector<FrequentFormula> out;
  for (const auto& in : nlohmann::json::parse(json)) {
    from_json(in, schema, out.emplace_back());
    in.at("share").get_to(out.back().share);
  }
  return out;
}

}  // namespace meg
