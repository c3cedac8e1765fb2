// A client that sends exactly what a test tells it to, right or wrong, over a blocking socket.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace penstock {

namespace json = boost::json;

struct Answer {
  int status = 0;                              // 0: the connection ended without an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  json::value json() const;  // throws when the body is none
};

// One thread. Every wait ends after ten seconds, as if the server had closed.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  // False when the server has closed.
  bool send(std::string_view bytes);
  // One answer; with `head_only` none of its body is waited for.
  Answer receive(bool head_only = false);
  // Whatever comes until `end` is in it, or the server closes.
  std::string read_until(std::string_view end);
  std::string read_to_close();
  bool closed_by_server();
  // Closes with a reset instead of an orderly end.
  void reset();
  void set_receive_buffer(int bytes);

 private:
  bool fill();

  int socket_ = -1;
  std::string buffer_;
};

// A whole request on a connection of its own.
Answer get(std::uint16_t port, std::string_view path, std::string_view headers = "");
Answer post(std::uint16_t port, std::string_view path, std::string_view body,
            std::string_view headers = "");

// "POST path HTTP/1.1…" with Host, Content-Type, Content-Length and the body.
std::string post_text(std::string_view path, std::string_view body, std::string_view headers = "");
std::string get_text(std::string_view path, std::string_view headers = "");

}  // namespace penstock
