#include "core/table/odd_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/table/letters.h"
#include "core/table/schema.h"

namespace meg {

namespace {

constexpr double kMostOdd = 0.05;  // share of the cells that are there
constexpr std::size_t kFewestCells = 40, kOfCategories = 20;

/// A cell with its runs of digits and of letters as one each: what numbers of a style, or dates of a format, have in
/// common.
std::string skeleton(std::string_view cell) {
  std::string out;
  for (const char c : cell) {
    const bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const char kind = digit ? '9' : letter ? 'a' : c;
    if ((digit || letter) && !out.empty() && out.back() == kind) continue;
    out.push_back(kind);
  }
  return out;
}

/// The format of most of some hundred of the values: 31.02.2024 looks like a date, too.
std::string format_of_most(const std::unordered_set<std::string_view>& values) {
  constexpr std::size_t kLookedAt = 200;
  std::vector<std::string_view> some(values.begin(), values.end());
  std::sort(some.begin(), some.end());  // a set has no order
  some.resize(std::min(some.size(), kLookedAt));
  std::string best;
  std::size_t most = some.size() - some.size() / 10;
  const auto look = [&](const std::string& format) {
    const auto fits = static_cast<std::size_t>(std::count_if(
        some.begin(), some.end(), [&](std::string_view cell) { return parse_datetime(cell, format).has_value(); }));
    if (fits > most || (best.empty() && fits == most)) best = format, most = fits;
  };
  for (const std::string& format : datetime_formats()) {
    look(format);
    if (const std::string zone(zone_of(some[0])); !zone.empty() && has_time_of_day(format)) look(format + zone);
  }
  return best;
}

std::optional<OddCells> odd_where(const Table& table, std::size_t column, std::size_t present, std::string_view what,
                                  const auto& is_odd) {
  OddCells out;
  out.what = what;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string_view cell = table.cell(r, column);
    if (is_missing(cell) || is_gap(cell) || !is_odd(cell)) continue;
    if (out.count++ == 0) out.row = r + 1, out.cell = cell;
  }
  if (out.count == 0 || static_cast<double>(out.count) > kMostOdd * static_cast<double>(present)) return {};
  return out;
}

}  // namespace

std::optional<OddCells> find_odd_cells(const Table& table, std::size_t column) {
  std::unordered_map<std::string_view, std::size_t> values;  // and in how many rows they are
  std::size_t present = 0;
  for (std::size_t r = 0; r < table.rows(); ++r)
    if (const std::string_view cell = table.cell(r, column); !is_missing(cell) && !is_gap(cell))
      ++values[cell], ++present;
  if (present < kFewestCells || values.size() <= kOfCategories) return {};
  if (auto odd = odd_where(table, column, present, "numbers", [](std::string_view c) { return !parse_number(c); })) {
    const bool are_codes = std::any_of(values.begin(), values.end(), [](const auto& value) {  // 02139
      return value.first.size() > 1 && value.first[0] == '0' &&
             value.first.find_first_not_of(kDigits) == value.first.npos;
    });
    return are_codes ? std::nullopt : odd;
  }

  std::unordered_map<std::string, std::size_t> skeletons;
  for (const auto& [value, rows] : values) skeletons[skeleton(value)] += rows;
  // Looked at are the values of frequent skeletons: these are numbers of one style, or dates of one format, or not.
  const auto is_frequent = [&](std::string_view value) {
    return static_cast<double>(skeletons[skeleton(value)]) > kMostOdd * static_cast<double>(present);
  };
  std::unordered_set<std::string_view> frequent;
  for (const auto& [value, rows] : values)
    if (is_frequent(value)) frequent.insert(value);
  if (frequent.size() <= kOfCategories) return {};
  if (const auto style = common_style(frequent))
    return odd_where(table, column, present, "numbers", [&](std::string_view c) { return !style->plain(c); });
  const std::string format = format_of_most(frequent);
  if (format.empty()) return {};
  return odd_where(table, column, present, "dates", [&](std::string_view c) { return !parse_datetime(c, format); });
}

std::string describe(const OddCells& odd) {
  return odd.count == 1
             ? fmt::format("one of its cells is none of the {} that the others are, in row {}: '{}'", odd.what, odd.row,
                           odd.cell)
             : fmt::format("{} of its cells are none of the {} that the others are, the first in row {}: '{}'",
                           odd.count, odd.what, odd.row, odd.cell);
}

}  // namespace meg
