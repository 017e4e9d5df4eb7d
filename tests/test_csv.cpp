#include <fmt/format.h>

#include <algorithm>
#include <fstream>

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
  CHECK(error_of("a,b\n1\"2,2\n").starts_with("t.csv:2: a quote inside"));
  CHECK(error_of("a,a\n1,2\n").starts_with("t.csv:1: two columns are named 'a'"));
  CHECK(error_of("a,\n1,2\n") == "t.csv:1: column 2 has no name");
  CHECK(error_of(std::string("a,b\n1,\0\n", 8)).starts_with("t.csv:2: a NUL byte"));
  CHECK(error_of("a,b\n1,\xFF\n").starts_with("t.csv:2: not UTF-8"));
  CHECK(error_of("a\n\xED\xA0\x80\n").starts_with("t.csv:2: not UTF-8"));
  CHECK(error_of("a\n" + std::string(2 << 20, 'x')).starts_with("t.csv:2: a line over 1 MiB"));
}

TEST_CASE("what is given in a table's place is called by its name") {
  CHECK(error_of("PK\x03\x04").starts_with("'t.csv' is a zip archive"));
  CHECK(parse_csv("PK,name\n1,x\n", "t.csv").names()[0] == "PK");
  CHECK(error_of(std::string("\xFF\xFE") + std::string("a\0,\0", 4)).starts_with("'t.csv' is UTF-16"));
  CHECK(error_of(std::string("\xFE\xFF") + std::string("\0a\0,", 4)).starts_with("'t.csv' is UTF-16"));
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
  for (const char* text : {"a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n, z\n", "a\n\"\"\n1\n", "a;b\n1,5;\"2;5\"\n"}) {
    meg::CsvStyle style;
    const Table t = parse_csv(text, "t.csv", &style);
    const meg::CsvPrinter printer(t, {}, style.delimiter);
    std::string out;
    printer.append_header(out);
    printer.append_rows(t, out);
    CHECK(out == text);
  }
}
