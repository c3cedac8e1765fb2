// Which tables and columns a request means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/source.h"
#include "core/error.h"
#include "core/schema.h"

namespace penstock {

// Whether a user's pattern means the table: matched against "schema.table", and against the plain
// name for tables of the default schema.
bool matches_table(std::string_view pattern, const TableId& id, std::string_view default_schema);

struct Selection {
  std::vector<const TableSchema*> tables;  // into the given catalogue, in its order
  std::vector<Error> problems;             // a pattern that matches nothing is one
};

// `globs` empty: all tables. `!` excludes. Throws config_error("config.tables.none") when nothing
// is left, naming the nearest table.
Selection select_tables(const std::vector<TableSchema>& catalog,
                        const std::vector<std::string>& globs, std::string_view default_schema);

}  // namespace penstock
