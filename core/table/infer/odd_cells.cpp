#include "core/table/infer/odd_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/table/infer/letters.h"
#include "core/table/infer/schema.h"

namespace meg {

namespace {

constexpr double kMostOdd = 0.05;  // share of the cells that are there
constexpr std::size_t kFewestCells = 40, kOfCategories = 20;

/// The cells that are odd, where they are few.
std::optional<OddCells> odd_where(const Array& column, std::string_view what, const auto& is_odd) {
  OddCells out;
  out.what = what;
  std::size_t present = 0;
  for (std::size_t r = 0; r < column.size(); ++r) {
    const std::string_view cell = column.text(r);
    if (is_missing(cell) || is_gap(cell)) continue;
    ++present;
    if (is_odd(cell) && out.count++ == 0) out.row = r + 1, out.cell = cell;
  }
  if (out.count == 0 || static_cast<double>(out.count) > kMostOdd * static_cast<double>(present)) return {};
  return out;
}

/// Cells that are there, of some thousand rows over the whole table.
std::vector<std::string_view> some_cells(const Array& column) {
  constexpr std::size_t kRows = 5000;
  std::vector<std::string_view> out;
  const std::size_t rows = std::min(column.size(), kRows);
  for (std::size_t i = 0; i < rows; ++i)
    if (const std::string_view cell = column.text(i * column.size() / rows); !is_missing(cell) && !is_gap(cell))
      out.push_back(cell);
  return out;
}

/// Whether most of the cells are whole numbers or have a point, and are no codes, 02139.
bool are_numbers(std::span<const std::string_view> cells) {
  std::size_t numbers = 0;
  for (const std::string_view cell : cells) {
    if (cell.size() > 1 && cell[0] == '0' && cell.find_first_not_of(kDigits) == cell.npos) return false;
    numbers += parse_number(cell).has_value();
  }
  return 10 * numbers > 9 * cells.size();
}

}  // namespace

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

std::string format_of_most(std::span<const std::string_view> values) {
  constexpr std::size_t kLookedAt = 200;
  std::vector<std::string_view> some(values.begin(), values.end());
  some.resize(std::min(some.size(), kLookedAt));
  std::string best;
  std::size_t most = some.size() - some.size() / 10;
  const auto look = [&](const std::string& format) {
    std::size_t fits = 0;
    for (std::size_t i = 0; i < some.size() && i - fits <= some.size() / 10; ++i)
      fits += parse_datetime(some[i], format).has_value();
    if (fits > most || (best.empty() && fits == most)) best = format, most = fits;
  };
  for (const std::string& format : datetime_formats()) {
    look(format);
    const std::string zone(zone_of(some[0]));
    if (zone.empty() || !has_time_of_day(format) || !has_date(format)) continue;
    look(format + zone);
    look(format + "%z");
  }
  return best;
}

std::optional<OddCells> find_odd_cells(const Array& column) {
  const std::vector<std::string_view> cells = some_cells(column);
  std::vector<std::string_view> values(cells);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (cells.size() < kFewestCells || values.size() <= kOfCategories) return {};
  if (are_numbers(cells)) return odd_where(column, "numbers", [](std::string_view c) { return !parse_number(c); });

  std::unordered_map<std::string, std::size_t> skeletons;
  for (const std::string_view cell : cells) ++skeletons[skeleton(cell)];
  // Looked at are the values of frequent skeletons: these are numbers of one style, or dates of one format, or not.
  std::vector<std::string_view> frequent;
  for (const std::string_view value : values)
    if (static_cast<double>(skeletons[skeleton(value)]) > kMostOdd * static_cast<double>(cells.size()))
      frequent.push_back(value);
  if (frequent.size() <= kOfCategories) return {};
  if (const auto style = common_style(frequent))
    return odd_where(column, "numbers", [&](std::string_view c) { return !plain_number(*style, c); });
  const std::string format = format_of_most(frequent);
  if (format.empty()) return {};
  return odd_where(column, "dates", [&](std::string_view c) { return !parse_datetime(c, format); });
}

std::string describe(const OddCells& odd) {
  return odd.count == 1
             ? fmt::format("one of its cells is none of the {} that the others are, in row {}: '{}'", odd.what, odd.row,
                           odd.cell)
             : fmt::format("{} of its cells are none of the {} that the others are, the first in row {}: '{}'",
                           odd.count, odd.what, odd.row, odd.cell);
}

}  // namespace meg
