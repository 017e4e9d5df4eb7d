#pragma once
#include <string>
#include <string_view>

#include "core/table/standin/row.h"

namespace meg {

/// The two check digits of an account number of a country, "DE" and "370400440532013000": ISO 7064 MOD 97-10.
std::string iban_check_digits(std::string_view country, std::string_view account);
/// Whether a text is an IBAN, with or without blanks between groups, by its check digits.
bool is_iban(std::string_view text);

/// An IBAN of the locale's country, of GB for en_US, without blanks. Bank and account are drawn, and national check
/// digits with them; 10^14 rows or more differ. Throws Error for another locale.
void append_iban(const StandInRow& row, std::string& out);

}  // namespace meg
