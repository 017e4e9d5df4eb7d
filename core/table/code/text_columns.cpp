#include "core/table/code/text_columns.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/fail.h"

namespace meg {

namespace {

/// Whether an identifier counts the rows: its values rise by one.
bool is_running_number(const ColumnSchema& column) {
  return column.type == ColumnType::kIdentifier && column.distinct > 1 &&
         column.largest - column.smallest == static_cast<double>(column.distinct - 1);
}

std::uint32_t columns_of_sdtype_before(const Schema& schema, std::size_t column) {
  const auto end = schema.begin() + static_cast<std::ptrdiff_t>(column);
  return static_cast<std::uint32_t>(
      std::count_if(schema.begin(), end, [&](const ColumnSchema& c) { return c.sdtype == schema[column].sdtype; }));
}

}  // namespace

TextColumns::TextColumns(const InferredTable& table) : columns_(table.schema.size()) {
  std::vector<std::string_view> cells;
  for (std::size_t c = 0; c < table.schema.size(); ++c) {
    if (is_modelled(table.schema[c].type)) continue;
    cells.clear();
    for (std::size_t r = 0; r < table.columns[c].size(); ++r)
      if (!table.columns[c].is_null(r)) cells.push_back(table.columns[c].text(r));
    if (!table.schema[c].sdtype.empty()) {
      columns_[c].stand_in.emplace(table.schema[c], columns_of_sdtype_before(table.schema, c), cells);
      continue;
    }
    columns_[c].running = RunningNumber::of(cells);
    columns_[c].shapes = TextShapes(cells);
  }
}

void TextColumns::append(const ColumnSchema& schema, std::size_t column, std::uint64_t seed, std::uint64_t row,
                         std::string& out) const {
  const auto& [shapes, running, stand_in] = columns_[column];
  if (stand_in) {
    stand_in->append(seed, row, column, out);
  } else if (running) {
    running->append(row, out);
  } else if (is_running_number(schema)) {
    std::string number;
    append_number(schema.smallest + static_cast<double>(row), 0, 0, number);
    // All as long: with leading zeros where they need them.
    if (number.size() < shapes.length()) out.append(shapes.length() - number.size(), '0');
    out += number;
  } else {
    shapes.append(seed, row, column, out);
  }
}

Array TextColumns::made(const ColumnSchema& schema, std::size_t column, std::uint64_t seed, std::uint64_t first_row,
                        std::span<const double> values) const {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;
  Bitmap valid;
  for (std::size_t r = 0; r < values.size(); ++r) {
    valid.push_back(!std::isnan(values[r]));
    if (valid[r]) append(schema, column, seed, first_row + r, bytes);
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  return Array::texts(std::move(offsets), std::move(bytes), std::move(valid));
}

std::string TextColumns::to_json() const {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& [shapes, running, stand_in] : columns_) {
    if (stand_in) {  // without "shapes", so that an earlier meg refuses the model
      out.push_back({{"stand_in", nlohmann::json::parse(stand_in->to_json())}});
      continue;
    }
    auto& column = out.emplace_back(nlohmann::json::parse(shapes.to_json()));
    if (running)
      column["running"] = {{"prefix", running->prefix},
                           {"first", running->first},
                           {"digits", running->digits},
                           {"suffix", running->suffix}};
  }
  return out.dump();
}

TextColumns TextColumns::from_json(std::string_view json) {
  TextColumns out;
  for (const auto& column : nlohmann::json::parse(json)) {
    auto& [shapes, running, stand_in] = out.columns_.emplace_back();
    if (column.is_object() && column.contains("stand_in")) {
      stand_in = StandIn::from_json(column["stand_in"].dump());
      continue;
    }
    shapes = TextShapes::from_json(column.dump());
    if (!column.is_object() || !column.contains("running")) continue;
    const auto& number = column["running"];
    running = RunningNumber{number.at("prefix"), number.at("suffix"), number.at("first"), number.at("digits")};
    if (running->digits > RunningNumber::kMostDigits) fail("a running number has {} digits", running->digits);
  }
  return out;
}

}  // namespace meg
