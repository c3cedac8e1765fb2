// HTTP to Zoho with libcurl: one call after another over a kept-alive connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/io/curl.h"
#include "core/cancel.h"

namespace penstock::zoho {

struct HttpOptions {
  std::string ca_file;  // empty: those of the machine
  std::string proxy;    // empty: none; the environment is not asked
  bool verify = true;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{120'000};  // without a byte either way
};

struct HttpCall {
  std::string method = "GET", url, body;
  std::vector<std::string> headers;  // "Name: value"
  // Set: takes the body of an answer with status 200 piece by piece; false ends the call.
  std::function<bool(std::string_view)> sink;
};

struct HttpReply {
  long status = 0;
  std::string body;  // with kPadding bytes of capacity behind it, which a parser may read
  std::optional<std::int64_t> credits_remaining;
};

// Purpose: sends calls and takes whole answers of at most kBodyBytesMax.
//   Threads: one at a time. Blocks, looking at the cancel token every kCancelPoll.
//   Errors: Error with side source when no whole answer came, retryable where that may pass.
//   Never shows a URL's parameters or a header: they may hold tokens.
class HttpClient {
 public:
  static constexpr std::size_t kBodyBytesMax = std::size_t{64} << 20;
  static constexpr std::size_t kPadding = 64;

  HttpClient(HttpOptions options, CancelToken cancel);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpReply send(const HttpCall& call);
  const CancelToken& cancel() const { return cancel_; }

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  void prepare(const HttpCall& call, const curl_slist* headers);
  CURLcode perform();
  [[noreturn]] void fail(CURLcode code, const std::string& url) const;

  HttpOptions options_;
  CancelToken cancel_;
  io::CurlMulti multi_;
  io::CurlHandle easy_;
  const HttpCall* call_ = nullptr;
  HttpReply reply_;
  bool too_large_ = false, stopped_by_sink_ = false, out_of_memory_ = false;
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace penstock::zoho
