#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/fail.h"
#include "core/input_file.h"
#include "core/table/infer/schema.h"
#include "core/table/standin/sdtype.h"

namespace meg {

using Json = nlohmann::ordered_json;

namespace {

/// Calls f(name, member) for each member of a style.
template <class Style, class F>
void each_member(Style& style, const F& f) {
  f("prefix", style.prefix), f("suffix", style.suffix), f("grouping", style.grouping), f("point", style.point);
  f("plus", style.plus), f("inner_sign", style.inner_sign), f("lakhs", style.lakhs);
  f("parentheses", style.parentheses), f("minus_behind", style.minus_behind), f("minus", style.minus);
  f("no_zero", style.no_zero), f("exponent", style.exponent), f("always_exponent", style.always_exponent);
}

NumberStyle style_from_json(const Json& json) {
  NumberStyle out;
  each_member(out, [&](const char* name, auto& member) { member = json.value(name, member); });
  return out;
}

/// What of a style is not as it is in most columns.
Json style_to_json(const NumberStyle& style) {
  Json all = Json::object(), plain = Json::object(), out = Json::object();
  const NumberStyle of_most;
  each_member(style, [&](const char* name, const auto& member) { all[name] = member; });
  each_member(of_most, [&](const char* name, const auto& member) { plain[name] = member; });
  for (const auto& [name, member] : all.items())
    if (member != plain[name]) out[name] = member;
  return out;
}

constexpr std::array<const char*, 9> kJsonTypes{"bool", "int64",     "float64", "utf8",    "dictionary",
                                                "date", "timestamp", "time",    "duration"};
constexpr std::array<const char*, 4> kJsonUnits{"s", "ms", "us", "ns"};

/// A type as JSON: {"type": "timestamp", "unit": "us", "time_zone": "UTC"}.
Json type_to_json(const DataType& type) {
  Json out{{"type", kJsonTypes[static_cast<std::size_t>(type.id)]}};
  const bool has_unit = type.id == TypeId::kTimestamp || type.id == TypeId::kTime || type.id == TypeId::kDuration;
  if (has_unit) out["unit"] = kJsonUnits[static_cast<std::size_t>(type.unit)];
  if (!type.time_zone.empty()) out["time_zone"] = type.time_zone;
  if (type.ordered) out["ordered"] = true;
  if (!type.stored.empty()) out["stored"] = type.stored;
  return out;
}

template <std::size_t N>
std::size_t place_in(const std::array<const char*, N>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) fail("'{}' is no type of a column; there are {}", name, fmt::join(names, ", "));
  return static_cast<std::size_t>(at - names.begin());
}

DataType type_from_json(const Json& json) {
  DataType out;
  out.id = static_cast<TypeId>(place_in(kJsonTypes, json.at("type").get<std::string>()));
  out.unit = static_cast<TimeUnit>(place_in(kJsonUnits, json.value("unit", "s")));
  out.time_zone = json.value("time_zone", "");
  out.ordered = json.value("ordered", false);
  out.stored = json.value("stored", "");
  return out;
}

}  // namespace

