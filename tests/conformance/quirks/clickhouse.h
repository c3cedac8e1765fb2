// ClickHouse in the conformance suite.
#pragma once

#include "adapters/destinations/clickhouse.h"
#include "conformance/suite.h"
#include "core/text.h"
#include "servers/private_servers.h"

namespace penstock::testing {

// `Server`: PrivateClickHouse or EmbeddedClickHouse. `shared` gives the program's one.
template <typename Server>
DestinationQuirks clickhouse_quirks(const std::string& name, Server& (*shared)()) {
  return {.name = name,
          .entry = clickhouse_destination(),
          .fresh =
              [shared] {
                Server& server = shared();
                return json::object{{"host", server.host()},
                                    {"port", server.port()},
                                    {"database", server.fresh_database()}};
              },
          .objects =
              [shared](const json::object& config) {
                return split(shared().query("SELECT name FROM system.tables WHERE database = '" +
                                            std::string(config.at("database").as_string()) + "'"),
                             '\n');
              },
          .waivers = {}};
}

}  // namespace penstock::testing
