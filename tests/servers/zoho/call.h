// A request and its answer, free of the HTTP library, and the errors of Zoho's API.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::zoho_sim {

namespace json = boost::json;

struct Call {
  std::string method, path;                                 // the path isn't decoded
  std::string query;                                        // as sent
  std::map<std::string, std::string, std::less<>> params;   // decoded; the last one of a name
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::vector<std::string> segments;                        // of the path, decoded
  std::string body;

  const std::string* param(std::string_view name) const;
  std::string header(std::string_view name) const;  // empty: absent
};

// Splits target into path, query, params and segments.
void parse_target(std::string_view target, Call& call);
// "a=1&b=2" into decoded pairs.
std::map<std::string, std::string, std::less<>> parse_form(std::string_view text);
// The fields of a multipart/form-data body without files, as Zoho's own SDKs send for tokens.
std::map<std::string, std::string, std::less<>> parse_multipart(std::string_view body,
                                                                std::string_view content_type);

struct Answer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json;charset=UTF-8";
  std::vector<std::pair<std::string, std::string>> headers;
  // Set: sent after `body` (which then has no length in front) until it leaves its text empty.
  std::function<void(std::string& chunk)> more;
  std::filesystem::path file;  // sent instead of `body`

  // What a fault does to the sending of it.
  bool reset = false, truncate = false;
  int slow_ms = 0;  // between pieces

  static Answer empty(int status) { return {.status = status, .content_type = ""}; }
  static Answer of(const json::value& value, int status = 200);
};

// An error of the API, thrown by handlers and turned into Zoho's envelope.
class ApiError : public std::runtime_error {
 public:
  ApiError(int status, std::string code, std::string message, json::object details = {})
      : std::runtime_error(message),
        status_(status),
        code_(std::move(code)),
        details_(std::move(details)) {}

  int status() const { return status_; }
  const std::string& code() const { return code_; }
  Answer answer() const;

 private:
  int status_;
  std::string code_;
  json::object details_;
};

// The ones that several handlers need.
ApiError invalid_module(int resource_path_index);
ApiError invalid_data(std::string_view message, json::object details);
ApiError required_param(std::string_view name);
ApiError invalid_url();
ApiError invalid_method();

// The parameter as a number within [low, high]; `fallback` when it is absent.
std::int64_t number_param(const Call& call, std::string_view name, std::int64_t fallback,
                          std::int64_t low, std::int64_t high);

}  // namespace penstock::zoho_sim
