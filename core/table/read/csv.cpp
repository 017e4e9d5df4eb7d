#include "core/table/read/csv.h"

#include <csv.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/fail.h"
#include "core/input_file.h"
#include "core/table/infer/number.h"
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
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    fail("{} is UTF-16 text; convert it first, for example with iconv -f utf-16 -t utf-8", in_quotes(name));
  // A safetensors file: the length of its header in eight bytes, then the header, which is JSON.
  std::uint64_t header = 0;
  for (std::size_t i = 0; i < 8 && i < text.size(); ++i)
    header |= std::uint64_t{static_cast<unsigned char>(text[i])} << 8 * i;
  if (text.size() > 8 && text[8] == '{' && header <= text.size() - 8)
    fail("{} is a model file, not a table: name a CSV file here", in_quotes(name));
}

/// Throws Error where a line is no text.
void check_line(std::string_view line, const std::string& name, std::size_t number) {
  if (line.find('\0') != line.npos) fail("{}:{}: a NUL byte; this is not a text file", name, number);
  if (!is_utf8(line))
    fail("{}:{}: not UTF-8; convert it first, for example with iconv -f latin1 -t utf-8", name, number);
}

char detect_delimiter(std::string_view text) {
  constexpr std::string_view kDelimiters = ",;\t|";
  std::array<std::size_t, kDelimiters.size()> count{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    if (const std::size_t i = kDelimiters.find(c); i != std::string_view::npos) ++count[i];
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < count.size(); ++i)
    if (count[i] > count[best]) best = i;
  return kDelimiters[best];
}

/// The high bit of every byte that is zero, and of no other.
std::uint64_t zero_bytes(std::uint64_t word) { return ~(((word & ~kHigh) + ~kHigh) | word | ~kHigh); }
std::uint64_t bytes_like(std::uint64_t word, char c) {
  return zero_bytes(word ^ (kOnes * static_cast<unsigned char>(c)));
}

