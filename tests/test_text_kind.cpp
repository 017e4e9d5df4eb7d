#include <fmt/format.h>

#include "core/table/infer/text_kind.h"
#include "tests/support.h"

using namespace meg;

namespace {

template <class Cell>
std::string kind_of(const Cell& cell) {
  std::vector<std::string> cells;
  for (int i = 0; i < 40; ++i) cells.push_back(cell(i));
  return text_kind(std::vector<std::string_view>(cells.begin(), cells.end()));
}

}  // namespace

TEST_CASE("texts are called what they are") {
  CHECK(kind_of([](int i) { return fmt::format(R"({{"n": {}, "tags": ["a"]}})", i); }) == "JSON");
  CHECK(kind_of([](int i) { return fmt::format("10.0.{}.{}", i, i * 5 % 256); }) == "IPv4 addresses");
  CHECK(kind_of([](int i) { return fmt::format("00:1b:44:11:3a:{:02x}", i); }) == "MAC addresses");
  CHECK(kind_of([](int i) { return fmt::format("00-1B-44-11-3A-{:02X}", i); }) == "MAC addresses");
  CHECK(kind_of([](int i) { return fmt::format("123e4567-e89b-12d3-a456-4266141740{:02x}", i); }) == "UUIDs");
  CHECK(kind_of([](int i) { return fmt::format("{:032x}", i * 7919); }) == "hashes");
  CHECK(kind_of([](int i) { return fmt::format("user{}@example.org", i); }) == "e-mail addresses");
  CHECK(kind_of([](int i) { return fmt::format("https://example.org/{}", i); }) == "web addresses");
  CHECK(kind_of([](int i) { return fmt::format("48°{}'24\"N", i); }) == "positions in degrees and minutes");
  CHECK(kind_of([](int i) { return fmt::format("red;{};blue", i % 3 == 0 ? "green" : "black"); }) == "lists with ;");
  CHECK(kind_of([](int i) { return fmt::format("the {} quick brown foxes jump", i); }) == "sentences");
  // And what is none of these.
  CHECK(kind_of([](int i) { return fmt::format("10.0.{}", i); }).empty());
  CHECK(kind_of([](int i) { return fmt::format("10.0.{}.{}", i, 256 + i); }).empty());
  CHECK(kind_of([](int i) { return fmt::format("AB{:05}", i); }).empty());
  CHECK(kind_of([](int i) { return i % 2 == 0 ? fmt::format("user{}@example.org", i) : "x"; }).empty());
  CHECK(text_kind({}).empty());
}
