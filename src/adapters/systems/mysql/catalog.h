// What a server's databases hold, read from information_schema in a handful of queries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/systems/mysql/connection.h"
#include "contract/source.h"

namespace penstock::mysql {

struct Partition {
  std::string name;
  std::int64_t rows = 0, bytes = 0;  // estimates
};

// TableSchema::payload: what reading needs and the schema does not say.
struct TablePayload {
  std::string engine;  // "InnoDB"; empty for views
  std::vector<Partition> partitions;
  bool prefix_key = false;  // the primary key orders by the beginnings of values

  // Whether a consistent-read transaction covers the table (a view: what lies below it).
  bool in_snapshots() const { return engine.empty() || engine == "InnoDB"; }
  std::string to_json() const;
  static TablePayload from_json(const std::string& text);
};

struct CatalogOptions {
  std::string database;  // empty: all that are not the server's own
  bool views = false;
  bool tinyint1_boolean = false;
};

// Every table the user may see, sorted by id; see Source::discover. A partitioned table is one.
// Errors: Error of the connection.
std::vector<TableSchema> read_tables(Connection& connection, const CatalogOptions& options);

}  // namespace penstock::mysql
