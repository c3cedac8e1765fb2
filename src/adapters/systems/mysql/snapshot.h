// One point in time for several connections. MySQL cannot export a snapshot: all connections that
// shall share one must start their transactions while nothing can be committed.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "adapters/systems/mysql/connection.h"
#include "contract/source.h"

namespace penstock::mysql {

// Connections inside transactions that see the same point in time. Shared by the source, which
// fills it, and its readers, which borrow from it and give back. Thread-safe.
class SnapshotPool {
 public:
  SnapshotPool(std::string token, std::vector<std::unique_ptr<Connection>> connections);

  const std::string& token() const { return token_; }
  // Throws "source.snapshot.lost" when there is none left: one that broke cannot be replaced.
  std::unique_ptr<Connection> borrow(const CancelToken& cancel);
  // A connection that broke is dropped.
  void give_back(std::unique_ptr<Connection> connection);

 private:
  const std::string token_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

// "source.snapshot.lost", for whoever notices.
Error snapshot_lost(std::string_view why);

struct SnapshotPlan {
  std::span<const TableSchema* const> tables;
  int readers = 1;
  // How long a lock may keep others waiting before it is given up.
  std::chrono::seconds lock_patience{5};
};

struct TakenSnapshot {
  Snapshot snapshot;
  std::shared_ptr<SnapshotPool> pool;  // null: nothing to share, each table in a read of its own
};

// Takes the snapshot that the user's privileges allow, over `leader` (which holds the lock for the
// few milliseconds that it takes): under BACKUP STAGE BLOCK_COMMIT (MariaDB) or FLUSH TABLES WITH
// READ LOCK (MySQL), else under LOCK TABLES … READ of the tables, else none is shared. What stands
// in the way of a better one is in the description. Nothing stays locked, whatever happens.
//   Errors: those of connecting; never for want of a privilege or a lock.
TakenSnapshot take_snapshot(Connection& leader, const ConnectOptions& options,
                            const SnapshotPlan& plan, const CancelToken& cancel);

// A snapshot's description and level where nothing is shared.
Snapshot lesser_snapshot(std::string_view why);

}  // namespace penstock::mysql
