#include "core/table/code/column.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/fail.h"
#include "core/table/code/grid.h"
#include "core/table/code/packed_numbers.h"
#include "core/table/code/rare_values.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

/// Different numbers at even shares of the sorted ones, numpy's quantiles: linear between two neighbours.
std::vector<double> knots_of(std::span<const double> sorted) {
  std::vector<double> knots;
  for (int i = 0; i < Column::kKnots && !sorted.empty(); ++i) {
    const double place = static_cast<double>(i) * static_cast<double>(sorted.size() - 1) / (Column::kKnots - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double knot = std::lerp(sorted[below], sorted[above], place - std::floor(place));
    if (knots.empty() || knot > knots.back()) knots.push_back(knot);
  }
  return knots;
}

std::size_t count_distinct(std::span<const double> sorted) {
  std::size_t count = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) count += sorted[i] != sorted[i - 1];
  return count;
}

/// Takes the numbers that occur more than `rows` times out of the sorted ones, and returns one of each, ascending. A
/// single number left over goes too: it has no distribution.
std::vector<double> take_spikes(std::vector<double>& sorted, double rows) {
  std::vector<double> spikes;
  auto kept = sorted.begin();
  for (auto begin = sorted.begin(); begin != sorted.end();) {
    const auto end = std::upper_bound(begin, sorted.end(), *begin);
    if (static_cast<double>(end - begin) > rows)
      spikes.push_back(*begin);
    else
      kept = kept == begin ? end : std::copy(begin, end, kept);
    begin = end;
  }
  sorted.erase(kept, sorted.end());
  if (sorted.size() != 1) return spikes;
  spikes.insert(std::upper_bound(spikes.begin(), spikes.end(), sorted[0]), sorted[0]);
  sorted.clear();
  return spikes;
}

/// At most so many repeated values of a column keep their exact share.
constexpr std::size_t kMostRepeated = 2000;
/// Values on both sides that say how many rows a place of the grid has around a value.
constexpr std::size_t kNeighbours = 16;

/// The values among the sorted numbers that at least `least` rows hold, and more than chance has there, where every
/// place of the grid around has so many: by four standard deviations of a Poisson number. In a smooth column hardly any
/// is. The most frequent where they are many.
std::vector<Repeated> find_repeated(std::span<const double> sorted, double step, std::size_t least) {
  std::vector<std::size_t> begin{0};  // of every value; and the end
  for (std::size_t i = 1; i <= sorted.size(); ++i)
    if (i == sorted.size() || sorted[i] != sorted[i - 1]) begin.push_back(i);
  std::vector<Repeated> out;
  for (std::size_t v = 0; v + 1 < begin.size(); ++v) {
    const std::size_t first = v - std::min(v, kNeighbours), last = std::min(v + kNeighbours, begin.size() - 2);
    const auto rows = static_cast<double>(begin[v + 1] - begin[v]);
    const double others = static_cast<double>(begin[last + 1] - begin[first]) - rows,
                 places = (sorted[begin[last]] - sorted[begin[first]]) / step, around = others / std::max(places, 1.0),
                 value = sorted[begin[v]];
    if (rows >= static_cast<double>(least) && rows > around + 4 * std::sqrt(around) + 1.5)
      out.push_back({begin[v], begin[v + 1], value - 0.499 * step, value + 0.499 * step});
  }
  if (out.size() <= kMostRepeated) return out;
  const auto rows = [](const Repeated& r) { return r.end - r.begin; };
  std::stable_sort(out.begin(), out.end(), [&](const Repeated& a, const Repeated& b) { return rows(a) > rows(b); });
  out.resize(kMostRepeated);
  std::sort(out.begin(), out.end(), [](const Repeated& a, const Repeated& b) { return a.begin < b.begin; });
  return out;
}

