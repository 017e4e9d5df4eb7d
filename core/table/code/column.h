#pragma once
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/code/category_blocks.h"
#include "core/table/code/normal_scores.h"
#include "core/table/code/precisions.h"
#include "core/table/infer/read_table.h"

namespace meg {

/// A cell as the `meg` preset sees it. z is 0 unless code is the column's continuous code.
struct Cell {
  std::uint32_t code = 0;
  float z = 0;
  bool operator==(const Cell&) const = default;
};

struct ColumnOptions {
  int exact_limit = 100;  ///< numeric columns with at most this many different values have a code for each
  /// So do more, up to so many, that are a list, as prices often are: most stand four steps of their grid or more
  /// before the next one, so many rows hold one of them on average, the most frequent aside, and few are one row's
  /// alone.
  int most_listed = 1000, listed_rows = 10;
  int most_listed_in_all = 2000;  ///< of a table, in the order of its columns
  double spike_share = 0.01;  ///< elsewhere a value gets a code of its own that more than this share of the rows holds
  int spike_count = 20;       ///< and more than this many rows
  /// From 2 on, what fewer rows hold is hidden, see rare_values.h: rare categories are called rare_word.
  int rare_min = 0;
  std::string rare_word = "other";
  int most_categories = 1000;  ///< columns with more are learned in two parts, see category_blocks.h
  bool relations = false;      ///< columns of numbers that follow from others are learned as a distance, see relation.h
  /// Dates with times of many values are learned in two parts, day and time of the day; numbers of two precisions, see
  /// coarse_decimals(), as the number and its precision.
  bool split = false;
  int exact_days = 400;  ///< so many days have a code each, where there are three rows a day
};

/// The cells of a column that formulas of other columns give.
struct FormulaCells {
  int formulas = 0;          // how many
  std::vector<bool> give{};  // [cells] whether one of them gives the cell
};

/// One column between its values and cells (code, z), NaN-free both ways.
/// - categorical, boolean: a code per value of the schema, in its order.
/// - integer, decimal, datetime (in seconds): a code per value where these are few or a list. Elsewhere a code per
/// *spike* (a
///   value that many rows hold), and the continuous code with a normal score z for all other values, to which uniform
///   noise of one step of the column's grid is added first; it is rounded away on the way out.
/// - identifier, text: one code says that there is a cell; TextColumns writes it.
/// - words among numbers: a code each. What rare_min hides of them decodes as missing.
/// - numbers that a formula gives, see FrequentFormula: a code per formula, which decodes by what the row's other
/// columns
///   are; but those that are frequent apart from it keep their code.
/// - missing cells: one more code, where the fitted column has any.
/// A column of very many categories is learned as two, the category's block and its place within it: split(), part().
/// So can a datetime be: fitted for Part::kDay and for Part::kTime, both in seconds. Whether it is missing is the
/// day's; a missing cell's time is the first code. Numbers of two precisions are fitted for Part::kNumber and for
/// Part::kPrecision, which is 1 of those that have more than the few digits behind the point, and 0 of the others.
class Column {
 public:
  static constexpr int kKnots = 16;     ///< of the piecewise-linear encoding
  static constexpr int kZCells = 1024;  ///< of the grid that position is tabulated on
  static constexpr int kMostFormulas = 8;

  enum class Part { kWhole, kBlock, kPlace, kDay, kTime, kNumber, kPrecision };

  /// Fits the column that `schema` was inferred from to its cells, as Value::number has them; NaN is a missing one. The
  /// noise is that of (seed, number).
  static Column fit(const ColumnSchema& schema, std::span<const double> cells, std::uint64_t seed, std::uint32_t number,
                    const ColumnOptions& options = {}, Part part = Part::kWhole, const FormulaCells& formulas = {});

  /// Cuts the column, of categories, into blocks. Its parts are columns of the same texts, with codes of their own.
  void split(CategoryBlocks blocks) { blocks_ = std::make_shared<const CategoryBlocks>(std::move(blocks)); }
  bool is_split() const { return blocks_ != nullptr; }
  /// One part of a column that is split.
  Column part(Part part) const;
  Part part() const { return part_; }
  /// Whether it is the first or the second part of a column.
  bool is_first() const { return part_ == Part::kBlock || part_ == Part::kDay || part_ == Part::kNumber; }
  bool is_second() const { return part_ == Part::kPlace || is_second_of_number(); }
  /// What a part is of the column's number.
  double part_of(double number) const {
    if (part_ == Part::kPrecision) return rounded(number, coarse_decimals_) != number;
    return part_ == Part::kDay ? day_of(number) : part_ == Part::kTime ? number - day_of(number) : number;
  }
  /// The number of the whole column that its parts have.
  double whole_number(double first, double second) const {
    if (part_ == Part::kDay) return first + second;
    return part_ == Part::kNumber && second == 0 ? rounded(first, coarse_decimals_) : first;
  }
  /// The cell of the whole column, which append takes, from those of its parts.
  Cell whole(Cell block, Cell place) const { return {blocks_->category(block.code, place.code), 0}; }

