// What the HTTP service may be told.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/limits.h"

namespace penstock {

// The limits have defaults from core/limits.h; tests lower them.
struct ServiceConfig {
  std::string host = "127.0.0.1";  // address to listen on, or localhost; no other names
  int port = 5011;                 // 0: a free one
  // Says no to the token that an address other machines can reach would need. There is no token in
  // this version, so such an address is refused unless this is set.
  bool insecure_no_auth = false;
  // Further names by which clients may call the service (the Host header); "*" admits all.
  std::vector<std::string> allowed_hosts;
  bool access_log = true;  // one line per request on standard error

  std::size_t body_bytes_max = limits::http_body_bytes_max;
  std::size_t header_bytes_max = limits::http_header_bytes_max;
  int connections_max = limits::http_connections_max;
  std::chrono::milliseconds read_timeout = limits::http_read_timeout;  // a request's head, its body
  std::chrono::milliseconds write_timeout = limits::http_write_timeout;  // one answer, one event
  std::chrono::milliseconds idle_timeout = limits::http_idle_timeout;    // between two requests
  std::chrono::milliseconds heartbeat{15'000};                           // of event streams
  std::chrono::milliseconds stop_grace{2'000};  // for jobs to end, and again for answers to leave
};

// The defaults changed by PENSTOCK_HOST, PENSTOCK_PORT and PENSTOCK_ALLOWED_HOSTS
// (comma-separated), or where those are unset UNIVERSAL_MIGRATION_SERVICE_HOST and _PORT. Throws
// config_error naming the variable.
ServiceConfig from_environment();

// True for 127.0.0.0/8, ::1 (also in brackets) and localhost.
bool is_loopback(const std::string& host);

// Throws config_error("config.service.*") for an address or port that cannot be, or may not be,
// listened on.
void check(const ServiceConfig& config);

}  // namespace penstock