/// Whether the sorted numbers are a list; see ColumnOptions.
bool is_list(std::span<const double> sorted, const ColumnSchema& schema, const ColumnOptions& options) {
  constexpr double kApart = 4, kMostNear = 0.5, kMostLonely = 0.25;  // steps of the grid; shares of the values
  const double step = grid_step_or_unit(sorted, schema.smallest, schema.largest, schema.decimals);
  std::size_t values = 0, most = 0, lonely = 0, near = 0;
  for (auto begin = sorted.begin(); begin != sorted.end();) {
    const auto end = std::upper_bound(begin, sorted.end(), *begin);
    const auto rows = static_cast<std::size_t>(end - begin);
    ++values, most = std::max(most, rows), lonely += rows == 1;
    near += end != sorted.end() && *end - *begin < (kApart - 0.5) * step;
    begin = end;
  }
  const auto count = static_cast<double>(values);
  return static_cast<double>(sorted.size() - most) >= options.listed_rows * count &&
         static_cast<double>(lonely) <= kMostLonely * count && static_cast<double>(near) <= kMostNear * count;
}

}  // namespace

Column Column::fit(const ColumnSchema& schema, std::span<const double> cells, std::uint64_t seed, std::uint32_t number,
                   const ColumnOptions& options, Part part, const FormulaCells& given) {
  Column out;
  out.schema_ = schema;
  out.part_ = part;
  out.formulas_ = out.is_second_of_number() ? 0 : given.formulas;
  if (part == Part::kNumber || part == Part::kPrecision)
    out.coarse_decimals_ = *coarse_decimals(cells, schema.decimals);
  if (part == Part::kDay || part == Part::kPrecision) out.schema_.decimals = 0;
  std::vector<double> numbers, by_formula;
  std::vector<std::size_t> words(schema.words.size());  // rows
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (is_nothing(cells[r]))
      out.has_missing_ = !out.is_second_of_number();
    else if (word_of(cells[r]) >= 0)
      ++words[static_cast<std::size_t>(word_of(cells[r]))];
    else if (is_numeric(schema.type))
      (given.formulas > 0 && given.give[r] ? by_formula : numbers).push_back(out.part_of(cells[r]));
  }
  if (!by_formula.empty()) {  // the column's range is that of all
    const auto [low, high] = std::minmax_element(by_formula.begin(), by_formula.end());
    numbers.insert(numbers.end(), {*low, *high});
  }
  std::sort(numbers.begin(), numbers.end());
  if (part != Part::kWhole && !numbers.empty())
    out.schema_.smallest = numbers.front(), out.schema_.largest = numbers.back();
  const bool continuous = options.rare_min > 1 && out.hide_rare(cells, options, numbers);
  if (options.rare_min > 1) out.hide_rare_words_among(words, options.rare_min);
  const std::size_t distinct = count_distinct(numbers);
  const bool many_rows_a_day = part == Part::kDay && numbers.size() >= 3 * distinct;
  const int limit = many_rows_a_day ? std::max(options.exact_limit, options.exact_days) : options.exact_limit;
  const auto at_most = [distinct](int most) { return distinct <= static_cast<std::size_t>(most); };
  const bool exact =
      !continuous && (at_most(limit) || (at_most(options.most_listed) && is_list(numbers, out.schema_, options)));
  const double spike_rows =
      std::max({options.spike_share * static_cast<double>(cells.size()), static_cast<double>(options.spike_count),
                static_cast<double>(options.rare_min - 1)});
  if (out.formulas_ > 0 && part != Part::kDay) {
    std::vector<double> others(numbers);
    out.kept_ = take_spikes(others, spike_rows);
  }
  const auto least = static_cast<std::size_t>(std::max(2, options.rare_min));
  out.fit_numbers(std::move(numbers), exact, spike_rows, least, seed, number);
  out.prepare();
  return out;
}

bool Column::hide_rare(std::span<const double> cells, const ColumnOptions& options, std::vector<double>& numbers) {
  if (is_categorical(schema_.type)) {
    std::vector<std::size_t> counts(schema_.values.size());
    for (const double cell : cells)
      if (!std::isnan(cell)) ++counts[static_cast<std::size_t>(cell)];
    const RareWords done = hide_rare_words(counts, options.rare_min, options.rare_word, schema_);
    rare_code_ = done.code, rare_note_ = done.note;
    return false;
  }
  if (numbers.empty()) return false;  // of numbers that are there
  const RareNumbers done = hide_rare_numbers(options.rare_min, options.exact_limit, numbers, schema_);
  if (numbers.empty()) has_missing_ = true, rare_code_ = 0;
  rare_note_ = done.note;
  return done.continuous;
}

