#include "core/table/standin/pattern.h"

#include <algorithm>

#include "core/table/standin/sdtype.h"

namespace meg {

namespace {

/// Patterns count their texts up to here; of wider ones the last places vary less.
constexpr std::uint64_t kMostTexts = 1ull << 62;

std::string_view letters_of(char mark) {
  constexpr std::string_view kFigures = "0123456789", kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return mark == '#' ? kFigures : mark == '%' ? kFigures.substr(1) : mark == '?' ? kLetters : std::string_view();
}

bool is_row_cell(std::string_view name) { return name == "street" || name == "city" || name == "postcode"; }

}  // namespace

PatternSet::PatternSet(const Words& patterns, const std::function<const Words&(std::string_view)>& words) {
  for (std::string_view rest : patterns) {
    Pattern& pattern = patterns_.emplace_back();
    while (!rest.empty()) {
      Piece piece;
      std::size_t size = 1;
      if (rest.starts_with("{{") && rest.find("}}") != rest.npos) {
        const std::string_view name = rest.substr(2, rest.find("}}") - 2);
        size = name.size() + 4;
        piece.is_cell = is_row_cell(name);
        if (piece.is_cell)
          piece.text = name;
        else
          piece.words = &words(name);
      } else if (piece.letters = letters_of(rest[0]); piece.letters.empty()) {
        size = std::max<std::size_t>(std::min(rest.find_first_of("#%?{"), rest.size()), 1);
        piece.text = rest.substr(0, size);
      }
      pattern.texts = piece.size() > kMostTexts / pattern.texts ? kMostTexts : pattern.texts * piece.size();
      pattern.pieces.push_back(piece);
      rest.remove_prefix(size);
    }
  }
  const auto by_texts = [](const Pattern& a, const Pattern& b) { return a.texts < b.texts; };
  widest_ =
      static_cast<std::size_t>(std::max_element(patterns_.begin(), patterns_.end(), by_texts) - patterns_.begin());
}

// In each round every pattern has its turn. A pattern without a text left hands its rows to the widest one, which
// counts its own rows from below and these from above.
PatternSet::Place PatternSet::place_of(std::size_t pattern, std::uint64_t round) const {
  const std::uint64_t texts = patterns_[pattern].texts, of_widest = patterns_[widest_].texts;
  if (pattern == widest_ || round < texts) {
    if (round < texts) return {pattern, round, 0};
    return {pattern, round % texts, round / texts};
  }
  std::uint64_t handed_on = 0;
  for (std::size_t p = 0; p < patterns_.size(); ++p)
    if (p != widest_) handed_on += std::max(round + (p < pattern), patterns_[p].texts) - patterns_[p].texts;
  if (round + handed_on + 1 < of_widest) return {widest_, of_widest - 1 - handed_on, 0};
  return {pattern, round % texts, round / texts};
}

void PatternSet::append(const StandInRow& row, std::string_view part, std::string& out) const {
  const auto turn = row.ranked(part, patterns_.size());
  const Place place = place_of(turn.rank, turn.round);
  const Pattern& pattern = patterns_[place.pattern];
  // The permutations of turns are numbered by their round, from 0; these from 2^62 on.
  const std::uint64_t number = 1ull << 62 | place.round << 16 | place.pattern;
  std::uint64_t text = KeyedPermutation(row.random, row.position(part), number, pattern.texts)(place.rank);
  for (const Piece& piece : pattern.pieces) {
    const std::uint64_t size = piece.size(), chosen = text % size;
    text /= size;
    if (piece.is_cell)
      sdtype_of(piece.text).append(row, out);
    else if (piece.words)
      out += (*piece.words)[chosen];
    else if (!piece.letters.empty())
      out += piece.letters[chosen];
    else
      out += piece.text;
  }
}

}  // namespace meg
