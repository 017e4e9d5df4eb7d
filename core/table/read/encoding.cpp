#include "core/table/read/encoding.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/fail.h"
#include "core/input_file.h"

namespace meg {

namespace {

/// Bytes that are looked at to tell an encoding.
constexpr std::size_t kSample = std::size_t{1} << 16;

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
}
constexpr bool within(unsigned byte, unsigned low, unsigned high) { return byte >= low && byte <= high; }

/// Text of two bytes a character has zeros, those of ASCII, on one side of the pairs alone.
std::string wide_encoding(std::string_view text) {
  std::size_t zeros[4]{};
  for (std::size_t i = 0; i < text.size(); ++i) zeros[i % 4] += text[i] == '\0';
  const std::size_t quarter = std::max<std::size_t>(1, text.size() / 4);
  const auto most = [&](std::size_t side) { return 8 * zeros[side] > quarter; };
  if (most(1) && most(2) && most(3) && !most(0)) return "UTF-32LE";
  if (most(0) && most(1) && most(2) && !most(3)) return "UTF-32BE";
  if (most(1) && most(3) && !most(0) && !most(2)) return "UTF-16LE";
  if (most(0) && most(2) && !most(1) && !most(3)) return "UTF-16BE";
  return "";
}

/// The bytes of the characters of a text, as one of the encodings reads them.
struct Characters {
  bool valid = true;
  std::size_t wide = 0;        ///< of two bytes or more
  std::size_t neighbours = 0;  ///< of these such with another in front
  std::size_t typical = 0;     ///< of these such as most texts of the encoding mainly have
};

/// Counts characters. `length(i)` is the number of bytes of the character at i, 0 where there is none; `typical(i)`
/// says what is typical.
template <class Length, class Typical>
Characters count_characters(std::string_view text, const Length& length, const Typical& typical) {
  Characters out;
  bool after_wide = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = byte_at(text, i) < 0x80 ? 1 : length(i);
    if (bytes == 0) {
      out.valid = i + 4 >= text.size();  // a sample may cut the last one off
      break;
    }
    const bool is_wide = bytes > 1;
    out.wide += is_wide;
    out.neighbours += is_wide && after_wide;
    out.typical += is_wide && typical(i);
    after_wide = is_wide;
    i += bytes;
  }
  return out;
}

/// Western words have single letters beyond ASCII, which may look like a character of two bytes; East Asian text has
/// such characters side by side.
bool is_east_asian(const Characters& c) { return c.valid && c.wide > 0 && 2 * c.neighbours >= c.wide; }

std::string east_asian_encoding(std::string_view text) {
  const auto lead = [&](std::size_t i) { return byte_at(text, i); };
  const auto trail = [&](std::size_t i) { return byte_at(text, i + 1); };
  const auto in_94 = [](unsigned byte) { return within(byte, 0xA1, 0xFE); };
  const auto in_gbk = [](unsigned byte) { return within(byte, 0x40, 0xFE) && byte != 0x7F; };

  // Shift-JIS: half of common text is kana (81 to 83), the rest kanji of the first level (88 to 9F).
  const Characters shift_jis = count_characters(
      text,
      [&](std::size_t i) -> std::size_t {
        if (within(lead(i), 0xA1, 0xDF)) return 1;  // half-width katakana
        const bool first = within(lead(i), 0x81, 0x9F) || within(lead(i), 0xE0, 0xFC);
        return first && in_gbk(trail(i)) && trail(i) != 0xFD && trail(i) != 0xFE ? 2 : 0;
      },
      [&](std::size_t i) { return within(lead(i), 0x81, 0x83) || within(lead(i), 0x88, 0x9F); });
  if (is_east_asian(shift_jis) && 5 * shift_jis.typical >= 4 * shift_jis.wide) return "SHIFT_JIS";
  // EUC: both bytes from A1 on. Kana is A4 and A5; Hangul is B0 to C8.
  const auto pair = [&](std::size_t i) -> std::size_t { return in_94(lead(i)) && in_94(trail(i)) ? 2 : 0; };
  const Characters japanese = count_characters(
      text,
      [&](std::size_t i) -> std::size_t {
        if (lead(i) == 0x8E) return in_94(trail(i)) ? 2 : 0;
        if (lead(i) == 0x8F) return in_94(trail(i)) && in_94(byte_at(text, i + 2)) ? 3 : 0;
        return pair(i);
      },
      [&](std::size_t i) { return lead(i) == 0xA4 || lead(i) == 0xA5; });
  if (is_east_asian(japanese) && 10 * japanese.typical >= japanese.wide) return "EUC-JP";
  const Characters korean = count_characters(text, pair, [&](std::size_t i) { return within(lead(i), 0xB0, 0xC8); });
  if (is_east_asian(korean) && 20 * korean.typical >= 19 * korean.wide) return "EUC-KR";
  // Big5: common characters have leads A4 to C6.
  const Characters big5 = count_characters(
      text,
      [&](std::size_t i) -> std::size_t {
        return in_94(lead(i)) && (within(trail(i), 0x40, 0x7E) || in_94(trail(i))) ? 2 : 0;
      },
      [&](std::size_t i) { return within(lead(i), 0xA4, 0xC6); });
  if (is_east_asian(big5) && !is_east_asian(japanese) && 10 * big5.typical >= 9 * big5.wide) return "BIG5";
  const Characters chinese = count_characters(
      text,
      [&](std::size_t i) -> std::size_t {
        if (!within(lead(i), 0x81, 0xFE)) return 0;
        if (in_gbk(trail(i))) return 2;
        const bool is_four = within(trail(i), 0x30, 0x39) && within(byte_at(text, i + 2), 0x81, 0xFE) &&
                             within(byte_at(text, i + 3), 0x30, 0x39);
        return is_four ? 4 : 0;
      },
      [](std::size_t) { return true; });
  return is_east_asian(chinese) ? "GB18030" : "";
}

