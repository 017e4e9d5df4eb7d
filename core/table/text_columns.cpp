#include "core/table/text_columns.h"

#include <nlohmann/json.hpp>

namespace meg {

namespace {

/// Whether an identifier counts the rows: its values rise by one.
bool is_running_number(const ColumnSchema& column) {
  return column.type == ColumnType::kIdentifier && column.distinct > 1 &&
         column.largest - column.smallest == static_cast<double>(column.distinct - 1);
}

}  // namespace

TextColumns::TextColumns(const Table& table, const Schema& schema) : shapes_(schema.size()) {
  for (std::size_t c = 0; c < schema.size(); ++c) {
    if (is_modelled(schema[c].type)) continue;
    const std::size_t source = table.column(schema[c].name);
    for (std::size_t r = 0; r < table.rows(); ++r) {
      const std::string_view cell = table.cell(r, source);
      if (!is_missing(cell)) shapes_[c].add(cell);
    }
  }
}

void TextColumns::append(const ColumnSchema& schema, std::size_t column, std::uint64_t seed, std::uint64_t row,
                         std::string& out) const {
  if (is_running_number(schema)) {
    std::string number;
    append_number(schema.smallest + static_cast<double>(row), 0, true, number);
    // All as long: with leading zeros where they need them.
    const std::vector<TextShapes::Shape>& shapes = shapes_[column].shapes();
    if (shapes.size() == 1 && number.size() < shapes[0].text.size())
      out.append(shapes[0].text.size() - number.size(), '0');
    out += number;
  } else {
    shapes_[column].append(seed, row, column, out);
  }
}

std::string TextColumns::to_json() const {
  nlohmann::json out = nlohmann::json::array();
  for (const TextShapes& column : shapes_) {
    nlohmann::json shapes = nlohmann::json::array();
    for (const TextShapes::Shape& shape : column.shapes()) shapes.push_back({shape.text, shape.count});
    out.push_back({{"shapes", std::move(shapes)}, {"alphabet", column.alphabet()}});
  }
  return out.dump();
}

TextColumns TextColumns::from_json(std::string_view json) {
  TextColumns out;
  for (const auto& column : nlohmann::json::parse(json)) {
    // Before there were alphabets a column was its shapes alone.
    const bool plain = column.is_array();
    std::vector<TextShapes::Shape> shapes;
    for (const auto& shape : plain ? column : column.at("shapes")) shapes.push_back({shape[0], shape[1]});
    out.shapes_.emplace_back().restore(
        std::move(shapes), plain ? TextShapes::Alphabet{} : column.at("alphabet").get<TextShapes::Alphabet>());
  }
  return out;
}

}  // namespace meg
