#include "core/table/infer/survey.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/table/infer/distinct_texts.h"
#include "core/table/infer/number_codes.h"
#include "core/table/infer/plain_number.h"

namespace meg {

namespace {

/// The fewest digits of a number with a plus that is one to call.
constexpr std::size_t kTelephoneDigits = 7;

std::string_view without_sign(std::string_view number) {
  return number.substr(number.starts_with('-') || number.starts_with('+') ? 1 : 0);
}

/// 02139
bool has_leading_zero(std::string_view number) {
  const std::string_view text = without_sign(number);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

/// +4930123456, and numbers of more digits than a double holds.
bool is_long_code(std::string_view number, double value) {
  const std::string_view text = without_sign(number);
  const bool is_long = std::abs(value) >= kBeyondWholeDoubles || (number[0] == '+' && text.size() >= kTelephoneDigits);
  return is_long && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What there is to say of a number as it is written.
struct Written {
  double number = 0;
  WrittenDigits digits;
  bool has_exponent = false, has_leading_zero = false, is_long_code = false;
  std::size_t size = 0;  // without its sign
};

std::optional<Written> read_number(std::string_view text) {
  if (const std::optional<PlainNumber> plain = read_plain_number(text))
    return Written{.number = plain->number,
                   .digits = {plain->decimals, plain->significant},
                   .has_leading_zero = plain->has_leading_zero,
                   .size = plain->size};
  const std::optional<double> number = parse_number(text);
  if (!number) return {};
  return Written{.number = *number,
                 .digits = written_digits(text),
                 .has_exponent = text.find_first_of("eE") != std::string_view::npos,
                 .has_leading_zero = has_leading_zero(text),
                 .is_long_code = is_long_code(text, *number),
                 .size = without_sign(text).size()};
}

void add_number(const Written& written, std::size_t cells, Survey& s, ColumnSchema& out) {
  const bool is_first = s.longest == 0;
  out.smallest = is_first ? written.number : std::min(out.smallest, written.number);
  out.largest = is_first ? written.number : std::max(out.largest, written.number);
  s.leading_zeros += written.has_leading_zero ? cells : 0;
  s.long_codes += written.is_long_code ? cells : 0;
  s.shortest = std::min(s.shortest, written.size);
  s.longest = std::max(s.longest, written.size);
  out.fewest_decimals = is_first ? written.digits.decimals : std::min(out.fewest_decimals, written.digits.decimals);
  out.decimals = std::max(out.decimals, written.digits.decimals);
  s.significant = std::max(s.significant, written.digits.significant);
  s.exponents = s.exponents || written.has_exponent;
  s.whole = s.whole && written.number == std::floor(written.number);
}

/// How plain numbers are written, where it is not as C++ does: +5, .5, 1.5E+03.
class PlainStyle {
 public:
  void add(std::string_view text, double number) {
    const bool plus = text.starts_with('+'), minus = text.starts_with('-');
    text.remove_prefix(plus || minus);
    all_plus_ &= plus || number <= 0, any_plus_ |= plus;
    no_zero_ |= text.starts_with('.'), zero_ |= text.starts_with("0.");
    const std::size_t e = text.find_first_of("eE"), point = text.find('.');
    if (e == text.npos) {
      all_exponents_ = false;
      return;
    }
    (text[e] == 'E' ? capital_ : small_) = true;
    const std::size_t decimals = point < e ? e - point : 0;
    if (!any_exponent_) decimals_ = decimals;
    any_exponent_ = true;
    all_exponents_ &= decimals == decimals_;
  }
  void put_into(NumberStyle& style) const {
    style.plus = any_plus_ && all_plus_;
    style.no_zero = no_zero_ && !zero_;
    if (capital_ && !small_) style.exponent = "E";
    style.always_exponent = any_exponent_ && all_exponents_;
  }

 private:
  bool all_plus_ = true, any_plus_ = false, no_zero_ = false, zero_ = false;
  bool capital_ = false, small_ = false, all_exponents_ = true, any_exponent_ = false;
  std::size_t decimals_ = 0;  // before the exponent, with the point
};

/// Reads the different values as numbers, in the column's style; `numbers` is one a value. Finds out how plain ones are
/// written.
void read_numbers(const std::vector<std::size_t>& cells, Survey& s, ColumnSchema& out, std::vector<double>& numbers) {
  const bool is_plain = out.style.is_plain();
  PlainStyle plain;
  for (std::size_t v = 0; v < s.values.size(); ++v) {
    const std::optional<std::string> in_style = is_plain ? std::nullopt : plain_number(out.style, s.values[v]);
    const std::optional<Written> written = read_number(in_style ? *in_style : trimmed(s.values[v]));
    if (!written) {
      s.numeric = false;
      s.no_number = s.values[v];
      return;
    }
    add_number(*written, cells[v], s, out);
    if (is_plain) plain.add(trimmed(s.values[v]), written->number);
    numbers.push_back(written->number);
  }
  if (is_plain) plain.put_into(out.style);
  s.spelled_as_codes = is_plain && are_spelled_as_codes(s.values, numbers, s.present);
}

/// Whether numbers rise from row to row, and by one each time.
void look_whether_they_rise(const std::vector<std::int32_t>& places, const std::vector<double>& numbers, Survey& s) {
  double previous = std::numeric_limits<double>::quiet_NaN();
  for (const std::int32_t place : places) {
    if (place < 0) continue;
    const double number = numbers[static_cast<std::size_t>(place)];
    s.rises = s.rises && !(number <= previous);
    s.rises_by_one = s.rises_by_one && (number == previous + 1 || std::isnan(previous));
    previous = number;
  }
}

}  // namespace

Survey survey(const Array& cells, Missing missing, ColumnSchema& out, std::string_view value) {
  Survey s;
  DistinctTexts texts;
  std::vector<std::size_t> cells_of;  // [texts]
  s.places.assign(cells.size(), -1);
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (cells.is_null(r)) continue;
    const std::int32_t number = texts.number(cells.text(r));
    s.places[r] = number;
    if (cells_of.size() < texts.texts().size()) cells_of.push_back(0);
    ++cells_of[static_cast<std::size_t>(number)];
  }
  MissingWords words(missing, out.missing_words);
  std::vector<std::int32_t> place;  // [texts] among the values, -1 where it is missing
  std::vector<std::size_t> cells_of_value;
  std::size_t cells_of_words = 0;
  for (std::size_t i = 0; i < cells_of.size(); ++i) {
    const std::string_view text = texts.texts()[i];
    if (const auto word = std::find(out.words.begin(), out.words.end(), text); word != out.words.end()) {
      place.push_back(kFirstWord - static_cast<std::int32_t>(word - out.words.begin()));
      cells_of_words += cells_of[i];
      continue;
    }
    const bool looks_missing =
        missing_kind(text, missing, out.missing_words) != MissingKind::kValue && (value.empty() || text != value);
    const bool is_missing = looks_missing && words.add(text, cells_of[i]);
    place.push_back(is_missing ? -1 : static_cast<std::int32_t>(s.values.size()));
    if (is_missing) continue;
    s.values.push_back(text);
    cells_of_value.push_back(cells_of[i]);
    s.present += cells_of[i];
    s.has_blank = s.has_blank || text.find(' ') != std::string_view::npos;
  }
  for (std::int32_t& at : s.places)
    if (at >= 0) at = place[static_cast<std::size_t>(at)];
  s.gaps = words.gaps();
  s.beside_empty = words.beside_empty();
  out.missing = cells.size() - s.present - cells_of_words;
  out.distinct = s.values.size();
  out.missing_word = words.most_used();

  std::vector<double> numbers;
  read_numbers(cells_of_value, s, out, numbers);
  if (!s.numeric) return s;
  look_whether_they_rise(s.places, numbers, s);
  s.numbers.reserve(cells.size());
  for (const std::int32_t at : s.places)
    s.numbers.push_back(at < 0 ? number_of_place(at) : numbers[static_cast<std::size_t>(at)]);
  return s;
}

}  // namespace meg
