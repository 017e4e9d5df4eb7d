#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace meg {

/// Whether a cell stands for no value: empty, NA, N/A, NaN, null, None, \N or ? (blanks around it and case aside).
bool is_missing(std::string_view cell);

/// Whether a cell is what programs and people put where there is no number or date: n.a., #N/A, #VALUE!, <NA>, NaT,
/// nil, unknown, -, --, . and the like. In other columns these may be values.
bool is_gap(std::string_view cell);

/// Whether two words are the same but for the case of ASCII's letters.
bool same_but_case(std::string_view a, std::string_view b);

/// A cell without the blanks around it.
std::string_view trimmed(std::string_view cell);

/// The number a whole cell spells (blanks around it aside), or nothing. Infinity and NaN are no numbers.
std::optional<double> parse_number(std::string_view cell);

/// Digits behind the point that the smallest numbers need.
inline constexpr int kMostDecimals = 340;

/// How a number is written; what is beyond its first 15 significant digits is noise of its double, and not counted.
struct WrittenDigits {
  int decimals = 0;     ///< behind the point; an exponent moves it
  int significant = 0;  ///< without the zeros of a whole number's end
};
WrittenDigits written_digits(std::string_view number);

/// Appends `value` with `decimals` digits behind the point, without zeros at the end but for the `fewest` digits that
/// every number has. Numbers from 1e21 on, and those of more than 17 decimals, may get an exponent instead, and no
/// zeros at the end.
void append_number(double value, int decimals, int fewest, std::string& out);

/// Appends `value` with at most so many significant digits, with an exponent where it is far from 1: 1.25e-08.
void append_significant(double value, int digits, std::string& out);
/// Appends `value` with an exponent and so many significant digits: 9.98e+01.
void append_scientific(double value, int digits, std::string& out);

}  // namespace meg
