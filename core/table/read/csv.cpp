#include "core/table/read/csv.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/fail.h"
#include "core/input_file.h"
#include "core/table/infer/number.h"
#include "core/table/read/csv_parser.h"
#include "core/table/read/encoding.h"
#include "core/table/read/separator.h"
#include "core/table/text_limit.h"
#include "core/table/utf8.h"

namespace meg {

namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
/// Bytes of a file that are read at once: more than the longest line.
constexpr std::size_t kBlock = 4 * kLongestLine;
/// Memory is reserved for 5 % more than the first block predicts.
constexpr double kLikely = 1.05;
/// Cells of plain lines that are added to their columns at once.
constexpr std::size_t kPlainCells = 8192;
constexpr std::ptrdiff_t kShort = 16;
constexpr std::uint64_t kHigh = 0x8080808080808080u, kOnes = 0x0101010101010101u;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A file's name as errors without a line call it.
std::string in_quotes(const std::string& name) { return name == "standard input" ? name : fmt::format("'{}'", name); }

/// Throws Error where the first bytes are those of a file that is often given in a table's place.
void check_kind(std::string_view text, const std::string& name) {
  if (text.starts_with("PK\x03\x04"))
    fail("{} is a zip archive, as Excel workbooks are too: unpack it, or save the sheet as CSV", in_quotes(name));
  if (const std::string encoding = marked_encoding(text); !encoding.empty())
    fail("{} is text in {}: name it with `encoding={}`", in_quotes(name), encoding, encoding);
  // A safetensors file: the length of its header in eight bytes, then the header, which is JSON.
  std::uint64_t header = 0;
  for (std::size_t i = 0; i < 8 && i < text.size(); ++i)
    header |= std::uint64_t{static_cast<unsigned char>(text[i])} << 8 * i;
  if (text.size() > 8 && text[8] == '{' && header <= text.size() - 8)
    fail("{} is a model file, not a table: name a CSV file here", in_quotes(name));
}

/// Throws Error for a separator that cannot be told from what else is in a file.
void check_separator(char separator) {
  if (separator == '"' || separator == '\n' || separator == '\r' || static_cast<unsigned char>(separator) >= 0x80)
    fail(ErrorCode::kInvalidArgument, "the `separator` must be one ASCII character, and no quote or line end");
}

/// The high bit of every byte that is zero, and of no other.
std::uint64_t zero_bytes(std::uint64_t word) { return ~(((word & ~kHigh) + ~kHigh) | word | ~kHigh); }
std::uint64_t bytes_like(std::uint64_t word, char c) {
  return zero_bytes(word ^ (kOnes * static_cast<unsigned char>(c)));
}

/// Splits a line where `separator` stands, adding the parts to `cells`. Whether it holds a byte for which that may be
/// wrong, or that may be no text: a quote, a carriage return, a zero, or one beyond ASCII. Eight bytes at a time.
bool split_line(std::string_view line, char separator, std::vector<std::string_view>& cells) {
  std::uint64_t odd = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < line.size(); at += 8) {
    std::uint64_t word = kOnes * 'x';
    if (at + 8 <= line.size())
      std::memcpy(&word, line.data() + at, 8);
    else
      std::memcpy(&word, line.data() + at, line.size() - at);
    odd |= (word & kHigh) | bytes_like(word, '"') | bytes_like(word, '\r') | zero_bytes(word);
    for (std::uint64_t ends = bytes_like(word, separator); ends != 0; ends &= ends - 1) {
      const std::size_t end = at + static_cast<std::size_t>(std::countr_zero(ends)) / 8;
      cells.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  cells.push_back(line.substr(begin));
  return odd != 0;
}

/// The cells of a column, one behind the other.
struct Texts {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;

  void append(std::string_view cell) {
    bytes += cell;
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  /// Cells first, first + stride, ..., of a text that ends at `end`.
  void append_each(std::span<const std::string_view> cells, std::size_t first, std::size_t stride, const char* end) {
    std::size_t size = bytes.size();
    for (std::size_t i = first; i < cells.size(); i += stride) {
      size += cells[i].size();
      offsets.push_back(static_cast<std::int32_t>(size));
    }
    const std::size_t before = bytes.size();
    if (size > bytes.capacity()) bytes.reserve(2 * size);
    bytes.resize(size);
    char* to = bytes.data() + before;
    const char* const to_end = bytes.data() + size;
    for (std::size_t i = first; i < cells.size(); i += stride) {
      const std::string_view cell = cells[i];
      // Most cells are short: a copy of a fixed length is quicker, where both texts go on for it.
      if (std::ssize(cell) <= kShort && end - cell.data() >= kShort && to_end - to >= kShort)
        std::memcpy(to, cell.data(), kShort);
      else
        std::copy(cell.begin(), cell.end(), to);
      to += cell.size();
    }
  }
  /// Memory for so many times as much as there is.
  void reserve(double times) {
    const auto grown = [&](std::size_t size) { return static_cast<std::size_t>(static_cast<double>(size) * times); };
    bytes.reserve(std::min(grown(bytes.size()), kMostTextBytes));
    offsets.reserve(grown(offsets.size()));
  }
};

/// A header is a first record with a quoted value, or one that is no number. An empty last value is left by a separator
/// at the end of the line.
bool holds_names(std::span<const std::string> record, bool any_quoted) {
  if (record.size() > 1 && record.back().empty()) record = record.first(record.size() - 1);
  return any_quoted ||
         !std::all_of(record.begin(), record.end(), [](const std::string& s) { return parse_number(s).has_value(); });
}

/// "column_3", or where that name is taken "column_3_2".
std::string free_name(std::size_t column, const std::set<std::string>& taken) {
  std::string name = fmt::format("column_{}", column + 1);
  for (int i = 2; taken.contains(name); ++i) name = fmt::format("column_{}_{}", column + 1, i);
  return name;
}

/// Makes columns of the records of a file.
class CsvReader {
 public:
  CsvReader(std::string file, char separator, const ReadOptions& how)
      : name_(std::move(file)), how_(how), parser_(separator) {}

  /// Reads the whole lines of `text`, and what is behind them where it is the last of the file; returns how much that
  /// is. Feeds one line at a time, so that an error can name its line.
  std::size_t read(std::string_view text, bool is_last) {
    std::size_t begin = 0;
    text_end_ = text.data() + text.size();
    for (; begin < text.size(); ++line_) {
      const std::size_t found = text.find('\n', begin), stop = std::min(found, text.size());
      if (stop - begin > kLongestLine)
        fail("{}:{}: a line over 1 MiB; this does not look like a CSV table", name_, line_);
      if (found == text.npos && !is_last) break;
      const std::string_view line = text.substr(begin, stop - begin);
      rest_ = text.substr(begin);
      const bool row_starts = parser_.between_records();
      if (row_starts) {
        row_line_ = line_;
        row_stray_ = parser_.stray_quotes();
      }
      if (!row_starts || !read_plain_line(line)) {
        add_plain();
        check_utf8(line);
        parse(text.substr(begin, std::min(stop + 1, text.size()) - begin));
      }
      begin = std::min(stop + 1, text.size());
    }
    add_plain();
    return begin;
  }

  void finish() {
    if (parser_.in_quotes()) fail("{}:{}: a quote that is opened in this row is never closed", name_, row_line_);
    parser_.finish([&](std::string_view cell, bool quoted) { on_cell(cell, quoted); }, [&] { on_row(); });
    find_stray_quotes();
    add_plain();
  }

  /// Memory for the rest of the file, which is so many times as long as what was read.
  void reserve(double times) {
    for (Texts& column : columns_) column.reserve(times);
  }

  /// The columns as a table. Throws Error where a name stands twice, and where there are no rows.
  Table take() && {
    if (state_ == State::kHeader) fail("{} is empty", in_quotes(name_));
    settle_columns();
    std::set<std::string> taken;
    for (const std::string& column : header_)
      if (!column.empty() && !taken.insert(column).second)
        fail("{}:1: two columns are named '{}'; rename one", name_, column);
    if (columns_.empty() || columns_[0].offsets.size() == 1) fail("{} has a header but no rows", in_quotes(name_));
    std::vector<NamedArray> columns;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      std::string column = header_[c];
      if (column.empty()) taken.insert(column = free_name(c, taken));
      columns.push_back({column, Array::texts(std::move(columns_[c].offsets), std::move(columns_[c].bytes))});
    }
    say_stray_quotes();
    return Table(std::move(columns), /*is_text=*/true);
  }

 private:
  enum class State { kHeader, kFirstRow, kRows };

  void on_cell(std::string_view cell, bool quoted) {
    if (state_ == State::kRows) return add(cell);
    record_.emplace_back(cell);
    any_quoted_ = any_quoted_ || quoted;
  }

  void add(std::string_view cell) {
    if (fields_ < columns_.size()) columns_[fields_].append(cell);
    ++fields_;
  }

  void on_row() {
    if (state_ == State::kRows) {
      if (fields_ != columns_.size()) fail_ragged(fields_);
      fields_ = 0;
    } else if (state_ == State::kHeader && how_.header && holds_names(record_, any_quoted_)) {
      header_ = std::move(record_);
      record_.clear();
      state_ = State::kFirstRow;
    } else {
      begin_rows();
    }
  }

  /// The first row says how many columns there are: as many as the header has, or one more, which is settled at the
  /// end. One less where the header ends with a separator.
  void begin_rows() {
    const std::size_t names = header_.size(), width = record_.size();
    has_header_ = state_ == State::kFirstRow;
    // With a stray quote, or beside one name, it is more likely that a value holds a separator.
    const bool one_more = width == names + 1 && ((names > 1 && parser_.stray_quotes() == 0) || record_.back().empty());
    const bool one_less = width + 1 == names && header_.back().empty();
    if (has_header_ && width != names && !one_more && !one_less) fail_ragged(width);
    if (!has_header_) header_.resize(width);
    columns_.resize(width);
    for (const std::string& cell : record_) add(cell);
    fields_ = 0;
    state_ = State::kRows;
  }

  /// Names for the columns and columns for the names: empty where there is none.
  void settle_columns() {
    if (columns_.empty()) return;
    const auto is_empty = [](const Texts& column) { return column.bytes.empty(); };
    if (columns_.size() < header_.size()) header_.pop_back();
    if (columns_.size() > header_.size()) {
      if (is_empty(columns_.back())) {
        columns_.pop_back();
        return;
      }
      header_.insert(header_.begin(), "");
      note(
          "the header has one name fewer than the rows have values: the first column is taken for row names and called "
          "{}",
          free_name(0, {header_.begin(), header_.end()}));
    }
    if (columns_.size() > 1 && header_.back().empty() && is_empty(columns_.back())) {
      columns_.pop_back();
      header_.pop_back();
    }
  }

  /// A line without quotes needs no parser: its values are what lies between separators. Most lines of most tables;
  /// where this says no, the parser takes the line.
  bool read_plain_line(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (state_ != State::kRows || text.empty()) return false;
    const std::size_t before = plain_.size();
    if (split_line(text, parser_.separator(), plain_)) {
      if (text.find_first_of("\"\r") != text.npos) {
        plain_.resize(before);
        return false;
      }
      if (text.find('\0') != text.npos) fail_text("a NUL byte");
      check_utf8(text);
    }
    const std::size_t fields = plain_.size() - before;
    if (fields != columns_.size()) fail_ragged(fields);
    if (plain_.size() >= kPlainCells) add_plain();
    return true;
  }

  void parse(std::string_view line) {
    parser_.parse(
        line, [&](std::string_view cell, bool quoted) { on_cell(cell, quoted); }, [&] { on_row(); });
    if (parser_.has_nul()) fail_text("a NUL byte");
    find_stray_quotes();
    for (std::size_t c = 0; c < columns_.size(); ++c) check_size(c);
  }

  /// Column by column, so that each goes on where it stopped.
  void add_plain() {
    if (plain_.empty()) return;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      columns_[c].append_each(plain_, c, columns_.size(), text_end_);
      check_size(c);
    }
    plain_.clear();
  }

  void find_stray_quotes() {
    if (first_stray_line_ == 0 && parser_.stray_quotes() > 0) first_stray_line_ = row_line_;
  }
  void say_stray_quotes() const {
    if (const std::size_t count = parser_.stray_quotes(); count > 0)
      note(
          "quotes inside unquoted values, and text behind a closing quote, are read as they stand: {} value{}, the "
          "first in line {}",
          count, count == 1 ? "" : "s", first_stray_line_);
  }
  template <class... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) const {
    if (how_.on_note)
      how_.on_note(fmt::format("{}: {}", in_quotes(name_), fmt::format(format, std::forward<Args>(args)...)));
  }

