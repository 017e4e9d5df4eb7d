#pragma once
#include <string>
#include <string_view>

namespace meg {

/// ASCII's capitals as small letters.
std::string in_small_letters(std::string_view word);

/// The last of a name's words, in small letters: "User ID", "user_id" and "userId" have two. Empty where the name ends
/// in anything but a letter.
std::string last_word(std::string_view name);

}  // namespace meg
