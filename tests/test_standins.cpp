#include <fmt/format.h>

#include <array>
#include <fstream>
#include <limits>
#include <regex>
#include <set>

#include "core/table/code/text_columns.h"
#include "core/table/standin/iban.h"
#include "core/table/standin/lists.h"
#include "core/table/standin/sdtype.h"
#include "meg/meg.h"
#include "tests/folder.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

using test::Texts;

bool has_lists() {
  if (StandInLists::built_in().find("en_US")) return true;
  MESSAGE("this meg was built without the lists of stand-ins");
  return false;
}

AskedType asked(const std::string& sdtype, const std::string& locale = {}, ColumnType type = ColumnType::kText) {
  AskedType out(type);
  out.sdtype = sdtype, out.locale = locale;
  return out;
}

/// Columns that all have these cells, and what stands for them.
struct Learned {
  Schema schema;
  TextColumns text;
  Learned(const std::vector<AskedType>& columns, const Texts& cells = {"Xq1", "Xq2", "Xq3"}) {
    std::vector<NamedArray> arrays;
    AskedTypes types;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      arrays.push_back({fmt::format("c{}", c), Array::texts(cells)});
      types[arrays.back().name] = columns[c];
    }
    const InferredTable table = infer_table(Table(std::move(arrays), /*is_text=*/true), types);
    schema = table.schema;
    text = TextColumns(table);
  }
  std::string cell(std::uint64_t row, std::size_t column = 0, std::uint64_t seed = 5) const {
    std::string out;
    text.append(schema[column], column, seed, row, out);
    return out;
  }
  Texts cells(std::uint64_t rows, std::size_t column = 0, std::uint64_t seed = 5) const {
    Texts out;
    for (std::uint64_t r = 0; r < rows; ++r) out.push_back(cell(r, column, seed));
    return out;
  }
};

std::size_t distinct(const Texts& cells) { return std::set<std::string>(cells.begin(), cells.end()).size(); }

bool all_match(const Texts& cells, const std::string& pattern) {
  const std::regex regex(pattern);
  for (const std::string& cell : cells)
    if (!std::regex_match(cell, regex)) {
      CAPTURE(cell);
      CHECK(cell == pattern);
      return false;
    }
  return true;
}

constexpr std::uint64_t kMany = 10'000;

/// Whole lists of one locale, so small that they run out.
constexpr std::string_view kSmall =
    "# a licence\nlocale\txx_XX\nlist\tfirst_name\tAnn\tBob\nlist\tlast_name\tLee\tMay\tOrr\n"
    "list\tfirst_login\tann\tbob\nlist\tlast_login\tlee\tmay\torr\n"
    "pattern\tstreet\t% {{last_name}} Way\t{{first_name}}gate\npattern\tcity\tSmalltown\n";

}  // namespace

