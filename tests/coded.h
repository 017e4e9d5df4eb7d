#pragma once
#include "core/table/code/coding.h"
#include "core/table/read/csv.h"

namespace test {

inline std::string csv_of(const meg::Table& table) {
  std::string out;
  append_csv(table, true, out);
  return out;
}

/// Rows of cells as text, the numbers decoded by the host.
inline meg::Table decoded(const meg::TableCoding& coding, const meg::Coded& rows) {
  meg::Table out = coding.empty_table();
  std::vector<double> numbers;
  for (std::size_t r = 0; r < rows.rows; ++r)
    for (const std::size_t k : coding.number_columns()) {
      const std::size_t at = r * coding.columns().size() + k;
      numbers.push_back(coding.columns()[k].value({rows.code[at], rows.z[at]}));
    }
  coding.append_rows(rows.code, numbers, 9, 0, out);
  return out;
}

}  // namespace test
