#include "core/table/code/running_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

namespace meg {

namespace {

constexpr std::size_t kEnoughToRun = 20;

bool is_figure(char c) { return c >= '0' && c <= '9'; }

/// Two cells with a number that differs by one: what comes before it, and after.
std::optional<RunningNumber> between(std::string_view first, std::string_view second) {
  const auto differ = std::mismatch(first.begin(), first.end(), second.begin(), second.end()).first;
  auto begin = static_cast<std::size_t>(differ - first.begin()), end = begin;
  while (begin > 0 && is_figure(first[begin - 1])) --begin;
  while (end < first.size() && is_figure(first[end])) ++end;
  if (begin == end || end - begin > RunningNumber::kMostDigits) return {};
  RunningNumber out{std::string(first.substr(0, begin)), std::string(first.substr(end)), 0, end - begin};
  std::from_chars(first.data() + begin, first.data() + end, out.first);
  return out;
}

}  // namespace

std::optional<RunningNumber> RunningNumber::of(std::span<const std::string_view> cells) {
  if (cells.size() < kEnoughToRun) return {};
  const std::optional<RunningNumber> out = between(cells[0], cells[1]);
  std::string text;
  for (std::size_t i = 0; out && i < cells.size(); ++i) {
    text.clear();
    out->append(i, text);
    if (text != cells[i]) return {};
  }
  return out;
}

void RunningNumber::append(std::uint64_t row, std::string& out) const {
  fmt::format_to(std::back_inserter(out), "{}{:0{}}{}", prefix, first + row, digits, suffix);
}

}  // namespace meg
