#include "core/model/classic/masks.h"

#include <algorithm>
#include <numeric>

#include "core/fail.h"
#include "core/permutation.h"

namespace meg {

Masks::Masks(std::vector<int> places, std::vector<int> columns) : order(std::move(places)), widths(std::move(columns)) {
  const bool positive = std::all_of(widths.begin(), widths.end(), [](int width) { return width > 0; });
  if (!is_permutation(order) || !positive ||
      std::accumulate(widths.begin(), widths.end(), std::size_t{0}) != order.size())
    fail("these masks do not give every column to one generator");
}

std::vector<std::size_t> Masks::places() const {
  std::vector<std::size_t> out(order.size());
  for (std::size_t p = 0; p < order.size(); ++p) out[static_cast<std::size_t>(order[p])] = p;
  return out;
}

std::vector<float> Masks::to_places(std::span<const float> rows) const {
  std::vector<float> out(rows.size());
  for (std::size_t first = 0; first < rows.size(); first += order.size())
    for (std::size_t p = 0; p < order.size(); ++p) out[first + p] = rows[first + static_cast<std::size_t>(order[p])];
  return out;
}

Masks contiguous_masks(int columns, int generators) {
  if (generators == 0) generators = columns;
  if (generators < 0 || generators > columns)
    fail(ErrorCode::kInvalidArgument, "{} generators cannot share {} columns: set `generators` to 1 to {}", generators,
         columns, columns);
  Masks masks;
  masks.order.resize(static_cast<std::size_t>(columns));
  std::iota(masks.order.begin(), masks.order.end(), 0);
  for (int g = 0; g < generators; ++g)
    masks.widths.push_back(columns / generators + (g < columns % generators ? 1 : 0));
  return masks;
}

Masks masks_of(std::span<const std::string> lines, std::span<const std::string> columns) {
  constexpr auto kWrong = ErrorCode::kInvalidArgument;
  std::vector<int> line_of(columns.size(), 0);
  Masks masks;
  for (int line = 1; line <= static_cast<int>(lines.size()); ++line) {
    std::size_t column = 0;
    const std::size_t before = masks.order.size();
    for (const char c : lines[static_cast<std::size_t>(line) - 1]) {
      if (c == ' ' || c == ',' || c == '\t' || c == '\r') continue;
      if (c != '0' && c != '1')
        fail(kWrong, "line {} of `masks`: '{}' in a mask; a mask is written in 0 and 1", line, c);
      if (column == columns.size())
        fail(kWrong, "line {} of `masks`: a mask of more than the {} columns", line, columns.size());
      if (c == '1') {
        if (line_of[column] != 0)
          fail(kWrong, "line {} of `masks`: column '{}' is in the mask of line {} too; masks must not overlap", line,
               columns[column], line_of[column]);
        line_of[column] = line;
        masks.order.push_back(static_cast<int>(column));
      }
      ++column;
    }
    if (column == 0) continue;  // a blank line
    if (column != columns.size())
      fail(kWrong, "line {} of `masks`: a mask of {} digits for {} columns", line, column, columns.size());
    if (masks.order.size() == before)
      fail(kWrong, "line {} of `masks`: the mask of a generator that writes no column", line);
    masks.widths.push_back(static_cast<int>(masks.order.size() - before));
  }
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (line_of[c] == 0)
      fail(kWrong, "no line of `masks` has column '{}'; the masks must cover all columns", columns[c]);
  return masks;
}

}  // namespace meg
