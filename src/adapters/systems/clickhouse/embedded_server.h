// The child process that serves one folder of data through libchdb, over ClickHouse's own HTTP.
#pragma once

namespace penstock {

// `penstock embedded-clickhouse --path DIR (--socket FILE | --port N) [--library FILE]
//  [--linger SECONDS] [--ready-fd N]`: serves until SIGTERM, or until no connection has been open
//  for
// `linger` seconds (default 2). Writes one byte to the ready descriptor once it accepts
// connections. Listens on the socket or on 127.0.0.1 only; there is no authentication: the socket's
// folder is the protection. Returns the exit code; prints why on standard error when it is not 0.
int run_embedded_server(int argc, char** argv);

}  // namespace penstock
