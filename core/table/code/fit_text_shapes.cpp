#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "core/table/code/text_shape.h"
#include "core/table/infer/letters.h"

namespace meg {

namespace {

constexpr std::size_t kMostShapes = 1000;
/// What fewer different cells share is nothing of the column, but of these cells.
constexpr std::size_t kEnoughCells = 20;
/// And a character of a place that fewer different cells have there.
constexpr std::uint32_t kEnoughOfCharacter = 5;
/// Where such characters are more than one in so many, all of the column's may come.
constexpr std::uint32_t kMostRare = 20;
/// Places of a shape, and of all shapes of a column, whose characters are kept: longer texts are no codes.
constexpr std::size_t kMostPlaces = 128, kMostPlacesInAll = 10'000;

using Cells = std::span<const std::string_view>;
using Counts = std::array<std::uint32_t, kAlphanumerics.size()>;

struct Affixes {
  std::size_t prefix, suffix;  // bytes
};

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80; }

/// What all cells begin and end with, in whole characters.
Affixes common_affixes(Cells cells) {
  std::string_view first = cells[0];
  std::size_t prefix = first.size();
  for (const std::string_view cell : cells)
    prefix = static_cast<std::size_t>(
        std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(std::min(prefix, cell.size())),
                      cell.begin())
            .first -
        first.begin());
  const auto splits = [&](std::string_view cell) { return prefix < cell.size() && continues_character(cell[prefix]); };
  while (prefix > 0 && std::any_of(cells.begin(), cells.end(), splits)) --prefix;
  std::size_t suffix = first.size() - prefix;
  for (const std::string_view cell : cells) {
    const std::size_t most = std::min(suffix, cell.size() - prefix);
    suffix = static_cast<std::size_t>(
        std::mismatch(first.rbegin(), first.rbegin() + static_cast<std::ptrdiff_t>(most), cell.rbegin()).first -
        first.rbegin());
  }
  while (suffix > 0 && continues_character(first[first.size() - suffix])) --suffix;
  return {prefix, suffix};
}

/// The cells that differ, in the order they come.
std::vector<std::string_view> different_cells(Cells cells) {
  std::vector<std::string_view> out;
  std::unordered_set<std::string_view> known;
  for (const std::string_view cell : cells)
    if (known.insert(cell).second) out.push_back(cell);
  return out;
}

std::string shape_of(std::string_view cell, bool mixed) {
  constexpr std::array<std::string_view, 3> kMasks{"Ä", "ä", "字"};
  std::string out;
  while (!cell.empty()) {
    const std::string_view character = first_character(cell);
    cell.remove_prefix(character.size());
    const int place = character.size() == 1 ? alphanumeric_place(character[0]) : -1;
    const int kind = character.size() == 1 ? -1 : letter_kind(character);
    if (place >= 0)
      out.push_back(mixed ? 'x' : place < 10 ? '9' : place < 36 ? 'A' : 'a');
    else
      out += kind < 0 ? character : kMasks[static_cast<std::size_t>(kind)];
  }
  return out;
}

/// How many of the cells have a shape that enough of them have.
std::size_t cells_of_frequent_shapes(Cells different, bool mixed) {
  std::unordered_map<std::string, std::size_t> count;
  for (const std::string_view cell : different) {
    std::string shape = shape_of(cell, mixed);
    if (count.size() < kMostShapes || count.contains(shape)) ++count[std::move(shape)];
  }
  std::size_t cells = 0;
  for (const auto& [shape, of_shape] : count) cells += of_shape >= kEnoughCells ? of_shape : 0;
  return cells;
}

/// Whether digits and letters are best taken as one: UUIDs, hashes, tokens.
bool mixes_digits_and_letters(Cells different) {
  return 2 * cells_of_frequent_shapes(different, false) < different.size() &&
         10 * cells_of_frequent_shapes(different, true) >= 9 * different.size();
}

/// The characters that enough cells have; none where too many have others, or, `all` wanted, where any has.
std::string frequent(const Counts& counts, bool all) {
  std::string out;
  std::uint64_t kept = 0, rare = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool enough = counts[i] >= kEnoughOfCharacter;
    if (enough) out.push_back(kAlphanumerics[i]);
    (enough ? kept : rare) += counts[i];
  }
  return rare * (all ? kept + rare + 1 : kMostRare) > kept + rare ? std::string() : out;
}

