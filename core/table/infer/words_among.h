#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meg/schema.h"

namespace meg {

/// What stands among the numbers or dates of a column, and what these are.
struct WordsAmong {
  std::vector<std::string> words;  ///< sorted
  NumberStyle style;               ///< of the numbers
  std::string format;              ///< of the dates; empty: these are numbers
};

/// Looks at the different values of a column that is neither of numbers nor of dates: whether all but a few words are
/// numbers, plain or of one style, or dates of one format. There must be more than 20 different numbers or dates, at
/// least three times as many as words, and at most 20 words; how many rows hold these does not matter. Nothing where it
/// is not so.
/// `style`, `format`: those of the numbers or the dates, where they are known.
std::optional<WordsAmong> find_words_among(const std::vector<std::string_view>& values,
                                           const std::optional<NumberStyle>& style = {},
                                           const std::string& format = {});

/// The first of the values that is no number, where most are, plain or of one style; empty where it is not so.
std::string_view first_that_is_no_number(const std::vector<std::string_view>& values);

}  // namespace meg
