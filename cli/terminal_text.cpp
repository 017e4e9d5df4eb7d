#include "cli/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <cwchar>
#include <utility>

namespace meg::cli {

namespace {

/// How the C library reads characters while this lives, whatever the user's language is.
class Utf8 {
 public:
  Utf8() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(::uselocale(utf8_)) {}
  ~Utf8() {
    ::uselocale(before_);
    if (utf8_) ::freelocale(utf8_);
  }
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;

 private:
  locale_t utf8_, before_;
};

/// U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069.
bool turns_direction(wchar_t c) {
  return c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

struct Fitted {
  std::string text;
  std::size_t cells = 0;
};

/// The first character of `rest`, which it is taken from.
Fitted take_character(std::string_view& rest) {
  std::mbstate_t state{};
  wchar_t character = 0;
  const std::size_t read = std::mbrtowc(&character, rest.data(), rest.size(), &state);
  const std::size_t bytes = read >= 1 && read <= rest.size() ? read : 1;
  const int cells = read == bytes && !turns_direction(character) ? ::wcwidth(character) : -1;
  Fitted out{cells < 0 ? "?" : std::string(rest.substr(0, bytes)), cells < 0 ? 1 : static_cast<std::size_t>(cells)};
  rest.remove_prefix(bytes);
  return out;
}

Fitted cut(std::string_view name, std::size_t cells) {
  const Utf8 utf8;
  Fitted whole, begin;  // `begin` leaves room for the ellipsis
  while (!name.empty()) {
    const Fitted next = take_character(name);
    if (whole.cells + next.cells > cells) return {begin.text + "…", begin.cells + 1};
    whole.text += next.text, whole.cells += next.cells;
    if (whole.cells < cells) begin = whole;
  }
  return whole;
}

}  // namespace

std::string printable(std::string_view text) {
  const auto is_plain = [](char c) { return (c >= ' ' && c < 0x7F) || c == '\n'; };
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  const Utf8 utf8;
  std::string out;
  while (!text.empty()) {
    std::mbstate_t state{};
    wchar_t character = 0;
    const std::size_t read = std::mbrtowc(&character, text.data(), text.size(), &state);
    const bool is_whole = read >= 1 && read <= text.size();
    const auto code = static_cast<unsigned long>(character);
    if (!is_whole || (text[0] != '\n' && (code < 0x20 || (code >= 0x7F && code < 0xA0))))
      out +=
          fmt::format("\\x{:02x}", is_whole ? code : static_cast<unsigned long>(static_cast<unsigned char>(text[0])));
    else if (turns_direction(character))
      out += fmt::format("\\u{:04x}", code);
    else
      out += text.substr(0, read);
    text.remove_prefix(is_whole ? read : 1);
  }
  return out;
}

std::string shortened(std::string_view name, std::size_t cells) { return cut(name, cells).text; }

std::string fitted(std::string_view name, std::size_t cells) {
  Fitted out = cut(name, cells);
  return std::move(out.text) + std::string(cells - out.cells, ' ');
}

}  // namespace meg::cli
