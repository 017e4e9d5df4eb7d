#include "meg/options.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "core/fail.h"
#include "core/option_values.h"
#include "core/table/standin/sdtype.h"
#include "core/table/utf8.h"

namespace meg {

namespace {

using JsonValue = nlohmann::json;
using Texts = std::vector<std::string>;

template <class T>
constexpr bool kIsText = std::is_same_v<T, std::string>;
template <class T>
constexpr bool kIsInteger = std::is_integral_v<T> && !std::is_same_v<T, bool>;

/// Calls visit(value) with the option's value, a T&.
template <class Visit>
decltype(auto) visit_value(const Option& option, Options& options, const Visit& visit) {
  return std::visit([&](const auto place) -> decltype(auto) { return visit(place(options)); }, option.place);
}
template <class Visit>
decltype(auto) visit_value(const Option& option, const Options& options, const Visit& visit) {
  // A place is written once, for options that change; here nothing does.
  return visit_value(option, const_cast<Options&>(options),
                     [&](const auto& value) -> decltype(auto) { return visit(value); });
}

Texts split(std::string_view text, char at) {
  Texts out;
  while (!text.empty()) {
    const std::size_t end = text.find(at);
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

bool within(const OptionBounds& b, double x) {
  return (b.with_low ? x >= b.low : x > b.low) && (b.with_high ? x <= b.high : x < b.high);
}

/// allowed_text by type.
template <class T>
std::string allowed(const T&, const Option& option) {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return fmt::format("a whole number from 0 to {}", std::numeric_limits<T>::max());
  else if constexpr (kIsInteger<T>)
    return "a whole number " + bounds_text(option.bounds);
  else if constexpr (std::is_floating_point_v<T>)
    return "a number " + bounds_text(option.bounds);
  else if constexpr (kIsText<T> || std::is_enum_v<T>) {
    if (option.words.empty()) return "text in UTF-8";
    const Texts words = split(option.words, '|');
    return fmt::format("{} or {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
  } else
    return "";
}
template <class T>
std::string allowed(const std::optional<T>&, const Option& option) {
  return allowed(T(), option);
}
std::string allowed(const std::vector<int>&, const Option& option) {
  return "whole numbers " + bounds_text(option.bounds);
}
std::string allowed(const Texts&, const Option&) { return "a list of texts in UTF-8"; }
std::string allowed(const AskedTypes&, const Option&) { return "a type a column, as in a=categorical"; }

/// A JSON array's items, with commas between them or what else there is.
std::string list_text(const JsonValue& list, char between = ',') {
  Texts items;
  for (const JsonValue& item : list) items.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  return fmt::format("{}", fmt::join(items, std::string_view(&between, 1)));
}

[[noreturn]] void refuse(const Option& option, const JsonValue& value) {
  const std::string said = value.is_string()         ? fmt::format("'{}'", value.get<std::string>())
                           : value.is_array()        ? fmt::format("'{}'", list_text(value))
                           : value.is_number_float() ? fmt::format("{:g}", value.get<double>())  // NaN, too
                                                     : value.dump(-1, ' ', false, JsonValue::error_handler_t::replace);
  fail(ErrorCode::kInvalidArgument, "`{}` must be {}, got {}", option.name, allowed_text(option), said);
}

/// A value as JSON; null where it is not set.
template <class T>
JsonValue to_json(const T& value, const Option& option) {
  if constexpr (std::is_enum_v<T>)
    return split(option.words, '|').at(static_cast<std::size_t>(value));
  else
    return value;
}
template <class T>
JsonValue to_json(const std::optional<T>& value, const Option& option) {
  return value ? to_json(*value, option) : JsonValue();
}
JsonValue to_json(const AskedTypes& types, const Option&) {
  JsonValue out = JsonValue::object();
  for (const auto& [name, asked] : types)
    out[name] = asked.sdtype.empty() ? type_name(asked.type) : std::string_view(asked.sdtype);
  return out;
}

/// Sets a value from JSON; false where it is not what the option may be.
template <class T>
bool set(const JsonValue& json, const Option& option, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
  } else if constexpr (std::is_arithmetic_v<T>) {
    if (kIsInteger<T> ? !json.is_number_integer() : !json.is_number()) return false;
    if (!within(option.bounds, json.get<double>())) return false;
    const T number = json.get<T>();
    if (!within(option.bounds, static_cast<double>(number))) return false;  // a double just below 1 is the float 1
    value = number;
    return true;
  } else {
    if (!json.is_string() || !is_utf8(json.get<std::string>())) return false;
    const std::string text = json.get<std::string>();
    const Texts words = split(option.words, '|');
    const auto word = std::find(words.begin(), words.end(), text);
    if (word == words.end() && !words.empty()) return false;
    if constexpr (std::is_enum_v<T>)
      value = static_cast<T>(word - words.begin());
    else
      value = text;
    return true;
  }
}
template <class T>
bool set(const JsonValue& json, const Option& option, std::optional<T>& value) {
  if (json.is_null()) {
    value.reset();
    return true;
  }
  return set(json, option, value.emplace());
}
template <class T>
bool set(const JsonValue& json, const Option& option, std::vector<T>& value) {
  value.clear();
  if (!json.is_array()) return set(json, option, value.emplace_back());  // a list of one
  return std::all_of(json.begin(), json.end(),
                     [&](const JsonValue& item) { return set(item, option, value.emplace_back()); });
}
bool set(const JsonValue& json, const Option&, AskedTypes& value) {
  if (!json.is_object()) return false;
  value.clear();
  for (const auto& [name, type] : json.items()) {
    if (!type.is_string()) return false;
    const std::string said = type.get<std::string>();
    AskedType& asked = value[name];
    if (const Sdtype* const sdtype = find_sdtype(said))
      asked.sdtype = sdtype->name;
    else
      asked = type_of(said);
  }
  return true;
}

/// Text as the JSON of a value; what is no number remains text, which set() refuses.
template <class T>
JsonValue parse(std::string_view text, const T&, const Option&) {
  if constexpr (std::is_same_v<T, bool>) {
    if (text == "true" || text == "false") return text == "true";
  } else if constexpr (std::is_arithmetic_v<T>) {
    T number = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
  }
  return std::string(text);
}
template <class T>
JsonValue parse(std::string_view text, const std::optional<T>&, const Option& option) {
  return parse(text, T(), option);
}
template <class T>
JsonValue parse(std::string_view text, const std::vector<T>&, const Option& option) {
  JsonValue out = JsonValue::array();
  for (const std::string& item : split(text, option.between)) out.push_back(parse(item, T(), option));
  if (text.empty()) out.push_back("");  // which is no list without items: a script's variable that is not set
  return out;
}
JsonValue parse(std::string_view text, const AskedTypes&, const Option&) {
  JsonValue out = JsonValue::object();
  for (const std::string& item : split(text, ',')) {
    const std::size_t at = item.rfind('=');
    if (at == std::string::npos) return std::string(text);
    out[item.substr(0, at)] = item.substr(at + 1);
  }
  return out;
}

JsonValue json_of(const Option& option, const Options& options) {
  return visit_value(option, options, [&](const auto& value) { return to_json(value, option); });
}

/// Leaves the option as it was where it throws.
void set_json(const Option& option, const JsonValue& json, Options& options) {
  visit_value(option, options, [&](auto& value) {
    auto next = value;
    if (!set(json, option, next)) refuse(option, json);
    value = std::move(next);
  });
}

bool in_model_file(const Option& option, std::string_view preset) {
  return is_of(option, preset) && (option.scope == OptionScope::kRun || option.scope == OptionScope::kModel);
}

}  // namespace

std::string bounds_text(const OptionBounds& b) {
  if (std::isinf(b.high)) return fmt::format("from {} on", b.low);
  return fmt::format("in {}{}, {:.12g}{}", b.with_low ? '[' : '(', b.low, b.high, b.with_high ? ']' : ')');
}

const Option& find_option(std::string_view name) {
  for (const Option& option : kOptions)
    if (option.name == name) return option;
  Texts names;
  for (const Option& option : kOptions) names.emplace_back(option.name);
  fail(ErrorCode::kInvalidArgument, "there is no option '{}'; there are {}", name, fmt::join(names, ", "));
}

std::string allowed_text(const Option& option) {
  return visit_value(option, Options(), [&](const auto& value) { return allowed(value, option); });
}

std::string option_text(const Option& option, const Options& options) {
  const JsonValue json = json_of(option, options);
  if (json.is_null()) return "";
  if (json.is_array()) return list_text(json, option.between);
  if (json.is_object()) {
    JsonValue items = JsonValue::array();
    for (const auto& [name, type] : json.items()) items.push_back(name + "=" + type.get<std::string>());
    return list_text(items);
  }
  if (json.is_number_float()) return fmt::format("{:.6g}", json.get<double>());  // of floats
  return json.is_string() ? json.get<std::string>() : json.dump();
}

void set_option(Options& options, std::string_view name, std::string_view text) {
  const Option& option = find_option(name);
  set_json(option, visit_value(option, options, [&](const auto& value) { return parse(text, value, option); }),
           options);
}

void set_options(Options& options, std::string_view json) {
  const JsonValue in = JsonValue::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!in.is_object()) fail(ErrorCode::kInvalidArgument, "options are a JSON object, such as {{\"seed\": 1}}");
  Options next = options;
  for (const auto& [name, value] : in.items()) set_json(find_option(name), value, next);
  options = std::move(next);
}

std::string options_to_json(const Options& options) {
  JsonValue out;
  for (const Option& option : kOptions)
    if (in_model_file(option, options.preset))
      if (JsonValue value = json_of(option, options); !value.is_null()) out[option.name] = std::move(value);
  return out.dump();
}

Options options_from_json(const std::string& json, const Options& now) {
  const JsonValue in = JsonValue::parse(json);
  Options out;
  out.preset = in.at("preset");
  for (const Option& option : kOptions)
    if (in_model_file(option, out.preset) && in.contains(option.name)) set_json(option, in.at(option.name), out);
  copy_options(now, OptionScope::kMachine, out);
  return out;
}

void check_values(const Options& options) {
  Options checked;
  for (const Option& option : kOptions) set_json(option, json_of(option, options), checked);
}

std::string other_preset_text(std::string_view name, std::string_view its, std::string_view preset) {
  return fmt::format("{} is for the {} preset, and this is the {} one: leave it out, or use the {} preset", name, its,
                     preset, its);
}

void check(const Options& options) {
  check_values(options);
  for (const Option& option : kOptions)
    if (!is_of(option, options.preset) && json_of(option, options) != json_of(option, Options()))
      fail(ErrorCode::kInvalidArgument, "{}",
           other_preset_text(fmt::format("`{}`", option.name), option.of, options.preset));
}

void copy_options(const Options& from, OptionScope scope, Options& to) {
  for (const Option& option : kOptions)
    if (option.scope == scope)
      std::visit([&](const auto place) { place(to) = place(const_cast<Options&>(from)); }, option.place);
}

bool is_of(const Option& option, std::string_view preset) { return option.of.empty() || option.of == preset; }

}  // namespace meg
