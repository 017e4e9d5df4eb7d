#pragma once
#include <span>
#include <string>
#include <string_view>

namespace meg {

/// What the texts of a column are, as people call it: "JSON", "lists with ;", "IPv4 addresses", "MAC addresses",
/// "UUIDs", "hashes", "e-mail addresses", "web addresses", "positions in degrees and minutes", "sentences". Nine of ten
/// values are of the kind, among the first few hundred. Empty where it is none of these.
std::string text_kind(std::span<const std::string_view> values);

}  // namespace meg
