#include "core/table/standin/person.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "core/table/standin/lists.h"

namespace meg {

namespace {

// The login is the name in a-z; no two names of a list share one.
std::string_view first_login(const StandInRow& row, const Person& p) {
  return row.lists->words("first_login")[p.first];
}
std::string_view last_login(const StandInRow& row, const Person& p) { return row.lists->words("last_login")[p.last]; }

/// Nothing in the first round, then 2, 3, ...
void append_round(const Person& person, std::string& out) {
  if (person.round > 0) out += fmt::to_string(person.round + 1);
}

}  // namespace

Person person_of(const StandInRow& row) {
  const std::size_t firsts = row.lists->words("first_name").size(), lasts = row.lists->words("last_name").size();
  const auto [rank, round] = row.ranked("person", firsts * lasts);
  return {rank % firsts, rank / firsts, round};
}

void append_first_name(const StandInRow& row, std::string& out) {
  out += row.lists->words("first_name")[person_of(row).first];
}

void append_last_name(const StandInRow& row, std::string& out) {
  out += row.lists->words("last_name")[person_of(row).last];
}

void append_name(const StandInRow& row, std::string& out) {
  const Person person = person_of(row);
  out += row.lists->words("first_name")[person.first];
  out += ' ';
  for (std::uint64_t left = person.round; left > 0; left = (left - 1) / 26)
    out += {static_cast<char>('A' + (left - 1) % 26), '.', ' '};
  out += row.lists->words("last_name")[person.last];
}

void append_email(const StandInRow& row, std::string& out) {
  constexpr std::array<std::string_view, 3> kDomains{"example.com", "example.net", "example.org"};
  const Person person = person_of(row);
  fmt::format_to(std::back_inserter(out), "{}.{}", first_login(row, person), last_login(row, person));
  append_round(person, out);
  out += '@';
  out += kDomains[row.bits("email")[0] % kDomains.size()];
}

// Of the persons that share an initial and a last name no two have the first name and the round, of which the number is
// made.
void append_user_name(const StandInRow& row, std::string& out) {
  const Person person = person_of(row);
  const std::uint64_t firsts = row.lists->words("first_name").size();
  const KeyedPermutation number(row.random, row.position("user_name"), person.last, firsts);
  fmt::format_to(std::back_inserter(out), "{}{}{}", first_login(row, person).substr(0, 1), last_login(row, person),
                 number(person.first) + firsts * person.round);
}

void append_url(const StandInRow& row, std::string& out) {
  const Person person = person_of(row);
  fmt::format_to(std::back_inserter(out), "https://www.{}.example/{}", last_login(row, person),
                 first_login(row, person));
  append_round(person, out);
}

}  // namespace meg
