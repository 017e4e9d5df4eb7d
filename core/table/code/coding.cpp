#include "core/table/code/coding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/fail.h"
#include "core/parallel.h"
#include "core/table/code/merge_relations.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What is looked at to order the categories of a column: it need not be all.
constexpr std::size_t kMostRows = 200'000, kMostColumns = 32;
/// Numbers of a category's profile.
constexpr std::size_t kProfile = 32;

/// The categories of column k by the rows that they stand in; value(r, c): what is learned of a cell of column c. Every
/// cell beside them adds a random vector of its own, numbers in proportion to their place between the knots: a sketch,
/// in which alike rows have alike sums.
template <class ValueOf>
std::vector<std::uint32_t> like_categories(std::size_t all_rows, const ValueOf& value,
                                           const std::vector<Column>& columns, std::size_t k) {
  const auto categories = static_cast<std::size_t>(columns[k].codes());
  const std::size_t rows = std::min(all_rows, kMostRows);
  std::vector<float> profile(categories * kProfile);
  std::vector<std::uint32_t> count(categories), category(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    category[r] = columns[k].encode(value(r * all_rows / rows, k), 0.5f).code;
    ++count[category[r]];
  }
  const Philox philox(0, Stream::kCoding);
  const std::size_t step = (columns.size() - 1) / kMostColumns + 1;
  for (std::size_t c = 0; c < columns.size(); c += step) {
    if (c == k) continue;
    const float width = static_cast<float>(Column::kKnots - 1);
    for (std::size_t r = 0; r < rows; ++r) {
      const Cell cell = columns[c].encode(value(r * all_rows / rows, c), 0.5f);
      const float position = columns[c].position(cell);
      float* const sum = &profile[category[r] * kProfile];
      for (std::uint32_t i = 0; i < kProfile; i += 4) {
        const auto random =
            philox.normal(position < 0 ? cell.code + 1 : 0, static_cast<std::uint32_t>(c * kProfile + i));
        for (std::size_t j = 0; j < 4; ++j)
          sum[i + j] += position < 0 ? random[j] : (2 * position / width - 1) * random[j];
      }
    }
  }
  return order_by_likeness(profile, count);
}

/// Whether a datetime's day and its time of the day are learned as two: not where the values are few or all of one day.
bool has_times_of_days(const ColumnSchema& column, const ColumnOptions& options) {
  return column.type == ColumnType::kDatetime && has_time_of_day(column.format) && has_date(column.format) &&
         column.distinct > static_cast<std::size_t>(options.exact_limit) &&
         column.largest - column.smallest > kDaySeconds;
}

/// How a column is learned that follows from no other.
std::vector<Column::Part> parts_of(const ColumnSchema& column, const Array& values, const ColumnOptions& options) {
  using enum Column::Part;
  if (has_times_of_days(column, options)) return {kDay, kTime};
  const bool is_continuous =
      column.type == ColumnType::kDecimal && column.distinct > static_cast<std::size_t>(options.exact_limit);
  if (is_continuous && coarse_decimals(values.values<double>(), column.decimals)) return {kNumber, kPrecision};
  return {kWhole};
}

}  // namespace

