// MariaDB (or MySQL) in the conformance suite: its type table, played out on a real server.
#pragma once

#include "adapters/skeleton/table_file.h"
#include "adapters/sources/mysql.h"
#include "conformance/suite.h"
#include "contract/type_map.h"
#include "integration/mysql/type_rows.h"
#include "servers/private_servers.h"

namespace penstock::testing {

inline SourceQuirks mysql_source_quirks() {
  const auto fill = [](std::vector<SourceTable>& tables) {
    PrivateMariadb& server = shared_mariadb();
    const std::string database = server.fresh_database();
    const std::string version = server.sql("SELECT VERSION()");
    const std::string product = PrivateMariadb::is_mysql() ? "MySQL" : "MariaDB";
    std::string script = "SET time_zone = '+00:00';\n";
    int number = 0;
    const std::string folder = std::string(PENSTOCK_SOURCE_DIR) + "/data/types/";
    for (const TypeRow& row : parse_type_table(file_text(folder + "mysql.tsv"))) {
      const auto cell = [&](const char* name) { return row.at(name); };
      if (!server_has(row, product, version)) continue;
      SourceTable& table = tables.emplace_back();
      table.table = "type_" + std::to_string(++number);
      script += "CREATE TABLE " + table.table + " (id int PRIMARY KEY, v " +
                type_declaration(cell("native")) + " NULL) COMMENT '" + cell("native") +
                "';\nINSERT INTO " + table.table + " VALUES (0, NULL)";
      table.columns = {"id", "v"};
      table.types = {"int32 key", declared_logical(cell("logical"))};
      table.rows = {{"0", "\\N"}};
      int id = 0;
      for (const char* const edge : {"example", "low", "high"}) {
        const std::string literal = cell(edge);
        if (literal.empty()) continue;
        const std::string expect = edge == std::string_view("example")
                                       ? cell("expect")
                                       : cell((std::string(edge) + "_expect").c_str());
        script += ", (" + std::to_string(++id) + ", " + literal + ")";
        table.rows.push_back({std::to_string(id), skeleton::escape_cell(expect)});
      }
      script += ";\n";
    }
    script +=
        "CREATE TABLE many (id int PRIMARY KEY, v char(32) NOT NULL);"
        "INSERT INTO many SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n,"
        " MD5(a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n) FROM";
    const std::string digits =
        "(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 "
        "UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL "
        "SELECT 9)";
    for (const char* const name : {"a", "b", "c", "d", "e"}) {
      script += (name[0] == 'a' ? " " : ", ") + digits + " " + name;
    }
    script += "; ANALYZE TABLE many";
    tables.push_back({.table = "many", .count = 100'000});
    server.sql(script, database);
    return json::object{{"host", server.host()},
                        {"port", server.port()},
                        {"database", database},
                        {"username", server.user()}};
  };
  return {.name = "mysql", .entry = mysql_source(), .fill = fill, .waivers = {}};
}

}  // namespace penstock::testing
