#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// Doubles as text, to the bit: the base64 (RFC 4648) of their bytes, least significant first. Thousands of numbers are
/// read in a fraction of the time that decimal digits take.
std::string pack_numbers(std::span<const double> numbers);
/// And back. Throws Error where the text is no such numbers.
std::vector<double> unpack_numbers(std::string_view text);

}  // namespace meg
