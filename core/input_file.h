#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace meg {

/// Everything that is in a file; "-" is standard input. Throws Error where it is a folder or cannot be read; `wanted`
/// is what it should be, with its article: "a CSV file".
std::string read_file(const std::filesystem::path& path, std::string_view wanted);

}  // namespace meg