  const ColumnSchema& schema() const { return schema_; }
  /// How many codes there are, at least one, in this order: values or spikes ascending, [continuous], words, [missing],
  /// formulas.
  /// Of a part: how many blocks, or places; missing cells have a place in a block like any category.
  int codes() const;
  int continuous_code() const { return continuous_code_; }  ///< -1 where there is none
  /// Whether it is the code of a word that stands among the numbers.
  bool is_word_code(int code) const {
    return code >= first_word_code_ && code < first_word_code_ + static_cast<int>(schema_.words.size()) &&
           !is_second_of_number();
  }
  /// Whether it is the code of one number: of a value or a spike.
  bool is_number_code(int code) const { return code < (continuous_code_ < 0 ? first_word_code_ : continuous_code_); }
  /// The place of the formula that the code is of; -1 of others.
  int formula_of(int code) const {
    return formulas_ > 0 && code >= codes_ - formulas_ ? code - (codes_ - formulas_) : -1;
  }
  int formulas() const { return formulas_; }
  /// The cell of a number that a formula gives. A second part's is the first of its codes, like a missing cell's.
  Cell formula_cell(int formula) const {
    return is_second_of_number() ? Cell{} : Cell{static_cast<std::uint32_t>(codes_ - formulas_ + formula), 0};
  }
  /// Whether the number keeps its code where a formula gives it too.
  bool keeps_code(double number) const;
  /// The nearest number that the column can hold, where all that it holds have codes; else the number itself, within
  /// the column's range.
  double nearest(double number) const;
  int missing_code() const { return code_of(missing_code_); }  ///< -1 where there is none
  int whole_missing_code() const { return missing_code_; }     ///< of the whole column, of which this may be a part
  /// What the rule of rare_min did, to follow "column 'x': "; empty where nothing.
  const std::string& rare_note() const { return rare_note_; }

  /// The cell of a value; `uniform`, in (0, 1), is the noise: 0.5 is none. Numbers that the fitted column had not take
  /// the nearest value, or the nearest end; categories that it had not count as rare where it had rare ones. Throws
  /// Error, naming the column, for a category that it had not otherwise, a missing cell where it had none, and a cell
  /// that is not of its type.
  Cell encode(const Value& value, float uniform) const;
  /// The same of a text, as the table spells it.
  Cell encode_text(std::string_view text, float uniform) const;
  /// Appends the cell's text as the table spells it; nothing for the present cells of identifier and text columns.
  void append(Cell cell, std::string& out) const;
  /// The value of a decoded cell: its code, and the number of numbers() where the code is the continuous one. Of
  /// numeric columns a number, of others the code; NaN of a missing one.
  double number(std::uint32_t code, double number) const;
  /// What the z of continuous cells decode by; valid as long as this column stays where it is.
  GridTables numbers() const { return {scores_.tables(), schema_.smallest, schema_.largest, step_}; }
  /// The number of a numeric column's cell (seconds since 1970 for datetimes), in the unit and on the grid of the
  /// table; the code for other columns; NaN for missing cells and no others.
  double value(Cell cell) const;

  /// Where the cell's number lies between the knots, which are at most kKnots quantiles of the fitted numbers: i +
  /// share between knots i and i + 1, in [0, knots - 1]. -1 for cells that are no place on a line: categories, present
  /// texts, missing cells.
  float position(Cell cell) const;
  /// [codes()] the positions of all codes; the continuous code's is 0 and means nothing.
  std::span<const float> code_positions() const { return {code_positions_.data(), static_cast<std::size_t>(codes())}; }
  /// [kZCells + 1] the positions, never falling, of scores on an even grid from z_low() to z_high(); position(Cell)
  /// is linear between them. Empty where there is no continuous code.
  std::span<const float> z_positions() const { return z_positions_; }
  /// The range that z is cut to; z_low() < z_high() where there is a continuous code, else both are 0.
  float z_low() const { return scores_.low(); }
  float z_high() const { return scores_.high(); }

  /// All but the schema, as a JSON object, and back.
  nlohmann::json to_json() const;
  static Column from_json(const ColumnSchema& schema, const nlohmann::json& json);

 private:
  void fit_numbers(std::vector<double> numbers, bool exact, double spike_rows, std::size_t repeated_rows,
                   std::uint64_t seed, std::uint32_t number);
  /// Hides what is rare: numbers change, and the schema. Whether the column is to be continuous.
  bool hide_rare(std::span<const double> cells, const ColumnOptions& options, std::vector<double>& numbers);
  /// Takes the words that fewer rows hold out of the schema, whose places remain.
  void hide_rare_words_among(std::span<const std::size_t> rows, int least);
  void prepare();
  Cell encode_whole(const Value& value, float uniform) const;
  /// Of a part, from the whole column's.
  int code_of(int whole) const;
  Cell encode_number(double number, float uniform) const;
  double number_of_code(std::uint32_t code) const;
  float place(double number) const;
  bool is_continuous(Cell cell) const { return static_cast<int>(cell.code) == continuous_code_; }
  /// Whether words and missing cells are the first part's.
  bool is_second_of_number() const { return part_ == Part::kTime || part_ == Part::kPrecision; }
  bool is_missing_code(Cell cell) const { return static_cast<int>(cell.code) == missing_code_; }

  ColumnSchema schema_;
  std::vector<double> values_;  // of numeric columns: those that have codes, ascending
  NormalScores scores_;         // of the others
  double step_ = 0;             // of the grid from schema_.smallest
  std::vector<double> knots_;   // of numeric columns: at most kKnots, strictly ascending
  bool has_missing_ = false;
  int formulas_ = 0;
  std::vector<double> kept_;  // of numbers that a formula may give: those that keep their code, ascending
  int rare_code_ = -1;        // of present cells that have no other
  std::string rare_note_;
  std::shared_ptr<const CategoryBlocks> blocks_;
  Part part_ = Part::kWhole;
  int coarse_decimals_ = 0;  // of numbers of two precisions
  // What prepare() derives from these, of the whole column.
  int codes_ = 0, continuous_code_ = -1, first_word_code_ = 0, missing_code_ = -1;
  std::vector<float> code_positions_, z_positions_;
};

}  // namespace meg
