// What all workers of a round share.
#pragma once

#include <atomic>
#include <string>

#include "contract/destination.h"
#include "contract/source.h"
#include "core/ledger.h"
#include "core/memory_budget.h"
#include "engine/events.h"
#include "engine/work_queue.h"

namespace penstock {

// A round is one pass over the unfinished tables under one snapshot. Everything outlives it.
struct RoundContext {
  const std::string& job;
  Source& source;
  Destination& destination;
  const Options& options;
  const RunId& run;
  const Snapshot& snapshot;
  WorkQueue& queue;
  Ledger& ledger;
  EventLog& events;
  MemoryBudget& budget;
  const CancelToken& cancel;
  std::atomic<bool>& snapshot_lost;
  std::atomic<std::int64_t>& rejects_left;
};

}  // namespace penstock
