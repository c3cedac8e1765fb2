// PostgreSQL in the conformance suite: its type table, played out on a real server.
#pragma once

#include "adapters/destinations/postgresql.h"
#include "adapters/skeleton/table_file.h"
#include "adapters/sources/postgresql.h"
#include "conformance/suite.h"
#include "contract/type_map.h"
#include "core/text.h"
#include "servers/private_servers.h"

namespace penstock::testing {

inline std::string postgresql_type_table() {
  return file_text(std::string(PENSTOCK_SOURCE_DIR) + "/data/types/postgresql.tsv");
}

// "numeric(p,s)" and "decimal(p,s)" with digits in place of the letters.
inline std::string with_digits(std::string text) {
  const std::size_t at = text.find("(p,s)");
  return at == std::string::npos ? text : text.replace(at, 5, "(12,2)");
}

inline SourceQuirks postgresql_source_quirks() {
  const auto fill = [](std::vector<SourceTable>& tables) {
    PrivatePostgres& server = shared_postgres();
    const std::string database = server.fresh_database();
    const int version = server.major_version();
    std::string script;
    int number = 0;
    for (const TypeRow& row : parse_type_table(postgresql_type_table())) {
      const auto cell = [&](const char* name) { return row.at(name); };
      if (!cell("since").empty() && std::stoi(cell("since")) > version) continue;
      if (cell("example").empty()) continue;
      if (!cell("extension").empty()) {
        if (!server.has_extension(cell("extension"))) continue;
        script += "CREATE EXTENSION IF NOT EXISTS " + cell("extension") + " CASCADE;\n";
      }
      SourceTable& table = tables.emplace_back();
      table.table = "type_" + std::to_string(++number);
      const std::string native = with_digits(cell("native"));
      script += "CREATE TABLE " + table.table + " (id int PRIMARY KEY, v " + native + ");\n";
      script += "COMMENT ON TABLE " + table.table + " IS '" + (native[0] == '"' ? "char" : native) +
                "';\nINSERT INTO " + table.table + " VALUES (0, NULL)";
      table.columns = {"id", "v"};
      table.types = {"int32 key", with_digits(cell("logical"))};
      table.rows = {{"0", "\\N"}};
      int id = 0;
      for (const std::string_view edge : {"", "low", "high"}) {
        const std::string literal = edge.empty() ? cell("example") : row.find(edge)->second;
        if (literal.empty()) continue;
        const std::string expect = edge.empty() ? "expect" : std::string(edge) + "_expect";
        script += ", (" + std::to_string(++id) + ", " + literal + ")";
        table.rows.push_back({std::to_string(id), skeleton::escape_cell(row.find(expect)->second)});
      }
      script += ";\n";
    }
    script +=
        "CREATE TABLE many AS SELECT i AS id, md5(i::text) AS v FROM generate_series(1, 100000) i;";
    tables.push_back({.table = "many", .count = 100'000});
    server.sql(script, database);
    return json::object{{"host", server.host()},
                        {"port", server.port()},
                        {"database", database},
                        {"username", server.user()}};
  };
  return {.name = "postgresql", .entry = postgresql_source(), .fill = fill, .waivers = {}};
}

// PostGIS in a schema of its own: in public, no table could be called geometry as one here is.
inline DestinationQuirks postgresql_quirks() {
  return {.name = "postgresql",
          .entry = postgresql_destination(),
          .fresh =
              [] {
                PrivatePostgres& server = shared_postgres();
                const std::string database = server.fresh_database();
                if (server.has_extension("postgis")) {
                  server.sql("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis", database);
                }
                return json::object{{"host", server.host()},
                                    {"port", server.port()},
                                    {"username", server.user()},
                                    {"database", database}};
              },
          .objects =
              [](const json::object& config) {
                return split(shared_postgres().sql(
                                 "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = "
                                 "relnamespace WHERE relkind IN ('r', 'p', 'v', 'S', 'i') AND "
                                 "nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
                                 std::string(config.at("database").as_string())),
                             '\n');
              },
          .waivers = {{"nul", "PostgreSQL's text takes no NUL"},
                      {"numeric.v", "PostgreSQL's numbers have no negative zero"}}};
}

}  // namespace penstock::testing
