#include "core/table/standin/phone.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace meg {

namespace {

constexpr std::uint64_t kEnoughCells = 5;
constexpr std::size_t kMostGroupings = 50, kMostDigits = 18, kLongestCode = 3;
constexpr std::string_view kFigures = "0123456789", kSigns = "+-()./ ";

/// A grouping: 0 and the digits of a country's code as they are, * for the first other digit, # for the rest. Empty for
/// what is no phone number.
std::string grouping_of(std::string_view cell) {
  std::string out;
  std::size_t digits = 0, kept = 0;
  if (cell.starts_with('+')) {
    const std::size_t code = std::min(cell.find_first_not_of(kFigures, 1), cell.size()) - 1;
    if (code <= kLongestCode && code + 1 < cell.size()) kept = code;
  }
  for (const char c : cell) {
    const bool is_digit = kFigures.find(c) != kFigures.npos;
    if (!is_digit && kSigns.find(c) == kSigns.npos) return {};
    if (!is_digit)
      out += c;
    else if (digits < kept || (digits == 0 && c == '0'))
      out += c, kept = std::max(kept, digits + 1);
    else
      out += digits == kept ? '*' : '#';
    digits += is_digit;
  }
  return digits > kept && digits <= kMostDigits ? out : std::string();
}

TextShapes::Shape shape_of(std::string_view grouping, std::uint64_t cells) {
  TextShapes::Shape out{std::string(grouping), cells};
  for (char& c : out.text) {
    if (kSigns.find(c) != kSigns.npos) continue;
    out.places.push_back(c == '#'   ? std::string(kFigures)
                         : c == '*' ? std::string(kFigures.substr(1))
                                    : std::string{c});
    c = '9';
  }
  return out;
}

}  // namespace

TextShapes phone_groups(std::span<const std::string_view> cells) {
  const std::unordered_set<std::string_view> different(cells.begin(), cells.end());
  std::map<std::string, std::uint64_t> count;
  for (const std::string_view cell : different)
    if (std::string grouping = grouping_of(cell); !grouping.empty()) ++count[std::move(grouping)];
  std::vector<TextShapes::Shape> shapes;
  for (const auto& [grouping, of_grouping] : count)
    if (of_grouping >= kEnoughCells) shapes.push_back(shape_of(grouping, of_grouping));
  std::stable_sort(shapes.begin(), shapes.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  shapes.resize(std::min(shapes.size(), kMostGroupings));
  if (shapes.empty()) shapes.push_back(shape_of("*## ### ####", 1));
  return TextShapes(std::move(shapes));
}

}  // namespace meg
