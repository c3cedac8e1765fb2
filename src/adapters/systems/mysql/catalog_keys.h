// Keys, indexes and foreign keys out of the catalogue's rows; part of catalog.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapters/systems/mysql/catalog.h"

namespace penstock::mysql {

// A table while its catalogue is read.
struct CatalogTable {
  TableSchema schema;
  TablePayload payload;
  std::string next_number;  // AUTO_INCREMENT
  std::vector<std::string> unreadable;
  bool hides_columns = false, broken = false;
};

using CatalogTables = std::map<TableId, CatalogTable>;

// `rows` as sql::statistics orders them.
void add_indexes(CatalogTables& tables, const Result& rows);
// Rows of sql::foreign_keys and sql::foreign_rules.
void add_foreign_keys(CatalogTables& tables, const Result& columns, const Result& rules);

}  // namespace penstock::mysql
