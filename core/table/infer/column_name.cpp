#include "core/table/infer/column_name.h"

namespace meg {

std::string in_small_letters(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string last_word(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  std::size_t begin = name.size();
  while (begin > 0 && is_letter(name[begin - 1])) {
    --begin;
    if (begin > 0 && !is_small(name[begin]) && is_small(name[begin - 1])) break;
  }
  return in_small_letters(name.substr(begin));
}

}  // namespace meg
