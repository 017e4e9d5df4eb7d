#include "cli/column_list.h"

#include <algorithm>
#include <string_view>

#include "core/table/read/csv_parser.h"

namespace meg::cli {

namespace {

/// How much of `list` is its first name: the longest that is a column, else what is before the first comma outside
/// quotes.
std::size_t first_length(std::string_view list, const std::vector<std::string>& columns) {
  for (std::size_t end = list.size(); end != list.npos && end > 0; end = list.rfind(',', end - 1))
    if (std::find(columns.begin(), columns.end(), list.substr(0, end)) != columns.end()) return end;
  std::size_t end = 0;
  for (bool quoted = false; end < list.size() && (quoted || list[end] != ','); ++end)
    if (list[end] == '"' && (quoted || end == 0 || list[end - 1] == '"')) quoted = !quoted;
  return end;
}

/// A name without its quotes, if it has some.
std::string unquoted(std::string_view name) {
  std::string out;
  CsvParser parser(',');
  const auto take = [&](std::string_view cell, bool) { out = cell; };
  parser.parse(name, take, [] {});
  parser.finish(take, [] {});
  return out;
}

}  // namespace

std::vector<std::string> columns_in(const std::vector<std::string>& words, const std::vector<std::string>& columns) {
  const auto is_column = [&](std::string_view name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  std::vector<std::string> out;
  for (std::string_view list : words) {
    if (list.empty()) out.emplace_back();  // which is no column: a script's variable that is not set
    while (!list.empty()) {
      const std::size_t length = first_length(list, columns);
      const std::string_view name = list.substr(0, length);
      if (!name.empty()) out.push_back(name.starts_with('"') && !is_column(name) ? unquoted(name) : std::string(name));
      list.remove_prefix(std::min(length + 1, list.size()));
    }
  }
  return out;
}

}  // namespace meg::cli