TableCoding::TableCoding(const InferredTable& table, std::uint64_t seed, const ColumnOptions& options,
                         const std::vector<std::string>& order, int threads, std::vector<Relation> stated)
    : schema_(table.schema), text_(table) {
  const ReadTable read(table.schema, table.columns);
  std::vector<std::size_t> places = ordered_columns(order);
  if (places.empty()) fail("no column is left to model: all are identifiers or free text");
  if (options.rare_min > 0 && read.rows() < static_cast<std::size_t>(options.rare_min))
    fail(ErrorCode::kInvalidArgument, "the table has {} rows, so none of its values is in {} of them; ask for fewer",
         read.rows(), options.rare_min);
  std::vector<Relation> relations;
  if (options.relations)
    relations =
        merge_relations(std::move(stated), find_relations(read, schema_, places, order.size()), places, order.size());
  set_relations(std::move(relations));
  set_formulas(options.relations ? find_formulas(read, schema_, places, relations_, order.size())
                                 : std::vector<FrequentFormula>());
  std::vector<std::size_t> schema_columns;  // [columns]
  std::vector<Column::Part> parts;
  for (const std::size_t c : places) {
    for (const auto part : options.split && !relation_of(c) ? parts_of(schema_[c], table.columns[c], options)
                                                            : std::vector{Column::Part::kWhole}) {
      schema_columns.push_back(c);
      parts.push_back(part);
    }
  }
  const auto fit = [&](std::size_t k, int most_listed) {
    const Relation* const relation = relation_of(schema_columns[k]);
    std::vector<double> cells(read.rows());
    FormulaCells given{.formulas = static_cast<int>(formulas_of(schema_columns[k]).size())};
    for (std::size_t r = 0; r < cells.size(); ++r) {
      cells[r] = learned(read, r, schema_columns[k]).number;
      if (given.formulas > 0) given.give.push_back(formula_giving(read, r, schema_columns[k]) >= 0);
    }
    ColumnOptions fitted = options;
    fitted.most_listed = most_listed;
    return Column::fit(relation ? relation->distance : table.schema[schema_columns[k]], cells, seed,
                       static_cast<std::uint32_t>(k), fitted, parts[k], given);
  };
  std::vector<Column> columns(parts.size());
  parallel_for(columns.size(), threads_for_columns(threads),
               [&](std::size_t k) { columns[k] = fit(k, options.most_listed); });
  int listed_left = options.most_listed_in_all;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const auto listed = [&] {  // codes of a list, whose number is limited in all
      const bool is_listed = is_numeric(columns[k].schema().type) && columns[k].continuous_code() < 0;
      return is_listed && columns[k].codes() > options.exact_limit ? columns[k].codes() : 0;
    };
    if (listed() > 0 && listed_left < options.most_listed) columns[k] = fit(k, std::max(0, listed_left));
    listed_left -= listed();
    if (parts[k] == Column::Part::kWhole && !relation_of(schema_columns[k]))
      schema_[schema_columns[k]] = columns[k].schema();
    else if (columns[k].is_first())
      schema_[schema_columns[k]].words = columns[k].schema().words;
  }
  // Values that rare_min hides are not in the schema any more.
  const ReadTable rows = options.rare_min > 0 ? ReadTable(schema_, table.table(), threads) : read;
  const auto value = [&](std::size_t r, std::size_t k) { return learned(rows, r, schema_columns[k]); };
  for (std::size_t k = 0; k < columns.size(); ++k)
    if (is_categorical(columns[k].schema().type) && columns[k].codes() > options.most_categories)
      columns[k].split(CategoryBlocks(like_categories(rows.rows(), value, columns, k)));
  set_columns(std::move(columns), schema_columns);
}

void TableCoding::set_columns(std::vector<Column> columns, const std::vector<std::size_t>& places) {
  place_.assign(schema_.size(), kNotModelled);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (!columns[k].is_second()) place_[places[k]] = columns_.size();
    if (columns[k].is_split()) {
      columns_.push_back(columns[k].part(Column::Part::kBlock));
      schema_column_.push_back(places[k]);
      columns[k] = columns[k].part(Column::Part::kPlace);
    }
    columns_.push_back(std::move(columns[k]));
    schema_column_.push_back(places[k]);
  }
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    number_place_.push_back(number_columns_.size());
    if (columns_[k].continuous_code() >= 0) number_columns_.push_back(k);
  }
}

void TableCoding::set_relations(std::vector<Relation> relations) {
  relations_ = std::move(relations);
  relation_.assign(schema_.size(), relations_.size());
  for (std::size_t i = 0; i < relations_.size(); ++i) relation_[relations_[i].column] = i;
}

void TableCoding::set_formulas(std::vector<FrequentFormula> formulas) {
  formulas_.resize(schema_.size());
  for (FrequentFormula& formula : formulas) formulas_[formula.column].push_back(std::move(formula));
}

TableCoding::Places TableCoding::places_of(std::size_t schema_column) const {
  const std::size_t first = place_[schema_column];
  if (first == kNotModelled || !columns_[first].is_first()) return {first};
  return {first, first + 1};
}

const Relation* TableCoding::relation_of(std::size_t schema_column) const {
  const std::size_t i = relation_[schema_column];
  return i < relations_.size() ? &relations_[i] : nullptr;
}

