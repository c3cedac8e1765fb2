// What must survive a crash: jobs, their tables and their splits. src/store implements it in
// SQLite.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/schema.h"

namespace penstock {

enum class JobState : std::uint8_t { queued, running, succeeded, failed, cancelled, interrupted };
enum class TableState : std::uint8_t { pending, running, done, failed };
enum class SplitState : std::uint8_t { pending, committing, committed };

std::string_view to_text(JobState state);
std::string_view to_text(TableState state);
std::string_view to_text(SplitState state);

struct JobRecord {
  std::string id;
  std::string fingerprint;  // same source, destination, tables and options: the same
  std::string request;      // JSON without secrets
  std::string result;       // JSON; empty until the job ended
  JobState state = JobState::queued;
  std::int64_t created_ms = 0, started_ms = 0, finished_ms = 0;  // Unix time
  std::vector<std::string> targets;  // what the job writes; leased while it runs
};

struct TableRecord {
  std::string table;   // TableId::display()
  std::string target;  // name at the destination
  TableState state = TableState::pending;
  std::int64_t rows_read = 0, rows_written = 0, rows_rejected = 0, bytes = 0;
  std::string error;  // JSON; empty: none
};

struct SplitRecord {
  Split split;
  SplitState state = SplitState::pending;
  std::int64_t rows = 0;
  std::int64_t rows_before = 0;  // rows committed to the table before this split, see Destination
};

struct RejectRecord {
  std::string table, column, reason, key, row;  // row: JSON object of value texts
};

// Thread-safe; calls block on local I/O only. Each call is one durable transaction. Errors: Error
// with side engine and code "engine.store.*".
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Creates the job in state queued and leases its targets in the same transaction. When another
  // live job (of any process on this machine) holds one of them: Error "config.target.busy" naming
  // target and job.
  virtual void create_job(const JobRecord& job) = 0;
  virtual void start_job(const std::string& id) = 0;
  // Leases further targets for a job that is under way, all or none; "config.target.busy" as above.
  virtual void lease_targets(const std::string& id, const std::vector<std::string>& targets) = 0;
  // Ends the job and releases its leases.
  virtual void finish_job(const std::string& id, JobState state, const std::string& result) = 0;
  virtual std::optional<JobRecord> find_job(const std::string& id) = 0;
  virtual std::vector<JobRecord> list_jobs(int count_max) = 0;  // newest first
  // The newest job with that fingerprint that is not alive, when it was interrupted (its process
  // died). The asking job, itself alive with that fingerprint, is not in the way.
  virtual std::optional<JobRecord> interrupted_job(const std::string& fingerprint) = 0;

  virtual void put_tables(const std::string& job, const std::vector<TableRecord>& tables) = 0;
  virtual void put_table(const std::string& job, const TableRecord& table) = 0;
  virtual std::vector<TableRecord> tables(const std::string& job) = 0;

  // Replaces the table's splits.
  virtual void put_splits(const std::string& job, const TableId& table,
                          const std::vector<Split>& splits) = 0;
  virtual void put_split(const std::string& job, const SplitRecord& split) = 0;
  virtual std::vector<SplitRecord> splits(const std::string& job, const TableId& table) = 0;

  virtual void add_rejects(const std::string& job, const std::vector<RejectRecord>& rejects) = 0;
  virtual std::vector<RejectRecord> rejects(const std::string& job, int count_max) = 0;
};

}  // namespace penstock
