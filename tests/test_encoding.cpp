#include <fmt/format.h>
#include <iconv.h>

#include "core/compression/compression.h"
#include "core/table/read/encoding.h"
#include "meg/error.h"
#include "meg/files.h"
#include "tests/folder.h"
#include "tests/support.h"
#include "tests/tables.h"

using meg::Error;
using meg::ReadOptions;
using meg::Table;
using test::cell;

namespace {

/// UTF-8 text in another encoding.
std::string encoded(std::string text, const char* encoding) {
  const iconv_t handle = iconv_open(encoding, "UTF-8");
  REQUIRE(handle != reinterpret_cast<iconv_t>(-1));
  std::string out(4 * text.size() + 16, '\0');
  char *from = text.data(), *to = out.data();
  std::size_t left = text.size(), room = out.size();
  CHECK(iconv(handle, &from, &left, &to, &room) != static_cast<std::size_t>(-1));
  iconv_close(handle);
  out.resize(out.size() - room);
  return out;
}

struct Sample {
  const char *encoding, *text;
};
constexpr Sample kSamples[] = {
    {"WINDOWS-1252", "name,city\nMüller,Zürich\nJosé,Málaga\n“quoted”,don’t – 5 €\n"},
    {"WINDOWS-1251", "имя,город\nИван,Москва\nАнна,Казань\n"},
    {"KOI8-R", "имя,город\nИван,Москва\nАнна,Казань\n"},
    {"SHIFT_JIS", "名前,都市\n山田太郎,東京\nカタカナ,ひらがな\n"},
    {"EUC-JP", "名前,都市\n山田太郎さん,東京です\nカタカナ,ひらがな\n"},
    {"EUC-KR", "이름,도시\n김철수,서울\n이영희,부산\n"},
    {"BIG5", "姓名,城市\n王小明,台北\n陳美麗,高雄\n"},
    {"GB18030", "姓名,城市\n王小明,北京\n李娜,上海\n"},
    {"UTF-16LE", "name,city\nMüller,Zürich\n"},
    {"UTF-16BE", "name,city\nMüller,Zürich\n"},
    {"UTF-32LE", "name,city\nMüller,Zürich\n"},
};

}  // namespace

TEST_CASE("an error names the encoding that a file probably has, and by that name it is read") {
  const test::Folder folder;
  for (const Sample& sample : kSamples) {
    const std::string encoding = sample.encoding, text = sample.text;
    CAPTURE(encoding);
    const std::string path = folder.write("t.csv", encoded(text, sample.encoding));
    CHECK_THROWS_WITH_AS(meg::read_table(path), doctest::Contains(fmt::format("`encoding={}`", encoding).c_str()),
                         Error);
    const Table table = meg::read_table(path, {.encoding = encoding}), expected = meg::parse_csv(text, "t.csv");
    CHECK(table.names() == expected.names());
    REQUIRE(table.rows() == expected.rows());
    for (std::size_t r = 0; r < table.rows(); ++r)
      for (std::size_t c = 0; c < table.columns(); ++c) CHECK(cell(table, r, c) == cell(expected, r, c));
  }
}

TEST_CASE("UTF-16 with its mark is told at once and read by its name") {
  const test::Folder folder;
  for (const char* order : {"UTF-16LE", "UTF-16BE"}) {
    const std::string path = folder.write("t.csv", encoded("\uFEFFa,b\n1,é\n", order));
    CHECK_THROWS_WITH_AS(meg::read_table(path), doctest::Contains("is text in UTF-16: name it with `encoding=UTF-16`"),
                         Error);
    for (const char* name : {"UTF-16", "utf-16", order}) {
      const Table table = meg::read_table(path, {.encoding = name});
      CHECK(table.names() == std::vector<std::string>{"a", "b"});
      CHECK(cell(table, 0, 1) == "é");
    }
  }
}

TEST_CASE("an encoding is converted piece by piece, of compressed files too") {
  const test::Folder folder;
  std::string text = "number,word\n";
  for (int i = 0; text.size() < (std::size_t{5} << 20); ++i)
    text += fmt::format("{},{}é漢\n", i, std::string(i % 7, 'x'));
  const Table expected = meg::parse_csv(text, "t.csv");
  for (const char* encoding : {"UTF-16", "GB18030", "UTF-8"}) {
    const std::string bytes = encoded(text, encoding);
    std::string packed;
    meg::make_gzip_compressor()->compress(bytes, /*last=*/true, packed);
    for (const std::string& file : {bytes, packed}) {
      const Table table = meg::read_table(folder.write("t.csv", file), {.encoding = encoding});
      REQUIRE(table.rows() == expected.rows());
      std::size_t differ = 0;
      for (std::size_t r = 0; r < table.rows(); ++r) differ += table[1].text(r) != expected[1].text(r);
      CHECK(differ == 0);
    }
  }
}

TEST_CASE("what cannot be converted is named with its place") {
  const test::Folder folder;
  const auto error_of = [&](const std::string& text, const char* encoding) -> std::string {
    try {
      meg::read_table(folder.write("t.csv", text), {.encoding = encoding});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(error_of("a,b\n1,2\n", "klingon").starts_with("there is no `encoding` 'klingon'"));
  CHECK(error_of("a,b\n1,2\n3,\xFF\n", "UTF-8")
            .ends_with(
                "t.csv', line 3: the byte 0xFF, number 11 of the file, is no text in UTF-8; name another `encoding`"));
  CHECK(
      error_of(encoded("a,b\n1,2\n", "UTF-16LE").substr(0, 15), "UTF-16LE").find("ends in the middle of a character") !=
      std::string::npos);
  CHECK(error_of(std::string("a,b\n1,\0\n", 8), "WINDOWS-1252")
            .ends_with("t.csv:2: a NUL byte; the file is no text in WINDOWS-1252"));
  CHECK_THROWS_WITH_AS(meg::parse_csv(std::string("a,b\n1,\0\n", 8), "t.csv"),
                       "t.csv:2: a NUL byte; this is not a text file", Error);
}
