#include "core/input_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "meg/error.h"

namespace meg {

std::string read_file(const std::filesystem::path& path, std::string_view wanted) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("'{}' is a folder: name {}", path.string(), wanted);
  const bool standard = path == "-";  // which stays open
  const std::string name = standard ? "standard input" : fmt::format("'{}'", path.string());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(standard ? stdin : std::fopen(path.c_str(), "rb"),
                                                             standard ? [](std::FILE*) { return 0; } : &std::fclose);
  if (!file) fail("cannot read {}: {}", name, std::strerror(errno));
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    text.append(buffer.data(), got);
  if (std::ferror(file.get())) fail("cannot read {}: {}", name, std::strerror(errno));
  return text;
}

}  // namespace meg
