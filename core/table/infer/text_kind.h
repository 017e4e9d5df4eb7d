#pragma once
#include <span>
#include <string>
#include <string_view>

namespace meg {

/// What the texts of a column are, as people call it: "JSON", "lists with ;", "IPv4 addresses", "MAC addresses",
/// "UUIDs", "hashes", "e-mail addresses", "web addresses", "positions in degrees and minutes", "sentences". Nine of ten
/// values are of the kind, among the first few hundred. Empty where it is none of these.
std::string text_kind(std::span<const std::string_view> values);

/// Whether at least five values are there, and nine of ten among the first few hundred, blanks around them aside, are
/// so.
bool most_are(std::span<const std::string_view> values, bool (*is)(std::string_view));

}  // namespace meg
