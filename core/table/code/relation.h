#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/read_table.h"
#include "core/tensor/decoding.h"

namespace meg {

/// A number as the column's cells say it, rounded to their decimals; so what is predicted from numbers and from the
/// cells that they are written as is the same.
double as_written(const ColumnSchema& column, double number);

/// What a formula adds up, of one column of numbers or of two.
enum class Combination { kColumn, kDifference, kProduct, kQuotient, kAbsolute, kSum };

/// factor * a, factor * (a - b), factor * a b, factor * a / b, factor * |a| or factor * (a + b); a and b are places in
/// a schema.
struct Term {
  double factor = 1;
  Combination what = Combination::kColumn;
  std::size_t a = 0, b = 0;
};

/// A number on a column's grid that is computed from other columns: offset + the terms.
struct Formula {
  std::size_t column = 0;  // of the schema
  std::vector<Term> terms;
  double offset = 0;
  double step = 0;  // of the column's grid, from its smallest number

  /// The columns that the terms are of, each once.
  std::vector<std::size_t> bases() const;
  /// What the terms say, where value(place in the schema) is a column's number; NaN where that is for one of them.
  template <class Value>
  double sum(const Value& value) const {
    double out = offset;
    for (const Term& term : terms) out += term.factor * combine(term.what, value(term.a), value(term.b));
    return out;
  }
  /// The number on the column's grid that is nearest to it; `of` is the column itself.
  template <class Value>
  double predict(const ColumnSchema& of, const Value& value) const {
    return on_grid(sum(value), of.smallest, step);
  }
  /// The number of `base` with which the terms come to `number`, where value(place in the schema) is any other column's
  /// number; NaN where they do not rise or fall with it evenly.
  template <class Value>
  double solve(std::size_t base, double number, const Value& value) const {
    for (const Term& term : terms) {
      const bool is_square = term.what == Combination::kProduct && term.a == base && term.b == base;
      const bool divides = term.what == Combination::kQuotient && term.b == base;
      if (is_square || divides || (term.what == Combination::kAbsolute && term.a == base))
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto with = [&](double x) { return sum([&](std::size_t c) { return c == base ? x : value(c); }); };
    const double slope = with(1) - with(0);
    return slope == 0 ? std::numeric_limits<double>::quiet_NaN() : (number - with(0)) / slope;
  }
  static double combine(Combination what, double a, double b);
};

/// A formula that many cells of a column keep and others do not: lot15 is lot in 18 % of the rows. Cells that keep it
/// have a code of its own, see Column.
struct FrequentFormula : Formula {
  double share = 0;  // of the column's cells

  /// Whether it gives the number, where value(place in the schema) is a column's number.
  template <class Value>
  bool gives(const ColumnSchema& of, double number, const Value& value) const {
    return std::abs(predict(of, value) - number) < 0.5 * step;
  }
};

/// A column of numbers that follows from others: what is learned of it is its distance from offset + the terms, both on
/// the column's grid. So a sum adds up, and an end is behind its beginning, in every row that is made.
struct Relation : Formula {
  bool is_exact = false;       // hardly a cell is off: the distance is nearly always 0
  bool is_off_by_few = false;  // the distance is mostly one of few numbers, on both sides
  /// A column that this one is never below, or never above: close is learned as its distance from high, and not below
  /// low either.
  struct Limit {
    std::size_t column = 0;
    bool is_least = false;
  };
  std::vector<Limit> limits = {};  // at most one of each kind
  ColumnSchema distance;           // the column that is learned instead, of the same name

  /// The columns that the terms are of, and the limits, each once.
  std::vector<std::size_t> bases() const;
  /// A number between the limits and on its side of what is predicted: one that is beyond a limit is as far within,
  /// where there is so much room. value(place in the schema) is a column's number; NaN limits nothing.
  template <class Value>
  double within_limits(double number, double predicted, const Value& value) const {
    if (limits.empty()) return number;
    double least = -std::numeric_limits<double>::infinity(), most = -least;
    if (distance.smallest >= 0) least = predicted;
    if (distance.largest <= 0) most = predicted;
    for (const Limit& limit : limits)
      if (const double end = value(limit.column); !std::isnan(end))
        limit.is_least ? least = std::max(least, end) : most = std::min(most, end);
    return fold(number, least, most);
  }
  static double fold(double number, double least, double most);
  /// The order beside a limit, as a relation of its own.
  Relation order_beside(const Limit& limit) const;
  /// What a number is off by, as it is written with the column's decimals.
  double off_by(double number, double predicted) const { return as_written(distance, number - predicted); }
  /// The column's number from what is predicted and its distance, within the column's range, or no further out of it
  /// than what was predicted: a sum adds up there, and an end is not before its beginning.
  static double at(const ColumnSchema& of, double predicted, double distance) {
    return std::clamp(predicted + distance, std::min(of.smallest, predicted), std::max(of.largest, predicted));
  }
};

/// The relations of the columns of numbers of a table that the schema has read, each to columns that stand before it in
/// `order` (places in the schema, of which the first `fixed` stay where they are). A column moves where another one
/// would lose a number that many of its cells hold: living = above + basement, where basement is mostly 0, so living
/// moves behind it; what cannot be moved so is no relation. Found are
/// - sums of up to three terms with factors or of eight columns, or one quotient, that give at least 95 % of the cells,
/// also of those that
///   are not the column's most frequent value: gross = net + tax, days = (end - begin) / 86400, total = price * amount;
/// - sums and differences of columns that a column is off by at most twenty numbers in nine of ten cells, where it
/// holds
///   five times as many: total = fare + tip + tolls and one of five surcharges;
/// - columns that are always at or behind another one (or always at or before it) of the same kind, where their ranges
///   overlap: of dates and times; of other numbers where the distance varies less than a quarter as much.
/// No cell stands where one is missing that it would follow from.
std::vector<Relation> find_relations(const ReadTable& table, const Schema& schema, std::vector<std::size_t>& order,
                                     std::size_t fixed = 0);

/// The formulas that some cells of a column of numbers keep, no more than Column::kMostFormulas, the most frequent
/// first: a column before it in `order` with a factor and an offset, its absolute value, or the sum or difference of
/// two of these; so 20 % of the fare + 0.66. Searched in a sample of rows, and each is accepted on as many others where
/// it gives 2 % of the cells that hold no frequent number, three times as many as chance would: as numbers of rows
/// nearby would. Not of the first `fixed` columns, of columns of few numbers, nor of those that an exact relation
/// gives.
std::vector<FrequentFormula> find_formulas(const ReadTable& table, const Schema& schema,
                                           std::span<const std::size_t> order, std::span<const Relation> relations,
                                           std::size_t fixed = 0);

/// What the terms say, in signs: net + tax.
std::string text_of(const Formula& formula, const Schema& schema);
/// The relation in words: column 'gross' is learned as net + tax.
std::string describe(const Relation& relation, const Schema& schema);
/// The same where it is not learned: column 'gross' is net + tax, which rows that are made need not keep.
std::string describe_lost(const Relation& relation, const Schema& schema);

/// Of the formulas of one column: column 'lot15' is often lot (18 % of rows).
std::string describe(std::span<const FrequentFormula> formulas, const Schema& schema);

std::string relations_to_json(std::span<const Relation> relations);
/// And back. Throws Error where the schema cannot have had them.
std::vector<Relation> relations_from_json(std::string_view json, const Schema& schema);

std::string formulas_to_json(std::span<const FrequentFormula> formulas);
std::vector<FrequentFormula> formulas_from_json(std::string_view json, const Schema& schema);

}  // namespace meg
