// What is made between tables once all of a job's tables are finished: foreign keys, mostly.
#pragma once

#include <span>

#include "engine/round.h"

namespace penstock {

// Runs the destination's link steps for the tables that are done, group by group, the steps of a
// group by several threads. A step that fails is recorded with its table, whose rows stay. Blocks;
// throws "engine.cancelled" only.
struct LinkContext {
  const std::string& job;
  Destination& destination;
  EventLog& events;
  const CancelToken& cancel;
  int parallel = 1;
};
void link_tables(const LinkContext& context, std::span<TableRun* const> done);

}  // namespace penstock