Value TableCoding::learned(const ReadTable& rows, std::size_t row, std::size_t schema_column) const {
  const Value value = rows.value(row, schema_column);
  const Relation* const relation = relation_of(schema_column);
  if (!relation || value.is_missing() || value.is_odd) return value;  // columns with words have none
  const double predicted =
      relation->predict(schema_[schema_column], [&](std::size_t c) { return rows.number(row, c); });
  if (!std::isfinite(predicted)) return {.text = "a number without what it follows from", .is_odd = true};
  return {.number = relation->off_by(value.number, predicted)};
}

double TableCoding::given_number(std::size_t schema_column, const ReadTable* given, std::size_t row) {
  return given ? given->number(row, schema_column) : kNaN;
}

int TableCoding::formula_giving(const ReadTable& rows, std::size_t row, std::size_t schema_column) const {
  const std::vector<FrequentFormula>& formulas = formulas_[schema_column];
  if (formulas.empty()) return -1;
  const ColumnSchema& schema = schema_[schema_column];
  const double number = rows.number(row, schema_column);
  if (!(number >= schema.smallest && number <= schema.largest)) return -1;
  const auto at = std::find_if(formulas.begin(), formulas.end(), [&](const FrequentFormula& formula) {
    return formula.gives(schema, number, [&](std::size_t c) { return rows.number(row, c); });
  });
  return at == formulas.end() ? -1 : static_cast<int>(at - formulas.begin());
}

std::optional<Cell> TableCoding::formula_cell(const ReadTable& rows, std::size_t row, std::size_t column) const {
  const std::size_t c = schema_column_[column];
  const int formula = formula_giving(rows, row, c);
  if (formula < 0 || columns_[place_[c]].keeps_code(learned(rows, row, c).number)) return {};
  return columns_[column].formula_cell(formula);
}

Cell TableCoding::encode_cell(const ReadTable& rows, std::size_t row, std::size_t column, float uniform) const {
  if (const std::optional<Cell> cell = formula_cell(rows, row, column)) return *cell;
  return columns_[column].encode(learned(rows, row, schema_column_[column]), uniform);
}

template <class Made>
double TableCoding::formula_number(std::size_t schema_column, int formula, const Made& made) const {
  const ColumnSchema& schema = schema_[schema_column];
  const double number = formulas_[schema_column][static_cast<std::size_t>(formula)].predict(schema, made);
  if (!std::isfinite(number)) return kNaN;
  const Column& column = columns_[place_[schema_column]];
  const Relation* const relation = relation_of(schema_column);
  if (!relation && !column.is_first()) return as_written(schema, column.nearest(number));
  const double within = std::clamp(number, schema.smallest, schema.largest);
  return as_written(schema, relation ? relation->within_limits(within, relation->predict(schema, made), made) : within);
}

template <class Code, class CellNumber, class Made>
double TableCoding::number_of(std::size_t schema_column, const Code& code_of, const CellNumber& decoded,
                              const Made& made) const {
  const std::size_t k = place_[schema_column];
  const ColumnSchema& column = schema_[schema_column];
  if (const int formula = columns_[k].formula_of(static_cast<int>(code_of(k))); formula >= 0)
    return formula_number(schema_column, formula, made);
  double out = decoded(k);
  if (word_of(out) >= 0) return out;
  if (columns_[k].is_first()) out = columns_[k].whole_number(out, decoded(k + 1));
  if (const Relation* relation = relation_of(schema_column)) {
    const double predicted = relation->predict(column, made);
    if (!std::isfinite(predicted)) return kNaN;
    out = relation->within_limits(Relation::at(column, predicted, out), predicted, made);
  }
  return as_written(column, out);
}

template <class Code>
std::uint32_t TableCoding::whole_code(std::size_t place, const Code& code) const {
  const Column& column = columns_[place];
  return column.is_split() ? column.whole({code(place)}, {code(place + 1)}).code : code(place);
}

double TableCoding::made_value(std::size_t schema_column, const MadeRow& row) const {
  const std::size_t k = place_[schema_column];
  if (k == kNotModelled) return 0;
  const auto code_of = [&](std::size_t j) { return row.code[j]; };
  const std::uint32_t code = whole_code(k, code_of);
  if (static_cast<int>(code) == columns_[k].whole_missing_code()) return kNaN;
  if (!is_numeric(schema_[schema_column].type)) return static_cast<double>(code);
  if (const double given = given_number(schema_column, row.given, row.given_row); !is_nothing(given)) return given;
  const auto decoded = [&](std::size_t j) {
    return columns_[j].number(row.code[j], columns_[j].continuous_code() < 0 ? 0 : row.number[number_place_[j]]);
  };
  return number_of(schema_column, code_of, decoded, [&](std::size_t c) { return row.made[c]; });
}

