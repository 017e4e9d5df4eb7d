#include "core/table/coding.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/tensor/philox.h"

namespace meg {

TableCoding::TableCoding(const Table& table, Schema schema, std::uint64_t seed, const ColumnOptions& options,
                         const std::vector<std::string>& order)
    : schema_(std::move(schema)), text_(table, schema_) {
  index_columns(order);
  if (schema_column_.empty()) fail("no column is left to model: all are identifiers or free text");
  if (options.rare_min > 0 && table.rows() < static_cast<std::size_t>(options.rare_min))
    fail("the table has {} rows, so none of its values is in {} of them; ask for fewer", table.rows(),
         options.rare_min);
  std::vector<std::string_view> cells(table.rows());
  for (const std::size_t c : schema_column_) {
    const std::size_t source = table.column(schema_[c].name);
    for (std::size_t r = 0; r < cells.size(); ++r) cells[r] = table.cell(r, source);
    columns_.push_back(Column::fit(schema_[c], cells, seed, static_cast<std::uint32_t>(columns_.size()), options));
    schema_[c] = columns_.back().schema();
  }
}

std::vector<std::string> TableCoding::rare_notes() const {
  std::vector<std::string> notes;
  for (const Column& column : columns_)
    if (!column.rare_note().empty())
      notes.push_back(fmt::format("column '{}': {}", column.schema().name, column.rare_note()));
  return notes;
}

void TableCoding::index_columns(const std::vector<std::string>& order) {
  for (std::size_t c = 0; c < schema_.size(); ++c)
    if (is_modelled(schema_[c].type) || schema_[c].missing > 0) schema_column_.push_back(c);
  auto next = schema_column_.begin();
  for (const std::string& name : order) {
    const auto named = [&](std::size_t c) { return schema_[c].name == name; };
    const auto at = std::find_if(next, schema_column_.end(), named);
    if (at == schema_column_.end()) {
      if (std::any_of(schema_column_.begin(), next, named)) fail("column '{}' is named twice in the order", name);
      for (const ColumnSchema& column : schema_)
        if (column.name == name)
          fail("column '{}' is {}, which is not learned: it has no place in the order", name, type_name(column.type));
      fail("there is no column '{}' to put into the order", name);
    }
    std::rotate(next, at, at + 1);
    ++next;
  }
  place_.assign(schema_.size(), kNotModelled);
  for (std::size_t i = 0; i < schema_column_.size(); ++i) place_[schema_column_[i]] = i;
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

void TableCoding::append_rows(std::span<const std::uint32_t> code, std::span<const float> z, std::uint64_t seed,
                              std::uint64_t first_row, Table& out) const {
  const std::size_t columns = columns_.size();
  for (std::size_t r = 0; r < code.size() / columns; ++r)
    for (std::size_t c = 0; c < schema_.size(); ++c) {
      const Column* column = place_[c] != kNotModelled ? &columns_[place_[c]] : nullptr;
      const std::size_t at = r * columns + place_[c];
      out.append_with([&](std::string& text) {
        if (column && (is_modelled(schema_[c].type) || static_cast<int>(code[at]) == column->missing_code()))
          column->append({code[at], z[at]}, text);
        else
          text_.append(schema_[c], c, seed, first_row + r, text);
      });
    }
}

std::string TableCoding::to_json() const {
  nlohmann::json out{{"columns", nlohmann::json::parse(schema_to_json(schema_))},
                     {"coding", nlohmann::json::array()},
                     {"text_shapes", nlohmann::json::parse(text_.to_json())}};
  for (const Column& column : columns_) out["coding"].push_back(nlohmann::json::parse(column.to_json()));
  if (!std::is_sorted(schema_column_.begin(), schema_column_.end()))
    for (const Column& column : columns_) out["order"].push_back(column.schema().name);
  return out.dump();
}

TableCoding TableCoding::from_json(std::string_view json) {
  const auto in = nlohmann::json::parse(json);
  TableCoding out;
  out.schema_ = schema_from_json(in.at("columns").dump());
  out.text_ = TextColumns::from_json(in.at("text_shapes").dump());
  out.index_columns(in.contains("order") ? in.at("order").get<std::vector<std::string>>() : std::vector<std::string>{});
  const auto& coding = in.at("coding");
  for (std::size_t i = 0; i < out.schema_column_.size(); ++i)
    out.columns_.push_back(Column::from_json(out.schema_[out.schema_column_[i]], coding.at(i).dump()));
  return out;
}

}  // namespace meg
