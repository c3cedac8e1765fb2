// What is at a destination already: the server, its types, and the tables under the targets' names.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/systems/postgresql/catalog.h"
#include "adapters/systems/postgresql/connection.h"
#include "adapters/systems/postgresql/target_types.h"
#include "contract/destination.h"

namespace penstock::postgresql {

// The schema of penstock's own tables at the destination:
//   tables  what penstock made: schema, name, digest of its shape, job, how it came there
//   splits  what runs under way have committed: job, staging table, split, rows
//   links   foreign keys that a replacement made anew and that are to be validated
inline constexpr std::string_view kBookkeeping = "_penstock";

TargetFacts read_target_facts(Connection& connection);

// A table, view, … under a target's name.
struct FoundTable {
  Oid oid = 0;
  char kind = 'r';
  std::int64_t rows = -1;
  std::vector<std::pair<std::string, std::string>> columns;  // name, type
  std::set<std::string> generated;                           // columns that take no values
  std::vector<std::string> dependents;  // what would be lost with the table: "view public.v"
  std::set<std::string> digests;        // of the shapes penstock gave a table of this name
};

using TableKey = std::pair<std::string, std::string>;  // schema, name

// Nothing is said about names that are free. All in a transaction that session_pins started.
std::map<TableKey, FoundTable> find_tables(Connection& connection, const std::set<TableKey>& names);
// What keeps the table from being dropped, or would silently vanish with it.
std::vector<std::string> find_dependents(Connection& connection, Oid table);

// Why rows of `columns` (name, type) cannot go into the table; empty: they can.
std::vector<std::string> why_unfit(const std::vector<std::pair<std::string, std::string>>& columns,
                                   const FoundTable& found);

// Whether penstock's own tables are there.
bool has_bookkeeping(Connection& connection);
// CREATE … IF NOT EXISTS for them.
std::string bookkeeping_sql();

}  // namespace penstock::postgresql
