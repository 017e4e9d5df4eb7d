#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "core/table/code/text_columns.h"
#include "core/tensor/keyed_permutation.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

using test::Texts;

struct Learned {
  Schema schema;
  TextColumns text;
  explicit Learned(const Texts& cells) {
    const InferredTable table = infer_table(test::text_column("x", cells), {{"x", ColumnType::kIdentifier}});
    schema = table.schema;
    text = TextColumns(table);
  }
  Texts rows(std::uint64_t count, std::uint64_t seed = 5) const {
    Texts out(count);
    for (std::uint64_t r = 0; r < count; ++r) text.append(schema[0], 0, seed, r, out[r]);
    return out;
  }
};

/// write(i) for i in an order that no number runs in.
template <class Write>
Texts shuffled(std::size_t count, const Write& write) {
  Texts out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(write(i * 389 % count));
  return out;
}

std::size_t distinct(const Texts& cells) { return std::set<std::string>(cells.begin(), cells.end()).size(); }

bool all_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

std::string hex(std::size_t i, std::size_t digits) {
  const std::uint64_t bits = 0x9e3779b97f4a7c15ull * (i + 1);
  return fmt::format("{:016x}{:016x}", bits, bits * bits + 0x1234567).substr(0, digits);
}

}  // namespace

TEST_CASE("a permutation takes every place once, another with every key") {
  const Philox random(3, Stream::kText);
  for (const std::uint64_t size : {1, 2, 3, 5, 64, 1000, 1025}) {
    CAPTURE(size);
    std::vector<std::uint64_t> first(size), second(size), all(size);
    std::iota(all.begin(), all.end(), 0u);
    for (std::uint64_t i = 0; i < size; ++i) {
      first[i] = KeyedPermutation(random, 0, 1, size)(i);
      second[i] = KeyedPermutation(random, 0, 2, size)(i);
    }
    if (size > 5) CHECK(first != second);
    if (size > 5) CHECK(first != all);
    std::sort(first.begin(), first.end()), std::sort(second.begin(), second.end());
    CHECK(first == all);
    CHECK(second == all);
  }
}

TEST_CASE("a permutation is the same on every machine") {
  const Philox random(3, Stream::kText);
  const auto of = [&](std::uint64_t number, std::uint64_t size) {
    std::vector<std::uint64_t> out;
    for (const std::uint64_t i : {std::uint64_t{0}, std::uint64_t{1}, size / 2, size - 1})
      out.push_back(KeyedPermutation(random, 4, number, size)(i));
    return out;
  };
  CHECK(of(0, 1000) == std::vector<std::uint64_t>{273, 474, 47, 670});
  CHECK(of(7, 1ull << 40) == std::vector<std::uint64_t>{195477240694, 956330908108, 489907345442, 935989031104});
}

TEST_CASE("a permutation's places are as likely as one another, for single numbers and for neighbours") {
  constexpr std::uint64_t kSize = 11, kTimes = 11000;
  const Philox random(3, Stream::kText);
  std::array<std::array<int, kSize>, kSize> at{}, behind{};  // where i goes; how far i + 1 goes from there
  for (std::uint64_t number = 0; number < kTimes; ++number) {
    const KeyedPermutation place(random, 0, number, kSize);
    for (std::uint64_t i = 0; i < kSize; ++i) {
      ++at[i][place(i)];
      ++behind[i][(place((i + 1) % kSize) + kSize - place(i)) % kSize];
    }
  }
  const auto chi_square = [](const auto& counts, std::size_t first) {
    double sum = 0;
    const double expected = static_cast<double>(kTimes) / static_cast<double>(kSize - first);
    for (std::size_t i = first; i < kSize; ++i) sum += std::pow(counts[i] - expected, 2) / expected;
    return sum;
  };
  for (std::size_t i = 0; i < kSize; ++i) {
    CHECK(chi_square(at[i], 0) < 35);  // 10 degrees of freedom: one in 8,000 is above
    CHECK(behind[i][0] == 0);
    CHECK(chi_square(behind[i], 1) < 33);  // 9
  }
}

TEST_CASE("what all cells of a shape have in a place stays, hexadecimal digits stay so") {
  for (const std::string& cell :
       Learned(shuffled(500, [](std::size_t i) { return fmt::format("0x{}", hex(i, 2)); })).rows(200)) {
    CHECK(cell.size() == 4);
    CHECK(cell.starts_with("0x"));
    CHECK(all_of(cell.substr(2), "0123456789abcdef"));
  }
  for (const std::string& cell : Learned(shuffled(300, [](std::size_t i) {
                                   return fmt::format("9007{:012}", i * 7919999993 % 1'000'000'000'000);
                                 })).rows(200)) {
    CHECK(cell.size() == 16);
    CHECK(cell.starts_with("9007"));
  }
  std::size_t users = 0;
  for (const std::string& cell :
       Learned(shuffled(300, [](std::size_t i) { return fmt::format("user{}@example.com", i); })).rows(300)) {
    CHECK(cell.starts_with("user"));
    CHECK(cell.ends_with("@example.com"));
    users += cell.size() == 19;
  }
  CHECK(users == 200);
  for (const std::string& cell :
       Learned(shuffled(200, [](std::size_t i) { return fmt::format("Größe-{:03}-ä", i); })).rows(50))
    CHECK(cell.starts_with("Größe-"));
}

