// Logical types to PostgreSQL's, out of data/types/postgresql_destination.tsv, and what a server
// has of types. Pure functions over plain values; thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "contract/value_rules.h"
#include "core/schema.h"

namespace penstock::postgresql {

// What the destination's server and database have; read once by open().
struct TargetFacts {
  int version = 0;                      // 150018
  std::string version_text;             // "15.18"
  std::string encoding, collation;      // of the database
  std::set<std::string> builtin_types;  // names in pg_catalog, as format_type() spells them
  std::set<std::string> collations;     // names anywhere in pg_catalog
  // Extensions by name: the schema they are installed in, or "" when they only could be installed.
  std::map<std::string, std::string, std::less<>> extensions;
};

struct MappedTarget {
  std::string native;  // as format_type() spells it
  ValueRule rule;
  std::vector<LossNote> losses;
};

// How a field from a system that is not PostgreSQL is stored. `enum_type`: the type to use for
// enumerations, empty when there is none. `dialect`: SourceInfo::dialect.
MappedTarget map_logical(const Type& type, const TargetFacts& facts, const std::string& enum_type,
                         std::string_view dialect, std::string_view json_type);

// The rule of a column of that native type for values of a logical type.
ValueRule rule_for(const Type& type, std::string_view native, const TargetFacts& facts);

// Whether every label can be one of an enum type's.
bool can_be_enum(const std::vector<std::string>& labels);

// data/types/postgresql_destination.tsv itself.
std::string_view destination_type_table_text();

}  // namespace penstock::postgresql