/// Of one byte a character: words of letters beyond ASCII are Cyrillic, single ones Western.
std::string single_byte_encoding(std::string_view text) {
  std::size_t beyond = 0, neighbours = 0, upper_half = 0, lower_half = 0;
  bool undefined = false;  // in windows-1252
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = byte_at(text, i);
    if (byte < 0x80) continue;
    ++beyond;
    neighbours += i > 0 && byte_at(text, i - 1) >= 0xC0 && byte >= 0xC0;
    upper_half += byte >= 0xE0;
    lower_half += within(byte, 0xC0, 0xDF);
    undefined = undefined || byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D;
  }
  if (2 * neighbours >= beyond) return upper_half >= lower_half ? "WINDOWS-1251" : "KOI8-R";  // small letters
  return undefined ? "ISO-8859-1" : "WINDOWS-1252";
}

}  // namespace

std::string marked_encoding(std::string_view head) {
  if (head.starts_with(std::string_view("\xFF\xFE\0\0", 4))) return "UTF-32";
  return head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF") ? "UTF-16" : "";
}

std::string likely_encoding(std::string_view text, bool is_start) {
  text = text.substr(0, kSample);
  if (is_start)
    if (const std::string wide = wide_encoding(text); !wide.empty()) return wide;
  if (text.find('\0') != text.npos) return "";
  const std::string east_asian = east_asian_encoding(text);
  return east_asian.empty() ? single_byte_encoding(text) : east_asian;
}

/// Converts to UTF-8 by iconv.
class TextFile::Converter {
 public:
  Converter(InputFile& file, const std::string& encoding) : file_(file), encoding_(encoding) {
    if (handle_ = iconv_open("UTF-8", encoding.c_str()); handle_ == kNone)
      fail(ErrorCode::kInvalidArgument, "there is no `encoding` '{}'; `iconv -l` lists those that there are", encoding);
  }
  ~Converter() { iconv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  std::size_t read(std::span<char> out) {
    while (ready_.empty() && !at_end_) convert();
    const std::size_t count = ready_.copy(out.data(), out.size());
    ready_.remove_prefix(count);
    return count;
  }

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 16;
  static inline const iconv_t kNone = reinterpret_cast<iconv_t>(-1);

  /// Converts what the buffer holds and the file has next.
  void convert() {
    const std::size_t more = file_.read(std::span(bytes_).subspan(size_));
    size_ += more;
    char* from = bytes_.data();
    std::size_t left = size_;
    char* to = text_.data();
    std::size_t room = text_.size();
    const bool stopped = iconv(handle_, &from, &left, &to, &room) == static_cast<std::size_t>(-1);
    const int why = stopped ? errno : 0;
    place_ += size_ - left;
    if (more == 0 && left == 0) {
      iconv(handle_, nullptr, nullptr, &to, &room);  // what an encoding with states holds back
      at_end_ = true;
    }
    std::copy(from, from + left, bytes_.data());
    size_ = left;
    ready_ = std::string_view(text_.data(), text_.size() - room);
    line_ += static_cast<std::size_t>(std::count(ready_.begin(), ready_.end(), '\n'));
    if (!ready_.empty() || left == 0) return;
    if (why == EILSEQ) fail_bytes();
    if (more == 0)
      fail("{} ends in the middle of a character of {}: it is cut off, or has another `encoding`", file_.name(),
           encoding_);
  }

  [[noreturn]] void fail_bytes() const {
    fail("{}, line {}: the byte 0x{:02X}, number {} of the file, is no text in {}; name another `encoding`",
         file_.name(), line_, static_cast<unsigned char>(bytes_[0]), place_ + 1, encoding_);
  }

  InputFile& file_;
  std::string encoding_;
  iconv_t handle_ = kNone;
  std::string bytes_ = std::string(kBytes, '\0'), text_ = std::string(4 * kBytes, '\0');
  std::string_view ready_;  // of the text, what was not read yet
  bool at_end_ = false;
  std::size_t size_ = 0;   // bytes in it that are not converted yet
  std::size_t place_ = 0;  // of the first of them in the file
  std::size_t line_ = 1;
};

TextFile::TextFile(InputFile& file, const std::string& encoding)
    : file_(file), converter_(encoding.empty() ? nullptr : std::make_unique<Converter>(file, encoding)) {}
TextFile::~TextFile() = default;

std::size_t TextFile::read(std::span<char> out) { return converter_ ? converter_->read(out) : file_.read(out); }

std::size_t TextFile::size() const { return converter_ ? 0 : file_.size(); }

}  // namespace meg
