#include "adapters/systems/mysql/snapshot.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <functional>

#include "adapters/systems/mysql/catalog.h"
#include "adapters/systems/mysql/error_map.h"
#include "adapters/systems/mysql/sql_text.h"

namespace penstock::mysql {

namespace {

constexpr std::string_view kDoing = "taking a snapshot";
// Beyond the server's own time-out for the lock: then the statement is killed.
constexpr std::chrono::seconds kLockSlack{2};

using Connections = std::vector<std::unique_ptr<Connection>>;

// A way to keep everybody from committing for a moment.
struct Lock {
  std::string name;                     // for people
  std::vector<std::string> statements;  // that take it
  std::string release;
};

Lock commit_lock(const ServerVersion& version) {
  if (!version.mariadb) {
    return {"FLUSH TABLES WITH READ LOCK", {"FLUSH TABLES WITH READ LOCK"}, "UNLOCK TABLES"};
  }
  // Unlike FLUSH TABLES WITH READ LOCK it does not wait for running SELECTs (MariaDB manual,
  // "BACKUP STAGE").
  return {"BACKUP STAGE BLOCK_COMMIT",
          {"BACKUP STAGE START", "BACKUP STAGE BLOCK_COMMIT"},
          "BACKUP STAGE END"};
}

Lock table_lock(std::span<const TableSchema* const> tables) {
  std::string list;
  for (const TableSchema* table : tables) {
    list += (list.empty() ? "" : ", ") + quote_table(table->id) + " READ";
  }
  return {"LOCK TABLES … READ", {"LOCK TABLES " + list}, "UNLOCK TABLES"};
}

bool has_views(std::span<const TableSchema* const> tables) {
  return std::ranges::any_of(
      tables, [](const TableSchema* table) { return table->kind == TableKind::view; });
}

Connections open_readers(const ConnectOptions& options, int count, const CancelToken& cancel) {
  Connections readers;
  for (int i = 0; i < count; ++i) {
    readers.push_back(std::make_unique<Connection>(options, cancel));
    readers.back()->exec("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", kDoing);
  }
  return readers;
}

// All at once: others wait for as long as this takes.
void start_transactions(const Connections& readers) {
  for (const auto& reader : readers) {
    reader->send("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", kDoing);
  }
  for (const auto& reader : readers) reader->receive(kDoing, std::chrono::seconds{10});
}

// Where a run that follows the changes would start; empty when the server keeps no log of them, or
// the user may not see it.
std::string log_position(Connection& leader) {
  const ServerVersion& version = leader.version();
  const bool renamed = !version.mariadb && version.number >= 80'200;
  try {
    const Result status =
        leader.exec(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS", kDoing);
    if (status.rows() == 0) return {};
    json::object position{{"v", 1},
                          {"product", version.mariadb ? "mariadb" : "mysql"},
                          {"file", status.text(0, 0)},
                          {"position", status.integer(0, 1)}};
    const Result sets = leader.exec(
        version.mariadb ? "SELECT @@gtid_binlog_pos" : "SELECT @@gtid_executed", kDoing);
    position["gtid"] = sets.text(0, 0);
    return json::serialize(position);
  } catch (const Error&) {
    if (!leader.usable()) throw;
    return {};
  }
}

void release(Connection& leader, const Lock& lock) {
  if (leader.usable()) leader.exec(lock.release, kDoing, std::chrono::seconds{10});
}

unsigned native_number(const Error& error) {
  unsigned number = 0;
  const std::string& text = error.native();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Runs `work` under the lock. Nothing when it did; else why the lock could not be had.
std::optional<std::string> under_lock(Connection& leader, const Lock& lock,
                                      std::chrono::seconds patience,
                                      const std::function<void()>& work) {
  try {
    leader.exec("SET SESSION lock_wait_timeout = " + std::to_string(patience.count()), kDoing);
    for (const std::string& statement : lock.statements) {
      leader.exec(statement, kDoing, patience + kLockSlack);
    }
  } catch (const Error& error) {
    if (!leader.usable()) throw;
    try {
      release(leader, lock);
    } catch (const Error&) {
      if (!leader.usable()) throw;  // no lock, nothing to release
    }
    const unsigned number = native_number(error);
    if (lacks_privilege(number)) return "the user may not run " + lock.name;
    if (lock_timed_out(number)) {
      return lock.name + " would have kept writers waiting for more than " +
             std::to_string(patience.count()) + " s behind a statement or transaction that runs";
    }
    return lock.name + " failed: " + error.message();
  }
  try {
    work();
  } catch (...) {
    // The lock ends with its connection if not otherwise.
    try {
      release(leader, lock);
    } catch (const Error&) {
    }
    throw;
  }
  release(leader, lock);
  return std::nullopt;
}

std::string names_of(const std::vector<const TableSchema*>& tables) {
  constexpr std::size_t shown_max = 5;
  std::string out;
  for (std::size_t i = 0; i < tables.size() && i < shown_max; ++i) {
    out += (i == 0 ? "" : ", ") + tables[i]->id.display();
  }
  return tables.size() > shown_max ? out + ", …" : out;
}

std::string next_token() {
  static std::atomic<std::uint64_t> count{0};
  return "mysql-" + std::to_string(++count);
}

}  // namespace

Error snapshot_lost(std::string_view why) {
  return Error(Side::source, "source.snapshot.lost",
               "a connection that held the snapshot is gone: " + std::string(why));
}

SnapshotPool::SnapshotPool(std::string token, Connections connections)
    : token_(std::move(token)), idle_(std::move(connections)) {}

std::unique_ptr<Connection> SnapshotPool::borrow(const CancelToken& cancel) {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) throw snapshot_lost("no other can join in its place");
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  connection->set_cancel_token(cancel);
  return connection;
}

void SnapshotPool::give_back(std::unique_ptr<Connection> connection) {
  if (!connection || !connection->usable()) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

Snapshot lesser_snapshot(std::string_view why) {
  return {.token = {},
          .consistency = Consistency::per_table,
          .description = "each table as of the start of its own reading: " + std::string(why),
          .position = {}};
}

TakenSnapshot take_snapshot(Connection& leader, const ConnectOptions& options,
                            const SnapshotPlan& plan, const CancelToken& cancel) {
  Connections readers = open_readers(options, plan.readers, cancel);
  std::string position, how;
  const auto work = [&] {
    start_transactions(readers);
    position = log_position(leader);
  };
  std::vector<Lock> locks = {commit_lock(leader.version())};
  if (!plan.tables.empty() && !has_views(plan.tables)) locks.push_back(table_lock(plan.tables));
  std::string obstacles;
  for (const Lock& lock : locks) {
    const auto obstacle = under_lock(leader, lock, plan.lock_patience, work);
    if (!obstacle) {
      how = lock.name;
      break;
    }
    obstacles += (obstacles.empty() ? "" : "; ") + *obstacle;
  }
  if (how.empty()) return {lesser_snapshot(obstacles), nullptr};

  TakenSnapshot taken;
  taken.pool = std::make_shared<SnapshotPool>(next_token(), std::move(readers));
  taken.snapshot = {.token = taken.pool->token(),
                    .consistency = Consistency::point_in_time,
                    .description = "one point in time for " + std::to_string(plan.readers) +
                                   " connections, set under " + how,
                    .position = position};
  std::vector<const TableSchema*> outside;
  for (const TableSchema* table : plan.tables) {
    if (!TablePayload::from_json(table->payload).in_snapshots()) outside.push_back(table);
  }
  if (!outside.empty()) {
    taken.snapshot.consistency = Consistency::per_table;
    taken.snapshot.description +=
        ", except tables of engines without transactions: " + names_of(outside);
  }
  return taken;
}

}  // namespace penstock::mysql