  void check_utf8(std::string_view line) const {
    if (!is_utf8(line)) fail_text("not UTF-8");
  }
  void check_size(std::size_t column) const {
    if (columns_[column].bytes.size() > kMostTextBytes)
      fail("{}:{}: the cells of column {} are 2 GiB or more; split the file", name_, line_, column + 1);
  }
  [[noreturn]] void fail_text(std::string_view what) const {
    if (!how_.encoding.empty()) fail("{}:{}: {}; the file is no text in {}", name_, line_, what, how_.encoding);
    const std::string encoding = likely_encoding(rest_, line_ == 1);
    if (encoding.empty()) fail("{}:{}: {}; this is not a text file", name_, line_, what);
    fail("{}:{}: {}, but probably {}: name the encoding, as in `encoding={}`", name_, line_, what, encoding, encoding);
  }
  [[noreturn]] void fail_ragged(std::size_t fields) const {
    const std::string expected =
        !has_header_ ? fmt::format("the rows before have {}", columns_.size())
        : columns_.empty() || columns_.size() == header_.size()
            ? fmt::format("the header has {} columns", header_.size())
            : fmt::format("the rows before have {} and the header has {}", columns_.size(), header_.size());
    fail("{}:{}: {} values, but {}{}", name_, row_line_, fields, expected,
         parser_.stray_quotes() == row_stray_
             ? ""
             : "; a quote does not begin inside a value: quote the whole value, and write a quote in it twice");
  }

