// What a request's head must satisfy before its body is read. Pure functions.
//
// The service has no token in this version, so on loopback its only strangers are web pages in the
// user's own browser. Three doors are closed to them: a name of theirs that resolves to 127.0.0.1
// (DNS rebinding: the Host header gives it away), a form or script of another site that posts here
// (Origin, Sec-Fetch-Site), and bodies that browsers may send across sites without asking first
// (Content-Type). No CORS header is ever sent, so their scripts cannot read an answer either.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "service/service_config.h"

namespace penstock {

struct RequestHead {
  int version = 11;  // 10: HTTP/1.0
  std::optional<std::string> host, origin, content_type, fetch_site;
  bool post = false;
};

// Nothing when the request may go on. `bound` is the address the service listens on.
std::optional<Error> refuse_head(const RequestHead& head, const ServiceConfig& config,
                                 const std::string& bound);

}  // namespace penstock
