#include "integration/pairs/pg_pg_rig.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace penstock::testing {

PgPgRig::PgPgRig()
    : source_(shared_postgres().fresh_database()),
      destination_(shared_postgres().fresh_database()) {}

std::string PgPgRig::url(const std::string& database, int port) {
  return "postgresql://postgres@127.0.0.1:" +
         std::to_string(port == 0 ? shared_postgres().port() : port) + "/" + database;
}

ProcessOptions PgPgRig::command(std::vector<std::string> flags, int source_port,
                                int destination_port) const {
  std::vector<std::string> argv = {PENSTOCK_PROGRAM,
                                   "migrate",
                                   source_url(source_port),
                                   url(destination_, destination_port),
                                   "--progress",
                                   "none",
                                   "--json"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return {.argv = std::move(argv),
          .environment = {"PENSTOCK_STATE=" + (state_ / "state").string()}};
}

json::object PgPgRig::migrate(std::vector<std::string> flags, int source_port,
                              int destination_port) {
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

json::object PgPgRig::migrate_well(std::vector<std::string> flags, int source_port,
                                   int destination_port) {
  json::object result = migrate(std::move(flags), source_port, destination_port);
  const bool well = result.contains("success") && result["success"] == true;
  EXPECT_TRUE(well) << json::serialize(result);
  if (!well) return result;
  for (const json::value& table : result["tables_migrated"].as_array()) {
    EXPECT_FALSE(table.as_object().contains("not_built")) << json::serialize(table);
  }
  return result;
}

std::string PgPgRig::leftovers() const {
  const std::string tables = to("SELECT relname FROM pg_class WHERE relname LIKE '\\_penstock%'");
  if (to("SELECT to_regclass('_penstock.splits') IS NULL") == "t") return tables;
  return tables + to("SELECT staging FROM _penstock.splits");
}

std::string PgPgRig::dump(const std::string& database) {
  PrivatePostgres& server = shared_postgres();
  const ProgramResult run = run_program(
      {.argv = {require_program("pg_dump", "postgresql-client-15"), "-h", server.socket_dir(), "-p",
                std::to_string(server.port()), "-U", server.user(), "-d", database,
                "--exclude-schema=_penstock", "--no-owner"},
       .environment = {}});
  EXPECT_EQ(run.status, 0) << run.err;
  std::string out;
  for (const std::string& line : split(run.out, '\n')) {
    // Random by intention, or the position of a sequence that is written in two ways.
    if (line.starts_with("\\restrict") || line.starts_with("\\unrestrict")) continue;
    if (line.find("pg_catalog.setval(") != std::string::npos) continue;
    out += line + "\n";
  }
  return out;
}

}  // namespace penstock::testing
