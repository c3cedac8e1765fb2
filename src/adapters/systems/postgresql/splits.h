// Cutting tables into splits, and the SELECT of each part.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/systems/postgresql/catalog.h"
#include "adapters/systems/postgresql/connection.h"
#include "contract/source.h"

namespace penstock::postgresql {

// A range of one relation: whole, by blocks (ctid), or by an integer key. Bounds are [low, high);
// a missing bound is open.
struct SplitPart {
  TableId relation;
  bool only = true;  // false: through a parent or a view
  std::optional<std::int64_t> block_low, block_high;
  std::string key;  // column of an integer key; its bounds:
  std::optional<std::int64_t> key_low, key_high;
  // Out-of-line storage of the relation: only then a row can be too large to be read unseen.
  bool out_of_line = false;

  // " FROM ONLY … WHERE …"; `where` is the user's own condition.
  std::string from_where(const std::string& where) const;
};

// Split::payload. One split may hold several small relations, read one after another.
std::string parts_to_json(std::span<const SplitPart> parts);
std::vector<SplitPart> parts_from_json(const std::string& text);

struct SplitRequest {
  const TableSchema* table = nullptr;
  SplitGoal goal;
  int server_version = 0;
  int block_bytes = 8192;
  // Without one snapshot for all readers a table must be read by one statement.
  bool shared_snapshot = true;
};

// At least one split. Sizes are taken now, so that under an older snapshot no row lies behind the
// last, open range. Called inside a transaction. Errors: Error of the connection.
std::vector<Split> plan_table_splits(Connection& connection, const SplitRequest& request);

}  // namespace penstock::postgresql
