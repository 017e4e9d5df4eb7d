#include "core/table/arrow/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <vector>

#include "core/fail.h"

namespace meg {

namespace {

struct FixedFormat {
  std::string_view format;
  TypeId type;
  Storage storage = Storage::kSame;
  TimeUnit unit = TimeUnit::kSecond;
};

/// Formats without parameters; of several with the same type and unit the first is the type's own.
constexpr FixedFormat kFixed[]{
    {"b", TypeId::kBool},
    {"l", TypeId::kInt64},
    {"c", TypeId::kInt64, Storage::kInt8},
    {"C", TypeId::kInt64, Storage::kUint8},
    {"s", TypeId::kInt64, Storage::kInt16},
    {"S", TypeId::kInt64, Storage::kUint16},
    {"i", TypeId::kInt64, Storage::kInt32},
    {"I", TypeId::kInt64, Storage::kUint32},
    {"L", TypeId::kInt64, Storage::kUint64},
    {"g", TypeId::kFloat64},
    {"e", TypeId::kFloat64, Storage::kFloat16},
    {"f", TypeId::kFloat64, Storage::kFloat32},
    {"u", TypeId::kUtf8},
    {"U", TypeId::kUtf8, Storage::kLargeText},
    {"vu", TypeId::kUtf8, Storage::kTextView},
    {"z", TypeId::kUtf8},
    {"Z", TypeId::kUtf8, Storage::kLargeText},
    {"vz", TypeId::kUtf8, Storage::kTextView},
    {"n", TypeId::kUtf8, Storage::kNull},
    {"tdD", TypeId::kDate},
    {"tdm", TypeId::kDate, Storage::kMilliDate},
    {"tts", TypeId::kTime, Storage::kSame, TimeUnit::kSecond},
    {"ttm", TypeId::kTime, Storage::kSame, TimeUnit::kMilli},
    {"ttu", TypeId::kTime, Storage::kSame, TimeUnit::kMicro},
    {"ttn", TypeId::kTime, Storage::kSame, TimeUnit::kNano},
    {"tDs", TypeId::kDuration, Storage::kSame, TimeUnit::kSecond},
    {"tDm", TypeId::kDuration, Storage::kSame, TimeUnit::kMilli},
    {"tDu", TypeId::kDuration, Storage::kSame, TimeUnit::kMicro},
    {"tDn", TypeId::kDuration, Storage::kSame, TimeUnit::kNano},
};

constexpr std::string_view kUnits = "smun";

/// The first format of the type and unit.
std::string own_format(const DataType& type) {
  if (type.id == TypeId::kDictionary) return "i";
  if (type.id == TypeId::kTimestamp)
    return fmt::format("ts{}:{}", kUnits[static_cast<std::size_t>(type.unit)], type.time_zone);
  return std::string(std::find_if(std::begin(kFixed), std::end(kFixed), [&](const FixedFormat& format) {
                       return format.type == type.id && format.unit == type.unit;
                     })->format);
}

/// What a format that meg does not take is called.
std::string_view name_of(std::string_view format) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames{{{"+l", "list"},
                                                                                 {"+L", "list"},
                                                                                 {"+v", "list"},
                                                                                 {"+w", "list"},
                                                                                 {"+s", "struct"},
                                                                                 {"+m", "map"},
                                                                                 {"+u", "union"},
                                                                                 {"+r", "run-end encoded"},
                                                                                 {"ti", "interval"}}};
  for (const auto& [begin, name] : kNames)
    if (format.starts_with(begin)) return name;
  return format.starts_with("w:") ? "fixed-size binary" : "unknown";
}

/// Numbers with commas between them; empty where it is anything else.
std::vector<int> numbers(std::string_view text) {
  std::vector<int> out;
  for (const char *at = text.data(), *const end = at + text.size();;) {
    const auto [stop, error] = std::from_chars(at, end, out.emplace_back());
    if (error != std::errc()) return {};
    if (stop == end) return out;
    if (*stop != ',') return {};
    at = stop + 1;
  }
}

/// "d:10,2", "d:10,2,256".
bool parse_decimal(std::string_view format, ArrowFormat& out) {
  if (!format.starts_with("d:")) return false;
  const std::vector<int> parts = numbers(format.substr(2));
  if (parts.size() != 2 && parts.size() != 3) return false;
  const int bits = parts.size() == 3 ? parts[2] : 128;
  if (bits != 32 && bits != 64 && bits != 128 && bits != 256) return false;
  constexpr int kMostScale = 76;  // digits of 256 bits
  if (parts[1] < -kMostScale || parts[1] > kMostScale) return false;
  out.type.id = parts[1] == 0 ? TypeId::kInt64 : TypeId::kFloat64;
  out.storage = Storage::kDecimal;
  out.decimal_bytes = bits / 8;
  out.scale = parts[1];
  return true;
}

/// "tsu:Europe/Berlin".
bool parse_timestamp(std::string_view format, ArrowFormat& out) {
  if (!format.starts_with("ts") || format.size() < 4 || format[3] != ':') return false;
  const std::size_t unit = kUnits.find(format[2]);
  if (unit == kUnits.npos) return false;
  out.type = {
      .id = TypeId::kTimestamp, .unit = static_cast<TimeUnit>(unit), .time_zone = std::string(format.substr(4))};
  return true;
}

}  // namespace

ArrowFormat parse_format(std::string_view format, const std::string& column) {
  ArrowFormat out;
  const auto* const fixed =
      std::find_if(std::begin(kFixed), std::end(kFixed), [&](const FixedFormat& f) { return f.format == format; });
  if (fixed != std::end(kFixed)) {
    out.type.id = fixed->type;
    out.type.unit = fixed->unit;
    out.storage = fixed->storage;
  } else if (!parse_decimal(format, out) && !parse_timestamp(format, out)) {
    fail("column '{}' is of type {} (Arrow's format '{}'), which meg does not take: convert it, or leave it out",
         column, name_of(format), format);
  }
  if (format != own_format(out.type)) out.type.stored = format;
  return out;
}

std::string format_of(const DataType& type) {
  if (type.stored.empty()) return own_format(type);
  // Of dictionaries the places' format is one letter, the values' format follows.
  return type.id == TypeId::kDictionary ? type.stored.substr(0, 1) : type.stored;
}

std::string dictionary_format_of(const DataType& type) { return type.stored.size() > 1 ? type.stored.substr(1) : "u"; }

bool is_place_format(std::string_view format) {
  return format.size() == 1 && std::string_view("cCsSiIlL").find(format[0]) != std::string_view::npos;
}

}  // namespace meg
