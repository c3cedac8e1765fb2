// The ledger (core/ledger.h) in an SQLite file.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/ledger.h"
#include "store/process_identity.h"

namespace penstock {

class SqliteConnection;

// Purpose: jobs, tables, splits and rejects of all penstock processes of one user, in one file.
//   Sharing: any number of processes, and of ledgers in one process, may have the file open. A job
//   belongs to the process that created it; when that process is dead, the next call of anyone that
//   looks at jobs marks it interrupted and releases its leases. After fork() a ledger is the
//   parent's only.
//   Limits: the newest limits::jobs_kept_max jobs are kept, older ones go with all their records;
//   limits::reject_* bound the rejects of one job, beyond which add_rejects throws
//   "engine.store.rejects_full" and keeps none of the call's: rejects are never dropped silently.
//   Threads and errors: as Ledger says. Calls for a job that was never created throw
//   "engine.store.unknown_job".
class SqliteLedger final : public Ledger {
 public:
  // Makes the folder (0700) and the file (0600) when they are missing.
  explicit SqliteLedger(const std::filesystem::path& path);
  ~SqliteLedger() override;

  void create_job(const JobRecord& job) override;
  void start_job(const std::string& id) override;
  void lease_targets(const std::string& id, const std::vector<std::string>& targets) override;
  void finish_job(const std::string& id, JobState state, const std::string& result) override;
  std::optional<JobRecord> find_job(const std::string& id) override;
  std::vector<JobRecord> list_jobs(int count_max) override;
  std::optional<JobRecord> interrupted_job(const std::string& fingerprint) override;

  void put_tables(const std::string& job, const std::vector<TableRecord>& tables) override;
  void put_table(const std::string& job, const TableRecord& table) override;
  std::vector<TableRecord> tables(const std::string& job) override;

  void put_splits(const std::string& job, const TableId& table,
                  const std::vector<Split>& splits) override;
  void put_split(const std::string& job, const SplitRecord& split) override;
  std::vector<SplitRecord> splits(const std::string& job, const TableId& table) override;

  void add_rejects(const std::string& job, const std::vector<RejectRecord>& rejects) override;
  std::vector<RejectRecord> rejects(const std::string& job, int count_max) override;

 private:
  // All are called with mutex_ held.
  void interrupt_dead_jobs();
  std::vector<std::string> dead_jobs();
  void take_leases(const std::string& job, const std::vector<std::string>& targets);
  void forget_old_jobs();
  void require_job(const std::string& id);
  void store_table(const std::string& job, const TableRecord& table);
  void store_split(const std::string& job, const SplitRecord& split);
  std::optional<JobRecord> read_job(const std::string& id);

  const ProcessIdentity self_;
  std::mutex mutex_;
  std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace penstock
