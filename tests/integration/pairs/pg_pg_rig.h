// Runs the built program from a database into one of a private PostgreSQL.
#pragma once

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
  PgPgRig();
  virtual ~PgPgRig() = default;
  PgPgRig(const PgPgRig&) = delete;
  PgPgRig& operator=(const PgPgRig&) = delete;

  static std::string url(const std::string& database, int port = 0);  // 0: the server's own
  virtual std::string source_url(int port) const { return url(source_, port); }
  virtual std::string from(const std::string& sql) const {
    return shared_postgres().sql(sql, source_);
  }
  std::string to(const std::string& sql) const { return shared_postgres().sql(sql, destination_); }

  ProcessOptions command(std::vector<std::string> flags, int source_port = 0,
                         int destination_port = 0) const;
  json::object migrate(std::vector<std::string> flags = {}, int source_port = 0,
                       int destination_port = 0);
  // Expects success, and that everything was built.
  json::object migrate_well(std::vector<std::string> flags = {}, int source_port = 0,
                            int destination_port = 0);

  // Everything in the database but penstock's own, as SQL that makes it again.
  std::string source_dump() const { return dump(source_); }
  std::string destination_dump() const { return dump(destination_); }

  // Staging tables and records of splits; none is what every ended job must leave.
  std::string leftovers() const;
  const std::string& destination_database() const { return destination_; }

 private:
  static std::string dump(const std::string& database);

  TempDir state_;
  std::string source_, destination_;
};

}  // namespace penstock::testing
