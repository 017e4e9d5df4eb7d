#include "core/model/ensemble/conditions.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/fail.h"

namespace meg {

namespace {

/// What is asked of one modelled column.
struct Asked {
  bool given = false;         // in the table of given rows
  bool derived = false;       // there, but not all that its distance is from
  bool numbers = false;       // by --where, of a column that follows from others, if only in some cells
  std::optional<CellSet> in;  // by --where
  bool fixed() const { return (given && !derived) || (in && in->only); }
  bool free() const { return !given && !in && !numbers; }
};

using AskedColumns = std::vector<Asked>;  // in the order of generation

const std::string& name_of(const TableCoding& coding, std::size_t k) { return coding.columns()[k].schema().name; }

/// Whether a column is named already, for it is the second part of one.
bool is_second(const TableCoding& coding, std::size_t k) { return coding.columns()[k].is_second(); }

/// The place in the schema of the column that "column=..." begins with, and the rest. A name may hold a =.
std::pair<std::size_t, std::string_view> split_condition(const Schema& schema, const std::string& text) {
  for (std::size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1))
    for (std::size_t c = 0; c < schema.size(); ++c)
      if (std::string_view(text).substr(0, at) == schema[c].name) return {c, std::string_view(text).substr(at + 1)};
  const std::size_t at = text.find('=');
  if (at == std::string::npos)
    fail(ErrorCode::kInvalidArgument,
         "'{}' is no condition: write column=value, column=low..high, or column= (missing)", text);
  constexpr std::size_t kMostListed = 30;
  std::vector<std::string_view> names;
  for (const ColumnSchema& column : schema)
    if (names.size() < kMostListed) names.push_back(column.name);
  fail(ErrorCode::kInvalidArgument, "the condition '{}' is on column '{}', which the model does not have; it has {}{}",
       text, text.substr(0, at), fmt::join(names, ", "), names.size() < schema.size() ? ", ..." : "");
}

/// Whether all cells of the set are of codes that no formula of the column takes numbers from.
bool is_apart_from_formulas(const Column& column, const CellSet& set) {
  for (int code = 0; code < column.codes(); ++code)
    if (set.codes[static_cast<std::size_t>(code)] != 0 && !column.is_word_code(code) && code != column.missing_code() &&
        !(column.is_number_code(code) && column.keeps_code(column.value({static_cast<std::uint32_t>(code), 0}))))
      return false;
  return true;
}

void ask_where(const TableCoding& coding, const std::vector<std::string>& where, AskedColumns& asked,
               std::vector<AskedNumbers>& numbers) {
  for (const std::string& text : where) {
    const auto [c, cells] = split_condition(coding.schema(), text);
    const TableCoding::Places places = coding.places_of(c);
    const std::size_t k = places.first;
    if (k == TableCoding::kNotModelled)
      fail(ErrorCode::kInvalidArgument, "column '{}' is {}: it is not learned, so nothing can be asked of it",
           coding.schema()[c].name, type_name(coding.schema()[c].type));
    if (asked[k].given)
      fail(ErrorCode::kInvalidArgument, "column '{}' is in the given rows, and a condition asks for it too",
           name_of(coding, k));
    if (asked[k].in || asked[k].numbers)
      fail(ErrorCode::kInvalidArgument,
           "two conditions are on column '{}': write one, alternatives with a | between them", name_of(coding, k));
    if (const Relation* relation = coding.relation_of(c); relation && !is_missing(relation->distance, cells)) {
      numbers.push_back({c, k, parse_numbers(coding.schema()[c], cells)});
      asked[k].numbers = true;
      continue;
    }
    asked[k].in = parse_cells(coding.columns()[k], cells);
    if (!coding.formulas_of(c).empty() && !is_apart_from_formulas(coding.columns()[k], *asked[k].in)) {
      NumberSet in = parse_numbers(coding.schema()[c], cells);
      if (in.only())
        fail(ErrorCode::kInvalidArgument,
             "{}, so one number that is not frequent cannot be asked for: ask for a range, or train with `order={}` or "
             "`any_order=true`",
             describe(coding.formulas_of(c), coding.schema()), name_of(coding, k));
      asked[k].in.reset();
      asked[k].numbers = true;
      numbers.push_back({c, k, std::move(in)});
      continue;
    }
    if (!places.are_two()) continue;
    std::optional<CellSet>& second = asked[places.second].in;
    if (coding.columns()[k].part() == Column::Part::kNumber) {  // one number has its precision, a range any
      const std::optional<Cell>& one = asked[k].in->only;
      if (one && static_cast<int>(one->code) != coding.columns()[k].missing_code() &&
          !coding.columns()[k].is_word_code(static_cast<int>(one->code)))
        second = parse_cells(coding.columns()[places.second], cells);
      continue;
    }
    if (asks_for_whole_days(coding.schema()[c], cells)) {
      const std::optional<Cell>& day = asked[k].in->only;
      if (day && (static_cast<int>(day->code) == coding.columns()[k].missing_code() ||
                  coding.columns()[k].is_word_code(static_cast<int>(day->code))))
        second = CellSet{{}, 0, 0, Cell{}};  // which has no time
      continue;
    }
    second = parse_cells(coding.columns()[places.second], cells);
    if (coding.columns()[k].part() == Column::Part::kDay) {
      if (!asked[k].in->only)
        fail(ErrorCode::kInvalidArgument,
             "the day and the time of column '{}' are learned apart: ask for whole days, or for times of one day",
             name_of(coding, k));
      continue;
    }
    if (!asked[k].in->only || !second->only)
      fail(ErrorCode::kInvalidArgument,
           "column '{}' has very many categories, so a choice among them cannot be asked for: ask for one",
           name_of(coding, k));
  }
}

std::vector<std::size_t> ask_given(const TableCoding& coding, const std::optional<Table>& given, AskedColumns& asked) {
  const Schema& schema = coding.schema();
  std::vector<std::size_t> out(schema.size(), Conditions::kNotGiven);
  for (std::size_t i = 0; given && i < given->columns(); ++i) {
    const auto at = std::find_if(schema.begin(), schema.end(),
                                 [&](const ColumnSchema& column) { return column.name == given->name(i); });
    if (at == schema.end())
      fail(ErrorCode::kInvalidArgument, "the given rows have a column '{}', which the model does not have",
           given->name(i));
    const auto c = static_cast<std::size_t>(at - schema.begin());
    out[c] = i;
    const TableCoding::Places places = coding.places_of(c);
    if (places.first != TableCoding::kNotModelled) asked[places.first].given = true;
    if (places.are_two()) asked[places.second].given = true;
  }
  for (const Relation& relation : coding.relations())
    for (const std::size_t c : relation.bases())
      if (out[relation.column] != Conditions::kNotGiven && out[c] == Conditions::kNotGiven)
        asked[coding.place_of(relation.column)].derived = true;
  return out;
}

/// The asked columns as an order in which they would be met best, fixed ones first.
std::string better_order(const TableCoding& coding, const AskedColumns& asked) {
  std::vector<std::string> names;
  for (const bool fixed : {true, false})
    for (std::size_t k = 0; k < asked.size(); ++k)
      if (!asked[k].free() && asked[k].fixed() == fixed && !is_second(coding, k)) names.push_back(name_of(coding, k));
  return fmt::format("{}", fmt::join(names, ","));
}

/// Whether the columns before the last asked one, at `last`, are all fixed.
bool in_order(const AskedColumns& asked, std::size_t last) {
  return std::all_of(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(last),
                     [](const Asked& column) { return column.fixed(); });
}

}  // namespace

Conditions read_conditions(const TableCoding& coding, const GenerateOptions& options, bool any_order) {
  AskedColumns asked(coding.columns().size());
  Conditions out;
  out.same.resize(asked.size()), out.sets.resize(asked.size());
  out.given = ask_given(coding, options.given, asked);
  ask_where(coding, options.where, asked, out.asked);
  for (const Asked& column : asked) out.is_derived.push_back(column.derived);
  out.order = better_order(coding, asked);
  std::size_t end = asked.size();
  while (end > 0 && asked[end - 1].free()) --end;
  if (end == 0) return out;
  // Given rows of a model of any order may have holes anywhere.
  out.in_order =
      in_order(asked, end - 1) && !asked[end - 1].numbers && !asked[end - 1].derived && !(any_order && options.given);
  for (std::size_t k = 0; k < asked.size(); ++k) {
    if (!asked[k].in) continue;
    out.same[k] = asked[k].in->only;
    if (!out.same[k]) out.sets[k] = std::move(asked[k].in);
  }
  while (out.known < end && asked[out.known].fixed()) ++out.known;
  return out;
}

}  // namespace meg
