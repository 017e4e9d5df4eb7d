#include "core/table/infer/suggest_sdtype.h"

#include <algorithm>
#include <array>

#include "core/table/infer/column_name.h"
#include "core/table/infer/number.h"
#include "core/table/infer/schema.h"
#include "core/table/infer/text_kind.h"
#include "core/table/standin/iban.h"

namespace meg {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::size_t digits(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_digit));
}
bool has_digit(std::string_view text) { return digits(text) > 0; }
bool has_blank(std::string_view text) { return text.find(' ') != text.npos; }

bool is_name(std::string_view text) { return has_blank(text) && !has_digit(text); }
bool is_one_name(std::string_view text) { return text.size() > 1 && text.size() < 30 && !has_digit(text); }
bool is_user_name(std::string_view text) { return text.size() > 2 && !has_blank(text); }
bool is_phone(std::string_view text) {
  return digits(text) >= 6 && digits(text) <= 15 && text.find_first_not_of("0123456789+-()./ x") == text.npos;
}
bool is_street(std::string_view text) { return has_blank(text) && has_digit(text); }
bool is_postcode(std::string_view text) { return text.size() >= 3 && text.size() <= 10 && has_digit(text); }
bool is_place(std::string_view text) { return text.size() > 1 && !has_digit(text); }
bool is_title(std::string_view text) { return text.size() > 1 && text.size() < 60; }

struct Named {
  std::string_view sdtype;
  std::array<std::string_view, 8> names;  // what a column's name ends in, without blanks and signs
  bool (*fits)(std::string_view);
  bool even_if_learned;
};
constexpr std::array<Named, 12> kNamed{{
    {"first_name", {"firstname", "givenname", "forename", "vorname", "prenom"}, is_one_name, true},
    {"last_name", {"lastname", "surname", "familyname", "nachname"}, is_one_name, true},
    {"user_name", {"username", "login", "nickname"}, is_user_name, true},
    {"company", {"companyname", "company", "employer", "organisation", "organization"}, is_title, false},
    {"city", {"cityname", "city", "town"}, is_place, false},
    {"country", {"countryname", "country"}, is_place, false},
    {"name", {"name"}, is_name, true},
    {"phone", {"phone", "phonenumber", "telephone", "tel", "mobile", "cell", "fax"}, is_phone, true},
    {"address", {"address", "addressline"}, is_street, true},
    {"street", {"street", "streetaddress", "strasse"}, is_street, true},
    {"postcode", {"postcode", "postalcode", "zip", "zipcode", "plz"}, is_postcode, false},
    {"job", {"job", "jobtitle", "occupation", "profession"}, is_title, false},
}};

/// A name without its signs, in small letters, where it ends in one of the words that stands by itself.
bool ends_in(std::string_view name, std::string_view word) {
  std::string packed;
  for (const char c : in_small_letters(name))
    if ((c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80) packed += c;
  if (!packed.ends_with(word)) return false;
  const std::string last = last_word(name);
  return packed == word || last == word || (word.size() > last.size() && !last.empty() && word.ends_with(last));
}

}  // namespace

std::string suggest_sdtype(const ColumnSchema& column, std::string_view kind_of_values,
                           std::span<const std::string_view> values) {
  constexpr std::array<std::array<std::string_view, 2>, 5> kKinds{{{"e-mail addresses", "email"},
                                                                   {"IPv4 addresses", "ipv4"},
                                                                   {"MAC addresses", "mac"},
                                                                   {"UUIDs", "uuid"},
                                                                   {"web addresses", "url"}}};
  for (const auto& [kind, sdtype] : kKinds)
    if (kind_of_values == kind) return std::string(sdtype);
  if (most_are(values, is_iban)) return "iban";
  for (const Named& named : kNamed) {
    if (!named.even_if_learned && is_modelled(column.type)) continue;
    const bool is_named = std::any_of(named.names.begin(), named.names.end(), [&](std::string_view word) {
      return !word.empty() && ends_in(column.name, word);
    });
    if (is_named && most_are(values, named.fits)) return std::string(named.sdtype);
  }
  return {};
}

}  // namespace meg