void Column::hide_rare_words_among(std::span<const std::size_t> rows, int least) {
  std::size_t hidden = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] < static_cast<std::size_t>(least)) schema_.words[i].clear(), ++hidden;
  if (hidden > 0)
    rare_note_ +=
        fmt::format("{}{} that fewer than {} rows hold {} missing", rare_note_.empty() ? "" : "; ",
                    hidden == 1 ? "1 word" : fmt::format("{} words", hidden), least, hidden == 1 ? "is" : "are");
}

void Column::fit_numbers(std::vector<double> numbers, bool exact, double spike_rows, std::size_t repeated_rows,
                         std::uint64_t seed, std::uint32_t number) {
  knots_ = knots_of(numbers);
  if (!exact) step_ = grid_step_or_unit(numbers, schema_.smallest, schema_.largest, schema_.decimals);
  values_ = take_spikes(numbers, exact ? 0 : spike_rows);
  if (numbers.empty()) return;
  const std::vector<Repeated> repeated = find_repeated(numbers, step_, repeated_rows);
  // Which of equal numbers gets which noise does not matter, so it goes by their order.
  const Philox philox(seed, Stream::kCoding);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] += (static_cast<double>(philox.uniform(i, number)[0]) - 0.5) * step_;
  std::sort(numbers.begin(), numbers.end());
  scores_ = NormalScores(numbers, repeated);
}

void Column::prepare() {
  const bool numeric = is_numeric(schema_.type), words = is_categorical(schema_.type);
  const std::size_t known = numeric ? values_.size() : words ? schema_.values.size() : schema_.distinct > 0;
  codes_ = static_cast<int>(known);
  if (!scores_.empty()) continuous_code_ = codes_++;
  first_word_code_ = codes_;
  if (!is_second_of_number()) codes_ += static_cast<int>(schema_.words.size());
  if (has_missing_ || codes_ == 0) missing_code_ = codes_++;
  codes_ += formulas_;
  code_positions_.assign(static_cast<std::size_t>(codes_), -1);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    code_positions_[i] = place(values_[i]);
  }
  if (scores_.empty()) return;
  code_positions_[known] = 0;
  for (int i = 0; i <= kZCells; ++i)
    z_positions_.push_back(place(scores_.number(std::lerp(z_low(), z_high(), static_cast<float>(i) / kZCells))));
}

Column Column::part(Part part) const {
  Column out = *this;
  out.part_ = part;
  return out;
}

int Column::codes() const {
  if (!blocks_ || part_ == Part::kWhole) return codes_;
  return part_ == Part::kBlock ? blocks_->blocks() : blocks_->places();
}

int Column::code_of(int whole) const {
  if (!blocks_ || part_ == Part::kWhole || whole < 0) return whole;
  const auto category = static_cast<std::uint32_t>(whole);
  return static_cast<int>(part_ == Part::kBlock ? blocks_->block(category) : blocks_->place(category));
}

Cell Column::encode(const Value& value, float uniform) const {
  const Cell cell = encode_whole(value, uniform);
  return {static_cast<std::uint32_t>(code_of(static_cast<int>(cell.code))), cell.z};
}

Cell Column::encode_text(std::string_view text, float uniform) const {
  if (meg::is_missing(schema_, text)) return encode(Value{}, uniform);
  if (!is_modelled(schema_.type)) return encode(Value{.number = 0, .text = text}, uniform);
  const std::optional<double> number = parse_cell(schema_, text);
  return encode(number ? Value{.number = *number} : Value{.text = text, .is_odd = true}, uniform);
}

