#include "core/table/coding.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

/// What is looked at to order the categories of a column: it need not be all.
constexpr std::size_t kMostRows = 200'000, kMostColumns = 32;
/// Numbers of a category's profile.
constexpr std::size_t kProfile = 32;

/// The categories of column k by the rows that they stand in. Every cell beside them adds a random vector of its own,
/// numbers in proportion to their place between the knots: a sketch, in which alike rows have alike sums.
std::vector<std::uint32_t> like_categories(const Table& table, const std::vector<Column>& columns, std::size_t k) {
  const auto source = [&](std::size_t c) { return table.column(columns[c].schema().name); };
  const std::size_t of_categories = source(k);
  const auto categories = static_cast<std::size_t>(columns[k].codes());
  const std::size_t rows = std::min(table.rows(), kMostRows);
  std::vector<float> profile(categories * kProfile);
  std::vector<std::uint32_t> count(categories), category(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    category[r] = columns[k].encode(table.cell(r * table.rows() / rows, of_categories), 0.5f).code;
    ++count[category[r]];
  }
  const Philox philox(0, Stream::kCoding);
  const std::size_t step = (columns.size() - 1) / kMostColumns + 1;
  for (std::size_t c = 0; c < columns.size(); c += step) {
    if (c == k) continue;
    const float width = static_cast<float>(Column::kKnots - 1);
    const std::size_t place = source(c);
    for (std::size_t r = 0; r < rows; ++r) {
      const Cell cell = columns[c].encode(table.cell(r * table.rows() / rows, place), 0.5f);
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

}  // namespace

TableCoding::TableCoding(const Table& table, Schema schema, std::uint64_t seed, const ColumnOptions& options,
                         const std::vector<std::string>& order)
    : schema_(std::move(schema)), text_(table, schema_) {
  const std::vector<std::size_t> places = ordered_columns(order);
  if (places.empty()) fail("no column is left to model: all are identifiers or free text");
  if (options.rare_min > 0 && table.rows() < static_cast<std::size_t>(options.rare_min))
    fail("the table has {} rows, so none of its values is in {} of them; ask for fewer", table.rows(),
         options.rare_min);
  std::vector<std::string_view> cells(table.rows());
  std::vector<Column> columns;
  for (const std::size_t c : places) {
    const std::size_t source = table.column(schema_[c].name);
    for (std::size_t r = 0; r < cells.size(); ++r) cells[r] = table.cell(r, source);
    columns.push_back(Column::fit(schema_[c], cells, seed, static_cast<std::uint32_t>(columns.size()), options));
    schema_[c] = columns.back().schema();
  }
  for (std::size_t k = 0; k < columns.size(); ++k)
    if (is_categorical(schema_[places[k]].type) && columns[k].codes() > options.most_categories)
      columns[k].split(CategoryBlocks(like_categories(table, columns, k)));
  set_columns(std::move(columns), places);
}

void TableCoding::set_columns(std::vector<Column> columns, const std::vector<std::size_t>& places) {
  place_.assign(schema_.size(), kNotModelled);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    place_[places[k]] = columns_.size();
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

std::vector<std::string> TableCoding::names() const {
  std::vector<std::string> names;
  for (const Column& column : columns_)
    if (column.part() != Column::Part::kPlace) names.push_back(column.schema().name);
  return names;
}

std::vector<std::string> TableCoding::rare_notes() const {
  std::vector<std::string> notes;
  for (const Column& column : columns_)
    if (!column.rare_note().empty() && column.part() != Column::Part::kPlace)
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
      if (std::any_of(out.begin(), next, named)) fail("column '{}' is named twice in the order", name);
      for (const ColumnSchema& column : schema_)
        if (column.name == name)
          fail("column '{}' is {}, which is not learned: it has no place in the order", name, type_name(column.type));
      fail("there is no column '{}' to put into the order", name);
    }
    std::rotate(next, at, at + 1);
    ++next;
  }
  return out;
}

Coded TableCoding::encode(const Table& table, std::uint64_t seed) const {
  const std::size_t columns = columns_.size();
  std::vector<std::size_t> source;
  for (const Column& column : columns_) source.push_back(table.column(column.schema().name));
  Coded out{table.rows(), std::vector<std::uint32_t>(table.rows() * columns),
            std::vector<float>(table.rows() * columns)};
  const Philox philox(seed, Stream::kCoding);
  for (std::size_t r = 0; r < out.rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      const bool noisy = columns_[c].continuous_code() >= 0;
      const float uniform = noisy ? philox.uniform(r, static_cast<std::uint32_t>(c))[0] : 0.5f;
      const Cell cell = columns_[c].encode(table.cell(r, source[c]), uniform);
      out.code[r * columns + c] = cell.code;
      out.z[r * columns + c] = cell.z;
    }
  return out;
}

void TableCoding::append_rows(std::span<const std::uint32_t> code, std::span<const double> number, std::uint64_t seed,
                              std::uint64_t first_row, Table& out) const {
  const std::size_t columns = columns_.size(), numbers = number_columns_.size();
  for (std::size_t r = 0; r < code.size() / columns; ++r)
    for (std::size_t c = 0; c < schema_.size(); ++c) {
      const Column* column = place_[c] != kNotModelled ? &columns_[place_[c]] : nullptr;
      const std::size_t at = r * columns + place_[c];
      out.append_with([&](std::string& text) {
        if (!column || (!is_modelled(schema_[c].type) && static_cast<int>(code[at]) != column->missing_code()))
          text_.append(schema_[c], c, seed, first_row + r, text);
        else if (column->is_split())
          column->append(column->whole({code[at]}, {code[at + 1]}), text);
        else
          column->append(code[at], column->continuous_code() < 0 ? 0 : number[r * numbers + number_place_[place_[c]]],
                         text);
      });
    }
}

std::string TableCoding::to_json() const {
  nlohmann::json out{{"columns", nlohmann::json::parse(schema_to_json(schema_))},
                     {"coding", nlohmann::json::array()},
                     {"text_shapes", nlohmann::json::parse(text_.to_json())}};
  for (const Column& column : columns_)
    if (column.part() != Column::Part::kPlace) out["coding"].push_back(nlohmann::json::parse(column.to_json()));
  if (!std::is_sorted(schema_column_.begin(), schema_column_.end())) out["order"] = names();
  return out.dump();
}

TableCoding TableCoding::from_json(std::string_view json) {
  const auto in = nlohmann::json::parse(json);
  TableCoding out;
  out.schema_ = schema_from_json(in.at("columns").dump());
  out.text_ = TextColumns::from_json(in.at("text_shapes").dump());
  const std::vector<std::size_t> places = out.ordered_columns(
      in.contains("order") ? in.at("order").get<std::vector<std::string>>() : std::vector<std::string>{});
  std::vector<Column> columns;
  for (const std::size_t place : places)
    columns.push_back(Column::from_json(out.schema_[place], in.at("coding").at(columns.size()).dump()));
  out.set_columns(std::move(columns), places);
  return out;
}

}  // namespace meg
