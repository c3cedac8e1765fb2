// ClickHouse over HTTP with libcurl: small queries, and inserts streamed with constant memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/io/curl.h"
#include "core/cancel.h"

namespace penstock::clickhouse {

// Where and how to connect. A plain value; `password` is sent in a header, never in an URL.
struct Endpoint {
  std::string host = "localhost";
  int port = 8123;
  std::string socket_path;  // a unix socket instead of host and port
  bool secure = false;
  bool verify = true;
  std::string ca_file;
  std::string user = "default", password;
  std::chrono::milliseconds connect_timeout{10'000};

  std::string display() const;  // "host:port" or the socket's path
};

using Settings = std::map<std::string, std::string>;

struct QueryOptions {
  Settings settings;
  std::string database;  // empty: the user's default
  std::size_t body_bytes_max = std::size_t{64} << 20;
  // The statement has an effect that must not happen twice: a connection of its own keeps libcurl
  // from repeating it when a kept-alive one turns out to be dead.
  bool once = false;
  // A cancel waits a little for the answer: what the server does with a statement whose connection
  // was cut, and when, nobody knows.
  bool let_finish = false;
  // For cleaning up after a cancelled job: bounded by `deadline` alone.
  bool ignore_cancel = false;
  std::chrono::milliseconds deadline{0};  // 0: only the time without any progress is limited
};

// A piece of bytes that stays valid until the call it is given to returns.
struct Chunk {
  const void* data = nullptr;
  std::size_t size = 0;
};

// Purpose: one keep-alive connection. Blocks, looking at the cancel token every kCancelPoll.
//   Call order: query* or (start_insert → send* → finish_insert | abort_insert), over and over.
//   Threads: one at a time. Errors: Error with side destination; after one, the next call connects
//   anew. `progress` of the server is not asked for.
class HttpClient {
 public:
  HttpClient(Endpoint endpoint, CancelToken cancel);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Runs one statement and returns its whole body, of at most body_bytes_max.
  std::string query(std::string_view sql, const QueryOptions& options = {});

  // Starts `INSERT … FORMAT Native`; the data follows by send().
  void start_insert(std::string_view sql, const Settings& settings);
  // Blocks until libcurl has taken all chunks (at most 2 MiB of them wait in its own buffer).
  // Throws the server's error as soon as it answers.
  void send(std::span<const Chunk> chunks);
  // Ends the body and waits for the answer.
  void finish_insert();
  // Cuts the connection. What arrived may or may not be stored.
  void abort_insert() noexcept;
  bool inserting() const { return inserting_; }

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* out, std::size_t size, std::size_t count, void* self);

  void configure_connection();
  void prepare(const std::string& url, const curl_slist* headers);
  void attach();
  void detach() noexcept;
  // One turn: moves bytes, and waits up to kCancelPoll for more. Returns false when the transfer
  // has ended (result_ then says how).
  bool turn(bool ignore_cancel);
  void watch_stall();
  void check_cancel();
  std::string url_with(const Settings& settings, std::string_view database,
                       std::string_view sql) const;
  [[noreturn]] void fail_transfer();
  void check_answer();

  Endpoint endpoint_;
  CancelToken cancel_;
  // Order matters: the easy handle goes before the multi handle that holds its connection.
  io::CurlMulti multi_;
  io::CurlHandle easy_;
  io::CurlList query_headers_, insert_headers_;
  bool attached_ = false, inserting_ = false, ended_ = false, paused_ = false, body_done_ = false;
  CURLcode result_ = CURLE_OK;

  std::string body_, exception_tag_;
  std::size_t body_bytes_max_ = 0;
  bool body_too_large_ = false;
  int exception_code_ = 0;

  std::span<const Chunk> chunks_;
  std::size_t chunk_offset_ = 0;
  curl_off_t moved_ = 0;
  std::chrono::steady_clock::time_point moved_at_;
  bool let_finish_ = false;
  std::optional<std::chrono::steady_clock::time_point> cancelled_at_;
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace penstock::clickhouse
