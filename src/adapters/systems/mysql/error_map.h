// What MySQL's, MariaDB's and libmariadb's failures mean in penstock's terms. Pure functions;
// thread-safe. Numbers: mysqld_error.h and errmsg.h; MySQL manual "Server Error Message Reference";
// MariaDB manual "MariaDB Error Codes".
#pragma once

#include <string_view>

#include "core/error.h"

namespace penstock::mysql {

// What the server or the library said about one failure.
struct ServerMessage {
  unsigned number = 0;
  std::string_view sqlstate, message;
};

// `doing` completes "while …" for people. The code is side_code(side, "*.…") of one of:
//   auth, permission, database.missing, host.unknown, tls, connection, connections.exhausted,
//   server.restarting, snapshot.lost, lock, deadlock, cancelled, changed, memory, disk, corrupted,
//   row.too_large, query
Error server_error(Side side, const ServerMessage& server, std::string_view doing);

// Whether the connection is of no use after the failure.
bool breaks_connection(unsigned number);
// The user lacks a privilege for the statement.
bool lacks_privilege(unsigned number);
// The statement waited for a lock longer than the session allows.
bool lock_timed_out(unsigned number);

}  // namespace penstock::mysql
