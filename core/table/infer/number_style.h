#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace meg {

/// How the numbers of a column are written, where it is not as C++ does: $1,234.50, 1.234,5 kg, 12 %.
struct NumberStyle {
  std::string prefix = {}, suffix = {};  ///< what stands around every number
  std::string grouping = {};             ///< between thousands, "" for nothing
  std::string point = ".";
  bool plus = false;        ///< before what is not negative
  bool inner_sign = false;  ///< behind the prefix: $-5

  bool is_plain() const { return prefix.empty() && suffix.empty() && grouping.empty() && point == "." && !plus; }
  /// The number in a cell as C++ writes it, -1234.50; nothing where the cell is not in this style. Groups and a plus
  /// may be left out.
  std::optional<std::string> plain(std::string_view cell) const;
  /// And back: appends `number`, -1234.50, in this style.
  void append(std::string_view number, std::string& out) const;
};

/// The style that all of these cells are in: amounts of money, shares, numbers with a unit behind a blank, thousands
/// in groups, a comma for the point. Nothing where there is none.
std::optional<NumberStyle> common_style(std::span<const std::string_view> cells);

}  // namespace meg