TEST_CASE("stand-ins that need no lists look right, and differ") {
  const Learned learned({asked("ipv4"), asked("mac"), asked("uuid"), asked("iban")});
  const std::array<std::string, 4> patterns{
      "10(\\.(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])){3}", "[0-9a-f][26ae](:[0-9a-f]{2}){5}",
      "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "GB\\d\\d[A-Z]{4}\\d{14}"};
  for (std::size_t c = 0; c < patterns.size(); ++c) {
    const Texts cells = learned.cells(kMany, c);
    CHECK(all_match(cells, patterns[c]));
    CHECK(distinct(cells) == kMany);
    CHECK(learned.cells(10, c, 6) != learned.cells(10, c, 5));
  }
}

TEST_CASE("an IBAN has the check digits of ISO 7064") {
  // The examples of the IBAN registry.
  CHECK(iban_check_digits("DE", "370400440532013000") == "89");
  CHECK(iban_check_digits("GB", "NWBK60161331926819") == "29");
  CHECK(iban_check_digits("SE", "50000000058398257466") == "45");
  CHECK(is_iban("FR14 2004 1010 0505 0001 3M02 606"));
  CHECK(!is_iban("FR15 2004 1010 0505 0001 3M02 606"));
  CHECK(!is_iban("hello"));
  for (const char* locale : {"en_US", "de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE"})
    for (const std::string& iban : Learned({asked("iban", locale)}).cells(200)) CHECK(is_iban(iban));
  CHECK(Learned({asked("iban", "de_DE")}).cell(3).size() == 22);
  CHECK_THROWS_WITH_AS(Learned({asked("iban", "xx_XX")}),
                       doctest::Contains("no IBANs of the locale 'xx_XX'; there are en_US"), Error);
}

TEST_CASE("phone numbers are grouped as the column's are, and have none of their other digits") {
  Texts cells;
  for (int i = 0; i < 40; ++i) cells.push_back(fmt::format("+49 7777 {:05}", 77000 + i));
  for (int i = 0; i < 40; ++i) cells.push_back(fmt::format("(077) 777-{}", 7700 + i));
  cells.push_back("1-2-3-4-5");
  cells.push_back("call Ann");
  const Learned learned({asked("phone")}, cells);
  const Texts made = learned.cells(kMany);
  CHECK(all_match(made, "\\+49 [1-9]\\d{3} \\d{5}|\\(0[1-9]\\d\\) \\d{3}-\\d{4}"));
  CHECK(distinct(made) == kMany);
  const std::string json = learned.text.to_json();
  CHECK(json.find("777") == json.npos);
  CHECK(json.find("Ann") == json.npos);
  CHECK(all_match(Learned({asked("phone")}, {"030 1", "2 3 4"}).cells(100), "[1-9]\\d\\d \\d{3} \\d{4}"));
}

TEST_CASE("the cells of a row agree on its person, and a second column of an sdtype has another") {
  if (!has_lists()) return;
  const Learned learned({asked("name"), asked("first_name"), asked("last_name"), asked("email"), asked("user_name"),
                         asked("url"), asked("name")});
  std::size_t same = 0;
  for (std::uint64_t r = 0; r < 1000; ++r) {
    const std::string name = learned.cell(r, 0), first = learned.cell(r, 1), last = learned.cell(r, 2);
    CHECK(name == first + " " + last);
    same += name == learned.cell(r, 6);
    if (!std::regex_match(first + last, std::regex("[A-Za-z]+"))) continue;
    std::string low = first + "." + last;
    for (char& c : low) c = static_cast<char>(std::tolower(c));
    const std::string low_last = low.substr(first.size() + 1);
    CHECK(learned.cell(r, 3).starts_with(low + "@example."));
    CHECK(all_match({learned.cell(r, 4)}, low.substr(0, 1) + low_last + "\\d+"));
    CHECK(learned.cell(r, 5) == "https://www." + low_last + ".example/" + low.substr(0, first.size()));
  }
  CHECK(same < 5);
}

TEST_CASE("an address is made of the street, the postcode and the city of its row") {
  if (!has_lists()) return;
  for (const char* locale : {"en_US", "de_DE", "pt_BR"}) {
    const Learned learned(
        {asked("address", locale), asked("street", locale), asked("postcode", locale), asked("city", locale)});
    for (std::uint64_t r = 0; r < 100; ++r)
      for (std::size_t c = 1; c < 4; ++c) CHECK(learned.cell(r, 0).find(learned.cell(r, c)) != std::string::npos);
  }
}

TEST_CASE("every sdtype has every locale, without marks of a pattern left") {
  if (!has_lists()) return;
  for (const char* locale : {"en_US", "en_GB", "de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE"})
    for (const Sdtype& sdtype : sdtypes()) {
      CAPTURE(locale);
      CAPTURE(sdtype.name);
      for (const std::string& cell : Learned({asked(std::string(sdtype.name), locale)}).cells(100)) {
        CHECK(!cell.empty());
        CHECK(cell.find_first_of("{}#%?\t\n") == cell.npos);
      }
    }
  CHECK_THROWS_WITH_AS(Learned({asked("name", "xx_XX")}),
                       doctest::Contains("no lists of the locale 'xx_XX'; there are en_US"), Error);
}

TEST_CASE("names, addresses of all kinds and accounts differ over many rows") {
  if (!has_lists()) return;
  for (const char* sdtype : {"name", "email", "user_name", "url", "street", "address", "company", "iban", "uuid"}) {
    CAPTURE(sdtype);
    CHECK(distinct(Learned({asked(sdtype)}).cells(kMany)) == kMany);
  }
  // All 690,000 pairs of names: the next round has initials and numbers.
  const Learned learned({asked("name"), asked("email")});
  CHECK(all_match({learned.cell(3'000'000, 0)}, "\\S+ [A-Z]\\. .+"));
  CHECK(all_match({learned.cell(3'000'000, 1)}, "[a-z]+\\.[a-z]+[1-9]@example\\..*"));
}

TEST_CASE("lists that run out begin again, and what can differ still does") {
  const StandInLists lists(kSmall);
  const auto cells = [&](std::string_view sdtype, std::uint64_t rows) {
    Texts out(rows);
    for (std::uint64_t r = 0; r < rows; ++r)
      sdtype_of(sdtype).append(
          {.random = Philox(1, Stream::kStandIn), .row = r, .locale = "xx_XX", .lists = &lists.of("xx_XX")}, out[r]);
    return out;
  };
  for (const char* sdtype : {"name", "email", "user_name", "url"}) {
    CAPTURE(sdtype);
    CHECK(distinct(cells(sdtype, 6 * 2000)) == 6 * 2000);
  }
  CHECK(distinct(cells("first_name", 50)) == 2);
  // 27 texts of one pattern and 2 of the other: in 14 rounds of two rows the second hands 12 rows to the first.
  CHECK(distinct(cells("street", 28)) == 28);
  CHECK(distinct(cells("street", 1000)) == 29);
  CHECK(distinct(cells("city", 10)) == 1);
}

TEST_CASE("a row's cells are the same in any cut of the rows, from a model file, and at any place of the schema") {
  std::vector<AskedType> columns{asked("iban"), asked("mac"), asked("phone")};
  if (has_lists()) columns.push_back(asked("address")), columns.push_back(asked("company"));
  const Learned learned(columns);
  const TextColumns loaded = TextColumns::from_json(learned.text.to_json());
  CHECK(loaded.to_json() == learned.text.to_json());
  std::vector<double> values(300, 0.0);
  values[7] = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const Array all = learned.text.made(learned.schema[c], c, 5, 0, values);
    const Array some = loaded.made(learned.schema[c], c, 5, 100, std::span(values).subspan(100));
    CHECK(all.is_null(7));
    for (std::size_t r = 0; r < some.size(); ++r) CHECK(some.text(r) == all.text(100 + r));
  }
}

