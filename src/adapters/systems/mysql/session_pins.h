// The settings every session gets. Pure functions; thread-safe.
#pragma once

#include <string>
#include <vector>

namespace penstock::mysql {

struct ServerVersion;

// One SET statement that every server we read understands: utf8mb4 both ways, UTC, a sql_mode that
// changes the meaning of no literal, patience with slow readers.
std::string mandatory_pins();

// "name = value" settings that depend on product and version and may be refused one by one.
std::vector<std::string> optional_pins(const ServerVersion& version);

}  // namespace penstock::mysql
