// What PostgreSQL's and libpq's failures mean in penstock's terms. Pure functions; thread-safe.
// SQLSTATE values: PostgreSQL manual, Appendix A, and src/backend/utils/errcodes.txt.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace penstock::postgresql {

// What a server said about one failure. `detail` and `hint` are the server's own and may be empty.
struct ServerMessage {
  std::string sqlstate, message, detail, hint;
};

// `doing` completes "while …" for people. The code is to_text(side) + "." + one of:
//   auth, permission, database.missing, connection, connections.exhausted, server.restarting,
//   recovery_conflict, snapshot.lost, lock, deadlock, cancelled, changed, memory, disk, corrupted,
//   too_large, unsupported, query
Error server_error(Side side, const ServerMessage& server, std::string_view doing);

// A failed attempt to connect: `message` is libpq's text, built with PQERRORS_VERBOSE so that it
// holds the SQLSTATE when a server answered. Adds the codes host.unknown and tls.
Error connect_error(Side side, std::string_view message, std::string_view endpoint);

// A connection that broke in use: "<side>.connection", retryable.
Error broken_connection(Side side, std::string_view message, std::string_view doing);

}  // namespace penstock::postgresql
