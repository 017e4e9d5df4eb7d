#include "core/table/rule/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/fail.h"

namespace meg {

namespace {

using Kind = RuleExpression::Kind;

/// Brackets within brackets, so that no text exhausts the stack.
constexpr int kMostDepth = 100;
constexpr std::size_t kMostBytes = 10'000;
/// Operators of a rule, for each may stand within the next.
constexpr int kMostOperators = 1000;

bool is_numeral(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
/// Letters beyond ASCII are letters.
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 || c == '_' ||
         c == '$' || c == '#' || c == '@';
}
bool goes_on_name(char c) { return begins_name(c) || is_numeral(c) || c == '.' || c == '?'; }

bool equal_words(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

/// The length of the date that a text begins with, 2024-02-29 or 2024-02-29 12:30:00.5; 0 where it is none.
std::size_t date_length(std::string_view text) {
  const auto matches = [&](std::size_t at, std::string_view form) {
    if (text.size() < at + form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i)
      if (form[i] == '9' ? !is_numeral(text[at + i]) : text[at + i] != form[i]) return false;
    return true;
  };
  std::size_t out = 10;
  if (!matches(0, "9999-99-99")) return 0;
  if (matches(out, " 99:99") || matches(out, "T99:99")) out += 6;
  if (out > 10 && matches(out, ":99")) out += 3;
  if (out > 16 && matches(out, ".9"))
    for (++out; out < text.size() && is_numeral(text[out]);) ++out;
  return out < text.size() && goes_on_name(text[out]) ? 0 : out;
}

struct Token {
  enum class Kind { kOperand, kWord, kSign, kEnd };  // a word is bare: a name, or one of the grammar's
  Kind kind = Kind::kEnd;
  RuleExpression operand = {};
  std::string_view text = {};
  std::size_t place = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { advance(); }

  RuleExpression rule() {
    if (token_.kind == Token::Kind::kEnd) fail_at(token_.place, "a rule is wanted, as end >= begin");
    if (text_.size() > kMostBytes)
      fail(ErrorCode::kInvalidArgument, "a rule has {} bytes; {} are too many", text_.size(), kMostBytes);
    RuleExpression out = function().value_or(RuleExpression{});
    if (out.parts.empty()) {
      out = either();
      if (token_.kind == Token::Kind::kWord && equal_words(token_.text, "requires"))
        out = joined(Kind::kRequires, std::move(out), [this] { return either(); });
    }
    if (token_.kind != Token::Kind::kEnd)
      fail_at(token_.place, fmt::format("an operator is wanted, or the end, but there is {}", shown()));
    return out;
  }

 private:
  [[noreturn]] void fail_at(std::size_t place, const std::string& what) const { fail_rule(text_, place, what); }

  std::string shown() const {
    return token_.kind == Token::Kind::kEnd
               ? "the end"
               : fmt::format("'{}'", text_.substr(token_.place, std::max<std::size_t>(1, at_ - token_.place)));
  }

  void advance() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    token_ = {};
    token_.place = at_;
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    if (c == '\'' || c == '"' || c == '`') return quoted(c);
    if (is_numeral(c) || (c == '.' && at_ + 1 < text_.size() && is_numeral(text_[at_ + 1]))) return number_or_date();
    if (begins_name(c)) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && goes_on_name(text_[end])) ++end;
      return name(end);
    }
    for (const std::string_view sign :
         {"<=", ">=", "==", "!=", "<>", "=", "<", ">", "+", "-", "*", "/", "(", ")", ","}) {
      if (!text_.substr(at_).starts_with(sign)) continue;
      token_.kind = Token::Kind::kSign;
      token_.text = text_.substr(at_, sign.size());
      at_ += sign.size();
      return;
    }
    fail_at(at_, fmt::format("'{}' is no operator; a column's name with other characters than letters, digits, _ and . "
                             "stands in quotes: \"{}\"",
                             c, "hours-per-week"));
  }

