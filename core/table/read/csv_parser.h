#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace meg {

/// Splits CSV text into records as RFC 4180 describes them, and takes what it does not allow as most programs do: a
/// quote inside an unquoted value is a character, and so is all that follows the closing quote of a value. Lines end
/// with LF, CR or both; blank lines are passed over. Text comes piece by piece.
class CsvParser {
 public:
  explicit CsvParser(char separator);

  /// Calls on_cell(std::string_view text, bool quoted) for every value, and on_row() behind the last of a record.
  template <class OnCell, class OnRow>
  void parse(std::string_view text, const OnCell& on_cell, const OnRow& on_row);
  /// Ends a last record that has no line end.
  template <class OnCell, class OnRow>
  void finish(const OnCell& on_cell, const OnRow& on_row);

  char separator() const { return separator_; }
  bool between_records() const { return state_ == State::kRecordStart; }
  bool in_quotes() const { return state_ == State::kQuoted; }
  /// Values so far that had quotes where RFC 4180 allows none.
  std::size_t stray_quotes() const { return stray_quotes_; }
  /// Whether there was a NUL byte outside quotes: then this is no text.
  bool has_nul() const { return has_nul_; }

 private:
  enum class State { kRecordStart, kCellStart, kPlain, kQuoted, kBehindQuote };

  static bool ends_line(char c) { return c == '\n' || c == '\r'; }
  template <class OnCell>
  void end_cell(const OnCell& on_cell) {
    on_cell(std::string_view(cell_), quoted_);
    if (stray_) ++stray_quotes_;
    cell_.clear();
    quoted_ = stray_ = false;
    state_ = State::kCellStart;
  }

  char separator_;
  std::array<bool, 256> special_{};  // of an unquoted value: what is more than one of its characters
  State state_ = State::kRecordStart;
  std::string cell_;
  bool quoted_ = false, stray_ = false, has_nul_ = false;
  std::size_t stray_quotes_ = 0;
};

inline CsvParser::CsvParser(char separator) : separator_(separator) {
  for (const char c : {separator, '"', '\n', '\r', '\0'}) special_[static_cast<unsigned char>(c)] = true;
}

template <class OnCell, class OnRow>
void CsvParser::parse(std::string_view text, const OnCell& on_cell, const OnRow& on_row) {
  std::size_t at = 0;
  while (at < text.size()) switch (state_) {
      case State::kRecordStart:
        if (ends_line(text[at]))
          ++at;
        else
          state_ = State::kCellStart;
        break;
      case State::kCellStart:
        quoted_ = text[at] == '"';
        state_ = quoted_ ? State::kQuoted : State::kPlain;
        if (quoted_) ++at;
        break;
      case State::kPlain: {
        std::size_t end = at;
        while (end < text.size() && !special_[static_cast<unsigned char>(text[end])]) ++end;
        cell_ += text.substr(at, end - at);
        at = end;
        if (at == text.size()) break;
        const char c = text[at++];
        if (c == separator_) {
          end_cell(on_cell);
        } else if (ends_line(c)) {
          end_cell(on_cell);
          state_ = State::kRecordStart;
          on_row();
        } else {
          cell_ += c;
          stray_ = stray_ || c == '"';
          has_nul_ = has_nul_ || c == '\0';
        }
        break;
      }
      case State::kQuoted: {
        const std::size_t end = std::min(text.find('"', at), text.size());
        cell_ += text.substr(at, end - at);
        at = end;
        if (at == text.size()) break;
        ++at;
        state_ = State::kBehindQuote;
        break;
      }
      case State::kBehindQuote:
        if (text[at] == '"') {
          cell_ += '"';
          ++at;
          state_ = State::kQuoted;
          break;
        }
        stray_ = text[at] != separator_ && !ends_line(text[at]);
        state_ = State::kPlain;  // which ends the value, or adds what is behind its quote
        break;
    }
}

template <class OnCell, class OnRow>
void CsvParser::finish(const OnCell& on_cell, const OnRow& on_row) {
  if (between_records()) return;
  end_cell(on_cell);
  state_ = State::kRecordStart;
  on_row();
}

}  // namespace meg
