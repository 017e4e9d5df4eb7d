#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace meg {

class InputFile;

/// What text that is not UTF-8 is likely to be encoded in, by the patterns of its bytes, as iconv calls it; empty where
/// they show none. `is_start`: the file begins with the text.
std::string likely_encoding(std::string_view text, bool is_start);

/// Of a byte-order mark of UTF-16 or UTF-32 at the start of a file; empty where there is none.
std::string marked_encoding(std::string_view head);

/// A text file as UTF-8, piece by piece.
class TextFile {
 public:
  /// `encoding` is what iconv(3) calls the file's; empty where it is UTF-8, which passes unchecked. Throws Error for an
  /// encoding that there is not.
  TextFile(InputFile& file, const std::string& encoding);
  ~TextFile();

  /// As InputFile's. Throws Error, naming line and byte, where the bytes are no text of the encoding.
  std::size_t read(std::span<char> out);
  /// Bytes that there are to read; 0 where that is not known.
  std::size_t size() const;

 private:
  class Converter;
  InputFile& file_;
  std::unique_ptr<Converter> converter_;  // null for UTF-8
};

}  // namespace meg
