#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/input_file.h"
#include "core/table/schema.h"

namespace meg {

using Json = nlohmann::ordered_json;

std::string schema_to_json(const Schema& schema) {
  Json out = Json::array();
  for (const ColumnSchema& c : schema) {
    Json column{{"name", c.name},
                {"type", type_name(c.type)},
                {"missing", c.missing},
                {"distinct", c.distinct},
                {"missing_word", c.missing_word}};
    if (is_numeric(c.type) || c.type == ColumnType::kIdentifier) {
      column["smallest"] = c.smallest;
      column["largest"] = c.largest;
    }
    if (is_numeric(c.type)) column["decimals"] = c.decimals;
    if (c.type == ColumnType::kDecimal) column["trailing_zeros"] = c.trailing_zeros;
    if (c.type == ColumnType::kDatetime) column["format"] = c.format;
    if (is_categorical(c.type)) column["values"] = c.values;
    out.push_back(std::move(column));
  }
  return out.dump(2);
}

Schema schema_from_json(std::string_view json) {
  Schema out;
  for (const Json& column : Json::parse(json)) {
    ColumnSchema c;
    c.name = column.at("name");
    c.type = type_of(column.at("type").get<std::string>());
    c.missing = column.at("missing");
    c.distinct = column.at("distinct");
    c.missing_word = column.at("missing_word");
    c.smallest = column.value("smallest", 0.0);
    c.largest = column.value("largest", 0.0);
    c.decimals = column.value("decimals", 0);
    c.trailing_zeros = column.value("trailing_zeros", true);
    c.format = column.value("format", "");
    c.values = column.value("values", std::vector<std::string>());
    out.push_back(std::move(c));
  }
  return out;
}

std::map<std::string, ColumnType> read_schema_types(const std::string& path) {
  const std::string text = read_file(path, "a schema");
  std::map<std::string, ColumnType> types;
  try {
    for (const Json& column : Json::parse(text))
      types[column.at("name").get<std::string>()] = type_of(column.at("type").get<std::string>());
  } catch (const Json::exception&) {
    fail("'{}' is no schema: it should hold what `meg schema` writes, a JSON array with a name and a type a column",
         path);
  }
  return types;
}

}  // namespace meg
