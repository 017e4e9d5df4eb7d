#pragma once
#include <string>
#include <vector>

namespace meg::cli {

/// The columns that the words of a flag name. A word that is a column is that one; else it is a list, cut at commas
/// such that each name is the longest that there is. A name in double quotes, doubled inside it, is taken as it is.
std::vector<std::string> columns_in(const std::vector<std::string>& words, const std::vector<std::string>& columns);

}  // namespace meg::cli
