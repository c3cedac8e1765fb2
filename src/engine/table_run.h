// The running state of one table of a job, shared by the workers that copy its splits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/ledger.h"
#include "engine/conform.h"
#include "engine/plan.h"

namespace penstock {

// A step that the table had to do without.
struct NotBuilt {
  std::string what;
  Error error;
};

// Thread-safe: steps of one table fail on several threads while a client asks for the result.
class NotBuiltList {
 public:
  void add(NotBuilt one) {
    const std::lock_guard lock(mutex_);
    list_.push_back(std::move(one));
  }
  std::vector<NotBuilt> list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<NotBuilt> list_;
};

// Counters are atomics for the progress display; the rest is guarded by `mutex`, which a worker
// also holds while it begins, commits or finishes, because a destination commits one split at a
// time.
struct TableRun {
  explicit TableRun(const TablePlan& table_plan) : plan(table_plan) {}

  const TablePlan& plan;
  const std::string name = plan.schema.id.display();

  std::atomic<std::int64_t> rows_read{0};      // by splits committed or under way
  std::atomic<std::int64_t> bytes_read{0};     // as batches
  std::atomic<std::int64_t> rows_written{0};   // committed
  std::atomic<std::int64_t> rows_rejected{0};  // in committed splits
  std::atomic<TableState> state{TableState::pending};
  LossAccount losses;  // of committed splits
  NotBuiltList not_built;

  std::mutex mutex;
  bool touched = false;  // begin_table() was called: something may lie at the destination
  bool begun = false;    // … and has succeeded
  int splits = 0;
  int splits_left = 0;
  std::deque<BuildStep> steps;  // groups that have not begun
  int steps_left = 0;           // of the group under way
  std::chrono::steady_clock::time_point started, finished;
  std::optional<FinishReport> report;
  std::optional<Error> error;

  bool failed() const { return state.load() == TableState::failed; }
  TableRecord record() const {
    return {.table = name,
            .target = plan.target.display(),
            .state = state.load(),
            .rows_read = rows_read.load(),
            .rows_written = rows_written.load(),
            .rows_rejected = rows_rejected.load(),
            .bytes = bytes_read.load()};
  }
};

}  // namespace penstock
