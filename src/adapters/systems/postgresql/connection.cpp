#include "adapters/systems/postgresql/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "adapters/systems/postgresql/error_map.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCancelSendMax{1000};  // to deliver a cancel request
constexpr std::chrono::milliseconds kCancelDrainMax{500};  // for the server to react to it
constexpr const char* kUserTimeoutMs = "60000";            // unacknowledged data: the peer is gone

std::string field_of(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

// PostgreSQL sends a COPY in pieces of 8 KiB (PQ_SEND_BUFFER_SIZE). Waking up for each costs both
// sides more than the copying itself, so a reader of a COPY sleeps until this much has arrived …
constexpr int kReceiveBatchBytes = 192 << 10;
// … or so much time has passed, for the end of a stream is smaller. Doubles while nothing comes.
constexpr std::chrono::milliseconds kReceiveBatchWaitFirst{2};

// A COPY's last message comes at once after its data; …
constexpr std::chrono::seconds kCopyEndMax{60};
// … but what is sent may still wait for locks, disks and triggers.
constexpr std::chrono::hours kCopyInEndMax{24};
constexpr std::size_t kSendPieceBytes = std::size_t{256} << 10;

void ignore_notice(void*, const PGresult*) {}

}  // namespace

std::string ConnectOptions::endpoint() const {
  return host + ":" + std::to_string(port) + "/" + database;
}

std::int64_t Result::integer(int row, int column) const {
  const std::string_view value = text(row, column);
  std::int64_t out = 0;
  std::from_chars(value.data(), value.data() + value.size(), out);
  return out;
}

double Result::real(int row, int column) const {
  const std::string_view value = text(row, column);
  double out = 0;
  std::from_chars(value.data(), value.data() + value.size(), out);
  return out;
}

