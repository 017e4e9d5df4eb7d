#pragma once
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/compression/compression.h"

namespace meg {

/// A file that is read once, from its start to its end; where its first bytes are those of gzip or Zstandard, it is
/// decompressed on the way, whatever it is called. "-" is standard input. All functions throw Error, naming the file,
/// where it cannot be read, is damaged or is cut off.
class InputFile {
 public:
  /// `wanted` is what the file should be, with its article: "a CSV file".
  InputFile(const std::filesystem::path& path, std::string_view wanted);
  ~InputFile();

  /// As errors call it: "'people.csv'", or "standard input".
  const std::string& name() const { return name_; }
  Compression compression() const { return compression_; }
  /// Bytes that there are to read; 0 where that is not known: of a compressed file, of a pipe.
  std::size_t size() const;
  /// Its first bytes, decompressed: all where it has so few.
  std::string_view head() const { return head_; }

  /// The next bytes, from the first on, into the start of `out`; returns how many: 0 only at the end of the file, or
  /// where `out` is empty.
  std::size_t read(std::span<char> out);
  /// All that have not been read yet.
  std::string read_all();

 private:
  /// Fills the empty in_ with what the file has next, as it is there.
  void fill();
  std::size_t decompress(std::span<char> out);
  [[noreturn]] void fail_read() const;

  std::string name_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  Compression compression_ = Compression::kNone;
  std::unique_ptr<Decompressor> decompressor_;
  std::string buffer_;
  std::string_view in_;  // what of the buffer has not been used
  std::string head_;
  std::size_t head_read_ = 0;  // bytes of the head that read() has given out
};

/// All that is in an InputFile.
std::string read_file(const std::filesystem::path& path, std::string_view wanted);

}  // namespace meg
