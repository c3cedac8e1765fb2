// RAII over SQLite's C API: one connection, its cached statements, transactions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace penstock {

class SqliteConnection;

// One run of a cached statement; resets it when it goes. Bind by position (1 …), then step.
//   Threads: the connection's. Views from text() are valid until the next step.
//   Errors: Error "engine.store.*".
class SqliteQuery {
 public:
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;
  ~SqliteQuery();

  SqliteQuery& bind(int position, std::int64_t value);
  SqliteQuery& bind(int position, std::string_view value);
  // Binds all parameters in order.
  template <typename... Values>
  SqliteQuery& with(const Values&... values) {
    int position = 0;
    (bind(++position, values), ...);
    return *this;
  }

  bool step();  // true: there is a row
  void run() {
    while (step()) {
    }
  }

  // Column by position (0 …) of the current row.
  std::int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class SqliteConnection;
  SqliteQuery(SqliteConnection& connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}
  void check(int status) const;

  SqliteConnection& connection_;
  sqlite3_stmt* statement_;
};

// Threads: one at a time. Destroying closes.
class SqliteConnection {
 public:
  // Opens (or makes) the file. Throws Error "engine.store.*".
  explicit SqliteConnection(const std::filesystem::path& path);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  // Prepares `sql` once and keeps it. The text must be a literal: it is the key, by its address.
  // A statement may be in use only once at a time.
  SqliteQuery query(const char* sql);
  // Runs a script of several statements.
  void execute(const std::string& script);
  std::int64_t rows_changed() const;

  const std::filesystem::path& path() const { return path_; }
  // Throws what `status` (an SQLite result code) means, with what to do about it.
  [[noreturn]] void fail(int status) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  const std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

// A write transaction that takes the file's write lock at once (BEGIN IMMEDIATE), so that it waits
// for other processes at its start and can never fail later for having read first. Destroying
// without commit() rolls back.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteConnection& connection);
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();
  void commit();

 private:
  SqliteConnection& connection_;
  bool open_ = true;
};

}  // namespace penstock