double TableCoding::value_of(std::size_t schema_column, const float* cells, const ReadTable* given,
                             std::size_t given_row) const {
  const std::size_t k = place_[schema_column], n = columns_.size();
  if (k == kNotModelled) return 0;
  const auto code_of = [&](std::size_t j) { return static_cast<std::uint32_t>(cells[j]); };
  const std::uint32_t code = whole_code(k, code_of);
  if (static_cast<int>(code) == columns_[k].whole_missing_code()) return kNaN;
  if (!is_numeric(schema_[schema_column].type)) return static_cast<double>(code);
  if (const double number = given_number(schema_column, given, given_row); !is_nothing(number)) return number;
  const auto decoded = [&](std::size_t j) { return columns_[j].value({code_of(j), cells[n + j]}); };
  return number_of(schema_column, code_of, decoded,
                   [&](std::size_t c) { return value_of(c, cells, given, given_row); });
}

std::vector<std::string> TableCoding::names() const {
  std::vector<std::string> names;
  for (const Column& column : columns_)
    if (!column.is_second()) names.push_back(column.schema().name);
  return names;
}

std::vector<std::string> TableCoding::notes() const {
  std::vector<std::string> notes;
  for (const Relation& relation : relations_) notes.push_back(describe(relation, schema_));
  for (const auto& formulas : formulas_)
    if (!formulas.empty()) notes.push_back(describe(formulas, schema_));
  for (const Column& column : columns_)
    if (!column.rare_note().empty() && !column.is_second())
      notes.push_back(fmt::format("column '{}': {}", column.schema().name, column.rare_note()));
  return notes;
}

std::vector<std::size_t> TableCoding::ordered_columns(const std::vector<std::string>& order) const {
  std::vector<std::size_t> out;
  for (std::size_t c = 0; c < schema_.size(); ++c)
    if (is_modelled(schema_[c].type) || schema_[c].missing > 0) out.push_back(c);
  auto next = out.begin();
  for (const std::string& name : order) {
    const auto named = [&](std::size_t c) { return schema_[c].name == name; };
    const auto at = std::find_if(next, out.end(), named);
    if (at == out.end()) {
      if (std::any_of(out.begin(), next, named))
        fail(ErrorCode::kInvalidArgument, "column '{}' is named twice in the order", name);
      for (const ColumnSchema& column : schema_)
        if (column.name == name)
          fail(ErrorCode::kInvalidArgument, "column '{}' is {}, which is not learned: it has no place in the order",
               name, type_name(column.type));
      fail(ErrorCode::kInvalidArgument, "there is no column '{}' to put into the order", name);
    }
    std::rotate(next, at, at + 1);
    ++next;
  }
  return out;
}

Coded TableCoding::encode(const ReadTable& rows, std::size_t first, std::size_t count, std::uint64_t seed,
                          int threads) const {
  const std::size_t columns = columns_.size();
  for (const std::size_t c : schema_column_)
    if (!rows.has(c)) fail("the table has no column '{}', which the model has learned", schema_[c].name);
  Coded out{count, std::vector<std::uint32_t>(count * columns), std::vector<float>(count * columns)};
  const Philox philox(seed, Stream::kCoding);
  parallel_parts(out.rows, kPartRows, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r)
      for (std::size_t c = 0; c < columns; ++c) {
        const bool noisy = columns_[c].continuous_code() >= 0;
        const float uniform = noisy ? philox.uniform(first + r, static_cast<std::uint32_t>(c))[0] : 0.5f;
        const Cell cell = encode_cell(rows, first + r, c, uniform);
        out.code[r * columns + c] = cell.code;
        out.z[r * columns + c] = cell.z;
      }
  });
  return out;
}

