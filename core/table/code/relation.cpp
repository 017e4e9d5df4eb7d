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

std::vector<std::size_t> Relation::bases() const {
  std::vector<std::size_t> out;
  for (const Term& term : terms)
    for (const std::size_t c : {term.a, term.b})
      if (std::find(out.begin(), out.end(), c) == out.end()) out.push_back(c);
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

double Relation::combine(Combination what, double a, double b) {
  if (what == Combination::kDifference) return a - b;
  if (what == Combination::kProduct) return a * b;
  return what == Combination::kQuotient ? a / b : a;
}

std::string formula(const Relation& relation, const Schema& schema) {
  std::string terms;
  for (const Term& term : relation.terms) {
    const std::string &a = schema[term.a].name, &b = schema[term.b].name;
    const double size = std::abs(term.factor);
    const bool divides = size < 1e-3 && std::abs(std::round(1 / size) * size - 1) < 1e-12;
    terms += terms.empty() ? (term.factor < 0 ? "-" : "") : (term.factor < 0 ? " - " : " + ");
    if (size != 1 && !divides) terms += fmt::format("{:.6g} * ", size);
    if (term.what == Combination::kColumn) terms += a;
    const bool is_alone = relation.terms.size() == 1 && term.factor == 1;
    if (term.what == Combination::kDifference)
      terms += is_alone ? fmt::format("{} - {}", a, b) : fmt::format("({} - {})", a, b);
    if (term.what == Combination::kProduct) terms += fmt::format("{} * {}", a, b);
    if (term.what == Combination::kQuotient) terms += fmt::format("{} / {}", a, b);
    if (divides) terms += fmt::format(" / {:.0f}", 1 / size);
  }
  if (relation.offset != 0)
    terms += fmt::format(" {} {:.6g}", relation.offset < 0 ? '-' : '+', std::abs(relation.offset));
  return terms;
}

std::string describe(const Relation& relation, const Schema& schema) {
  std::string limits;
  for (const Relation::Limit& limit : relation.limits)
    limits += fmt::format(", {} {}", limit.is_least ? "never below" : "never above", schema[limit.column].name);
  return fmt::format("column '{}' is learned as {}{}{}", schema[relation.column].name,
                     relation.is_exact ? "" : "its distance from ", formula(relation, schema), limits);
}

std::string describe_lost(const Relation& relation, const Schema& schema) {
  return fmt::format(
      "column '{}' is {}{}: rows that are made need not keep that, for here columns are learned as they are",
      schema[relation.column].name, relation.is_exact ? "" : "always on the same side of ", formula(relation, schema));
}

std::string relations_to_json(std::span<const Relation> relations) {
  nlohmann::json out = nlohmann::json::array();
  for (const Relation& relation : relations) {
    nlohmann::json terms = nlohmann::json::array();
    for (const Term& term : relation.terms) terms.push_back({term.factor, static_cast<int>(term.what), term.a, term.b});
    out.push_back({{"column", relation.column},
                   {"terms", std::move(terms)},
                   {"offset", relation.offset},
                   {"step", relation.step},
                   {"exact", relation.is_exact},
                   {"distance", nlohmann::json::parse(schema_to_json({relation.distance}))}});
    for (const Relation::Limit& limit : relation.limits) out.back()["limits"].push_back({limit.column, limit.is_least});
  }
  return out.dump();
}

std::vector<Relation> relations_from_json(std::string_view json, const Schema& schema) {
  std::vector<Relation> out;
  const auto check = [&](std::size_t c) {
    if (c >= schema.size() || !is_numeric(schema[c].type)) fail("a relation is of column {}, which has no numbers", c);
  };
  for (const auto& in : nlohmann::json::parse(json)) {
    Relation& relation = out.emplace_back();
    in.at("column").get_to(relation.column), in.at("offset").get_to(relation.offset);
    in.at("step").get_to(relation.step), in.at("exact").get_to(relation.is_exact);
    check(relation.column);
    for (const auto& term : in.at("terms")) {
      const int what = term.at(1);
      if (what < 0 || what > static_cast<int>(Combination::kQuotient)) fail("a relation combines columns as {}", what);
      relation.terms.push_back({term.at(0), static_cast<Combination>(what), term.at(2), term.at(3)});
      check(relation.terms.back().a), check(relation.terms.back().b);
    }
    for (const auto& limit : in.value("limits", nlohmann::json::array())) {
      relation.limits.push_back({limit.at(0), limit.at(1)});
      check(relation.limits.back().column);
    }
    relation.distance = schema_from_json(in.at("distance").dump()).at(0);
    const bool again = std::count_if(out.begin(), out.end(),
                                     [&](const Relation& other) { return other.column == relation.column; }) > 1;
    if (again || !is_numeric(relation.distance.type) || relation.distance.name != schema[relation.column].name)
      fail("column '{}' has no such relation", schema[relation.column].name);
  }
  return out;
}

}  // namespace meg
