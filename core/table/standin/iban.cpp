#include "core/table/standin/iban.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/fail.h"

namespace meg {

namespace {

struct Country {
  std::string_view locale, code, account;  // # is a digit, ? a capital
};
// Of the SWIFT IBAN registry.
constexpr std::array<Country, 10> kCountries{{{"en_US", "GB", "????##############"},
                                              {"en_GB", "GB", "????##############"},
                                              {"de_DE", "DE", "##################"},
                                              {"es_ES", "ES", "####################"},
                                              {"fr_FR", "FR", "#######################"},
                                              {"it_IT", "IT", "?######################"},
                                              {"nl_NL", "NL", "????##########"},
                                              {"pl_PL", "PL", "########################"},
                                              {"pt_BR", "BR", "#######################??"},
                                              {"sv_SE", "SE", "####################"}}};
/// As many digits are ranked, so that no two rows share them; the rest are drawn.
constexpr std::size_t kRankedDigits = 18;

const Country& country_of(std::string_view locale) {
  std::vector<std::string_view> names;
  for (const Country& country : kCountries) {
    if (country.locale == locale) return country;
    names.push_back(country.locale);
  }
  fail("there are no IBANs of the locale '{}'; there are {}", locale, fmt::join(names, ", "));
}

/// The remainder by 97 of digits and letters, of which A is 10.
int remainder(std::string_view text) {
  int out = 0;
  for (const char c : text) out = c >= '0' && c <= '9' ? (out * 10 + c - '0') % 97 : (out * 100 + c - 'A' + 10) % 97;
  return out;
}

}  // namespace

std::string iban_check_digits(std::string_view country, std::string_view account) {
  return fmt::format("{:02}", 98 - remainder(fmt::format("{}{}00", account, country)));
}

bool is_iban(std::string_view text) {
  constexpr std::size_t kShortest = 15, kLongest = 34;
  std::string packed;
  for (const char c : text)
    if (c != ' ') packed += c;
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto fits = [&](char c) { return is_capital(c) || (c >= '0' && c <= '9'); };
  if (packed.size() < kShortest || packed.size() > kLongest || !std::all_of(packed.begin(), packed.end(), fits) ||
      !is_capital(packed[0]) || !is_capital(packed[1]))
    return false;
  return remainder(packed.substr(4) + packed.substr(0, 4)) == 1;
}

void append_iban(const StandInRow& row, std::string& out) {
  const Country& country = country_of(row.locale);
  const auto digits = static_cast<std::size_t>(std::count(country.account.begin(), country.account.end(), '#'));
  std::uint64_t accounts = 1;
  for (std::size_t i = 0; i < std::min(digits, kRankedDigits); ++i) accounts *= 10;
  std::uint64_t rank = row.ranked("iban", accounts).rank;
  std::string account(country.account);
  std::uint32_t drawn = 0;
  std::size_t ranked = 0;
  const auto draw = [&](std::uint32_t size) {
    const std::uint32_t word = row.bits("iban", 2 + drawn / 4)[drawn % 4];
    ++drawn;
    return static_cast<char>(word % size);
  };
  for (char& c : account)
    if (c == '?') {
      c = static_cast<char>('A' + draw(26));
    } else if (ranked++ < kRankedDigits) {
      c = static_cast<char>('0' + rank % 10);
      rank /= 10;
    } else {
      c = static_cast<char>('0' + draw(10));
    }
  out += country.code;
  out += iban_check_digits(country.code, account);
  out += account;
}

}  // namespace meg
