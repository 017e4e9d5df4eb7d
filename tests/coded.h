#pragma once
#include "core/table/code/coding.h"
#include "tests/tables.h"

namespace test {

/// A table as the coding reads and encodes it.
inline meg::Coded encoded(const meg::TableCoding& coding, const meg::Table& table, std::uint64_t seed,
                          int threads = 1) {
  return coding.encode(meg::ReadTable(coding.schema(), table, threads), 0, table.rows(), seed, threads);
}

/// Rows of cells as text, the numbers decoded by the host.
inline meg::Table decoded(const meg::TableCoding& coding, const meg::Coded& rows) {
  std::vector<double> numbers;
  for (std::size_t r = 0; r < rows.rows; ++r)
    for (const std::size_t k : coding.number_columns()) {
      const std::size_t at = r * coding.columns().size() + k;
      numbers.push_back(coding.columns()[k].value({rows.code[at], rows.z[at]}));
    }
  const std::vector<meg::Array> made =
      coding.made_columns({.code = rows.code, .number = numbers, .first_row = 0, .seed = 9}, 1);
  return as_text(table_of(coding.schema(), made), coding.schema());
}

}  // namespace test