std::vector<ConfigField> connection_fields() {
  std::vector<ConfigField> fields;
  const auto add = [&](ConfigField field) { fields.push_back(std::move(field)); };
  add({.name = "host",
       .description = "Host name or address of the server, or the directory of its socket.",
       .fallback = json::value("localhost"),
       .aliases = {"hostname"},
       .example = "db.example.com"});
  add({.name = "port",
       .kind = FieldKind::integer,
       .description = "TCP port, or the number in the socket's name.",
       .fallback = json::value(5432),
       .min = 1,
       .max = 65'535});
  add({.name = "database",
       .description = "Name of the database.",
       .required = true,
       .aliases = {"dbname"},
       .example = "shop"});
  add({.name = "username",
       .description = "Role to connect as; unset: the operating system user's name.",
       .aliases = {"user"},
       .example = "penstock"});
  add({.name = "password",
       .kind = FieldKind::secret,
       .description = "Password; unset: libpq's own password file is asked."});
  add({.name = "sslmode",
       .kind = FieldKind::choice,
       .description = "Encryption: verify-full checks the server's certificate and name, prefer "
                      "encrypts when the server offers it.",
       .fallback = json::value("prefer"),
       .choices = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
       .aliases = {"ssl_mode"}});
  add({.name = "sslrootcert",
       .description = "File of the certificate authorities to trust.",
       .aliases = {"ssl_root_cert", "ssl_ca"}});
  add({.name = "sslcert",
       .description = "File of the client's certificate.",
       .aliases = {"ssl_cert"}});
  add({.name = "sslkey",
       .description = "File of the client certificate's key.",
       .aliases = {"ssl_key"}});
  add({.name = "connect_timeout",
       .kind = FieldKind::integer,
       .description = "Seconds to wait for a connection.",
       .fallback = json::value(static_cast<std::int64_t>(limits::connect_timeout.count())),
       .min = 1,
       .max = 600});
  add({.name = "application_name",
       .description = "Name shown in the server's pg_stat_activity.",
       .fallback = json::value("penstock")});
  return fields;
}

ConnectOptions connect_options(const Config& config, Side side) {
  ConnectOptions options;
  options.side = side;
  options.host = config.text("host");
  options.port = config.integer("port");
  options.database = config.text("database");
  options.username = config.text("username");
  options.password = config.text("password");
  options.sslmode = config.text("sslmode");
  options.sslrootcert = config.text("sslrootcert");
  options.sslcert = config.text("sslcert");
  options.sslkey = config.text("sslkey");
  options.connect_timeout = std::chrono::seconds{config.integer("connect_timeout")};
  options.application_name = config.text("application_name");
  return options;
}

Connection::Connection(const ConnectOptions& options, CancelToken cancel)
    : side_(options.side), cancel_(std::move(cancel)) {
  cancel_.check();
  connect(options);
  await_connected(options);
}

void Connection::connect(const ConnectOptions& options) {
  const std::string port = std::to_string(options.port);
  std::vector<const char*> keys, values;
  const auto add = [&](const char* key, const char* value) {
    keys.push_back(key);
    values.push_back(value);
  };
  const auto add_text = [&](const char* key, const std::string& value) {
    if (!value.empty()) add(key, value.c_str());
  };
  add_text("host", options.host);
  add_text("port", port);
  add_text("dbname", options.database);
  add_text("user", options.username);
  add_text("password", options.password);
  add_text("sslmode", options.sslmode);
  add_text("sslrootcert", options.sslrootcert);
  add_text("sslcert", options.sslcert);
  add_text("sslkey", options.sslkey);
  add_text("application_name", options.application_name);
  add("client_encoding", "UTF8");
  add("keepalives", "1");
  add("keepalives_idle", "30");
  add("keepalives_interval", "10");
  add("keepalives_count", "3");
  add("tcp_user_timeout", kUserTimeoutMs);
  add(nullptr, nullptr);
  // expand_dbname is 0: a database called "host=elsewhere" is a name, not a connection string.
  connection_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
  if (!connection_) throw std::bad_alloc();
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
}

void Connection::await_connected(const ConnectOptions& options) {
  const auto deadline = Clock::now() + options.connect_timeout;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (PQstatus(connection_.get()) == CONNECTION_BAD) status = PGRES_POLLING_FAILED;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED) {
      throw connect_error(side_, PQerrorMessage(connection_.get()), options.endpoint());
    }
    while (!wait_socket(status == PGRES_POLLING_WRITING)) {
      cancel_.check();
      if (Clock::now() < deadline) continue;
      throw Error(side_, side_code(side_, "*.connection"),
                  "no answer from PostgreSQL at " + options.endpoint() + " within " +
                      std::to_string(options.connect_timeout.count()) + " s")
          .retryable(true)
          .hint("check host, port and firewalls, or raise connect_timeout");
    }
    cancel_.check();
    status = PQconnectPoll(connection_.get());
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  PQsetNoticeReceiver(connection_.get(), &ignore_notice, nullptr);
  if (PQsetnonblocking(connection_.get(), 1) != 0) fail_broken("connecting");
}

bool Connection::wait_socket(bool for_write, std::chrono::milliseconds time) {
  pollfd waited{.fd = PQsocket(connection_.get()),
                .events = static_cast<short>(for_write ? POLLIN | POLLOUT : POLLIN),
                .revents = 0};
  if (waited.fd < 0) return true;  // libpq reports the failure on the next call
  return poll(&waited, 1, static_cast<int>(time.count())) > 0;
}

void Connection::flush(std::string_view doing) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return;
    if (left < 0) fail_broken(doing);
    if (!wait_socket(true)) {
      check_cancelled();
    } else if (PQconsumeInput(connection_.get()) == 0) {
      fail_broken(doing);
    }
  }
}

void Connection::check_cancelled() {
  if (!cancel_.requested()) return;
  cancel_statement();
  cancel_.check();
}

PGresult* Connection::next_result(std::string_view doing, Clock::time_point deadline) {
  while (PQisBusy(connection_.get()) != 0) {
    check_cancelled();
    if (Clock::now() > deadline) {
      cancel_statement();
      throw Error(side_, side_code(side_, "*.timeout"),
                  "PostgreSQL did not answer in time, while " + std::string(doing))
          .retryable(true);
    }
    if (wait_socket(false) && PQconsumeInput(connection_.get()) == 0) fail_broken(doing);
  }
  return PQgetResult(connection_.get());
}

Result Connection::collect(std::string_view doing, std::chrono::seconds limit) {
  flush(doing);
  const auto deadline = Clock::now() + limit;
  Result last(nullptr), failed(nullptr);
  const PGresult* failure = nullptr;
  while (PGresult* const result = next_result(doing, deadline)) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      failed = Result(result);
      failure = result;
    } else {
      last = Result(result);
    }
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  if (failure != nullptr) fail(failure, doing);
  if (PQstatus(connection_.get()) == CONNECTION_BAD) fail_broken(doing);
  return last;
}

Result Connection::exec(const std::string& sql, std::string_view doing,
                        std::chrono::seconds limit) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) fail_broken(doing);
  return collect(doing, limit);
}

