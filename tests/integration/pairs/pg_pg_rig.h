// Runs the built program between two databases of a private PostgreSQL.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "servers/private_servers.h"
#include "servers/process.h"

namespace penstock::testing {

namespace json = boost::json;

// A source and a destination database, with a state folder of their own. Not thread-safe.
class PgPgRig {
 public:
  PgPgRig()
      : source_(shared_postgres().fresh_database()),
        destination_(shared_postgres().fresh_database()) {}

  static std::string url(const std::string& database, int port) {
    return "postgresql://postgres@127.0.0.1:" +
           std::to_string(port == 0 ? shared_postgres().port() : port) + "/" + database;
  }
  std::string from(const std::string& sql) const { return shared_postgres().sql(sql, source_); }
  std::string to(const std::string& sql) const { return shared_postgres().sql(sql, destination_); }

  ProcessOptions command(std::vector<std::string> flags, int source_port = 0,
                         int destination_port = 0) const {
    std::vector<std::string> argv = {PENSTOCK_PROGRAM,
                                     "migrate",
                                     url(source_, source_port),
                                     url(destination_, destination_port),
                                     "--progress",
                                     "none",
                                     "--json"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return {.argv = std::move(argv),
            .environment = {"PENSTOCK_STATE=" + (state_ / "state").string()}};
  }
  json::object migrate(std::vector<std::string> flags = {}, int source_port = 0,
                       int destination_port = 0) {
    const ProgramResult run = run_program(command(std::move(flags), source_port, destination_port),
                                          std::chrono::minutes(5));
    boost::system::error_code failure;
    const json::value parsed = json::parse(run.out, failure);
    if (failure || !parsed.is_object()) {
      ADD_FAILURE() << "no JSON result, exit " << run.status << ": " << run.out << run.err;
      return {};
    }
    return parsed.get_object();
  }
  json::object migrate_well(std::vector<std::string> flags = {}, int source_port = 0,
                            int destination_port = 0) {
    json::object result = migrate(std::move(flags), source_port, destination_port);
    EXPECT_TRUE(result.contains("success") && result["success"] == true) << json::serialize(result);
    for (const json::value& table : result["tables_migrated"].as_array()) {
      EXPECT_FALSE(table.as_object().contains("not_built")) << json::serialize(table);
    }
    return result;
  }

  // Everything about the database's public schema and rows, as SQL that makes it again.
  static std::string dump(const std::string& database);
  std::string source_dump() const { return dump(source_); }
  std::string destination_dump() const { return dump(destination_); }

  // Staging tables and records of splits; none is what every ended job must leave.
  std::string leftovers() const {
    const std::string tables = to("SELECT relname FROM pg_class WHERE relname LIKE '\\_penstock%'");
    if (to("SELECT to_regclass('_penstock.splits') IS NULL") == "t") return tables;
    return tables + to("SELECT staging FROM _penstock.splits");
  }
  const std::string& source_database() const { return source_; }
  const std::string& destination_database() const { return destination_; }

 private:
  TempDir state_;
  std::string source_, destination_;
};

}  // namespace penstock::testing
