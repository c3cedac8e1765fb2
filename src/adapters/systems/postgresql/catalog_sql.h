// The catalogue queries, each set-based over the whole database, so that thousands of tables cost
// as many round trips as one. Text only. Columns are in the order in which catalog.cpp reads them.
// Made for servers 12 to 18; all names resolve in pg_catalog (session_pins).
#pragma once

#include <string_view>

namespace penstock::postgresql::sql {

extern const std::string_view server;
extern const std::string_view types;
extern const std::string_view enum_labels;
extern const std::string_view tables;
extern const std::string_view columns;
extern const std::string_view constraints;
extern const std::string_view indexes;
extern const std::string_view inheritance;
extern const std::string_view sequences;
extern const std::string_view definitions;

}  // namespace penstock::postgresql::sql
