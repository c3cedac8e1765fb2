// Requests and answers as handlers see them: plain values, free of the HTTP library.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

namespace json = boost::json;

class Job;

struct Request {
  std::string method;  // HEAD arrives as GET
  std::string path;    // without the query; not percent-decoded
  std::string query;
  std::string parameter;              // what matched {id} of the route's pattern
  std::string prefer, last_event_id;  // headers; empty: absent
  json::value body;                   // of routes that take one

  // The value of a query parameter; empty when absent. Not percent-decoded.
  std::string_view query_value(std::string_view name) const;
};

struct Reply {
  int status = 200;
  json::value body;  // null: no body
  std::vector<std::pair<std::string, std::string>> headers;
  // Set for event streams: then body is ignored, the job's events with an id above `events_after`
  // follow, and the connection ends with the last of them.
  std::shared_ptr<Job> events;
  std::uint64_t events_after = 0;
  std::string event_text;  // a ready-made stream, for jobs that ended before this process began
  std::string log;         // for the service's own log only
};

// Splits a request target into path and query; accepts the absolute form that clients send through
// proxies (RFC 9112, section 3.2.2).
std::pair<std::string, std::string> split_target(std::string_view target);

// Parses a body with limits on depth; throws config_error("config.body") with the place of the
// fault.
json::value parse_body(std::string_view text);

// Milliseconds of Unix time as RFC 3339 text in UTC; null for 0.
json::value time_json(std::int64_t unix_ms);

}  // namespace penstock
