#include "store/sqlite_handle.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"

namespace penstock {

namespace {

constexpr int kBusyTimeoutMs = 10'000;

struct Meaning {
  const char* code;
  const char* text;
  const char* hint;
};

// Result codes as listed in https://www.sqlite.org/rescode.html.
Meaning meaning(int status) {
  switch (status & 0xff) {
    case SQLITE_FULL:
      return {"engine.store.full", "the disk that holds penstock's state is full",
              "free some space; jobs can be run again and continue"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {"engine.store.readonly", "penstock's state cannot be written",
              "check the file's owner and permissions, or set PENSTOCK_STATE to another folder"};
    case SQLITE_CANTOPEN:
      return {"engine.store.open", "penstock's state cannot be opened",
              "check the folder's owner and permissions, or set PENSTOCK_STATE to another folder"};
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {"engine.store.corrupt", "penstock's state is damaged or no database at all",
              "move the file away: penstock makes a new one and knows no earlier jobs then"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {"engine.store.busy", "another process keeps penstock's state locked",
              "end the process that has the file open, and try again"};
    case SQLITE_IOERR:
      return {"engine.store.io", "reading or writing penstock's state failed",
              "check the disk and the system log"};
    case SQLITE_NOMEM:
      return {"engine.memory", "out of memory while using penstock's state",
              "lower --memory or --parallel"};
    default:
      return {"engine.store.failed", "a statement on penstock's state failed",
              "please report this: it is a fault in penstock"};
  }
}

// SQLite would make the file readable for everyone. It is made here only when it is missing, and an
// existing one is never opened and closed here: closing any descriptor of a file drops this
// process's POSIX locks on it (https://www.sqlite.org/howtocorrupt.html, section 2.2). The files
// beside it (-wal, -shm) get the same mode from SQLite.
void make_private(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
}

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

void SqliteConnection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteConnection::SqliteConnection(const std::filesystem::path& path) : path_(path) {
  make_private(path);
  sqlite3* handle = nullptr;
  // NOMUTEX: the owner serialises calls.
  const int status =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);  // even a failed open may leave a handle to close
  if (status != SQLITE_OK) fail(status);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
}

SqliteConnection::~SqliteConnection() = default;

void SqliteConnection::fail(int status) const {
  const Meaning what = meaning(status);
  std::string message = std::string(what.text) + " (" + path_.string();
  // SQLite's own message names tables and columns of ours, never their contents.
  if (handle_ != nullptr) message += std::string(": ") + sqlite3_errmsg(handle_.get());
  throw Error(Side::engine, what.code, message + ")")
      .hint(what.hint)
      .native("SQLite " + std::to_string(status))
      .retryable((status & 0xff) == SQLITE_BUSY);
}

SqliteQuery SqliteConnection::query(const char* sql) {
  auto& statement = statements_[sql];
  if (statement == nullptr) {
    sqlite3_stmt* made = nullptr;
    const int status =
        sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (status != SQLITE_OK) fail(status);
    statement.reset(made);
  }
  return {*this, statement.get()};
}

void SqliteConnection::execute(const std::string& script) {
  const int status = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) fail(status);
}

std::int64_t SqliteConnection::rows_changed() const {
  return sqlite3_changes(handle_.get());
}

SqliteQuery::~SqliteQuery() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void SqliteQuery::check(int status) const {
  if (status != SQLITE_OK) connection_.fail(status);
}

SqliteQuery& SqliteQuery::bind(int position, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, position, value));
  return *this;
}

SqliteQuery& SqliteQuery::bind(int position, std::string_view value) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* const data = value.data() == nullptr ? "" : value.data();
  check(
      sqlite3_bind_text64(statement_, position, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

bool SqliteQuery::step() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) connection_.fail(status);
  return false;
}

std::int64_t SqliteQuery::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqliteQuery::text(int column) const {
  const unsigned char* const data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

SqliteTransaction::SqliteTransaction(SqliteConnection& connection) : connection_(connection) {
  connection_.query("BEGIN IMMEDIATE").run();
}

SqliteTransaction::~SqliteTransaction() {
  if (!open_) return;
  try {
    connection_.query("ROLLBACK").run();
  } catch (const Error&) {
    // Some failures (a full disk, for example) have rolled back already, and then there is nothing
    // to end; whatever else remains open ends with the connection.
  }
}

void SqliteTransaction::commit() {
  connection_.query("COMMIT").run();
  open_ = false;
}

}  // namespace penstock
