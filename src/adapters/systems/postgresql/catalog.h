// What a database holds, read from the catalogues in a handful of queries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/systems/postgresql/connection.h"
#include "adapters/systems/postgresql/types.h"
#include "contract/source.h"

namespace penstock::postgresql {

struct ServerFacts {
  std::string version, database, user, encoding, collation;
  bool in_recovery = false;
  int money_digits = 2;
  int block_bytes = 8192;
};

// A relation that really holds rows.
struct Leaf {
  Oid oid = 0;
  TableId id;
  bool heap = false;  // has pages and ctids that can be cut into ranges
};

// TableSchema::payload: what reading needs and the schema does not say.
struct TablePayload {
  Oid oid = 0;
  // Where the rows lie, each to be read with ONLY: the table itself, or the members of its tree.
  // Empty: only through the table itself (a view, or partitions the user may not read directly).
  std::vector<Leaf> leaves;
  // False when the user's privileges do not cover the system column ctid.
  bool ctid = true;

  std::string to_json() const;
  static TablePayload from_json(const std::string& text);
};

// All called inside a transaction that session_pins started. Errors: Error of the connection.
ServerFacts read_server(Connection& connection);
TypeCatalog read_types(Connection& connection, const ServerFacts& server);
// Every table the user may see, sorted by id; see Source::discover. Partitioned tables, and
// inheritance trees whose members have the same columns, are one table each.
std::vector<TableSchema> read_tables(Connection& connection, const ServerFacts& server,
                                     const TypeCatalog& types, const DiscoverOptions& options);

}  // namespace penstock::postgresql
