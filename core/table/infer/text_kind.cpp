#include "core/table/infer/text_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/table/infer/letters.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

/// Values that are looked at, at most and at least.
constexpr std::size_t kLookedAt = 300, kFewest = 5;
constexpr std::string_view kHex = "0123456789abcdefABCDEF";

/// Calls f(part) for each part between separators, until it says no; whether it always said yes.
template <class F>
bool each_part(std::string_view text, char separator, const F& f) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!f(text.substr(0, end))) return false;
    if (end == text.npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool all_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

bool is_json(std::string_view text) {
  return (text.starts_with('{') || text.starts_with('[')) && nlohmann::json::accept(text);
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  return each_part(text, '.',
                   [&](std::string_view part) {
                     int value = 0;
                     const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
                     ++parts;
                     return error == std::errc() && end == part.data() + part.size() && part.size() <= 3 &&
                            value >= 0 && value <= 255;
                   }) &&
         parts == 4;
}

bool is_mac(std::string_view text) {
  int parts = 0;
  const char separator = text.find('-') == text.npos ? ':' : '-';
  return each_part(text, separator,
                   [&](std::string_view part) {
                     ++parts;
                     return part.size() == 2 && all_of(part, kHex);
                   }) &&
         parts == 6;
}

bool is_uuid(std::string_view text) {
  constexpr std::array<std::size_t, 5> kSizes{8, 4, 4, 4, 12};
  std::size_t parts = 0;
  return each_part(text, '-',
                   [&](std::string_view part) {
                     return parts < kSizes.size() && part.size() == kSizes[parts++] && all_of(part, kHex);
                   }) &&
         parts == kSizes.size();
}

/// Of MD5, SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512.
bool is_hash(std::string_view text) {
  constexpr std::array<std::size_t, 6> kSizes{32, 40, 56, 64, 96, 128};
  return std::find(kSizes.begin(), kSizes.end(), text.size()) != kSizes.end() && all_of(text, kHex);
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != text.npos && at > 0 && text.find('@', at + 1) == text.npos && text.find(' ') == text.npos &&
         text.find('.', at) != text.npos;
}

bool is_web_address(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.")) &&
         text.find(' ') == text.npos;
}

/// 48°51'24"N
bool is_position(std::string_view text) {
  constexpr std::string_view kDegree = "°";
  const std::size_t degree = text.find(kDegree);
  return degree != text.npos && degree > 0 && text.find_first_of(kDigits) < degree &&
         text.find_first_of(kDigits, degree) != text.npos && text.find_first_of("'NSEWOnsewo", degree) != text.npos;
}

std::size_t count(std::string_view text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

bool is_sentence(std::string_view text) { return count(text, ' ') >= 4; }

/// Whether the values are lists: parts that several share, with that separator in half of them at least.
bool are_lists(std::span<const std::string_view> values, char separator) {
  std::vector<std::string_view> parts;
  std::size_t lists = 0;
  for (const std::string_view value : values) {
    lists += value.find(separator) != value.npos;
    each_part(value, separator, [&](std::string_view part) {
      parts.push_back(trimmed(part));
      return true;
    });
  }
  if (2 * lists < values.size()) return false;
  const std::size_t all = parts.size();
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return 2 * parts.size() <= all;
}

}  // namespace

bool most_are(std::span<const std::string_view> values, bool (*is)(std::string_view)) {
  const auto some = values.first(std::min(values.size(), kLookedAt));
  const auto count = std::count_if(some.begin(), some.end(), [&](std::string_view v) { return is(trimmed(v)); });
  return some.size() >= kFewest && 10 * static_cast<std::size_t>(count) >= 9 * some.size();
}

std::string text_kind(std::span<const std::string_view> values) {
  struct Kind {
    std::string_view name;
    bool (*is)(std::string_view);
  };
  constexpr std::array<Kind, 8> kKinds{{{"JSON", is_json},
                                        {"IPv4 addresses", is_ipv4},
                                        {"MAC addresses", is_mac},
                                        {"UUIDs", is_uuid},
                                        {"hashes", is_hash},
                                        {"e-mail addresses", is_email},
                                        {"web addresses", is_web_address},
                                        {"positions in degrees and minutes", is_position}}};
  const auto some = values.first(std::min(values.size(), kLookedAt));
  if (some.size() < kFewest) return {};
  for (const Kind& kind : kKinds)
    if (most_are(values, kind.is)) return std::string(kind.name);
  for (const char separator : {';', '|', ','})
    if (are_lists(some, separator)) return fmt::format("lists with {}", separator);
  return most_are(values, is_sentence) ? "sentences" : "";
}

}  // namespace meg
