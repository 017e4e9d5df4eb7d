#include "core/table/code/text_shape.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/table/infer/letters.h"
#include "core/tensor/keyed_permutation.h"

namespace meg {

namespace {

/// Places of a shape are ranked until they have so many texts; the rest draw.
constexpr std::uint64_t kEnoughTexts = 1ull << 48;

/// A number below `end` from 32 random bits.
std::uint64_t below(std::uint64_t end, std::uint32_t word) { return end * word >> 32; }

/// 0123456789ABCDEF as 0-9A-F.
std::string to_ranges(std::string_view characters) {
  std::string out;
  for (std::size_t i = 0; i < characters.size();) {
    std::size_t end = i + 1;
    while (end < characters.size() && characters[end] == characters[end - 1] + 1) ++end;
    out += characters.substr(i, end - i > 2 ? 1 : end - i);
    if (end - i > 2) out += {'-', characters[end - 1]};
    i = end;
  }
  return out;
}

std::string from_ranges(std::string_view ranges) {
  std::string out;
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i] == '-' && !out.empty() && i + 1 < ranges.size())
      for (char c = out.back(); c < ranges[i + 1];) out.push_back(++c);
    else if (out.empty() || out.back() != ranges[i])
      out.push_back(ranges[i]);
  return out;
}

}  // namespace

TextShapes::Choices TextShapes::choices(std::string_view mask, const Shape& shape, std::size_t place) const {
  const int kind = mask.size() == 1 ? -1 : letter_kind(mask);
  if (kind >= 0) return {.characters = {}, .letters = &alphabet_[static_cast<std::size_t>(kind)]};
  if (mask.size() > 1 || alphanumeric_place(mask[0]) < 0) return {};
  if (place < shape.places.size() && !shape.places[place].empty()) return {shape.places[place]};
  if (mask == "x") return {alphanumerics_};
  const std::size_t of = mask == "9" ? 0 : mask == "A" ? 1 : 2;
  constexpr std::array<std::string_view, 3> kAll{kDigits, kCapitals, kSmallLetters};
  return {characters_[of].empty() ? kAll[of] : std::string_view(characters_[of])};
}

std::uint64_t TextShapes::texts(const Shape& shape) const {
  std::uint64_t texts = 1;
  std::size_t place = 0;
  for (std::string_view rest = shape.text; !rest.empty() && texts < kEnoughTexts;) {
    const std::string_view mask = first_character(rest);
    rest.remove_prefix(mask.size());
    texts *= std::max<std::size_t>(choices(mask, shape, place).size(), 1);
    place += alphanumeric_place(mask[0]) >= 0;
  }
  return texts;
}

TextShapes::TextShapes(std::vector<Shape> shapes) : shapes_(std::move(shapes)), all_differ_(true) { prepare(); }

void TextShapes::prepare() {
  alphanumerics_ = characters_[0] + characters_[1] + characters_[2];
  if (alphanumerics_.empty()) alphanumerics_ = kAlphanumerics;
  ends_.clear(), texts_.clear();
  for (const Shape& shape : shapes_) {
    ends_.push_back((ends_.empty() ? 0 : ends_.back()) + shape.count);
    texts_.push_back(texts(shape));
  }
  widest_ = static_cast<std::size_t>(std::max_element(texts_.begin(), texts_.end()) - texts_.begin());
}

std::size_t TextShapes::shape_at(std::uint64_t place) const {
  return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), place) - ends_.begin());
}

/// How many rows of the first `rounds` rounds, and in one more round of the shapes before `shape`, find the texts of
/// their shape used up.
std::uint64_t TextShapes::overflow(std::size_t shape, std::uint64_t rounds) const {
  std::uint64_t rows = 0;
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const std::uint64_t asked = (rounds + (s < shape)) * shapes_[s].count;
    if (s != widest_ && asked > texts_[s]) rows += asked - texts_[s];
  }
  return rows;
}

