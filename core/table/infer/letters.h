#pragma once
#include <cstddef>
#include <string_view>

namespace meg {

/// The 62 letters and digits of ASCII, in the order of alphanumeric_place.
inline constexpr std::string_view kAlphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kDigits = kAlphanumerics.substr(0, 10), kCapitals = kAlphanumerics.substr(10, 26),
                                  kSmallLetters = kAlphanumerics.substr(36);

/// The place of a character in kAlphanumerics; -1 for all others.
int alphanumeric_place(char c);

/// The first character of a text that is not empty, all of its bytes (UTF-8).
std::string_view first_character(std::string_view text);

/// Of a character beyond ASCII: capital 0, small letter 1, any other letter 2; -1 for punctuation, signs and combining
/// marks. Cases are known of Latin, Greek and Cyrillic letters.
int letter_kind(std::string_view character);

}  // namespace meg
