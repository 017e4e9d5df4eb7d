#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>
#include <set>

#include "core/input_file.h"
#include "core/table/utf8.h"
#include "meg/error.h"
#include "meg/files.h"
#include "tests/folder.h"
#include "tests/support.h"
#include "tests/tables.h"

using meg::parse_csv;
using meg::Table;
using test::cell;
using Texts = std::vector<std::string>;

namespace {

/// The sentence that parsing `text` fails with; empty where it does not fail.
std::string error_of(std::string text) {
  try {
    parse_csv(std::move(text), "t.csv");
  } catch (const meg::Error& error) {
    return error.what();
  }
  return "";
}

/// A table as text that can be compared: names and rows, values between bars.
std::string shown(const Table& table) {
  std::string out = fmt::format("{}", fmt::join(table.names(), "|"));
  for (std::size_t r = 0; r < table.rows(); ++r) {
    out += "\n";
    for (std::size_t c = 0; c < table.columns(); ++c) out += (c > 0 ? "|" : "") + cell(table, r, c);
  }
  return out;
}

std::string shown(const std::string& text, meg::ReadOptions how = {}) {
  return shown(parse_csv(text, "t.csv", nullptr, how));
}

/// What the reader remarks.
Texts notes_of(const std::string& text) {
  Texts notes;
  parse_csv(text, "t.csv", nullptr, {.on_note = [&](const std::string& note) { notes.push_back(note); }});
  return notes;
}

}  // namespace

TEST_CASE("CSV by RFC 4180: quotes, doubled quotes, embedded newlines and delimiters, CRLF, byte-order mark") {
  const Table t = parse_csv("\xEF\xBB\xBFname,\"a,b\"\r\n\"x \"\"y\"\"\",\"two\r\nlines\"\r\n , é\r\n", "t.csv");
  REQUIRE(t.rows() == 2);
  CHECK(t.names() == std::vector<std::string>{"name", "a,b"});
  CHECK(cell(t, 0, 0) == "x \"y\"");
  CHECK(cell(t, 0, 1) == "two\r\nlines");
  CHECK(cell(t, 1, 0) == " ");
  CHECK(cell(t, 1, 1) == " é");
}

TEST_CASE("the delimiter is found in the first line, outside quotes; the last line needs no newline") {
  for (const char d : {',', ';', '\t', '|'}) {
    meg::CsvStyle style;
    const Table t = parse_csv(std::string("\"a,;\",b\n1,2").replace(5, 1, 1, d).replace(9, 1, 1, d), "t.csv", &style);
    CHECK(style.delimiter == d);
    REQUIRE(t.columns() == 2);
    CHECK(cell(t, 0, 1) == "2");
  }
}

TEST_CASE("empty cells are kept and blank lines are passed over") {
  const Table t = parse_csv("a,b\n,\n\n1,\n", "t.csv");
  REQUIRE(t.rows() == 2);
  CHECK(cell(t, 0, 0).empty());
  CHECK(cell(t, 1, 0) == "1");
}

TEST_CASE("a broken file is one sentence with its line") {
  CHECK(error_of("") == "'t.csv' is empty");
  CHECK(error_of("a,b\n") == "'t.csv' has a header but no rows");
  CHECK(error_of("a,b\n1,2\n1,2,3\n") == "t.csv:3: 3 values, but the header has 2 columns");
  CHECK(error_of("a,b\n1,2\n1\n") == "t.csv:3: 1 values, but the header has 2 columns");
  CHECK(error_of("a,b\n\"x\ny\",2\n1") == "t.csv:4: 1 values, but the header has 2 columns");
  CHECK(error_of("a,b\n1,2\n\"1,2\n3,4\n").starts_with("t.csv:3: a quote that is opened"));
  CHECK(error_of("a,a\n1,2\n").starts_with("t.csv:1: two columns are named 'a'"));
  CHECK(error_of(std::string("a,b\n1,\0\n", 8)).starts_with("t.csv:2: a NUL byte"));
  CHECK(error_of("a,b\n1,\xFF\n").starts_with("t.csv:2: not UTF-8"));
  CHECK(error_of("a\n\xED\xA0\x80\n").starts_with("t.csv:2: not UTF-8"));
  CHECK(error_of("a\n" + std::string(2 << 20, 'x')).starts_with("t.csv:2: a line over 1 MiB"));
}

