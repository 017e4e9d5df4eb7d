#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// The bars that both tables' cells of a column are counted in.
struct Bars {
  /// Intervals of numbers, one more edge than intervals; datetimes are seconds since 1970. Empty where every bar is one
  /// value, or a category.
  std::vector<double> edges;
  /// Of bars that are no intervals: the values in ascending order, or the categories, those of most real rows first.
  std::vector<std::string> labels;
  bool open_low = false, open_high = false;  ///< the outer interval also counts what lies beyond its edge
  std::size_t others = 0;                    ///< categories that the last bar counts together, which has no label
  bool missing = false;                      ///< one more bar behind all counts missing cells

  std::size_t size() const;
};

struct BarLimits {
  std::size_t intervals = 40;
  std::size_t values = 12;  ///< of categories, and of numbers that get a bar for each value
};

/// A column cut into bars: which one each row's cell is in.
struct CutColumn {
  Bars bars;
  std::vector<std::uint8_t> real, synthetic;
};

/// A column of both tables, read once, to be cut as coarsely as a picture needs.
class ReportColumn {
 public:
  /// Reads a column that is_modelled. Throws Error where a cell is not of the column's type.
  ReportColumn(const ColumnSchema& column, const Table& real, const Table& synthetic);

  /// Cuts the column such that a person sees its shape: numbers of few values get a bar each; others get intervals as
  /// wide as a whole number of the column's last digit, for bars would else hold one value more than their neighbours.
  /// Where a few far numbers (0.5 % at either end) stretch the range to more than 1.5 times of what it is without them,
  /// the outer intervals hold them.
  CutColumn cut(const BarLimits& limits) const;

 private:
  CutColumn cut_categories(std::size_t most) const;
  CutColumn cut_values(const std::vector<double>& values) const;
  CutColumn cut_intervals(std::size_t most) const;

  const ColumnSchema& column_;
  std::vector<double> real_, synthetic_;           // numeric: NaN where missing
  std::vector<int> real_codes_, synthetic_codes_;  // categorical: places among words_
  std::vector<std::string> words_;                 // missing is empty
  std::vector<double> sorted_;                     // the numbers of both tables that are not missing
};

/// How many rows each bar has; `cells` of a CutColumn.
std::vector<std::size_t> count_bars(const std::vector<std::uint8_t>& cells, std::size_t bars);

/// How many rows each pair of bars has: [bars of a, bars of b], row by row.
std::vector<std::size_t> count_pairs(const std::vector<std::uint8_t>& a, std::size_t a_bars,
                                     const std::vector<std::uint8_t>& b, std::size_t b_bars);

}  // namespace meg