Result Connection::exec(const std::string& sql, std::span<const std::string> parameters,
                        std::string_view doing) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    fail_broken(doing);
  }
  return collect(doing, std::chrono::seconds{300});
}

void Connection::rollback() {
  if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
  exec("ROLLBACK", "ending a transaction", std::chrono::seconds{10});
}

void Connection::copy_out_start(const std::string& sql, std::string_view doing) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) fail_broken(doing);
  await_copy_start(PGRES_COPY_OUT, doing);
  set_receive_batch(kReceiveBatchBytes);
}

// No deadline: a condition of the user's may let the server search for long before the first row.
void Connection::await_copy_start(ExecStatusType expected, std::string_view doing) {
  copy_doing_ = doing;
  copied_rows_ = 0;
  flush(doing);
  PGresult* const raw = next_result(doing, Clock::time_point::max());
  if (raw == nullptr) fail_broken(doing);
  const Result started(raw);
  if (PQresultStatus(raw) == expected) return;
  while (PGresult* const rest = next_result(doing, Clock::time_point::max())) PQclear(rest);
  fail(raw, doing);
}

// SO_RCVLOWAT of socket(7): poll() reports a TCP socket readable from so many bytes on. Other kinds
// of socket ignore it.
void Connection::set_receive_batch(int bytes) {
  const int socket = PQsocket(connection_.get());
  if (socket >= 0) setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

std::optional<CopyMessage> Connection::copy_out_next() {
  auto wait = kReceiveBatchWaitFirst;
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(connection_.get(), &data, 1);
    if (size > 0) return CopyMessage(data, static_cast<std::size_t>(size));
    if (size == -1) {
      finish_copy(kCopyEndMax);
      return std::nullopt;
    }
    if (size == -2) fail_broken(copy_doing_);
    check_cancelled();
    // What arrived meanwhile is taken in any case.
    if (!wait_socket(false, wait))
      wait = std::min<std::chrono::milliseconds>(2 * wait, kCancelPoll);
    if (PQconsumeInput(connection_.get()) == 0) fail_broken(copy_doing_);
  }
}

// An error in the middle of a COPY also ends the data; only the final result tells.
void Connection::finish_copy(std::chrono::seconds limit) {
  set_receive_batch(1);
  const auto deadline = Clock::now() + limit;
  bool complete = false;
  Result failed(nullptr);
  const PGresult* failure = nullptr;
  while (PGresult* const result = next_result(copy_doing_, deadline)) {
    if (PQresultStatus(result) == PGRES_COMMAND_OK) {
      const std::string_view count = PQcmdTuples(result);
      std::from_chars(count.data(), count.data() + count.size(), copied_rows_);
      complete = true;
      PQclear(result);
    } else {
      failed = Result(result);
      failure = result;
    }
  }
  if (failure != nullptr) fail(failure, copy_doing_);
  if (!complete) fail_broken(copy_doing_);
}

void Connection::copy_in_start(const std::string& sql, std::string_view doing) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) fail_broken(doing);
  await_copy_start(PGRES_COPY_IN, doing);
  copying_in_ = true;
}

void Connection::copy_in(const void* bytes, std::size_t count) {
  const auto* at = static_cast<const char*>(bytes);
  while (count != 0) {
    // libpq copies what it is given into a buffer of its own.
    const std::size_t piece = std::min(count, kSendPieceBytes);
    const int queued = PQputCopyData(connection_.get(), at, static_cast<int>(piece));
    if (queued < 0) fail_copy_in();
    if (queued == 0) {
      if (!wait_socket(true)) check_cancelled();
      if (PQconsumeInput(connection_.get()) == 0) fail_broken(copy_doing_);
      continue;
    }
    at += piece;
    count -= piece;
    flush(copy_doing_);
    // Reads an error that the server has sent meanwhile; the next call finds the COPY ended then.
    (void)PQisBusy(connection_.get());
  }
  check_cancelled();
}

std::int64_t Connection::copy_in_end() {
  for (;;) {
    const int queued = PQputCopyEnd(connection_.get(), nullptr);
    if (queued < 0) fail_copy_in();
    if (queued > 0) break;
    if (!wait_socket(true)) check_cancelled();
  }
  copying_in_ = false;
  flush(copy_doing_);
  finish_copy(kCopyInEndMax);
  return copied_rows_;
}

// PQputCopyData refuses once the server has ended the COPY: its result says why.
void Connection::fail_copy_in() {
  copying_in_ = false;
  if (!usable()) fail_broken(copy_doing_);
  finish_copy(kCopyEndMax);
  throw Error(side_, side_code(side_, "*.protocol"),
              "PostgreSQL ended a COPY early, while " + copy_doing_)
      .retryable(true);
}

