#include "core/table/standin/sdtype.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/fail.h"
#include "core/table/standin/iban.h"
#include "core/table/standin/lists.h"
#include "core/table/standin/network_address.h"
#include "core/table/standin/person.h"

namespace meg {

namespace {

/// Where the lists have patterns of the sdtype.
template <const char* kName>
void append_pattern(const StandInRow& row, std::string& out) {
  row.lists->patterns(kName).append(row, kName, out);
}

constexpr char kStreet[] = "street", kPostcode[] = "postcode", kCity[] = "city", kCountry[] = "country",
               kAddress[] = "address", kCompany[] = "company", kJob[] = "job";

constexpr std::array kSdtypes{
    Sdtype{"name", true, append_name},
    Sdtype{"first_name", true, append_first_name},
    Sdtype{"last_name", true, append_last_name},
    Sdtype{"email", true, append_email},
    Sdtype{"user_name", true, append_user_name},
    Sdtype{"url", true, append_url},
    Sdtype{"phone", false, nullptr},
    Sdtype{"address", true, append_pattern<kAddress>},
    Sdtype{"street", true, append_pattern<kStreet>},
    Sdtype{"postcode", true, append_pattern<kPostcode>},
    Sdtype{"city", true, append_pattern<kCity>},
    Sdtype{"country", true, append_pattern<kCountry>},
    Sdtype{"company", true, append_pattern<kCompany>},
    Sdtype{"job", true, append_pattern<kJob>},
    Sdtype{"iban", false, append_iban},
    Sdtype{"ipv4", false, append_ipv4},
    Sdtype{"mac", false, append_mac},
    Sdtype{"uuid", false, append_uuid},
};

}  // namespace

std::span<const Sdtype> sdtypes() { return kSdtypes; }

const Sdtype* find_sdtype(std::string_view name) {
  const auto at = std::find_if(kSdtypes.begin(), kSdtypes.end(), [&](const Sdtype& s) { return s.name == name; });
  return at == kSdtypes.end() ? nullptr : &*at;
}

const Sdtype& sdtype_of(std::string_view name) {
  if (const Sdtype* const sdtype = find_sdtype(name)) return *sdtype;
  std::vector<std::string_view> names;
  for (const Sdtype& sdtype : kSdtypes) names.push_back(sdtype.name);
  fail("there is no sdtype '{}'; there are {}", name, fmt::join(names, ", "));
}

}  // namespace meg