TEST_CASE("an sdtype makes the column text, whatever it was, and leaves nothing of its cells") {
  const Table table = parse_csv("town,x\nOldcastle,7001\nOldcastle,7002\nNewmarket,7003\n", "t.csv");
  for (const ColumnType type : {ColumnType::kText, ColumnType::kCategorical, ColumnType::kIdentifier}) {
    const InferredTable read = infer_table(table, {{"town", asked("ipv4", "", type)}, {"x", asked("uuid")}});
    CHECK(read.schema[0].type == (type == ColumnType::kIdentifier ? type : ColumnType::kText));
    CHECK(read.schema[1].type == ColumnType::kText);
    CHECK(output_type(read.schema[1]).id == TypeId::kUtf8);
    const std::string json = schema_to_json(read.schema) + TextColumns(read).to_json();
    for (const char* old : {"castle", "market", "700"}) CHECK(json.find(old) == json.npos);
    CHECK(schema_from_json(schema_to_json(read.schema))[0].sdtype == "ipv4");
  }
  // Of a typed table too.
  const Table typed({{"x", Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>{5, 6, 7})}});
  CHECK(output_type(infer_schema(typed, {{"x", asked("mac")}})[0]).id == TypeId::kUtf8);
}

TEST_CASE("a model of either preset holds no cell of a column of stand-ins, and makes them again when loaded") {
  const test::Folder folder;
  std::string csv = "mail,account,x\n";
  for (int i = 0; i < 100; ++i) csv += fmt::format("zebra{}@quagga.test,QUAGGA{},{}\n", i % 50, 1000 + i * i, i % 9);
  for (const char* preset : {"meg", "classic"}) {
    CAPTURE(preset);
    Options options;
    options.preset = preset;
    options.types = {{"mail", asked(has_lists() ? "email" : "uuid")}, {"account", asked("iban")}};
    if (options.preset == "meg") options.meg.refine_steps = 0;
    Meg model(options);
    model.load_data(parse_csv(csv, "t.csv"));
    model.train(1, 64);
    model.save_model(folder.path / "m.meg");
    std::ifstream in(folder.path / "m.meg", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    CHECK(bytes.find("zebra") == bytes.npos);
    CHECK(bytes.find("uagga") == bytes.npos);
    CHECK(bytes.find("QUAGGA") == bytes.npos);
    const Table rows = model.generate(50, 9);
    CHECK(is_iban(test::cell(rows, 3, "account")));
    CHECK(to_csv(Meg::load_model(folder.path / "m.meg").generate(50, 9)) == to_csv(rows));
    CHECK(to_csv(model.generate(50, 9)) == to_csv(rows));
    CHECK(test::cell(model.generate(20, 9), 19, "mail") == test::cell(rows, 19, "mail"));
  }
}

TEST_CASE("a schema file says sdtypes, and what it says wrong is one sentence") {
  const test::Folder folder;
  const auto read = [&](const std::string& json) { return read_schema_file(folder.write("s.json", json)).types; };
  const AskedTypes types =
      read(R"([{"name": "a", "sdtype": "iban", "locale": "de_DE"}, {"name": "b", "type": "identifier", "sdtype": "mac"},
               {"name": "c", "type": "text", "maybe_sdtype": "email"}])");
  CHECK(types.at("a").sdtype == "iban");
  CHECK(types.at("a").locale == "de_DE");
  CHECK(types.at("a").type == ColumnType::kText);
  CHECK(types.at("b").type == ColumnType::kIdentifier);
  CHECK(types.at("c").sdtype.empty());  // a hint is not obeyed
  CHECK_THROWS_WITH_AS(
      read(R"([{"name": "a", "sdtype": "emial"}])"),
      doctest::Contains("column 'a': there is no sdtype 'emial'; there are name, first_name, last_name, email"), Error);
  CHECK_THROWS_WITH_AS(read(R"([{"name": "a", "type": "text", "locale": "de_DE"}])"),
                       doctest::Contains("column 'a' has a locale but no sdtype"), Error);
  Options options;
  set_option(options, "types", "a=uuid,b=categorical");
  CHECK(options.types.at("a").sdtype == "uuid");
  CHECK(options.types.at("b").type == ColumnType::kCategorical);
}

