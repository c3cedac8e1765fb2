// The splits of a job, pulled by its workers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "core/cancel.h"
#include "engine/table_run.h"

namespace penstock {

// A split to copy, or a step to build on a table whose splits are all committed.
struct Task {
  TableRun* table = nullptr;
  Split split;
  std::optional<BuildStep> step;
  int attempt = 1;
  std::chrono::steady_clock::time_point not_before;
};

// Purpose: hands out tasks in order, first those that need no waiting. A task counts as under way
// from pop() until done() or retry(), so that workers wait for tasks that may come back.
// Thread-safe.
class WorkQueue {
 public:
  void add(Task task);
  // Before everything that waits.
  void add_first(Task task);
  // Blocks until a task is due. Nothing: all work is done, or the queue was closed. Throws
  // "engine.cancelled".
  std::optional<Task> pop(const CancelToken& cancel);
  void done();
  void retry(Task task, std::chrono::milliseconds delay);
  // Makes every pop() return nothing from now on.
  void close();
  bool closed() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  int under_way_ = 0;
  bool closed_ = false;
};

// Exponential with full jitter: between half and all of first × 2^(attempt-1), capped.
std::chrono::milliseconds retry_delay(int attempt);

}  // namespace penstock