std::string schema_to_json(const Schema& schema, const std::vector<std::string>& rules) {
  Json out = Json::array();
  for (const ColumnSchema& c : schema) {
    Json column{{"name", c.name},
                {"type", type_name(c.type)},
                {"missing", c.missing},
                {"distinct", c.distinct},
                {"missing_word", c.missing_word}};
    if (!c.missing_words.empty()) column["missing_words"] = c.missing_words;
    if (is_numeric(c.type) || c.type == ColumnType::kIdentifier) {
      column["smallest"] = c.smallest;
      column["largest"] = c.largest;
    }
    if (is_numeric(c.type)) column["decimals"] = c.decimals;
    if (c.type == ColumnType::kDecimal) column["fewest_decimals"] = c.fewest_decimals;
    if (c.significant > 0) column["significant"] = c.significant;
    if (!c.style.is_plain()) column["style"] = style_to_json(c.style);
    if (c.type == ColumnType::kDatetime) column["format"] = c.format;
    for (const UtcOffset& offset : c.offsets)
      column["offsets"].push_back({{"from", offset.from}, {"text", offset.text}});
    if (is_categorical(c.type)) column["values"] = c.values;
    if (!c.kind.empty()) column["kind"] = c.kind;
    if (!c.sdtype.empty()) column["sdtype"] = c.sdtype;
    if (!c.locale.empty()) column["locale"] = c.locale;
    if (!c.maybe_sdtype.empty()) column["maybe_sdtype"] = c.maybe_sdtype;
    if (!c.words.empty()) column["words"] = c.words;
    if (c.typed_as) column["typed_as"] = type_to_json(*c.typed_as);
    if (!c.levels.empty()) column["levels"] = c.levels;
    out.push_back(std::move(column));
  }
  if (!rules.empty()) out = Json{{"columns", std::move(out)}, {"rules", rules}};
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
    c.missing_words = column.value("missing_words", std::vector<std::string>());
    c.smallest = column.value("smallest", 0.0);
    c.largest = column.value("largest", 0.0);
    c.decimals = std::clamp(column.value("decimals", 0), 0, c.type == ColumnType::kDatetime ? 9 : kMostDecimals);
    const bool trailing_zeros = column.value("trailing_zeros", true);  // of models before fewest_decimals
    c.fewest_decimals = std::clamp(column.value("fewest_decimals", trailing_zeros ? c.decimals : 0), 0, c.decimals);
    c.significant = std::clamp(column.value("significant", 0), 0, std::numeric_limits<double>::max_digits10);
    if (column.contains("style")) c.style = style_from_json(column["style"]);
    c.format = column.value("format", "");
    for (const Json& offset : column.value("offsets", Json::array()))
      c.offsets.push_back({offset.at("from").get<double>(), offset.at("text").get<std::string>()});
    c.words = column.value("words", std::vector<std::string>());
    c.kind = column.value("kind", "");
    c.sdtype = column.value("sdtype", "");
    c.locale = column.value("locale", "");
    c.maybe_sdtype = column.value("maybe_sdtype", "");
    c.values = column.value("values", std::vector<std::string>());
    if (column.contains("typed_as")) c.typed_as = type_from_json(column["typed_as"]);
    c.levels = column.value("levels", std::vector<std::string>());
    out.push_back(std::move(c));
  }
  return out;
}

SchemaFile read_schema_file(const std::string& path) {
  constexpr std::array<std::string_view, 23> kKeys{
      "sdtype",        "locale",          "maybe_sdtype", "kind",           "offsets",    "words",
      "missing_words", "fewest_decimals", "typed_as",     "levels",         "style",      "name",
      "type",          "missing",         "distinct",     "format",         "values",     "missing_word",
      "smallest",      "decimals",        "largest",      "trailing_zeros", "significant"};
  const std::string text = read_file(path, "a schema");
  SchemaFile out;
  try {
    const Json file = Json::parse(text);
    if (file.is_object()) {
      for (const auto& [key, value] : file.items())
        if (key != "columns" && key != "rules")
          fail("'{}' has '{}': a schema is an array of columns, or an object with columns and rules", path, key);
      out.rules = file.value("rules", std::vector<std::string>());
    }
    for (const Json& column : file.is_object() ? file.value("columns", Json::array()) : file) {
      const std::string name = column.at("name");
      for (const auto& [key, value] : column.items())
        if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
          fail("'{}': column '{}' has '{}', which is nothing that a schema says of a column; there are {}", path, name,
               key, fmt::join(kKeys, ", "));
      const std::string sdtype = column.value("sdtype", "");
      const bool needs_type = sdtype.empty() || column.contains("type");
      const ColumnType type = needs_type ? type_of(column.at("type").get<std::string>()) : ColumnType::kText;
      const std::string format = type == ColumnType::kDatetime ? column.value("format", "") : "";
      AskedType asked(type, format);
      if (column.contains("style")) asked.style = style_from_json(column["style"]);
      if (!sdtype.empty()) try {
          asked.sdtype = sdtype_of(sdtype).name;
        } catch (const Error& error) {
          fail("'{}': column '{}': {}", path, name, error.what());
        }
      asked.locale = column.value("locale", "");
      if (!asked.locale.empty() && sdtype.empty())
        fail("'{}': column '{}' has a locale but no sdtype, which it belongs to", path, name);
      if (!out.types.emplace(name, std::move(asked)).second) fail("'{}' has column '{}' twice", path, name);
    }
  } catch (const Json::exception&) {
    fail(
        "'{}' is no schema: it should hold what `meg schema` writes, a JSON array with a name and a type a column, "
        "or an object of columns, such an array, and rules, an array of texts",
        path);
  }
  return out;
}

}  // namespace meg
