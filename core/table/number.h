#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace meg {

/// Whether a cell stands for no value: empty, NA, N/A, NaN, null, None or ? (blanks around it and case aside).
bool is_missing(std::string_view cell);

/// A cell without the blanks around it.
std::string_view trimmed(std::string_view cell);

/// The number a whole cell spells (blanks around it aside), or nothing. Infinity and NaN are no numbers.
std::optional<double> parse_number(std::string_view cell);

/// Appends `value` with `decimals` digits behind the point, zeros at the end only where trailing_zeros. Numbers
/// from 1e21 on, and those of more than 17 decimals, may get an exponent instead, and no zeros at the end.
void append_number(double value, int decimals, bool trailing_zeros, std::string& out);

}  // namespace meg
