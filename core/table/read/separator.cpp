#include "core/table/read/separator.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "core/table/infer/number.h"
#include "core/table/read/csv_parser.h"

namespace meg {

namespace {

constexpr std::string_view kSeparators = ",;\t|";
constexpr std::size_t kSampledRecords = 1000;

/// The records that a separator gives.
struct Records {
  std::size_t count = 0;
  std::size_t names = 0;  // values of the first record
  std::size_t width = 0;  // values of the second record
  bool last_name_is_empty = false;
  bool clean_names = true;     // no stray quotes among them
  bool even = true;            // all but the first are as wide as the second
  bool last_is_empty = false;  // of the second
  bool plain = true;           // behind the first all values are numbers, missing or quoted

  bool fit() const {
    if (!even || std::max(names, width) < 2) return false;
    return count <= 1 || names == width || (names + 1 == width && (names > 1 || last_is_empty)) ||
           (names == width + 1 && last_name_is_empty);
  }
  /// What fits better is larger. A separator that only occurs inside quoted names leaves stray quotes in them.
  auto rank() const { return std::tuple(clean_names, names, names == width); }
};

Records records_of(std::string_view text, bool is_whole, char separator) {
  Records out;
  CsvParser parser(separator);
  std::size_t cells = 0;
  bool last_is_empty = false;
  const auto on_cell = [&](std::string_view cell, bool quoted) {
    ++cells;
    last_is_empty = cell.empty();
    if (out.count > 0) out.plain = out.plain && (quoted || parse_number(cell) || (!cell.empty() && is_missing(cell)));
  };
  const auto on_row = [&] {
    if (out.count == 0) {
      out.names = cells;
      out.last_name_is_empty = last_is_empty;
      out.clean_names = parser.stray_quotes() == 0;
    } else if (out.count == 1) {
      out.width = cells, out.last_is_empty = last_is_empty;
    } else {
      out.even = out.even && cells == out.width;
    }
    ++out.count;
    cells = 0;
  };
  while (!text.empty() && out.count < kSampledRecords && out.even) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    parser.parse(text.substr(0, end), on_cell, on_row);
    text.remove_prefix(end);
  }
  if (text.empty() && is_whole && !parser.in_quotes()) parser.finish(on_cell, on_row);
  return out;
}

char most_frequent_in_first_line(std::string_view text) {
  std::array<std::size_t, kSeparators.size()> count{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    if (const std::size_t i = kSeparators.find(c); i != std::string_view::npos) ++count[i];
  }
  return kSeparators[static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin())];
}

}  // namespace

char find_separator(std::string_view text, bool is_whole) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  std::optional<Records> best;
  char found = 0;
  for (const char separator : kSeparators) {
    const Records records = records_of(text, is_whole, separator);
    if (!records.fit() || (best && best->rank() >= records.rank())) continue;
    best = records;
    found = separator;
  }
  if (best) return found;
  // Texts have blanks; numbers and what is quoted have none but between them.
  const Records blanks = records_of(text, is_whole, ' ');
  return blanks.fit() && blanks.plain && blanks.count > 1 ? ' ' : most_frequent_in_first_line(text);
}

}  // namespace meg
