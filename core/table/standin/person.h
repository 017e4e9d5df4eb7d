#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/table/standin/row.h"

namespace meg {

/// The person of a row: each pair of a first and a last name once before any comes again, in the next round.
struct Person {
  std::size_t first = 0, last = 0;  ///< places in the lists
  std::uint64_t round = 0;
};
Person person_of(const StandInRow& row);

void append_first_name(const StandInRow& row, std::string& out);
void append_last_name(const StandInRow& row, std::string& out);
/// Ann Smith; in later rounds Ann B. Smith, ...: no two rows have one name.
void append_name(const StandInRow& row, std::string& out);
/// ann.smith@example.com, in later rounds ann.smith2@...: no two rows have one address. RFC 2606 keeps the domains
/// free, so that mail reaches nobody.
void append_email(const StandInRow& row, std::string& out);
/// asmith417: no two rows have one.
void append_user_name(const StandInRow& row, std::string& out);
/// https://www.smith.example/ann, in later rounds ann2: no two rows have one. RFC 2606 keeps the domain free.
void append_url(const StandInRow& row, std::string& out);

}  // namespace meg
