// One libpq connection, for the source and the destination alike.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "contract/config_spec.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/limits.h"

namespace penstock::postgresql {

// Where and how to connect. Every value reaches libpq as a keyword of its own, never as part of a
// connection string, so that no character in it has a meaning.
struct ConnectOptions {
  Side side = Side::source;
  std::string host, database, username, password;
  std::int64_t port = 5432;
  std::string sslmode = "prefer", sslrootcert, sslcert, sslkey;
  std::chrono::seconds connect_timeout = limits::connect_timeout;
  std::string application_name = "penstock";

  std::string endpoint() const;  // "host:port/database", for people
};

// The fields every PostgreSQL adapter's configuration has, and their reading.
std::vector<ConfigField> connection_fields();
ConnectOptions connect_options(const Config& config, Side side);

// A query's rows. Views returned by text() live as long as the Result.
class Result {
 public:
  explicit Result(PGresult* result) : result_(result, &PQclear) {}
  int rows() const { return PQntuples(result_.get()); }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  // 0 for NULL and for what is no number.
  std::int64_t integer(int row, int column) const;
  double real(int row, int column) const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

// One message of a COPY stream, as libpq delivers it; freed on destruction. Move-only.
class CopyMessage {
 public:
  CopyMessage() = default;
  CopyMessage(char* data, std::size_t size) : data_(data, &PQfreemem), size_(size) {}
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  std::unique_ptr<char, decltype(&PQfreemem)> data_{nullptr, &PQfreemem};
  std::size_t size_ = 0;
};

// Purpose: the one place that talks to libpq. Nothing blocks for longer than kCancelPoll without
// looking at the cancel token; a statement is cancelled at the server when that asks for it.
//   Call order: construct (connects) → exec*, (copy_out_start → copy_out_next … until empty)*.
//   Session settings are made by SET LOCAL inside transactions (see session_pins): they hold
//   behind a transaction pooler as well and never leak into a session that others get.
//   Errors: Error of the options' side, see error_map.h. After one, usable() says whether the
//   connection is still good; a transaction that failed must be ended by rollback().
//   Threads: one at a time. Destroying closes the connection without waiting for the server.
class Connection {
 public:
  Connection(const ConnectOptions& options, CancelToken cancel);

  // Runs one or several statements (no parameters: simple protocol) and returns the last result.
  // `doing` completes "while …" in errors. A statement that takes longer than `limit` is cancelled
  // ("<side>.timeout").
  Result exec(const std::string& sql, std::string_view doing,
              std::chrono::seconds limit = std::chrono::seconds{300});
  // One statement with text parameters.
  Result exec(const std::string& sql, std::span<const std::string> parameters,
              std::string_view doing);
  // Ends an open or failed transaction, if any.
  void rollback();

  // Starts a COPY … TO STDOUT.
  void copy_out_start(const std::string& sql, std::string_view doing);
  // The next message, waiting for it; nothing at the end, by which the server has reported success;
  // copied_rows() then is the server's count.
  std::optional<CopyMessage> copy_out_next();
  std::int64_t copied_rows() const { return copied_rows_; }

  // Starts a COPY … FROM STDIN.
  void copy_in_start(const std::string& sql, std::string_view doing);
  // Sends a piece of the stream; blocks for back-pressure. Throws what the server found wrong with
  // earlier pieces, which ends the COPY.
  void copy_in(const void* bytes, std::size_t count);
  // Ends the stream and returns how many rows the server took.
  std::int64_t copy_in_end();

  // Asks the server to stop what it does and clears the line, within about 1.5 seconds; when that
  // does not succeed the connection is closed and usable() turns false. Never throws.
  void cancel_statement() noexcept;

  bool usable() const;
  // Inside a transaction that has not failed.
  bool in_good_transaction() const {
    return usable() && PQtransactionStatus(connection_.get()) == PQTRANS_INTRANS;
  }
  int server_version() const { return PQserverVersion(connection_.get()); }  // 150018
  std::string parameter(const char* name) const;  // as the server reported; "" when it did not
  bool encrypted() const { return PQsslInUse(connection_.get()) != 0; }
  // PgBouncer and its kin make up the process id that a client is told.
  bool behind_pooler();
  const CancelToken& cancel_token() const { return cancel_; }
  Side side() const { return side_; }

 private:
  void connect(const ConnectOptions& options);
  void await_connected(const ConnectOptions& options);
  // Waits until the socket is ready; false when `time` passed without that.
  bool wait_socket(bool for_write, std::chrono::milliseconds time = kCancelPoll);
  void set_receive_batch(int bytes);
  void flush(std::string_view doing);
  // The next result of the running statement, null at its end.
  PGresult* next_result(std::string_view doing, std::chrono::steady_clock::time_point deadline);
  Result collect(std::string_view doing, std::chrono::seconds limit);
  void await_copy_start(ExecStatusType expected, std::string_view doing);
  void finish_copy(std::chrono::seconds limit);
  [[noreturn]] void fail_copy_in();
  void check_cancelled();
  [[noreturn]] void fail(const PGresult* result, std::string_view doing);
  [[noreturn]] void fail_broken(std::string_view doing);

  Side side_;
  CancelToken cancel_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
  std::string copy_doing_;
  std::int64_t copied_rows_ = 0;
  bool copying_in_ = false;
};

// "SET LOCAL …" statements for the start of a transaction on that connection: UTF-8, UTC, ISO
// forms, no time limits that would end a long read, no row-level security in silence.
// `own_search_path` keeps the user's search_path (for SQL that the user wrote) instead of pinning
// it to pg_catalog.
std::string session_pins(const Connection& connection, bool own_search_path = false);

}  // namespace penstock::postgresql