Cell Column::encode_whole(const Value& value, float uniform) const {
  if (value.is_missing()) {
    if (is_second_of_number()) return {};
    if (missing_code_ < 0)
      fail("column '{}' has no missing values in the table it was fitted on; fill this one, or leave its row out",
           schema_.name);
    return {static_cast<std::uint32_t>(missing_code_), 0};
  }
  if (missing_code_ == 0 && rare_code_ == 0) return {};
  if (missing_code_ == 0) {
    std::string text(value.text);
    if (!value.is_odd && is_modelled(schema_.type)) append_value(schema_, value.number, text);
    fail("column '{}' has no values in the table it was fitted on, so it cannot hold '{}'", schema_.name, text);
  }
  if (!is_modelled(schema_.type)) return {};
  if (value.is_word())
    return {is_second_of_number() ? 0 : static_cast<std::uint32_t>(first_word_code_ + word_of(value.number)), 0};
  const bool is_number = is_numeric(schema_.type);
  if (is_number && values_.empty() && continuous_code_ < 0 && rare_code_ == 0)  // all numbers are hidden
    return {static_cast<std::uint32_t>(missing_code_), 0};
  if (value.is_odd && !is_number && rare_code_ >= 0) return {static_cast<std::uint32_t>(rare_code_), 0};
  if (value.is_odd) fail_cell(schema_, value.text);
  if (is_number) return encode_number(part_of(value.number), uniform);
  return {static_cast<std::uint32_t>(value.number), 0};
}

Cell Column::encode_number(double x, float uniform) const {
  auto at = std::lower_bound(values_.begin(), values_.end(), x);
  if (continuous_code_ < 0) {
    if (at == values_.end() || (at != values_.begin() && x - at[-1] <= at[0] - x)) --at;
  } else if (at == values_.end() || *at != x) {
    float z = scores_.score(x + (static_cast<double>(uniform) - 0.5) * step_);
    // Where numbers lie far apart a float z can be too coarse to find back to x from the edge of its step.
    if (std::abs(numbers().number(z) - x) > 0.5 * step_) z = scores_.score(x);
    return {static_cast<std::uint32_t>(continuous_code_), z};
  }
  return {static_cast<std::uint32_t>(at - values_.begin()), 0};
}

bool Column::keeps_code(double number) const { return std::binary_search(kept_.begin(), kept_.end(), part_of(number)); }

double Column::nearest(double number) const {
  if (continuous_code_ >= 0 || values_.empty()) return std::clamp(number, schema_.smallest, schema_.largest);
  return values_[encode_number(number, 0.5f).code];
}

void Column::append(Cell cell, std::string& out) const {
  if (is_missing_code(cell))
    out += schema_.missing_word;
  else if (is_modelled(schema_.type))
    append_value(schema_, value(cell), out);
}

double Column::value(Cell cell) const {
  if (is_missing_code(cell)) return std::numeric_limits<double>::quiet_NaN();
  if (is_continuous(cell)) return numbers().number(cell.z);
  return number_of_code(cell.code);
}

double Column::number(std::uint32_t code, double number) const {
  if (is_continuous({code})) return number;
  if (is_missing_code({code})) return std::numeric_limits<double>::quiet_NaN();
  return number_of_code(code);
}

double Column::number_of_code(std::uint32_t code) const {
  if (!is_numeric(schema_.type)) return static_cast<double>(code);
  if (formula_of(static_cast<int>(code)) >= 0) return std::numeric_limits<double>::quiet_NaN();  // is the row's
  if (!is_word_code(static_cast<int>(code))) return values_[code];
  const auto word = code - static_cast<std::uint32_t>(first_word_code_);
  return schema_.words[word].empty() ? std::numeric_limits<double>::quiet_NaN() : number_of_word(word);
}

float Column::place(double number) const {
  if (knots_.size() < 2) return 0;
  const auto above = std::upper_bound(knots_.begin() + 1, knots_.end() - 1, number);
  return static_cast<float>(static_cast<double>(above - knots_.begin() - 1) +
                            share_between(above[-1], number, above[0]));
}