TEST_CASE("without lists an error says what to install") {
  const StandInLists none("");
  CHECK(none.find("en_US") == nullptr);
  CHECK_THROWS_WITH_AS(none.of("en_US"), doctest::Contains("run scripts/install_dependencies"), Error);
  CHECK_THROWS_WITH_AS(StandInLists("list\tfirst_name\tAnn\n"), doctest::Contains("are damaged at 'list first_name'"),
                       Error);
  if (StandInLists::built_in().find("en_US")) return;
  CHECK_THROWS_WITH_AS(Learned({asked("name")}), doctest::Contains("run scripts/install_dependencies"), Error);
  CHECK(Learned({asked("mac")}).cell(0).size() == 17);
}

TEST_CASE("a column's name and cells suggest an sdtype") {
  const auto suggested = [](const std::string& name, const std::function<std::string(int)>& cell) {
    Texts cells;
    for (int i = 0; i < 60; ++i) cells.push_back(cell(i));
    return infer_schema(test::text_column(name, cells))[0].maybe_sdtype;
  };
  const auto person = [](int i) { return fmt::format("Person{} Lee", static_cast<char>('a' + i % 26)); };
  CHECK(suggested("contact", [](int i) { return fmt::format("p{}@quagga.test", i); }) == "email");
  CHECK(suggested("host", [](int i) { return fmt::format("10.0.0.{}", i); }) == "ipv4");
  CHECK(suggested("IBAN", [](int i) {
          return "SE" + iban_check_digits("SE", fmt::format("{:020}", i)) + fmt::format("{:020}", i);
        }) == "iban");
  CHECK(suggested("home_phone", [](int i) { return fmt::format("+49 30 1234{:03}", i); }) == "phone");
  CHECK(suggested("customer name", person) == "name");
  CHECK(suggested("customerName", person) == "name");
  CHECK(suggested("FirstName", [](int i) { return fmt::format("Ann{}", static_cast<char>('a' + i % 26)); }) ==
        "first_name");
  CHECK(suggested("filename", person).empty());
  CHECK(suggested("name", [](int i) { return fmt::format("bolt M{}", i); }).empty());
  CHECK(suggested("city", [](int i) { return i % 2 ? "Rome" : "Oslo"; }).empty());  // is learned
  CHECK(suggested("phone", person).empty());
}
