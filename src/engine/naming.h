// Destination names: deterministic, unique, within the destination's limits.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/destination.h"
#include "core/schema.h"

namespace penstock {

struct TargetName {
  std::string schema, name;  // schema empty where the destination has none
  bool adjusted = false;     // shortened, or given a suffix because of a collision
};

// Names for every table of the catalogue, chosen or not, so that a table's name does not depend on
// which others a job copies. `rename` (table display name → destination name) wins over the rules;
// two tables renamed to one name are left colliding for the plan to refuse.
std::map<TableId, TargetName> name_tables(std::span<const TableSchema> catalog,
                                          const std::map<std::string, std::string>& rename,
                                          std::string_view default_schema,
                                          const Capabilities& capabilities);

// One name per field, unique within the table.
std::vector<std::string> name_columns(std::span<const Field> fields,
                                      const Capabilities& capabilities);

// `name` cut to `bytes_max` at a character boundary with "_" and 8 hex digits of the hash of
// `full`.
std::string shorten(std::string_view name, std::string_view full, std::size_t bytes_max);

}  // namespace penstock
