// The end of a table: what is built from its rows, then the step that makes it visible.
#pragma once

#include <memory>

#include "contract/destination.h"
#include "engine/round.h"

namespace penstock {

// A destination session of one thread, opened when it is first needed. After a failure reset()
// makes sure that the next use gets a new one.
class LazySession {
 public:
  LazySession(Destination& destination, const CancelToken& cancel)
      : destination_(destination), cancel_(cancel) {}

  DestinationSession& get() {
    if (!session_) session_ = destination_.open_session(cancel_);
    return *session_;
  }
  void reset() { session_.reset(); }

 private:
  Destination& destination_;
  const CancelToken& cancel_;
  std::unique_ptr<DestinationSession> session_;
};

// Takes a table from its last committed split to its end. The steps of a group go through the
// queue, so that every idle worker builds one; whoever ends the last step finishes the table.
//   Threads: any; `session` is the calling thread's own.
//   Errors: none but "engine.cancelled" escapes: a step that fails is recorded and left out, a
//   table that cannot be made visible fails.

// All splits are committed; the table's mutex is held.
void complete_table(RoundContext& round, LazySession& session, TableRun& table);

// Runs a step that the queue handed out (Task::step), and tells the queue.
void run_step(RoundContext& round, LazySession& session, const Task& task);

// Ends the table with an error; its mutex is held. The first failure counts.
void fail_table(RoundContext& round, TableRun& table, Error error);

}  // namespace penstock
