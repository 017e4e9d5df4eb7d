#pragma once
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/missing_words.h"
#include "core/table/infer/schema.h"
#include "core/table/infer/word.h"

namespace meg {

/// 2^53: not all whole numbers from here on are doubles.
inline constexpr double kBeyondWholeDoubles = 9007199254740992;

/// What one pass over a column's cells finds out.
struct Survey {
  std::vector<std::string_view> values;  ///< the different ones, in the order in which they come
  /// [rows] each cell's place in `values`, -1 where it is missing, kFirstWord - i where it is word i of the column.
  std::vector<std::int32_t> places;
  std::vector<double> numbers;  ///< [rows] as long as all are numbers; NaN where one is missing, of words see word.h
  std::size_t present = 0;
  std::size_t gaps = 0;      ///< cells of is_gap, where these are no values
  std::string beside_empty;  ///< a word such as NA that stands for missing cells while others are empty
  bool numeric = true, whole = true, rises_by_one = true, rises = true, has_blank = false;
  std::string_view no_number;  ///< the first value that is none
  std::size_t leading_zeros = 0, long_codes = 0;
  std::size_t shortest = ~std::size_t{0}, longest = 0;  ///< digits
  bool exponents = false;
  int significant = 0;            ///< digits, at most
  bool spelled_as_codes = false;  ///< see number_codes.h

  /// Numbers that are names: whole ones as most of them show, or leading zeros that make all as long, which are postal
  /// codes, account and telephone numbers; and those whose digits behind the point are a number of their own.
  bool is_coded() const {
    return spelled_as_codes ||
           (whole && (2 * (leading_zeros + long_codes) > present || (leading_zeros > 0 && shortest == longest)));
  }
};

inline constexpr std::int32_t kFirstWord = -2;
/// The number of a place that is none of a value: a word's, or nothing's.
inline double number_of_place(std::int32_t place) {
  return place <= kFirstWord ? number_of_word(static_cast<std::size_t>(kFirstWord - place))
                             : std::numeric_limits<double>::quiet_NaN();
}

/// Looks at the cells of a utf8 column, at numbers in the style of `out` and among its words, and puts what it counts
/// into `out`. `value` is one though it looks missing.
Survey survey(const Array& cells, Missing missing, ColumnSchema& out, std::string_view value = {});

/// The same of a column whose cells are plain numbers (plain_number.h) or missing, in one pass and without `values` and
/// `places`. Nothing where it is none, or one whose numbers may be written in several ways: then `out` is as it was.
std::optional<Survey> survey_plain_numbers(const Array& cells, Missing missing, ColumnSchema& out);

}  // namespace meg
