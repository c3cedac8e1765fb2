// Runs the built program between a private source server and private ClickHouse servers.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "servers/private_servers.h"
#include "servers/process.h"

namespace penstock::testing {

namespace json = boost::json;

// One source database and one destination database, with a state folder of their own. Not
// thread-safe.
class PairRig {
 public:
  // Fresh databases on the shared servers; `embedded`: the current ClickHouse instead of 18.16.
  explicit PairRig(bool embedded = false);
  virtual ~PairRig() = default;

  virtual std::string source_url(int port = 0) const;  // port 0: the server's own
  std::string destination_url(int port = 0) const;
  std::string pg(const std::string& sql) const;
  std::string ch(const std::string& sql) const;  // in the destination database

  ProcessOptions migrate_command(std::vector<std::string> flags, int source_port = 0,
                                 int destination_port = 0) const;
  // Runs to the end; the result is what the program printed as JSON.
  json::object migrate(std::vector<std::string> flags = {}, int source_port = 0,
                       int destination_port = 0);
  // As above, and expects success.
  json::object migrate_well(std::vector<std::string> flags = {}, int source_port = 0,
                            int destination_port = 0);

  // Names of staging objects at the destination; none is what every ended job must leave.
  std::string leftovers() const;

  const std::string& source_database() const { return source_; }
  const std::string& destination_database() const { return destination_; }

 protected:
  // For a source database on a server of another kind.
  PairRig(bool embedded, std::string source_database);

 private:
  bool embedded_;
  TempDir state_;
  std::string source_, destination_;
};

}  // namespace penstock::testing