std::vector<Array> TableCoding::made_columns(const Decoded& rows, int threads, const ReadTable* given,
                                             std::size_t first_given) const {
  const std::size_t columns = columns_.size(), numbers = number_columns_.size(), count = rows.code.size() / columns;
  std::vector<std::size_t> order(schema_.size());  // columns follow from those before
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place_[a] < place_[b]; });
  std::vector<std::vector<double>> values(schema_.size(), std::vector<double>(count));
  parallel_parts(count, kPartRows, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> made(schema_.size());
    for (std::size_t r = begin; r < end; ++r) {
      const MadeRow row{rows.code.data() + r * columns, rows.number.data() + r * numbers, given, first_given + r, made};
      for (const std::size_t c : order) values[c][r] = made[c] = made_value(c, row);
    }
  });
  std::vector<Array> out(schema_.size());
  parallel_for(schema_.size(), threads, [&](std::size_t c) {
    out[c] = is_modelled(schema_[c].type) ? read_values(schema_[c], std::move(values[c]))
                                          : text_.made(schema_[c], c, rows.seed, rows.first_row, values[c]);
  });
  return out;
}

std::string TableCoding::to_json() const {
  nlohmann::json out{{"columns", nlohmann::json::parse(schema_to_json(schema_))},
                     {"coding", nlohmann::json::array()},
                     {"text_shapes", nlohmann::json::parse(text_.to_json())}};
  for (const Column& column : columns_)
    if (column.part() != Column::Part::kPlace) out["coding"].push_back(column.to_json());
  if (!relations_.empty()) out["relations"] = nlohmann::json::parse(relations_to_json(relations_));
  std::vector<FrequentFormula> formulas;
  for (const auto& of_column : formulas_) formulas.insert(formulas.end(), of_column.begin(), of_column.end());
  if (!formulas.empty()) out["formulas"] = nlohmann::json::parse(formulas_to_json(formulas));
  if (!std::is_sorted(schema_column_.begin(), schema_column_.end())) out["order"] = names();
  return out.dump();
}

TableCoding TableCoding::from_json(std::string_view json) {
  const auto in = nlohmann::json::parse(json);
  TableCoding out;
  out.schema_ = schema_from_json(in.at("columns").dump());
  out.text_ = TextColumns::from_json(in.at("text_shapes").dump());
  if (out.text_.size() != out.schema_.size())
    fail("there are {} text shapes for {} columns", out.text_.size(), out.schema_.size());
  const std::vector<std::size_t> places = out.ordered_columns(
      in.contains("order") ? in.at("order").get<std::vector<std::string>>() : std::vector<std::string>{});
  out.set_relations(in.contains("relations") ? relations_from_json(in.at("relations").dump(), out.schema_)
                                             : std::vector<Relation>());
  out.set_formulas(in.contains("formulas") ? formulas_from_json(in.at("formulas").dump(), out.schema_)
                                           : std::vector<FrequentFormula>());
  std::vector<Column> columns;
  std::vector<std::size_t> schema_columns;
  for (const std::size_t place : places) do {
      const Relation* relation = out.relation_of(place);
      columns.push_back(
          Column::from_json(relation ? relation->distance : out.schema_[place], in.at("coding").at(columns.size())));
      schema_columns.push_back(place);
    } while (columns.back().is_first());
  for (std::size_t k = 0; k < columns.size(); ++k) {
    using enum Column::Part;
    const Column::Part before = k > 0 ? columns[k - 1].part() : kWhole, part = columns[k].part();
    if ((part == kTime) != (before == kDay) || (part == kPrecision) != (before == kNumber))
      fail("the parts of column '{}' do not belong together", columns[k].schema().name);
  }
  out.set_columns(std::move(columns), schema_columns);
  const auto check = [&](std::size_t column, const std::vector<std::size_t>& bases) {
    for (const std::size_t c : bases)
      if (out.place_[c] >= out.place_[column])
        fail("column '{}' is learned from one that is generated later", out.schema_[column].name);
  };
  for (const Relation& relation : out.relations_) check(relation.column, relation.bases());
  for (std::size_t c = 0; c < out.schema_.size(); ++c) {
    const std::size_t k = out.place_[c];
    const std::size_t learned = k == kNotModelled ? 0 : static_cast<std::size_t>(out.columns_[k].formulas());
    if (learned != out.formulas_[c].size()) fail("column '{}' has no such formulas", out.schema_[c].name);
    for (const FrequentFormula& formula : out.formulas_[c]) check(c, formula.bases());
  }
  return out;
}

}  // namespace meg
