#include "store/sqlite_open.h"

#include <chrono>
#include <string>
#include <thread>

#include "core/error.h"
#include "store/state_path.h"

namespace penstock {

namespace embedded {
extern const std::string_view store_schema;
}  // namespace embedded

namespace {

// "PENS", in the file's header (PRAGMA application_id), so that file(1) and we know it.
constexpr std::int64_t kApplicationId = 0x50454E53;
constexpr int kWalAttempts = 200;
constexpr std::chrono::milliseconds kWalPause{50};

std::int64_t read_integer(SqliteConnection& connection, const char* sql) {
  SqliteQuery query = connection.query(sql);
  return query.step() ? query.integer(0) : 0;
}

// The switch to WAL needs the file alone for a moment, and SQLite answers busy at once, without its
// busy handler, where waiting could deadlock. Several processes starting together meet that.
void switch_to_wal(SqliteConnection& connection) {
  for (int attempt = 1;; ++attempt) {
    try {
      connection.query("PRAGMA journal_mode = WAL").run();
      return;
    } catch (const Error& error) {
      if (!error.retryable() || attempt == kWalAttempts) throw;
    }
    std::this_thread::sleep_for(kWalPause);
  }
}

void refuse_foreign(SqliteConnection& connection) {
  // In this order: the mark is committed together with the tables, perhaps by another process now.
  const bool empty = read_integer(connection, "SELECT count(*) FROM sqlite_schema") == 0;
  const std::int64_t id = read_integer(connection, "PRAGMA application_id");
  if (id == kApplicationId || (id == 0 && empty)) return;
  throw Error(Side::engine, "engine.store.foreign",
              connection.path().string() + " is another program's database")
      .hint("set PENSTOCK_STATE to a folder of penstock's own");
}

}  // namespace

void migrate_state(SqliteConnection& connection, std::span<const std::string_view> scripts) {
  const auto newest = static_cast<std::int64_t>(scripts.size());
  if (read_integer(connection, "PRAGMA user_version") == newest) return;
  SqliteTransaction transaction(connection);
  // Read again under the lock: another process may have just done it.
  const std::int64_t version = read_integer(connection, "PRAGMA user_version");
  if (version > newest) {
    throw Error(Side::engine, "engine.store.version",
                connection.path().string() + " was made by a newer penstock (its version is " +
                    std::to_string(version) + ", this program knows " + std::to_string(newest) +
                    ")")
        .hint("use the newer penstock, or set PENSTOCK_STATE to another folder");
  }
  for (std::int64_t next = version; next < newest; ++next) {
    connection.execute(std::string(scripts[static_cast<std::size_t>(next)]));
  }
  connection.execute("PRAGMA application_id = " + std::to_string(kApplicationId) +
                     "; PRAGMA user_version = " + std::to_string(newest));
  transaction.commit();
}

std::unique_ptr<SqliteConnection> open_state(const std::filesystem::path& path) {
  make_state_folder(path.parent_path());
  auto connection = std::make_unique<SqliteConnection>(path);
  refuse_foreign(*connection);
  switch_to_wal(*connection);
  // In WAL mode, NORMAL syncs at checkpoints only, not at every commit: thousands of small records
  // cost no thousand syncs. The death of a process loses nothing, for the pages are with the
  // kernel; the death of the machine may lose the last records, never the file's consistency. That
  // is enough: the ledger only says where to continue, and after any crash the destination itself
  // is asked what is committed, so that a lost record repeats work and can duplicate nothing.
  connection->execute(
      "PRAGMA synchronous = NORMAL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA journal_size_limit = 16777216");  // bytes; a big job's log does not stay big
  const std::string_view scripts[] = {embedded::store_schema};
  migrate_state(*connection, scripts);
  return connection;
}

}  // namespace penstock