  std::string name_;  // of the file, in errors
  const ReadOptions& how_;
  CsvParser parser_;
  std::size_t line_ = 1, row_line_ = 1;
  std::string_view rest_;  // of the text, from the line on
  State state_ = State::kHeader;
  std::vector<std::string> header_;  // empty names where there are none
  bool has_header_ = false;
  std::vector<std::string> record_;  // the header or the first row, as far as it was read
  bool any_quoted_ = false;          // of its values
  std::vector<Texts> columns_;
  std::size_t fields_ = 0;               // of the row being read
  std::vector<std::string_view> plain_;  // cells of whole rows, to be added to the columns together
  const char* text_end_ = nullptr;       // of the text that they are in
  std::size_t row_stray_ = 0, first_stray_line_ = 0;
};

/// A reader for the text that begins so; removes the byte-order mark.
CsvReader start(std::string_view& text, bool is_whole, const std::string& name, CsvStyle* style,
                const ReadOptions& how) {
  check_separator(how.separator);
  check_kind(text, name);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (is_whole && text.find_first_not_of(" \t\r\n") == std::string_view::npos) fail("{} is empty", in_quotes(name));
  const char separator = how.separator ? how.separator : find_separator(text, is_whole);
  if (style) style->delimiter = separator;
  return CsvReader(name, separator, how);
}

}  // namespace

