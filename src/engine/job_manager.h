// Runs jobs: the one way in for the service and the command line.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/cancel.h"
#include "core/ledger.h"
#include "core/memory_budget.h"
#include "engine/events.h"
#include "engine/request.h"

namespace penstock {

class Migration;

// One job of this process. Thread-safe.
class Job {
 public:
  Job(std::string id, MigrationRequest request);

  const std::string& id() const { return id_; }
  const MigrationRequest& request() const { return request_; }
  EventLog& events() { return events_; }
  const CancelToken& cancel_token() const { return cancel_; }
  void cancel() { cancel_.request(); }

  JobState state() const;
  // The object of POST /migrate's answer: {"success","job_id","state","total_tables",
  // "tables_migrated","tables_failed","errors",…}; while the job runs, what is known so far.
  json::object result() const;
  // Blocks until the job ended.
  void wait() const;

 private:
  friend class JobManager;
  void set_running(Migration* migration);
  void finish(JobState state, json::object result);

  const std::string id_;
  const MigrationRequest request_;
  const CancelToken cancel_;
  EventLog events_;
  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  JobState state_ = JobState::queued;
  json::object result_;
  Migration* migration_ = nullptr;  // while running; owned by JobManager::run
};

// Purpose: queues and runs jobs, each on a thread of its own (which starts the job's workers), at
// most limits::jobs_running_max at once.
//   Threads: all calls from any thread. Destroying cancels what runs and waits for it.
//   Ownership: registry and ledger outlive the manager.
class JobManager {
 public:
  // `memory_bytes` bounds the batches of all jobs together; none: each job's own budget is all.
  JobManager(const Registry& registry, Ledger& ledger,
             std::optional<std::size_t> memory_bytes = std::nullopt);
  ~JobManager();

  // Throws Error "config.target.busy" (HTTP 409) when another job writes one of the targets'
  // destination tables, "engine.jobs.full" (503) when the queue is full.
  std::shared_ptr<Job> start(MigrationRequest request);
  // Jobs of this process that are still remembered (running, queued, and the last 1,000 ended).
  std::shared_ptr<Job> find(const std::string& id) const;
  std::vector<std::shared_ptr<Job>> jobs() const;

  // Connects to both sides and says what a job would do, changing nothing. Blocks.
  json::object plan(const MigrationRequest& request, const CancelToken& cancel);
  // Connects and disconnects; throws the adapter's Error when that fails. Blocks.
  void test_source(const SourceEntry& entry, const Config& config, const CancelToken& cancel);
  void test_destination(const DestinationEntry& entry, const Config& config,
                        const CancelToken& cancel);
  // What the source has: {"tables":[{"table","kind","rows_estimate","columns":[…]}]}. Blocks.
  json::object discover(const SourceEntry& entry, const Config& config, bool views,
                        const CancelToken& cancel);

  const Registry& registry() const { return registry_; }
  Ledger& ledger() { return ledger_; }

 private:
  void run(const std::shared_ptr<Job>& job);
  void start_waiting_locked();

  const Registry& registry_;
  Ledger& ledger_;
  std::unique_ptr<MemoryBudget> memory_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::map<std::string, std::shared_ptr<Job>> jobs_;
  std::deque<std::string> order_;  // oldest first
  std::deque<std::shared_ptr<Job>> waiting_;
  int running_ = 0;
  bool closing_ = false;
};

// The JSON form of an error in results and answers: {"error","error_type","side","retryable",
// "hint","native","table",…}, empty members left out.
json::object to_json(const Error& error);

}  // namespace penstock
