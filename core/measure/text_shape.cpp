#include "core/measure/text_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "core/measure/compare.h"
#include "core/measure/kolmogorov_smirnov.h"
#include "core/measure/registry.h"
#include "core/measure/total_variation.h"
#include "core/table/cells.h"
#include "core/table/infer/distinct_texts.h"
#include "core/table/infer/letters.h"

namespace meg {

namespace {

enum CharacterClass : std::size_t { kDigit, kCapital, kSmall, kBlank, kSign, kOther, kClasses };

CharacterClass class_of(char c) {
  if (const int place = alphanumeric_place(c); place >= 0) return place < 10 ? kDigit : place < 36 ? kCapital : kSmall;
  if (c == ' ' || c == '\t') return kBlank;
  return static_cast<unsigned char>(c) < 0x80 ? kSign : kOther;
}

std::vector<std::string> texts_of(const ColumnSchema& schema, const Table& table) {
  const Array& column = table[table.place_of(schema.name)];
  std::vector<std::string> out;
  std::string cell;
  for (std::size_t r = 0; r < column.size(); ++r) {
    cell.clear();
    append_cell(column, r, cell);
    if (!column.is_null(r) && !(table.is_text() && is_missing(schema, cell))) out.push_back(cell);
  }
  return out;
}

std::vector<double> lengths(const std::vector<std::string>& texts) {
  std::vector<double> out;
  for (const std::string& text : texts) out.push_back(static_cast<double>(text.size()));
  return out;
}

std::array<double, kClasses> classes(const std::vector<std::string>& texts) {
  std::array<double, kClasses> out{};
  for (const std::string& text : texts)
    for (const char c : text) ++out[class_of(c)];
  return out;
}

double distinct_share(const std::vector<std::string>& texts, std::size_t count) {
  DistinctTexts seen;
  for (std::size_t i = 0; i < count; ++i) seen.number(texts[i]);
  return count == 0 ? 0 : static_cast<double>(seen.texts().size()) / static_cast<double>(count);
}

}  // namespace

TextComparison compare_texts(const ColumnSchema& schema, const Table& real, const Table& synthetic) {
  const std::vector<std::string> a = texts_of(schema, real), b = texts_of(schema, synthetic);
  TextComparison out{.name = schema.name, .type = schema.type};
  if (a.empty() != b.empty()) return out;
  const std::size_t count = std::min(a.size(), b.size());
  out.length = 1 - kolmogorov_smirnov(lengths(a), lengths(b));
  out.characters = 1 - total_variation(classes(a), classes(b));
  out.distinct_real = distinct_share(a, count), out.distinct_synthetic = distinct_share(b, count);
  out.distinct = 1 - std::abs(out.distinct_real - out.distinct_synthetic);
  return out;
}

constinit const Measure measures::text_shape{
    .key = "text_shape",
    .label = "texts that are not learned",
    .meaning =
        "Whether the texts of identifiers and free text, which no model learns, look like the real ones: the mean over "
        "these columns of how alike their lengths, their kinds of characters and their shares of different texts are.",
    .compute =
        [](const MeasureContext& c) {
          return number_or(mean_of(c.get(compare).texts, &TextComparison::shape), "every column is learned");
        },
    .applies = [](const MeasureContext& c) { return c.columns() < c.schema().size(); },
    .gap = Gap{0.05, 0.15}};

}  // namespace meg
