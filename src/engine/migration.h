// One job from connecting to the result.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/ledger.h"
#include "core/memory_budget.h"
#include "engine/events.h"
#include "engine/plan.h"
#include "engine/table_run.h"
#include "engine/worker.h"

namespace penstock {

// Purpose: runs one job on the calling thread plus its workers' threads.
//   Call order: constructed → run() once → result() at any time, also while it runs.
//   Threads: run() by one; result() and publish_progress() by any.
//   Errors: run() throws what ends the whole job (a failed connection, problems in the plan,
//   cancellation); a failed table is part of the result.
class Migration {
 public:
  Migration(std::string job, const MigrationRequest& request, Ledger& ledger, EventLog& events,
            CancelToken cancel, MemoryBudget* process_memory);
  ~Migration();

  // True when every table is done.
  bool run();
  json::object result() const;
  // Adds what ended the job to the result.
  void fail(const Error& error);
  void publish_progress();

 private:
  using Clock = std::chrono::steady_clock;
  void phase(std::string_view name);
  void connect();
  void check_plan();
  void lease_targets();
  void keep_finished_tables();
  void copy();
  std::vector<TableRun*> unfinished();
  void run_round(const std::vector<TableRun*>& tables);
  std::int64_t split_bytes_target() const;
  void link();
  void plan_splits(const std::vector<TableRun*>& tables, WorkQueue& queue);
  void abandon(const std::vector<TableRun*>& tables);
  void add_warning(const std::string& text);
  json::object table_json(const TableRun& table) const;

  const std::string job_;
  const MigrationRequest& request_;
  Ledger& ledger_;
  EventLog& events_;
  const CancelToken cancel_;
  MemoryBudget budget_;
  const Clock::time_point started_ = Clock::now();

  std::unique_ptr<Source> source_;
  std::unique_ptr<Destination> destination_;
  SourceInfo source_info_;
  Capabilities capabilities_;
  RunId run_;
  Snapshot snapshot_;
  std::atomic<bool> snapshot_lost_{false};
  std::atomic<std::int64_t> rejects_left_{0};

  mutable std::mutex mutex_;  // guards what result() reads and run() changes
  Plan plan_;
  std::vector<std::unique_ptr<TableRun>> tables_;  // set once planned; pointers stay valid
  std::vector<std::unique_ptr<TableRun>> former_;  // of rounds that lost their snapshot
  std::vector<Error> errors_;
  std::vector<std::string> warnings_;
  Consistency consistency_ = Consistency::point_in_time;
  bool planned_ = false;
  std::string resumed_from_;
};

}  // namespace penstock
