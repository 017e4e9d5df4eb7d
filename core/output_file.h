#pragma once
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "core/compression/compression.h"

namespace meg {

/// A file that appears whole or not at all: written beside its path and renamed by finish(). Destroyed unfinished, it
/// leaves nothing, and an existing file untouched. A file that is replaced keeps its mode, a link its target's place.
/// "-" is standard output; devices and pipes are written as they are. Where it is to be compressed, it is so while it
/// is written. All functions throw Error where the disk or the folder refuses.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path, Compression compression = Compression::kNone);
  OutputFile(OutputFile&&) = delete;
  ~OutputFile();

  void write(std::string_view bytes);
  /// The same while the caller goes on: takes the bytes and leaves the memory of others in their place. Its error is
  /// thrown by the next call.
  void write_behind(std::string& bytes);
  void finish();

 private:
  [[noreturn]] void fail_write() const;
  /// Gives the file beside its path the mode of the one that it will replace.
  void keep_mode();
  /// Until nothing is written behind the caller's back.
  void wait();
  void put(std::string_view bytes);
  void compress(std::string_view bytes, bool last);

  std::filesystem::path path_;
  std::filesystem::path beside_;  // empty where written in place
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::unique_ptr<Compressor> compressor_;  // null: none
  std::string compressed_;
  std::string behind_;  // what is being written
  std::future<void> writing_;
};

/// What an OutputFile of this path writes: where a link leads in the end, though nothing may be there yet.
std::filesystem::path written_path(std::filesystem::path path);

/// Writes a whole file this way.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace meg
