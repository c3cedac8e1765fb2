#include "integration/pairs/pair_rig.h"

#include <gtest/gtest.h>

namespace penstock::testing {

PairRig::PairRig(bool embedded) : PairRig(embedded, shared_postgres().fresh_database()) {}

PairRig::PairRig(bool embedded, std::string source_database)
    : embedded_(embedded),
      source_(std::move(source_database)),
      destination_(embedded ? shared_embedded_clickhouse().fresh_database()
                            : shared_clickhouse().fresh_database()) {}

std::string PairRig::source_url(int port) const {
  return "postgresql://postgres@127.0.0.1:" +
         std::to_string(port == 0 ? shared_postgres().port() : port) + "/" + source_;
}

std::string PairRig::destination_url(int port) const {
  const int own = embedded_ ? shared_embedded_clickhouse().port() : shared_clickhouse().port();
  return "clickhouse://127.0.0.1:" + std::to_string(port == 0 ? own : port) + "/" + destination_;
}

std::string PairRig::pg(const std::string& sql) const {
  return shared_postgres().sql(sql, source_);
}

std::string PairRig::ch(const std::string& sql) const {
  return embedded_ ? shared_embedded_clickhouse().query(sql, destination_)
                   : shared_clickhouse().query(sql, destination_);
}

ProcessOptions PairRig::migrate_command(std::vector<std::string> flags, int source_port,
                                        int destination_port) const {
  std::vector<std::string> argv = {PENSTOCK_PROGRAM,
                                   "migrate",
                                   source_url(source_port),
                                   destination_url(destination_port),
                                   "--progress",
                                   "none",
                                   "--json"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return {.argv = std::move(argv),
          .environment = {"PENSTOCK_STATE=" + (state_ / "state").string()}};
}

json::object PairRig::migrate(std::vector<std::string> flags, int source_port,
                              int destination_port) {
  const ProgramResult run = run_program(
      migrate_command(std::move(flags), source_port, destination_port), std::chrono::minutes(5));
  boost::system::error_code failure;
  const json::value parsed = json::parse(run.out, failure);
  if (failure || !parsed.is_object()) {
    ADD_FAILURE() << "no JSON result, exit " << run.status << ": " << run.out << run.err;
    return {};
  }
  return parsed.get_object();
}

json::object PairRig::migrate_well(std::vector<std::string> flags, int source_port,
                                   int destination_port) {
  json::object result = migrate(std::move(flags), source_port, destination_port);
  EXPECT_TRUE(result.contains("success") && result["success"] == true) << json::serialize(result);
  return result;
}

std::string PairRig::leftovers() const {
  return ch("SELECT name FROM system.tables WHERE database = '" + destination_ +
            "' AND name LIKE '_penstock_%' AND name != '_penstock_tables'");
}

}  // namespace penstock::testing
