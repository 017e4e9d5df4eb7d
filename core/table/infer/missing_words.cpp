#include "core/table/infer/missing_words.h"

#include <algorithm>

#include "core/table/infer/number.h"

namespace meg {

namespace {

bool begins_with_digit(std::string_view text) { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }

}  // namespace

MissingKind missing_kind(std::string_view cell, Missing missing, const std::vector<std::string>& words) {
  if (!words.empty() && std::find(words.begin(), words.end(), trimmed(cell)) != words.end())
    return MissingKind::kMissing;
  if (missing == Missing::kNulls || begins_with_digit(cell)) return MissingKind::kValue;  // as no such word does
  if (missing == Missing::kGaps && is_gap(cell)) return MissingKind::kGap;
  return is_missing(cell) ? MissingKind::kMissing : MissingKind::kValue;
}

bool MissingWords::add(std::string_view cell, std::size_t times) {
  const auto number = static_cast<std::size_t>(texts_.number(cell));
  if (number == words_.size()) words_.push_back({.kind = missing_kind(cell, missing_, said_)});
  Word& word = words_[number];
  if (word.kind == MissingKind::kValue) return false;
  word.cells += times;
  if (word.kind == MissingKind::kGap) gaps_ += times;
  return true;
}

std::string MissingWords::beside_empty() const {
  std::string word;
  std::size_t count = 0;
  bool any_empty = false;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const bool is_empty = trimmed(texts_.texts()[i]).empty();
    any_empty |= is_empty;
    const bool is_said = std::find(said_.begin(), said_.end(), trimmed(texts_.texts()[i])) != said_.end();
    if (words_[i].kind == MissingKind::kMissing && !is_empty && !is_said) word = texts_.texts()[i], ++count;
  }
  return any_empty && count == 1 ? word : std::string();
}

std::string MissingWords::most_used() const {
  std::string_view best;
  std::size_t most = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].kind == MissingKind::kValue) continue;
    const std::string_view text = texts_.texts()[i];
    if (words_[i].cells < most || (words_[i].cells == most && text > best)) continue;
    best = text;
    most = words_[i].cells;
  }
  return std::string(best);
}

}  // namespace meg