// Of a continuous cell this is what a generator that draws z computes, not place(number(z)): it must be given in
// training what it sees when it generates.
float Column::position(Cell cell) const {
  if (!is_continuous(cell)) return code_positions_[cell.code];
  const auto cells = static_cast<float>(kZCells);
  const float z = cell.z > z_low() ? std::min(cell.z, z_high()) : z_low();
  const float at = std::min((z - z_low()) * (cells / (z_high() - z_low())), cells);
  const std::size_t i = std::min(static_cast<std::size_t>(at), static_cast<std::size_t>(kZCells - 1));
  return z_positions_[i] + (at - static_cast<float>(i)) * (z_positions_[i + 1] - z_positions_[i]);
}

namespace {

/// Of those that are saved.
constexpr std::array<std::pair<Column::Part, const char*>, 4> kPartNames{{{Column::Part::kDay, "day"},
                                                                          {Column::Part::kTime, "time"},
                                                                          {Column::Part::kNumber, "number"},
                                                                          {Column::Part::kPrecision, "precision"}}};

const char* name_of(Column::Part part) {
  const auto at = std::find_if(kPartNames.begin(), kPartNames.end(), [&](const auto& p) { return p.first == part; });
  return at == kPartNames.end() ? nullptr : at->second;
}

Column::Part part_named(std::string_view name) {
  const auto at = std::find_if(kPartNames.begin(), kPartNames.end(), [&](const auto& p) { return p.second == name; });
  if (at == kPartNames.end()) fail("'{}' is no part of a column", name);
  return at->first;
}

}  // namespace

nlohmann::json Column::to_json() const {
  nlohmann::json out{{"missing", has_missing_}};
  if (rare_code_ >= 0) out["rare_code"] = rare_code_;
  if (!rare_note_.empty()) out["rare_note"] = rare_note_;
  if (blocks_) out["blocks"] = blocks_->order();
  if (const char* const name = name_of(part_)) {
    out["part"] = name;
    out["range"] = {schema_.smallest, schema_.largest};
  }
  if (part_ == Part::kNumber || part_ == Part::kPrecision) out["coarse_decimals"] = coarse_decimals_;
  if (!is_numeric(schema_.type)) return out;
  if (formulas_ > 0) {
    out["formulas"] = formulas_;
    out["kept"] = kept_;
  }
  out["values"] = values_;
  out["knots"] = knots_;
  if (!scores_.empty()) {
    out["step"] = step_;
    out["count"] = scores_.count();
    out["quantiles"] = pack_numbers(scores_.quantiles());
    if (!scores_.ranks().empty()) out["ranks"] = pack_numbers(scores_.ranks());
  }
  return out;
}

Column Column::from_json(const ColumnSchema& schema, const nlohmann::json& in) {
  const auto numbers = [&](const char* key) {  // in files of the formats 1 and 2 a list
    const nlohmann::json& packed = in.at(key);
    return packed.is_string() ? unpack_numbers(packed.get_ref<const std::string&>())
                              : packed.get<std::vector<double>>();
  };
  Column out;
  out.schema_ = schema;
  out.has_missing_ = in.at("missing");
  out.rare_code_ = in.value("rare_code", -1);
  out.rare_note_ = in.value("rare_note", "");
  if (in.contains("part")) {
    out.part_ = part_named(in.at("part").get<std::string>());
    out.coarse_decimals_ = std::clamp(in.value("coarse_decimals", 0), 0, kMostCoarseDecimals);
    in.at("range").at(0).get_to(out.schema_.smallest), in.at("range").at(1).get_to(out.schema_.largest);
  }
  if (in.contains("blocks")) out.split(CategoryBlocks(in.at("blocks").get<std::vector<std::uint32_t>>()));
  if (is_numeric(schema.type)) {
    in.at("values").get_to(out.values_);
    in.at("knots").get_to(out.knots_);
  }
  out.formulas_ = std::clamp(in.value("formulas", 0), 0, kMostFormulas);
  if (out.formulas_ > 0) in.at("kept").get_to(out.kept_);
  if (in.contains("quantiles")) {
    out.step_ = in.at("step");
    out.scores_ = NormalScores(numbers("quantiles"), in.contains("ranks") ? numbers("ranks") : std::vector<double>{},
                               in.at("count"));
  }
  out.prepare();
  return out;
}

}  // namespace meg
