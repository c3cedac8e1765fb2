// A simulated Zoho CRM within the test program, on a free port, and a client for it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "servers/zoho/http_front.h"

namespace penstock::zoho_sim {

struct HttpAnswer {
  long status = 0;  // 0: no whole answer came; then `body` says why
  std::string body;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case

  json::value json() const { return json::parse(body); }
  // The error's code, also of wrapped ones; empty: there is none.
  std::string code() const;
};

struct HttpCall {
  std::string method = "GET", url, body;
  std::vector<std::string> headers;  // "Name: value"
};

// By libcurl; any thread.
HttpAnswer http_call(const HttpCall& call);

// Purpose: what tests run against. Ends with its destruction. Threads: any.
class LocalZoho {
 public:
  explicit LocalZoho(const CrmOptions& options = {.records = 200});

  std::string url() const { return front_.url(); }
  json::object source() const { return simulator_.source_json(); }

  // A new access token, for the source's refresh token or another one.
  std::string access_token(const std::string& refresh_token = "") const;
  // With a token that is asked for at the first call.
  HttpAnswer get(const std::string& path) const;
  HttpAnswer post(const std::string& path, const json::value& body) const;
  HttpAnswer coql(const std::string& query) const;
  // Use this token from now on.
  void set_token(const std::string& token);

  // A command of admin.h; throws std::runtime_error with what it says. `body` null: GET.
  json::value command(const std::string& name, const json::value& body = nullptr) const;
  json::object stats() const { return command("stats").as_object(); }
  // The lines of the dump of a module.
  std::vector<json::object> dump(const std::string& module) const;

 private:
  std::string authorization() const;

  Simulator simulator_;
  HttpFront front_;
  mutable std::mutex mutex_;
  mutable std::string token_;
};

}  // namespace penstock::zoho_sim