  void operand(Kind kind, std::string text, double number, std::size_t end) {
    token_.kind = Token::Kind::kOperand;
    token_.operand = {.kind = kind, .text = std::move(text), .number = number, .place = token_.place};
    at_ = end;
  }

  void name(std::size_t end) {
    token_.text = text_.substr(at_, end - at_);
    operand(Kind::kName, std::string(token_.text), 0, end);
    token_.kind = Token::Kind::kWord;
  }

  void quoted(char quote) {
    std::string out;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote && (i + 1 == text_.size() || text_[i + 1] != quote)) {
        const Kind kind = quote == '\'' ? Kind::kText : quote == '"' ? Kind::kQuoted : Kind::kColumn;
        return operand(kind, std::move(out), 0, i + 1);
      }
      i += text_[i] == quote;
      out.push_back(text_[i]);
    }
    fail_at(at_, fmt::format("the quote {} is not closed", quote));
  }

  /// What begins with a digit and goes on with letters is a name: 2ndFloor.
  void number_or_date() {
    const std::string_view rest = text_.substr(at_);
    if (const std::size_t length = date_length(rest); length > 0)
      return operand(Kind::kText, std::string(rest.substr(0, length)), 0, at_ + length);
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto length = static_cast<std::size_t>(end - rest.data());
    if (error == std::errc() && (length == rest.size() || !goes_on_name(rest[length])))
      return operand(Kind::kNumber, std::string(rest.substr(0, length)), number, at_ + length);
    if (error == std::errc::result_out_of_range)
      fail_at(at_, fmt::format("{} is no number that can be computed with", rest.substr(0, length)));
    std::size_t stop = 1;
    while (stop < rest.size() && goes_on_name(rest[stop])) ++stop;
    name(at_ + stop);
  }

  bool is_word(std::string_view word) const {
    return token_.kind == Token::Kind::kWord && equal_words(token_.text, word);
  }
  bool is_sign(std::string_view sign) const { return token_.kind == Token::Kind::kSign && token_.text == sign; }
  void expect(std::string_view sign) {
    if (!is_sign(sign)) fail_at(token_.place, fmt::format("'{}' is wanted, but there is {}", sign, shown()));
    advance();
  }

  template <class Next>
  RuleExpression joined(Kind kind, RuleExpression first, const Next& next) {
    RuleExpression out{.kind = kind, .text = {}, .number = 0, .place = token_.place, .parts = {}};
    if (++operators_ > kMostOperators)
      fail_at(token_.place, fmt::format("{} operators are too many: state several rules", kMostOperators));
    advance();
    out.parts.push_back(std::move(first));
    out.parts.push_back(next());
    return out;
  }

  /// unique(...) or combination(...); nothing where the rule is neither.
  std::optional<RuleExpression> function() {
    const bool is_unique = is_word("unique");
    if (!is_unique && !is_word("combination")) return {};
    const Parser before = *this;
    RuleExpression out{.kind = is_unique ? Kind::kUnique : Kind::kCombination, .place = token_.place};
    advance();
    if (!is_sign("(")) {  // a column of that name
      *this = before;
      return {};
    }
    do {
      advance();
      const bool is_column = token_.kind == Token::Kind::kWord ||
                             (token_.kind == Token::Kind::kOperand && token_.operand.kind != Kind::kNumber &&
                              token_.operand.kind != Kind::kText);
      if (!is_column) fail_at(token_.place, fmt::format("a column is wanted, but there is {}", shown()));
      out.parts.push_back(std::move(token_.operand));
      out.parts.back().kind = Kind::kColumn;
      advance();
    } while (is_sign(","));
    expect(")");
    if (is_unique && out.parts.size() > 1)
      fail_at(out.parts[1].place, "unique() is of one column: write a rule for each");
    if (!is_unique && out.parts.size() < 2) fail_at(out.place, "combination() is of two columns or more");
    return out;
  }

  RuleExpression either() {
    if (++depth_ > kMostDepth) fail_at(token_.place, "there are too many brackets within brackets");
    RuleExpression out = all();
    while (is_word("or")) out = joined(Kind::kOr, std::move(out), [this] { return all(); });
    --depth_;
    return out;
  }

  RuleExpression all() {
    RuleExpression out = negated();
    while (is_word("and")) out = joined(Kind::kAnd, std::move(out), [this] { return negated(); });
    return out;
  }

  RuleExpression negated() {
    if (!is_word("not")) return comparison();
    RuleExpression out{.kind = Kind::kNot, .place = token_.place};
    advance();
    out.parts.push_back(comparison());
    return out;
  }

  RuleExpression comparison() {
    constexpr std::array<std::pair<std::string_view, Kind>, 8> kSigns{{{"=", Kind::kEqual},
                                                                       {"==", Kind::kEqual},
                                                                       {"!=", Kind::kUnequal},
                                                                       {"<>", Kind::kUnequal},
                                                                       {"<", Kind::kLess},
                                                                       {"<=", Kind::kLessOrEqual},
                                                                       {">", Kind::kGreater},
                                                                       {">=", Kind::kGreaterOrEqual}}};
    RuleExpression left = sum(), out;
    bool compares = false;
    while (token_.kind == Token::Kind::kSign) {
      const auto sign =
          std::find_if(kSigns.begin(), kSigns.end(), [&](const auto& s) { return s.first == token_.text; });
      if (sign == kSigns.end()) break;
      const std::size_t place = token_.place;
      RuleExpression next = joined(sign->second, std::move(left), [this] { return sum(); });
      left = next.parts[1];
      if (compares) {
        RuleExpression both{.kind = Kind::kAnd, .place = place};
        both.parts.push_back(std::move(out)), both.parts.push_back(std::move(next));
        next = std::move(both);
      }
      out = std::move(next), compares = true;
    }
    return compares ? out : left;
  }

  RuleExpression sum() {
    RuleExpression out = product();
    while (is_sign("+") || is_sign("-"))
      out = joined(is_sign("+") ? Kind::kAdd : Kind::kSubtract, std::move(out), [this] { return product(); });
    return out;
  }

  RuleExpression product() {
    RuleExpression out = signed_operand();
    while (is_sign("*") || is_sign("/"))
      out = joined(is_sign("*") ? Kind::kMultiply : Kind::kDivide, std::move(out), [this] { return signed_operand(); });
    return out;
  }

  RuleExpression signed_operand() {
    std::vector<std::size_t> minus;  // places
    for (; is_sign("-") || is_sign("+"); advance())
      if (is_sign("-")) minus.push_back(token_.place);
    if (minus.size() > static_cast<std::size_t>(kMostDepth)) fail_at(minus[0], "there are too many signs");
    RuleExpression out = operand();
    for (; !minus.empty(); minus.pop_back()) {
      RuleExpression negated{.kind = Kind::kNegate, .place = minus.back()};
      negated.parts.push_back(std::move(out));
      out = std::move(negated);
    }
    return out;
  }

  RuleExpression operand() {
    if (is_sign("(")) {
      advance();
      RuleExpression out = either();
      expect(")");
      return out;
    }
    const bool is_grammar = is_word("and") || is_word("or") || is_word("not") || is_word("requires");
    if (is_grammar || (token_.kind != Token::Kind::kWord && token_.kind != Token::Kind::kOperand))
      fail_at(token_.place, fmt::format("a column, a number or a text is wanted, but there is {}", shown()));
    RuleExpression out = std::move(token_.operand);
    advance();
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
  int depth_ = 0, operators_ = 0;
};

}  // namespace

RuleExpression parse_rule(std::string_view text) { return Parser(text).rule(); }

void fail_rule(std::string_view rule, std::size_t place, const std::string& what) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };  // a character of UTF-8
  const auto before = rule.begin() + static_cast<std::ptrdiff_t>(std::min(place, rule.size()));
  fail(ErrorCode::kInvalidArgument, "rule '{}', at character {}: {}", rule,
       1 + std::count_if(rule.begin(), before, begins), what);
}

}  // namespace meg