TEST_CASE("what is given in a table's place is called by its name") {
  CHECK(error_of("PK\x03\x04").starts_with("'t.csv' is a zip archive"));
  CHECK(parse_csv("PK,name\n1,x\n", "t.csv").names()[0] == "PK");
  CHECK(error_of(std::string("\x02\0\0\0\0\0\0\0{}", 10)).starts_with("'t.csv' is a model file, not a table"));
}

TEST_CASE("text is UTF-8 or it is not") {
  for (const char* text : {"", "plain", "eight by", "é", "漢字 and more of it", "🎈"}) CHECK(meg::is_utf8(text));
  for (const char* text : {"\xFF", "eight by\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "é\x80"})
    CHECK_FALSE(meg::is_utf8(text));
}

TEST_CASE("files that cannot be read say why") {
  CHECK_THROWS_WITH_AS(meg::read_table("/no/such.csv"), "cannot read '/no/such.csv': No such file or directory",
                       meg::Error);
  CHECK_THROWS_WITH_AS(meg::InputFile("/tmp", "a table"), "'/tmp' is a folder: name a table", meg::Error);
}

TEST_CASE("a file of several blocks is what it is in one") {
  const test::Folder folder;
  std::string text = "number,word,note\n";
  for (int i = 0; text.size() < (std::size_t{9} << 20); ++i)
    text += fmt::format("{},{},{}\n", i * 7919 % 100003, i % 3 == 0 ? "caf\u00e9" : "tea",
                        i % 50 == 0 ? "\"two\nlines, and \"\"quotes\"\"\"" : std::string(i % 90, 'x'));
  text.pop_back();
  folder.write("t.csv", text);
  const Table whole = parse_csv(text, "t.csv"), blocks = meg::read_table(folder.path / "t.csv");
  REQUIRE(blocks.rows() == whole.rows());
  std::size_t differ = 0;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t r = 0; r < whole.rows(); ++r) differ += whole[c].text(r) != blocks[c].text(r);
  CHECK(differ == 0);
  // Errors name lines of later blocks, too.
  const auto lines = std::count(text.begin(), text.end(), '\n') + 2;
  std::ofstream(folder.path / "t.csv", std::ios::app) << "\n1,2\n";
  CHECK_THROWS_WITH_AS(
      meg::read_table(folder.path / "t.csv"),
      fmt::format("{}:{}: 2 values, but the header has 3 columns", (folder.path / "t.csv").string(), lines).c_str(),
      meg::Error);
}

TEST_CASE("a table may begin behind more blank lines than a block holds") {
  const test::Folder folder;
  const Table table = meg::read_table(folder.write("t.csv", std::string(std::size_t{5} << 20, '\n') + "a,b\n1,2\n"));
  CHECK(table.names() == std::vector<std::string>{"a", "b"});
  CHECK(table.rows() == 1);
  CHECK_THROWS_WITH_AS(meg::read_table(folder.write("t.csv", std::string(std::size_t{5} << 20, '\n'))),
                       doctest::Contains("is empty"), meg::Error);
}

TEST_CASE("a first line of numbers is a row, and the columns get names") {
  const Table t = parse_csv("1,2.5\n3,4\n", "t.csv");
  CHECK(t.names() == std::vector<std::string>{"column_1", "column_2"});
  REQUIRE(t.rows() == 2);
  CHECK(cell(t, 0, 1) == "2.5");
}

TEST_CASE("what is written is read back: quotes, line breaks, blanks, empty cells, one empty column") {
  for (const char* text : {"a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n, z\n", "a\n\"\"\n1\n", "a;b\n1,5;\"2;5\"\n",
                           "\"a,b\";c\n1;2\n", "\"1\",\"2.5\"\n3,4\n", "\"\uFEFFa\",b\n1,2\n"}) {
    meg::CsvStyle style;
    const Table t = parse_csv(text, "t.csv", &style);
    const meg::CsvPrinter printer(t, {}, style.delimiter);
    std::string out;
    printer.append_header(out);
    printer.append_rows(t, out);
    CHECK(out == text);
  }
}

TEST_CASE("the separator is the one that gives all lines as many values") {
  // The header has more commas than tabs, the rows have none.
  CHECK(shown("Name, full\tSales, net, EUR\tKind\nb\t86\tv\na\t6\tu\n") ==
        "Name, full|Sales, net, EUR|Kind\nb|86|v\na|6|u");
  CHECK(shown("x;y\n1,5;2\n3,5;4\n") == "x|y\n1,5|2\n3,5|4");
  CHECK(shown("\"income;net;in;EUR\",x\n7,1\n1,2\n") == "income;net;in;EUR|x\n7|1\n1|2");
  CHECK(shown("a|b\n1,2|3,4\n5,6|7,8\n") == "a|b\n1,2|3,4\n5,6|7,8");
  // A name in quotes may hold another separator as often as the rows do.
  CHECK(shown("x,\"a;b;c\"\n1,p;q;r\n2,s;t;u\n") == "x|a;b;c\n1|p;q;r\n2|s;t;u");
  // A blank stands between numbers and quoted values; texts have blanks.
  CHECK(shown("\"a\" \"b c\"\n\"x y\" 1.5\n\"z\" NA\n") == "a|b c\nx y|1.5\nz|NA");
  CHECK(shown("full name\nJohn Smith\nMary Jones\n") == "full name\nJohn Smith\nMary Jones");
  // One column of texts that hold a comma each is no column of row names.
  CHECK(error_of("text\nHello, world\nSo, what\n") == "t.csv:2: 2 values, but the header has 1 columns");
  // What only differs in a later line is still named with that line.
  CHECK(error_of("a;b\n1;2\n1;2;3\n") == "t.csv:3: 3 values, but the header has 2 columns");
}

TEST_CASE("a separator that is given is used") {
  CHECK(shown("a;b,c\n1;2,3\n", {.separator = ';'}) == "a|b,c\n1|2,3");
  CHECK(shown("a b\n1 2\n", {.separator = ' '}) == "a|b\n1|2");
  CHECK(shown("text\nHello, world\n", {.separator = '\t'}) == "text\nHello, world");
  for (const char bad : {'"', '\n', '\r', '\xE9'})
    CHECK_THROWS_WITH_AS(parse_csv("a,b\n1,2\n", "t.csv", nullptr, {.separator = bad}),
                         doctest::Contains("`separator`"), meg::Error);
}

TEST_CASE("columns without a name get one") {
  CHECK(shown(",age,job\n0,42,b\n1,47,c\n") == "column_1|age|job\n0|42|b\n1|47|c");  // pandas
  CHECK(shown("\"\",\"age\"\n\"1\",42\n") == "column_1|age\n1|42");                  // R's write.csv
  CHECK(shown("\"age\",\"job\"\n\"1\",42,\"b\"\n\"2\",47,\"c\"\n") ==
        "column_1|age|job\n1|42|b\n2|47|c");  // write.table
  CHECK(shown("a,,column_2,\n1,2,3,4\n") == "a|column_2_2|column_2|column_4\n1|2|3|4");
  CHECK(notes_of("a,b\nr,1,2\n").size() == 1);
  CHECK(notes_of(",a\nr,1\n").empty());
}

TEST_CASE("a separator at the end of the lines is no column") {
  for (const char* text : {"a,b,\n1,2,\n3,4,\n", "a,b\n1,2,\n3,4,\n", "a,b,\n1,2\n3,4\n", "a,b,\r\n1,2,\r\n3,4,\r\n"})
    CHECK(shown(text) == "a|b\n1|2\n3|4");
  CHECK(shown("1,2,\n3,4,\n") == "column_1|column_2\n1|2\n3|4");
  CHECK(shown("a,b\n1,\n2,\n") == "a|b\n1|\n2|");  // which has a name
  CHECK(error_of("a,b\n1,2,\n3,4\n") == "t.csv:3: 2 values, but the rows before have 3 and the header has 2");
  CHECK(error_of("a,b\n1,2\n3,4,\n") == "t.csv:3: 3 values, but the header has 2 columns");
}

TEST_CASE("a file without a header") {
  CHECK(shown("a,b\nc,d\n", {.header = false}) == "column_1|column_2\na|b\nc|d");
  CHECK(shown("\"1\",2\n3,4\n") == "1|2\n3|4");  // a quoted name
  CHECK(shown(",2019,2020\nx,1,2\n") == "column_1|2019|2020\nx|1|2");
  CHECK_THROWS_WITH_AS(parse_csv("a,b\n1\n", "t.csv", nullptr, {.header = false}),
                       "t.csv:2: 1 values, but the rows before have 2", meg::Error);
}

TEST_CASE("a quote inside an unquoted value is a character") {
  const std::string text =
      "name,n\n5\" pipe,1\nHotel \"Sun\" East,2\nplain,3\n\"Sun\" Hotel \"West\",4\n\"so\"\"so\",5\n";
  CHECK(shown(text) == "name|n\n5\" pipe|1\nHotel \"Sun\" East|2\nplain|3\nSun Hotel \"West\"|4\nso\"so|5");
  CHECK(notes_of(text) ==
        Texts{"'t.csv': quotes inside unquoted values, and text behind a closing quote, are read as they "
              "stand: 3 values, the first in line 2"});
  CHECK(notes_of("a,b\n\"x\ny\",1\n2,3\"").front().ends_with("1 value, the first in line 4"));
  CHECK(error_of("a,b\nx, \"1,2\"\n").ends_with("write a quote in it twice"));
}

TEST_CASE("every table that is written is read back: any names, any cells") {
  const test::Folder folder;
  const Texts parts{",",    ";",      "\t",         "|",  "\"",  "\n", "\r", " ",
                    "a",    "1",      "2.5",        "-",  "=",   "é",  "漢", "\uFEFF",
                    "PAR1", "ARROW1", "PK\x03\x04", "NA", "\\N", "#",  "'",  std::string(1, '\0')};
  std::mt19937 random(1);
  const auto fail_on_note = [](const std::string& note) { FAIL(note); };
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 3000; ++round) {
    // Few parts a table, so that it is often regular in some way.
    Texts some;
    for (std::size_t i = 0; i < 1 + below(4); ++i) some.push_back(parts[below(parts.size())]);
    const auto text = [&] {
      std::string out;
      for (std::size_t i = below(4); i > 0; --i) out += some[below(some.size())];
      return out;
    };
    std::set<std::string> names;
    for (std::size_t i = 0; i < 1 + below(4); ++i) names.insert(text() + (below(4) == 0 ? "x" : ""));
    names.erase("");
    if (names.empty()) continue;
    std::vector<Texts> rows(1 + below(4), Texts(names.size()));
    for (Texts& row : rows)
      for (std::string& cell : row) cell = text();
    const Table table = test::text_table(Texts(names.begin(), names.end()), rows);
    CAPTURE(shown(table));
    // Whatever the separator, without being told.
    for (const char separator : {',', ';', '\t', '|'}) {
      const meg::CsvPrinter printer(table, {}, separator);
      std::string out;
      printer.append_header(out);
      printer.append_rows(table, out);
      CAPTURE(out);
      const Table back = parse_csv(out, "t.csv", nullptr, {.on_note = fail_on_note});
      REQUIRE(back.names() == table.names());
      REQUIRE(shown(back) == shown(table));
    }
    if (round % 20 != 0) continue;  // files take their time
    const auto path = folder.path / (std::string("t.") + std::array{"csv", "csv.gz", "csv.zst", "tsv"}[below(4)]);
    meg::write_table(table, path);
    const Table back = meg::read_table(path, {.on_note = fail_on_note});
    REQUIRE(back.names() == table.names());
    REQUIRE(shown(back) == shown(table));
  }
}

TEST_CASE("a byte-order mark may stand twice") {
  const test::Folder folder;
  const Table table = meg::read_table(folder.write("t.csv", "\uFEFF\uFEFFa,b\n1,2\n"));
  CHECK(table.names() == Texts{"\uFEFFa", "b"});
  meg::write_table(table, folder.path / "u.csv");
  CHECK(shown(meg::read_table(folder.path / "u.csv")) == shown(table));
}