Table parse_csv(std::string_view text, const std::string& name, CsvStyle* style, const ReadOptions& how) {
  CsvReader reader = start(text, /*is_whole=*/true, name, style, how);
  reader.read(text, /*is_last=*/true);
  reader.finish();
  return std::move(reader).take();
}

Table read_csv(InputFile& file, CsvStyle* style, const ReadOptions& how) {
  // Errors name a file in their own way, without quotes where a line follows.
  std::string name = file.name();
  if (name.starts_with('\'')) name = name.substr(1, name.size() - 2);
  TextFile text_file(file, how.encoding);
  std::optional<CsvReader> reader;
  std::string buffer(kBlock, '\0');
  std::size_t size = 0;
  for (bool is_last = false; !is_last;) {
    while (size < buffer.size() && !is_last) {
      const std::size_t got = text_file.read(std::span(buffer).subspan(size));
      size += got;
      is_last = got == 0;
    }
    std::string_view text(buffer.data(), size);
    const bool is_first = !reader;
    if (is_first) reader.emplace(start(text, is_last, name, style, how));
    const std::size_t used = reader->read(text, is_last);
    text.remove_prefix(used);
    // What a file is likely to need is asked for at once: memory that is not written to is not taken.
    if (is_first && !is_last && text_file.size() > used)
      reader->reserve(kLikely * static_cast<double>(text_file.size()) / static_cast<double>(used));
    std::copy(text.begin(), text.end(), buffer.begin());
    size = text.size();
  }
  reader->finish();
  return std::move(*reader).take();
}

}  // namespace meg
