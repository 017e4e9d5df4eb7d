#include "core/table/code/rare_values.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_map>

#include "core/fail.h"
#include "core/table/code/grid.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

/// Of the numbers of an exact column at most one in so many is moved to another value; more would bend its shape.
constexpr std::size_t kMostMoved = 20;

struct Numbers {
  std::vector<double> common, rare;  // ascending
};

Numbers split(const std::vector<double>& sorted, std::size_t least) {
  Numbers out;
  for (auto begin = sorted.begin(); begin != sorted.end();) {
    const auto end = std::upper_bound(begin, sorted.end(), *begin);
    auto& to = static_cast<std::size_t>(end - begin) < least ? out.rare : out.common;
    to.insert(to.end(), begin, end);
    begin = end;
  }
  return out;
}

std::size_t count_distinct(const std::vector<double>& sorted) {
  std::size_t count = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) count += sorted[i] != sorted[i - 1];
  return count;
}

double mean(std::span<const double> numbers) {
  double out = 0;
  for (const double x : numbers) out += x / static_cast<double>(numbers.size());  // a sum could overflow
  return out;
}

/// Of two as near the lower, as Column::encode takes it.
double nearest(const std::vector<double>& sorted, double x) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), x);
  if (at == sorted.begin()) return *at;
  return at == sorted.end() || x - at[-1] <= at[0] - x ? at[-1] : at[0];
}

std::string spelled(const ColumnSchema& schema, double number) {
  std::string out;
  append_value(schema, number, out);
  return out;
}

const char* plural(std::size_t count) { return count == 1 ? "" : "s"; }

}  // namespace

RareWords hide_rare_words(std::span<const std::size_t> counts, int least, const std::string& word,
                          ColumnSchema& schema) {
  if (is_missing(word))
    fail(ErrorCode::kInvalidArgument, "rare values cannot be called '{}', which stands for a missing value", word);
  const auto enough = static_cast<std::size_t>(least);
  const auto known = std::find_if(schema.values.begin(), schema.values.end(),
                                  [&](const std::string& value) { return same_but_case(value, word); });
  std::string target = known == schema.values.end() ? word : *known;
  std::vector<std::string> kept;
  std::size_t merged_values = 0, merged_rows = 0, target_rows = 0, most = 0;
  std::string most_frequent;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (schema.values[i] == target) {
      target_rows = counts[i];
      continue;
    }
    if (counts[i] < enough) {
      ++merged_values, merged_rows += counts[i];
      continue;
    }
    kept.push_back(schema.values[i]);
    if (counts[i] > most) most = counts[i], most_frequent = schema.values[i];
  }
  const bool target_is_rare = target_rows > 0 && target_rows < enough;
  if (merged_values == 0 && !target_is_rare) return {};
  const bool join_most_frequent = target_rows + merged_rows < enough && !kept.empty();
  if (join_most_frequent) {
    target = most_frequent;
    if (target_is_rare) ++merged_values, merged_rows += target_rows;
  } else {
    kept.insert(std::upper_bound(kept.begin(), kept.end(), target), target);
    if (known == schema.values.end()) schema.type = ColumnType::kCategorical;
  }
  schema.values = std::move(kept);
  schema.distinct = schema.values.size();
  RareWords out;
  out.code =
      static_cast<int>(std::lower_bound(schema.values.begin(), schema.values.end(), target) - schema.values.begin());
  if (merged_values > 0)
    out.note = fmt::format("{} value{} that fewer than {} rows hold became '{}'{} ({} row{})", merged_values,
                           plural(merged_values), least, target, join_most_frequent ? ", the most frequent one" : "",
                           merged_rows, plural(merged_rows));
  return out;
}

namespace {

std::string move_to_nearest(int least, Numbers& split_numbers) {
  const std::size_t values = count_distinct(split_numbers.rare), rows = split_numbers.rare.size();
  for (double& x : split_numbers.rare) x = nearest(split_numbers.common, x);
  return fmt::format("{} value{} that fewer than {} rows hold became the nearest that more hold ({} row{})", values,
                     plural(values), least, rows, plural(rows));
}

/// Cuts the rare numbers, at least 3 * least of them, to their range without the outermost.
std::string cut(int least, double step, const ColumnSchema& schema, std::vector<double>& rare) {
  const auto window = static_cast<std::size_t>(least);
  const std::span<const double> all(rare);
  const double low = on_grid(mean(all.subspan(window - 1, window)), schema.smallest, step);
  const double high = on_grid(mean(all.subspan(rare.size() - 2 * window + 1, window)), schema.smallest, step);
  std::size_t rows = 0;
  for (double& x : rare) {
    rows += x < low || x > high;
    x = std::clamp(x, low, std::max(low, high));
  }
  return fmt::format("numbers that fewer than {} rows hold were cut to the range {} to {} ({} row{})", least,
                     spelled(schema, low), spelled(schema, high), rows, plural(rows));
}

/// Replaces the numbers, 2 to 3 times `least`, by the mean of those that lie between the least-th from either side.
std::string collapse(int least, double step, const ColumnSchema& schema, std::vector<double>& numbers) {
  const auto outer = static_cast<std::size_t>(least) - 1;
  const std::span<const double> middle = std::span<const double>(numbers).subspan(outer, numbers.size() - 2 * outer);
  const double x = on_grid(mean(middle), schema.smallest, step);
  std::fill(numbers.begin(), numbers.end(), x);
  return fmt::format("its {} numbers, each in fewer than {} rows, became {}, the mean of the middle ones",
                     numbers.size(), least, spelled(schema, x));
}

}  // namespace

RareNumbers hide_rare_numbers(int least, int exact_limit, std::vector<double>& numbers, ColumnSchema& schema) {
  const auto enough = static_cast<std::size_t>(least);
  Numbers parts = split(numbers, enough);
  if (parts.rare.empty()) return {};
  RareNumbers out;
  const bool few = count_distinct(numbers) <= static_cast<std::size_t>(exact_limit) &&
                   parts.rare.size() * kMostMoved <= numbers.size();
  const double step = grid_step_or_unit(numbers, schema.smallest, schema.largest, schema.decimals);
  if (parts.common.empty() && numbers.size() < 2 * enough) {
    out.note = fmt::format("its {} number{}, each in fewer than {} rows, are taken as missing", numbers.size(),
                           plural(numbers.size()), least);
    schema.missing += numbers.size();
    parts.rare.clear();
  } else if (!parts.common.empty() && (few || parts.rare.size() < 3 * enough)) {
    out.note = move_to_nearest(least, parts);
  } else if (parts.rare.size() < 3 * enough) {
    out.note = collapse(least, step, schema, parts.rare);
  } else {
    out.continuous = true;
    out.note = cut(least, step, schema, parts.rare);
  }
  // Merged to their nearest, the rare numbers are in order still.
  numbers.clear();
  std::merge(parts.common.begin(), parts.common.end(), parts.rare.begin(), parts.rare.end(),
             std::back_inserter(numbers));
  schema.smallest = numbers.empty() ? 0 : numbers.front();
  schema.largest = numbers.empty() ? 0 : numbers.back();
  schema.distinct = count_distinct(numbers);
  return out;
}

}  // namespace meg
