// One libmariadb connection, for sources and destinations alike.
#pragma once

#include <mysql.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/config_spec.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/limits.h"

namespace penstock::mysql {

// Where and how to connect. Every value reaches libmariadb as an option of its own.
struct ConnectOptions {
  Side side = Side::source;
  std::string host, database, username, password;  // a host that starts with / is a socket's path
  std::int64_t port = 3306;
  std::string ssl_mode = "preferred", ssl_ca, ssl_cert, ssl_key;
  std::chrono::seconds connect_timeout = limits::connect_timeout;

  std::string endpoint() const;  // "host:port", for people
};

// The fields every MySQL adapter's configuration has, and their reading.
std::vector<ConfigField> connection_fields();
ConnectOptions connect_options(const Config& config, Side side);

struct ServerVersion {
  bool mariadb = false;
  int number = 0;    // 8.0.32 → 80032, 10.11.19 → 101119
  std::string text;  // "10.11.19"
};

// A query's rows in text form. Views returned by text() live as long as the Result.
class Result {
 public:
  Result() = default;
  explicit Result(MYSQL_RES* result);
  int rows() const { return static_cast<int>(values_.size()); }
  bool null(int row, int column) const { return at(row)[column] == nullptr; }
  std::string_view text(int row, int column) const;  // "" for NULL
  std::string string(int row, int column) const { return std::string(text(row, column)); }
  std::int64_t integer(int row, int column) const;  // 0 for NULL and for what is no number
  // Its index by name, case-insensitively; -1: none.
  int column(std::string_view name) const;

 private:
  MYSQL_ROW at(int row) const { return values_[static_cast<std::size_t>(row)]; }

  std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result_{nullptr, &mysql_free_result};
  std::vector<MYSQL_ROW> values_;
  std::vector<unsigned long> lengths_;  // row-major
  unsigned columns_ = 0;
};

// A column of a streamed result, as the server describes it.
struct StreamColumn {
  std::string name;
  enum_field_types type = MYSQL_TYPE_NULL;
  unsigned flags = 0;
};

// Purpose: the one place that talks to libmariadb. Nothing blocks for longer than kCancelPoll
// without looking at the cancel token (name resolution and the TLS handshake excepted, which end by
// the connect time-out); a statement is killed at the server when that asks for it.
//   Call order: construct (connects, pins the session) → exec*, (send → receive)*,
//   (stream_start → stream_next … until empty, or cancel_statement)*.
//   The session speaks utf8mb4, lives in UTC, has an empty sql_mode and no time limits that would
//   end a long read.
//   Streams use prepared statements, unbuffered, without a cursor: rows arrive in the binary
//   protocol, and stream_next hands out each one's packet as it lies in libmariadb's buffer.
//   Errors: Error of the options' side, see error_map.h. After one, usable() says whether the
//   connection is still good.
//   Threads: one at a time. Destroying closes the connection without waiting for the server.
class Connection {
 public:
  Connection(const ConnectOptions& options, CancelToken cancel);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One statement. One that takes longer than `limit` is killed ("<side>.timeout").
  Result exec(const std::string& sql, std::string_view doing,
              std::chrono::milliseconds limit = std::chrono::seconds{300});
  // The same in two steps, so that several connections can work at once.
  void send(const std::string& sql, std::string_view doing);
  Result receive(std::string_view doing,
                 std::chrono::milliseconds limit = std::chrono::seconds{300});

  void stream_start(const std::string& sql, std::string_view doing);
  const std::vector<StreamColumn>& stream_columns() const { return stream_columns_; }
  // The next row's packet, valid until the next call; empty at the end, by which the server has
  // reported success.
  std::span<const std::uint8_t> stream_next();
  // The largest row that is taken in; a larger one breaks the connection ("row.too_large").
  void set_row_bytes_max(std::size_t bytes);
  // What libmariadb holds for one row: it grows with the largest and never shrinks.
  std::size_t row_buffer_bytes() const;

  // Kills the running stream at the server and clears the line, within about 1.5 seconds; when that
  // does not succeed the connection is closed and usable() turns false. An open transaction stays
  // open. Never throws.
  void cancel_statement() noexcept;

  bool usable() const { return usable_; }
  bool encrypted() const { return encrypted_; }
  const ServerVersion& version() const { return version_; }
  const CancelToken& cancel_token() const { return cancel_; }
  void set_cancel_token(CancelToken cancel) { cancel_ = std::move(cancel); }

 private:
  void connect();
  void read_version();
  void pin_session();
  void end_stream() noexcept;
  void close() noexcept;
  void kill_at_server(bool whole_session) noexcept;
  [[noreturn]] void fail(std::string_view doing);
  [[noreturn]] void fail_with(unsigned number, std::string sqlstate, std::string message,
                              std::string_view doing);

  ConnectOptions options_;
  CancelToken cancel_;
  MYSQL handle_{};
  bool initialised_ = false, usable_ = false, encrypted_ = false, timed_out_ = false;
  bool kills_ = true;  // what it gives up waiting for is killed at the server
  ServerVersion version_;
  unsigned long session_ = 0;  // the server's id of this connection
  MYSQL_STMT* stream_ = nullptr;
  bool stream_rows_left_ = false;
  std::string stream_doing_;
  std::vector<StreamColumn> stream_columns_;
};

}  // namespace penstock::mysql