/// Digits, capitals and small letters of a column.
std::array<std::string, 3> characters_of(Cells different) {
  constexpr std::array<std::size_t, 4> kBegin{0, 10, 36, kAlphanumerics.size()};
  Counts cells{};
  for (const std::string_view cell : different) {
    std::uint64_t seen = 0;
    for (const char c : cell)
      if (const int place = alphanumeric_place(c); place >= 0) seen |= 1ull << place;
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] += static_cast<std::uint32_t>(seen >> i & 1);
  }
  std::array<std::string, 3> out;
  for (std::size_t k = 0; k < out.size(); ++k) {
    Counts of_kind{};
    std::copy(cells.begin() + kBegin[k], cells.begin() + kBegin[k + 1], of_kind.begin() + kBegin[k]);
    out[k] = different.size() < kEnoughCells ? std::string() : frequent(of_kind, false);
    const bool used = std::any_of(of_kind.begin(), of_kind.end(), [](std::uint32_t count) { return count > 0; });
    if (out[k].empty() && used) out[k] = kAlphanumerics.substr(kBegin[k], kBegin[k + 1] - kBegin[k]);
  }
  return out;
}

std::size_t count_places(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return alphanumeric_place(c) >= 0; }));
}

/// Counts the character of every place of a cell.
void add_characters(std::string_view cell, std::vector<Counts>& places) {
  std::size_t at = 0;
  for (const char c : cell)
    if (const int place = alphanumeric_place(c); place >= 0) ++places[at++][static_cast<std::size_t>(place)];
}

}  // namespace

TextShapes::TextShapes(Cells given) {
  std::vector<std::string_view> cells(given.begin(), given.end()), different = different_cells(cells);
  if (cells.empty()) return;
  all_differ_ = different.size() == cells.size() && cells.size() >= kEnoughCells;
  if (different.size() >= kEnoughCells) {
    const auto [prefix, suffix] = common_affixes(different);
    prefix_ = cells[0].substr(0, prefix), suffix_ = cells[0].substr(cells[0].size() - suffix);
    for (auto* texts : {&cells, &different})
      for (std::string_view& cell : *texts) cell = cell.substr(prefix, cell.size() - prefix - suffix);
  }
  learn_alphabet(different);
  characters_ = characters_of(different);
  const bool mixed = different.size() >= kEnoughCells && mixes_digits_and_letters(different);
  count_shapes(cells, mixed);
  prepare();
  learn_places(different, mixed);
  prepare();
}

void TextShapes::learn_alphabet(Cells different) {
  for (const std::string_view cell : different)
    for (std::string_view rest = cell; !rest.empty(); rest.remove_prefix(first_character(rest).size())) {
      const std::string_view character = first_character(rest);
      const int kind = character.size() == 1 ? -1 : letter_kind(character);
      if (kind < 0) continue;
      Letters& letters = alphabet_[static_cast<std::size_t>(kind)];
      const auto at = std::lower_bound(letters.begin(), letters.end(), character);
      if (at == letters.end() || *at != character) letters.insert(at, std::string(character));
    }
}

void TextShapes::count_shapes(Cells cells, bool mixed) {
  std::map<std::string, std::uint64_t> count;
  for (const std::string_view cell : cells) {
    std::string shape = shape_of(cell, mixed);
    if (count.size() < kMostShapes || count.contains(shape)) ++count[std::move(shape)];
  }
  for (const auto& [text, of_shape] : count) shapes_.push_back({text, of_shape});
}

void TextShapes::learn_places(Cells different, bool mixed) {
  std::unordered_map<std::string_view, std::size_t> number;
  for (std::size_t s = 0; s < shapes_.size(); ++s) number[shapes_[s].text] = s;
  constexpr std::size_t kNone = ~std::size_t{0};
  std::vector<std::size_t> shape(different.size(), kNone), cells(shapes_.size());
  for (std::size_t i = 0; i < different.size(); ++i)
    if (const auto at = number.find(shape_of(different[i], mixed)); at != number.end()) ++cells[shape[i] = at->second];
  std::vector<std::vector<Counts>> counts(shapes_.size());
  std::vector<std::size_t> by_cells(shapes_.size());
  std::iota(by_cells.begin(), by_cells.end(), 0u);
  std::stable_sort(by_cells.begin(), by_cells.end(), [&](std::size_t a, std::size_t b) { return cells[a] > cells[b]; });
  std::size_t left = kMostPlacesInAll;
  for (const std::size_t s : by_cells) {
    const std::size_t places = count_places(shapes_[s].text);
    if (cells[s] < kEnoughCells || places > kMostPlaces || places > left) continue;
    counts[s].resize(places);
    left -= places;
  }
  for (std::size_t i = 0; i < different.size(); ++i)
    if (shape[i] != kNone && !counts[shape[i]].empty()) add_characters(different[i], counts[shape[i]]);
  for (std::size_t s = 0; s < shapes_.size(); ++s)
    for (const bool all : {false, true}) {
      if (all && !(all_differ_ && texts(shapes_[s]) < cells[s])) break;
      shapes_[s].places.clear();
      for (const Counts& place : counts[s]) shapes_[s].places.push_back(frequent(place, all));
    }
}

}  // namespace meg
