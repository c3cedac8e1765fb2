// The queries of catalog.cpp: a handful for the whole server, whatever the number of tables. {} is
// the condition that selects schemas, over a column called TABLE_SCHEMA.
#pragma once

#include <string_view>

namespace penstock::mysql::sql {

extern const std::string_view tables;
extern const std::string_view columns;
extern const std::string_view columns_srs;  // the same with SRS_ID: MySQL 8
extern const std::string_view statistics;
extern const std::string_view statistics_expression;  // the same with EXPRESSION: MySQL 8.0.13
extern const std::string_view foreign_keys;
extern const std::string_view foreign_rules;
extern const std::string_view checks_mysql;
extern const std::string_view checks_mariadb;
extern const std::string_view partitions;
extern const std::string_view geometry_columns;  // MariaDB

}  // namespace penstock::mysql::sql