TEST_CASE("UUIDs stay UUIDs, of one shape") {
  const Learned learned(shuffled(300, [](std::size_t i) {
    const std::string h = hex(i, 32);
    return fmt::format("{}-{}-4{}-{}{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(13, 3), "89ab"[i % 4],
                       h.substr(17, 3), h.substr(20, 12));
  }));
  CHECK(learned.text.to_json().size() < 2000);
  const Texts rows = learned.rows(300);
  CHECK(distinct(rows) == 300);
  for (const std::string& cell : rows) {
    REQUIRE(cell.size() == 36);
    CHECK(all_of(cell, "0123456789abcdef-"));
    CHECK(cell[14] == '4');
    CHECK(all_of(cell.substr(19, 1), "89ab"));
  }
}

TEST_CASE("identifiers come out distinct while there are texts, whatever their lengths") {
  for (const std::uint64_t seed : {0, 1, 2}) {
    CHECK(distinct(Learned(shuffled(300, [](std::size_t i) { return fmt::format("#{:03}", i); })).rows(300, seed)) ==
          300);
    CHECK(distinct(Learned(shuffled(300, [](std::size_t i) { return fmt::format("U{}", i); })).rows(300, seed)) == 300);
    const Learned codes(
        shuffled(200, [](std::size_t i) { return i < 30 ? fmt::format("A{:02}", i) : fmt::format("{:05}-X", i * i); }));
    const Texts rows = codes.rows(3000, seed);
    CHECK(distinct(rows) == 3000);
    // The short ones come at their rate until they are used up.
    CHECK(std::count_if(rows.begin(), rows.begin() + 200, [](const std::string& c) { return c.size() == 3; }) == 30);
    CHECK(std::count_if(rows.begin(), rows.end(), [](const std::string& c) { return c.size() == 3; }) <= 100);
  }
  const Learned learned(shuffled(300, [](std::size_t i) { return hex(i, 12); }));
  CHECK(learned.rows(500, 1) != learned.rows(500, 2));
  std::string json = learned.text.to_json(), cell;
  TextColumns::from_json(json).append(learned.schema[0], 0, 5, 70, cell);
  CHECK(cell == learned.rows(71)[70]);
  CHECK(TextColumns::from_json(json).to_json() == json);
}

TEST_CASE("running numbers run on between what all cells begin and end with") {
  for (const auto& [prefix, digits, suffix] : std::vector<std::tuple<std::string, int, std::string>>{
           {"U", 4, ""}, {"INV-", 6, ""}, {"order #", 3, ""}, {"2024/", 1, "-B7"}, {"", 1, " €"}}) {
    Texts cells;
    for (int i = 0; i < 120; ++i) cells.push_back(fmt::format("{}{:0{}}{}", prefix, 95 + i, digits, suffix));
    const Learned learned(cells);
    const Texts rows = learned.rows(1500);
    CHECK(std::equal(cells.begin(), cells.end(), rows.begin()));
    CHECK(rows[1499] == fmt::format("{}{:0{}}{}", prefix, 1594, digits, suffix));
    std::string cell;
    TextColumns::from_json(learned.text.to_json()).append(learned.schema[0], 0, 5, 150, cell);
    CHECK(cell == rows[150]);
  }
}

TEST_CASE("of what few cells have only the classes of characters stay") {
  Texts cells = shuffled(400, [](std::size_t i) { return fmt::format("AB-{:04}", i * 23); });
  cells[17] = "QX-zebra77";  // nobody's but one cell's
  cells[99] = "QJ-0001";     // of the others' shape
  for (int i = 0; i < 19; ++i) cells[200 + static_cast<std::size_t>(i)] = fmt::format("vip{}{}", "kmq"[i % 3], i);
  const Learned learned(cells);
  const std::string json = learned.text.to_json();
  for (const char* hidden : {"zebra", "QX", "QJ", "vip", "Q"}) CHECK(json.find(hidden) == std::string::npos);
  std::size_t usual = 0;
  for (const std::string& cell : learned.rows(4000)) {
    usual += cell.starts_with("AB-");
    for (const char* hidden : {"zebra", "QX", "QJ", "vip"}) CHECK(cell.find(hidden) == std::string::npos);
  }
  CHECK(usual == doctest::Approx(3800).epsilon(0.01));
  // One text that many rows hold is one person's all the same.
  const Learned repeated(Texts(400, "Ada-Lovelace"));
  CHECK(repeated.text.to_json().find("ovelace") == std::string::npos);
  CHECK(repeated.rows(1)[0].size() == 12);
}

TEST_CASE("long texts make no large model") {
  Texts notes;
  for (std::size_t i = 0; i < 2000; ++i) {
    std::string note;
    for (std::size_t w = 0; w < 5 + i % 60; ++w) note += hex(i * 100 + w, 1 + (i + w) % 9) + (w % 7 == 0 ? ". " : " ");
    notes.push_back(note + "end");
  }
  CHECK(Learned(notes).text.to_json().size() < 400'000);
  Texts codes;
  for (std::size_t i = 0; i < 100'000; ++i) codes.push_back(std::string(40 + i % 80, 'k') + hex(i, 30));
  CHECK(Learned(codes).text.to_json().size() < 300'000);
}
