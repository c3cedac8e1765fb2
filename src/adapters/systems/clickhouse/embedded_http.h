// One HTTP connection of the embedded ClickHouse: requests in, libchdb calls, answers out.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/systems/clickhouse/chdb_library.h"

namespace penstock::clickhouse {

using EmbeddedSocket = boost::asio::generic::stream_protocol::socket;

// The parts of a request's target that matter here. Unknown names are settings, as in ClickHouse
// (src/Server/HTTPHandler.cpp).
struct EmbeddedRequest {
  std::string path, query, database, format;
  std::map<std::string, std::string> settings;
};
EmbeddedRequest parse_target(std::string_view target);

// "INSERT INTO t FORMAT Native" → {"INSERT INTO t", "Native"}; the second is empty when the text
// is no INSERT with a FORMAT at its end.
std::pair<std::string, std::string> split_insert(std::string_view sql);

// Serves requests until the peer closes or breaks the protocol. Owns a libchdb connection, so
// settings and the current database are the connection's own. An upload that is cut is cancelled:
// its last rows are not stored. Blocks; one thread. Never throws.
void serve_connection(EmbeddedSocket socket, const ChdbLibrary& library, const std::string& path);

}  // namespace penstock::clickhouse