/// Splits a line where `delimiter` stands, adding the parts to `cells`. Whether it holds a byte for which that may be
/// wrong, or that may be no text: a quote, a carriage return, a zero, or one beyond ASCII. Eight bytes at a time.
bool split_line(std::string_view line, char delimiter, std::vector<std::string_view>& cells) {
  std::uint64_t odd = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < line.size(); at += 8) {
    std::uint64_t word = kOnes * 'x';
    if (at + 8 <= line.size())
      std::memcpy(&word, line.data() + at, 8);
    else
      std::memcpy(&word, line.data() + at, line.size() - at);
    odd |= (word & kHigh) | bytes_like(word, '"') | bytes_like(word, '\r') | zero_bytes(word);
    for (std::uint64_t ends = bytes_like(word, delimiter); ends != 0; ends &= ends - 1) {
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

/// Receives fields and rows from libcsv.
struct CsvReader {
  CsvReader(std::string file, char delimiter_of_file) : name(std::move(file)), delimiter(delimiter_of_file) {
    if (csv_init(parser.get(), CSV_STRICT | CSV_STRICT_FINI) != 0) fail("{}: the CSV parser did not start", name);
    csv_set_delim(parser.get(), static_cast<unsigned char>(delimiter));
    // Blanks belong to the value: libcsv would strip them.
    csv_set_space_func(parser.get(), [](unsigned char) { return 0; });
  }

  struct Free {
    void operator()(csv_parser* parser) const {
      csv_free(parser);
      delete parser;
    }
  };

  std::string name;  // of the file, in errors
  char delimiter;
  std::unique_ptr<csv_parser, Free> parser{new csv_parser{}};
  std::size_t line = 1, row_line = 1;
  std::vector<std::string> names;
  std::vector<Texts> columns;
  std::vector<std::string> header;
  bool in_header = true;
  std::size_t fields = 0;         // of the row being read
  std::size_t ragged_fields = 0;  // of the first ragged row
  bool ragged = false;
  std::vector<std::string_view> plain;  // cells of whole rows, to be added to the columns together
  const char* text_end = nullptr;       // of the text that they are in

  static void on_field(void* data, std::size_t size, void* self) {
    auto& reader = *static_cast<CsvReader*>(self);
    const std::string_view cell(static_cast<const char*>(data), size);
    if (reader.in_header)
      reader.header.emplace_back(cell);
    else
      reader.add(cell);
  }

  void add(std::string_view cell) {
    if (fields < columns.size()) columns[fields].append(cell);
    ++fields;
  }

  static void on_row(int, void* self) {
    auto& reader = *static_cast<CsvReader*>(self);
    if (reader.in_header) return reader.start_table();
    if (reader.fields != reader.columns.size() && !reader.ragged) {
      reader.ragged = true;
      reader.ragged_fields = reader.fields;
    }
    reader.fields = 0;
  }

  void start_table() {
    in_header = false;
    const bool numbers = std::all_of(header.begin(), header.end(),
                                     [](const std::string& name) { return parse_number(name).has_value(); });
    names = header;
    columns.resize(names.size());
    if (!numbers) return;
    for (std::size_t c = 0; c < names.size(); ++c) names[c] = fmt::format("column_{}", c + 1);
    for (const std::string& cell : header) add(cell);
    fields = 0;
  }

  /// A line without quotes needs no parser: its values are what lies between delimiters. Most lines of most tables;
  /// where this says no, libcsv takes the line.
  bool read_plain_line(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (in_header || text.empty()) return false;
    const std::size_t before = plain.size();
    if (split_line(text, delimiter, plain)) {
      check_line(text, name, line);
      if (text.find_first_of("\"\r") != text.npos) {
        plain.resize(before);
        return false;
      }
    }
    fields = plain.size() - before;
    on_row(0, this);
    if (plain.size() >= kPlainCells) add_plain();
    return true;
  }

  /// Column by column, so that each goes on where it stopped. Sizes are checked here for what libcsv has added, too:
  /// it is C, which no exception may pass.
  void add_plain() {
    if (!ragged)
      for (std::size_t c = 0; c < columns.size(); ++c) {
        columns[c].append_each(plain, c, columns.size(), text_end);
        check_size(c);
      }
    plain.clear();
  }

  /// Reads the whole lines of `text`, and what is behind them where it is the last of the file; returns how much that
  /// is. Feeds one line at a time, so that an error can name its line.
  std::size_t read(std::string_view text, bool is_last) {
    std::size_t begin = 0;
    text_end = text.data() + text.size();
    for (; begin < text.size(); ++line) {
      const std::size_t found = text.find('\n', begin), stop = std::min(found, text.size());
      if (stop - begin > kLongestLine)
        fail("{}:{}: a line over 1 MiB; this does not look like a CSV table", name, line);
      if (found == text.npos && !is_last) break;
      const std::size_t end = std::min(stop + 1, text.size());
      const bool row_starts = parser->pstate == 0;  // libcsv's ROW_NOT_BEGUN
      if (row_starts) row_line = line;
      if (!row_starts || !read_plain_line(text.substr(begin, stop - begin))) {
        add_plain();
        check_line(text.substr(begin, stop - begin), name, line);
        if (csv_parse(parser.get(), text.data() + begin, end - begin, on_field, on_row, this) != end - begin)
          fail(
              "{}:{}: a quote inside an unquoted value, or text after a closing quote; write quotes inside a quoted "
              "value twice",
              name, line);
      }
      if (ragged) fail_ragged();
      begin = end;
    }
    add_plain();
    return begin;
  }

  void finish() {
    if (csv_fini(parser.get(), on_field, on_row, this) != 0)
      fail("{}:{}: a quote that is opened in this row is never closed", name, row_line);
    if (ragged) fail_ragged();
    add_plain();
  }

  void check_size(std::size_t column) const {
    if (columns[column].bytes.size() > kMostTextBytes)
      fail("{}:{}: the cells of column '{}' are 2 GiB or more; split the file", name, line, names[column]);
  }
  [[noreturn]] void fail_ragged() const {
    fail("{}:{}: {} values, but the header has {} columns", name, row_line, ragged_fields, columns.size());
  }
};

/// The columns as a table. Throws Error where a name is empty or stands twice, and where there are no rows.
Table take_table(CsvReader&& reader) {
  if (reader.in_header) fail("{} is empty", in_quotes(reader.name));
  std::set<std::string_view> seen;
  for (std::size_t c = 0; c < reader.names.size(); ++c) {
    const std::string& column = reader.names[c];
    if (column.empty()) fail("{}:1: column {} has no name", reader.name, c + 1);
    if (!seen.insert(column).second) fail("{}:1: two columns are named '{}'; rename one", reader.name, column);
  }
  std::vector<NamedArray> columns;
  for (std::size_t c = 0; c < reader.names.size(); ++c) {
    Texts& texts = reader.columns[c];
    columns.push_back({reader.names[c], Array::texts(std::move(texts.offsets), std::move(texts.bytes))});
  }
  Table out(std::move(columns), /*is_text=*/true);
  if (out.rows() == 0) fail("{} has a header but no rows", in_quotes(reader.name));
  return out;
}

/// A reader for the text that begins so; removes the byte-order mark.
CsvReader start(std::string_view& text, bool is_whole, const std::string& name, CsvStyle* style, char delimiter) {
  check_kind(text, name);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (is_whole && text.find_first_not_of(" \t\r\n") == std::string_view::npos) fail("{} is empty", in_quotes(name));
  CsvReader reader(name, delimiter ? delimiter : detect_delimiter(text));
  if (style) style->delimiter = reader.delimiter;
  return reader;
}

}  // namespace

Table parse_csv(std::string_view text, const std::string& name, CsvStyle* style, char delimiter) {
  CsvReader reader = start(text, /*is_whole=*/true, name, style, delimiter);
  reader.read(text, /*is_last=*/true);
  reader.finish();
  return take_table(std::move(reader));
}

Table read_csv(InputFile& file, CsvStyle* style, char delimiter) {
  // Errors name a file in their own way, without quotes where a line follows.
  std::string name = file.name();
  if (name.starts_with('\'')) name = name.substr(1, name.size() - 2);
  std::optional<CsvReader> reader;
  std::string buffer(kBlock, '\0');
  std::size_t size = 0;
  for (bool is_last = false; !is_last;) {
    while (size < buffer.size() && !is_last) {
      const std::size_t got = file.read(std::span(buffer).subspan(size));
      size += got;
      is_last = got == 0;
    }
    std::string_view text(buffer.data(), size);
    const bool is_first = !reader;
    if (is_first) reader.emplace(start(text, is_last, name, style, delimiter));
    const std::size_t used = reader->read(text, is_last);
    text.remove_prefix(used);
    // What a file is likely to need is asked for at once: memory that is not written to is not taken.
    if (is_first && !is_last && file.size() > used)
      for (Texts& column : reader->columns)
        column.reserve(kLikely * static_cast<double>(file.size()) / static_cast<double>(used));
    std::copy(text.begin(), text.end(), buffer.begin());
    size = text.size();
  }
  reader->finish();
  return take_table(std::move(*reader));
}

}  // namespace meg