// A round has a row for every cell of the table, so that each shape is as frequent as there; rows whose shape has no
// text left take the next of the widest shape.
TextShapes::Ranked TextShapes::rank(std::uint64_t place, std::uint64_t round) const {
  const std::size_t s = shape_at(place);
  const std::uint64_t count = shapes_[s].count, in_round = place - (ends_[s] - count), i = round * count + in_round;
  if (s != widest_ && i < texts_[s]) return {s, i, true};
  const std::uint64_t widest = s == widest_ ? i + overflow(0, round)
                                            : (round + 1) * shapes_[widest_].count + overflow(s, round) +
                                                  (i - std::max(texts_[s], round * count));
  if (widest < texts_[widest_]) return {widest_, widest, true};
  return {s, 0, false};
}

void TextShapes::append(std::uint64_t seed, std::uint64_t row, std::size_t column, std::string& out) const {
  if (ends_.empty() || ends_.back() == 0) return;
  const Philox philox(seed, Stream::kText);
  // 2^16 blocks of four words a column: a cell of up to 262,140 characters.
  const auto first = static_cast<std::uint32_t>(column << 16);
  const std::uint64_t cells = ends_.back();
  const Ranked ranked = all_differ_ ? rank(KeyedPermutation(philox, first, 0, cells)(row % cells), row / cells)
                                    : Ranked{shape_at(below(cells, philox.bits(row, first)[0])), 0, false};
  const Shape& shape = shapes_[ranked.shape];
  std::uint64_t texts = ranked.is_new ? texts_[ranked.shape] : 1;
  std::uint64_t text = texts > 1 ? KeyedPermutation(philox, first, ranked.shape + 1, texts)(ranked.rank) : 0;
  std::array<std::uint32_t, 4> words{};
  std::uint32_t drawn = 0;
  const auto choose = [&](std::uint64_t size) {
    if (texts > 1) {
      const std::uint64_t chosen = text % size;
      text /= size, texts /= size;
      return chosen;
    }
    if (drawn % 4 == 0) words = philox.bits(row, first + 1 + drawn / 4);
    return below(size, words[drawn++ % 4]);
  };
  std::size_t at = 0;
  out += prefix_;
  for (std::string_view rest = shape.text; !rest.empty();) {
    const std::string_view mask = first_character(rest);
    rest.remove_prefix(mask.size());
    const Choices set = choices(mask, shape, at);
    at += alphanumeric_place(mask[0]) >= 0;
    out += set.size() == 0 ? mask : set[choose(set.size())];
  }
  out += suffix_;
}

std::size_t TextShapes::length() const {
  return shapes_.size() == 1 ? prefix_.size() + shapes_[0].text.size() + suffix_.size() : 0;
}

std::string TextShapes::to_json() const {
  nlohmann::ordered_json out{{"shapes", nlohmann::ordered_json::array()}};
  for (const Shape& shape : shapes_) {
    auto& json = out["shapes"].emplace_back(nlohmann::ordered_json{shape.text, shape.count});
    if (shape.places.empty()) continue;
    json.push_back(nlohmann::ordered_json::array());
    for (const std::string& characters : shape.places) json.back().push_back(to_ranges(characters));
  }
  out["alphabet"] = alphabet_;
  out["characters"] = nlohmann::ordered_json::array();
  for (const std::string& characters : characters_) out["characters"].push_back(to_ranges(characters));
  if (!prefix_.empty()) out["prefix"] = prefix_;
  if (!suffix_.empty()) out["suffix"] = suffix_;
  if (all_differ_) out["all_differ"] = true;
  return out.dump();
}

TextShapes TextShapes::from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text);
  const bool plain = json.is_array();  // before there were alphabets a column was its shapes alone
  TextShapes out;
  for (const auto& shape : plain ? json : json.at("shapes")) {
    Shape& added = out.shapes_.emplace_back(Shape{shape.at(0), shape.at(1)});
    if (shape.size() < 3) continue;
    for (const auto& ranges : shape.at(2)) added.places.push_back(from_ranges(ranges.get<std::string>()));
  }
  if (!plain) {
    json.at("alphabet").get_to(out.alphabet_);
    out.prefix_ = json.value("prefix", ""), out.suffix_ = json.value("suffix", "");
    out.all_differ_ = json.value("all_differ", false);
    for (std::size_t i = 0; json.contains("characters") && i < out.characters_.size(); ++i)
      out.characters_[i] = from_ranges(json["characters"].at(i).get<std::string>());
  }
  out.prepare();
  return out;
}

}  // namespace meg
