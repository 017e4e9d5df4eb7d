#include "core/measure/encoded_rows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/measure/column_pair.h"

namespace meg {

namespace {

template <class Value>
std::vector<Value> joined(std::vector<Value> first, const std::vector<Value>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

double mean_present(const std::vector<double>& numbers) {
  double sum = 0, present = 0;
  for (const double x : numbers)
    if (!std::isnan(x)) {
      sum += x;
      ++present;
    }
  return present > 0 ? sum / present : 0;
}

void add_numbers(ColumnPair&& pair, std::vector<EncodedColumn>& out) {
  const double mean = mean_present(pair.real);
  EncodedColumn column, missing;
  missing.is_missing = true;
  column.numbers = joined(std::move(pair.real), pair.synthetic);
  for (double& x : column.numbers) {
    missing.numbers.push_back(std::isnan(x) ? 1 : 0);
    if (std::isnan(x)) x = mean;
  }
  const bool any = std::find(missing.numbers.begin(), missing.numbers.end(), 1.0) != missing.numbers.end();
  out.push_back(std::move(column));
  if (any) out.push_back(std::move(missing));
}

}  // namespace

EncodedRows encode_rows(const Table& real, const Table& synthetic, const Schema& schema) {
  EncodedRows out;
  out.real_rows = real.rows();
  out.rows = real.rows() + synthetic.rows();
  for (const ColumnSchema& column : schema) {
    if (!is_modelled(column.type)) continue;
    ColumnPair pair = read_column_pair(column, real, synthetic);
    if (pair.numeric) {
      add_numbers(std::move(pair), out.columns);
      continue;
    }
    EncodedColumn codes;
    codes.width = static_cast<std::size_t>(pair.codes);
    codes.codes = joined(std::move(pair.real_codes), pair.synthetic_codes);
    out.columns.push_back(std::move(codes));
  }
  for (const EncodedColumn& column : out.columns) out.width += column.width;
  return out;
}

}  // namespace meg
