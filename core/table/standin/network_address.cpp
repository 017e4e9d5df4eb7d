#include "core/table/standin/network_address.h"

#include <fmt/format.h>

#include <iterator>

namespace meg {

void append_ipv4(const StandInRow& row, std::string& out) {
  const std::uint64_t host = row.ranked("ipv4", 1 << 24).rank;
  fmt::format_to(std::back_inserter(out), "10.{}.{}.{}", host >> 16, host >> 8 & 255, host & 255);
}

void append_mac(const StandInRow& row, std::string& out) {
  const std::uint64_t rank = row.ranked("mac", 1ull << 46).rank;
  // The two lowest bits of the first byte say "locally administered" and "one device".
  fmt::format_to(std::back_inserter(out), "{:02x}", rank >> 40 << 2 | 2);
  for (int shift = 32; shift >= 0; shift -= 8) fmt::format_to(std::back_inserter(out), ":{:02x}", rank >> shift & 255);
}

void append_uuid(const StandInRow& row, std::string& out) {
  const auto high = row.bits("uuid", 2);
  const std::uint64_t low = row.ranked("uuid", 1ull << 62).rank;
  fmt::format_to(std::back_inserter(out), "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high[0], high[1] & 0xffff,
                 high[1] >> 16 & 0xfff, 0x8000 | low >> 48, low & 0xffffffffffff);
}

}  // namespace meg
