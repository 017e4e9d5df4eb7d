#pragma once
#include <span>
#include <string>
#include <string_view>

#include "meg/schema.h"

namespace meg {

/// The sdtype that a column's name and its different values look like: nine of ten values, among the first few hundred.
/// E-mail, network and web addresses, UUIDs and IBANs show in the values; else the name must end in such a word ("home
/// phone", "firstName") and the values must fit. Cities, countries, companies, jobs and postcodes are named only where
/// nothing is learned of the column. Empty where it looks like none.
/// `kind_of_values`: their text_kind().
std::string suggest_sdtype(const ColumnSchema& column, std::string_view kind_of_values,
                           std::span<const std::string_view> values);

}  // namespace meg