void Connection::fail(const PGresult* result, std::string_view doing) {
  if (result == nullptr || field_of(result, PG_DIAG_SQLSTATE).empty()) fail_broken(doing);
  throw server_error(
      side_,
      {field_of(result, PG_DIAG_SQLSTATE), field_of(result, PG_DIAG_MESSAGE_PRIMARY),
       field_of(result, PG_DIAG_MESSAGE_DETAIL), field_of(result, PG_DIAG_MESSAGE_HINT)},
      doing);
}

void Connection::fail_broken(std::string_view doing) {
  const std::string message =
      connection_ ? PQerrorMessage(connection_.get()) : "the connection was closed";
  throw broken_connection(side_, message, doing);
}

namespace {

// PQcancel opens a connection of its own and blocks on it, for minutes when packets vanish. A
// thread of its own makes the wait ours to end; it keeps what it needs alive.
void send_cancel(PGconn* connection) {
  struct Shared {
    std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request{nullptr, &PQfreeCancel};
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  const auto shared = std::make_shared<Shared>();
  shared->request.reset(PQgetCancel(connection));
  if (!shared->request) return;
  std::thread([shared] {
    std::array<char, 256> message{};
    PQcancel(shared->request.get(), message.data(), static_cast<int>(message.size()));
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    shared->changed.notify_all();
  }).detach();
  std::unique_lock lock(shared->mutex);
  shared->changed.wait_for(lock, kCancelSendMax, [&] { return shared->done; });
}

// Reads and drops what the server still sends until the statement has ended.
bool drain(PGconn* connection, Clock::time_point deadline) {
  while (Clock::now() < deadline) {
    char* data = nullptr;
    const int size = PQgetCopyData(connection, &data, 1);
    if (size > 0) {
      PQfreemem(data);
      continue;
    }
    if (size != 0 && PQisBusy(connection) == 0) {
      PGresult* const result = PQgetResult(connection);
      if (result == nullptr) return PQstatus(connection) == CONNECTION_OK;
      PQclear(result);
      continue;
    }
    pollfd waited{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
    if (waited.fd < 0) return false;
    poll(&waited, 1, 20);
    if (PQconsumeInput(connection) == 0) return false;
  }
  return false;
}

}  // namespace

void Connection::cancel_statement() noexcept {
  if (!usable() || PQtransactionStatus(connection_.get()) != PQTRANS_ACTIVE) return;
  set_receive_batch(1);
  try {
    if (copying_in_) {
      copying_in_ = false;
      // A server that takes no more data cannot take this either: then the connection is closed.
      if (PQputCopyEnd(connection_.get(), "penstock gave up") == 1) PQflush(connection_.get());
    } else {
      send_cancel(connection_.get());
    }
    if (drain(connection_.get(), Clock::now() + kCancelDrainMax)) return;
  } catch (...) {
    // Without a thread to spare the connection is closed, which ends the statement as well.
  }
  connection_.reset();
}

bool Connection::usable() const {
  return connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK;
}

std::string Connection::parameter(const char* name) const {
  const char* const text = PQparameterStatus(connection_.get(), name);
  return text == nullptr ? std::string() : std::string(text);
}

bool Connection::behind_pooler() {
  const Result row = exec("SELECT pg_catalog.pg_backend_pid()", "asking for the process id");
  return row.integer(0, 0) != PQbackendPID(connection_.get());
}

std::string session_pins(const Connection& connection, bool own_search_path) {
  std::string sql =
      "SET LOCAL timezone = 'UTC';"
      "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';"
      "SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';"
      "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s';"
      "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off;"
      "SET LOCAL standard_conforming_strings = on; SET LOCAL jit = off;";
  // A database without a character set refuses to send text that is not UTF-8 to a client that
  // asked for UTF-8 (pg_server_to_any in src/backend/utils/mb/mbutils.c): there we check for
  // ourselves.
  const bool any_bytes = connection.parameter("server_encoding") == "SQL_ASCII";
  sql += any_bytes ? "SET LOCAL client_encoding = 'SQL_ASCII';"
                   : "SET LOCAL client_encoding = 'UTF8';";
  if (connection.server_version() >= 170'000) sql += "SET LOCAL transaction_timeout = 0;";
  if (!own_search_path) sql += "SET LOCAL search_path = pg_catalog;";
  return sql;
}

}  // namespace penstock::postgresql
