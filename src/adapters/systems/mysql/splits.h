// Cutting tables into splits, and the FROM and WHERE of each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/systems/mysql/connection.h"
#include "contract/source.h"

namespace penstock::mysql {

// A part of a table: whole, some of its partitions, or a range of a key. Bounds are SQL literals of
// the key's columns, [low, high) in the server's order; an empty bound is open.
struct SplitPart {
  TableId table;
  std::vector<std::string> partitions;
  std::string index;                 // that orders the range
  std::vector<std::string> columns;  // of the range
  std::vector<std::string> low, high;
  bool with_nulls = false;  // the rows in which the (only) column is NULL too

  // " FROM … WHERE …"; `where` is the user's own condition.
  std::string from_where(const std::string& where) const;
  std::string to_json() const;  // Split::payload
  static SplitPart from_json(const std::string& text);
};

struct SplitRequest {
  const TableSchema* table = nullptr;
  SplitGoal goal;
  // Without one snapshot for all readers a table is read by one statement, unless the user asked
  // for speed instead.
  bool may_split = true;
  std::string split_by;  // the user's choice of a column; empty: the key's
};

// At least one split. Asks for index entries and the optimiser's estimates only, about three short
// queries per split. Errors: Error of the connection.
std::vector<Split> plan_table_splits(Connection& connection, const SplitRequest& request);

}  // namespace penstock::mysql
