#pragma once
#include <string>

#include "core/table/standin/row.h"

namespace meg {

/// 10.20.30.40: an address of private networks (RFC 1918), which reaches nobody; 2^24 rows differ.
void append_ipv4(const StandInRow& row, std::string& out);
/// 02:1b:77:49:54:fd: locally administered, so that no maker has it; 2^46 rows differ.
void append_mac(const StandInRow& row, std::string& out);
/// A random UUID of version 4 (RFC 9562); 2^62 rows differ.
void append_uuid(const StandInRow& row, std::string& out);

}  // namespace meg
