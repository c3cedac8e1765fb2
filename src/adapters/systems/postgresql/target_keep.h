// What a table has besides its rows and is to keep when it is replaced or filled anew. All inside
// the transaction that does it, with the table locked.
#pragma once

#include <string>
#include <vector>

#include "adapters/systems/postgresql/connection.h"
#include "adapters/systems/postgresql/target_catalog.h"
#include "adapters/systems/postgresql/target_layout.h"
#include "contract/destination.h"

namespace penstock::postgresql {

// A foreign key of another table that references this one.
struct KeptLink {
  std::string schema, table, name;  // the referencing table's, and the constraint's
  std::string definition;           // FOREIGN KEY …, as pg_get_constraintdef() writes it
  bool validated = true;
};

std::vector<KeptLink> read_links(Connection& connection, Oid table);
void drop_links(Connection& connection, const std::vector<KeptLink>& links);
// Makes them anew without looking at the rows; the job's link steps validate them at its end.
// Throws "destination.table.in_use" when the new table has no key for one of them.
void restore_links(Connection& connection, const std::vector<KeptLink>& links,
                   const TargetTable& table, FinishReport& report);

// Switches the user's triggers off; returns the statements that bring each back as it was.
std::string disable_triggers(Connection& connection, Oid table, const std::string& quoted);

// Statements that give another table of that name the old one's owner, privileges, settings, and
// comments where the layout brings none.
std::string read_belongings(Connection& connection, Oid table, const std::string& quoted,
                            const TargetLayout& layout);

}  // namespace penstock::postgresql
