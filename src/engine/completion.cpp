#include "engine/completion.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "engine/job_manager.h"

namespace penstock {

namespace {

// The table's mutex is held.
void finish_table(RoundContext& round, LazySession& session, TableRun& table) {
  for (int attempt = 1;; ++attempt) {
    try {
      table.report = session.get().finish_table(table.plan.target, round.run, table.plan.action,
                                                table.rows_written.load());
      break;
    } catch (...) {
      const Error error = current_error();
      if (round.cancel.requested()) throw;
      session.reset();
      if (!error.retryable() || attempt >= limits::split_attempts_max) {
        return fail_table(round, table, error);
      }
      round.cancel.sleep(retry_delay(attempt));
    }
  }
  table.finished = std::chrono::steady_clock::now();
  table.state = TableState::done;
  round.ledger.put_table(round.job, table.record());
  const std::chrono::duration<double> seconds = table.finished - table.started;
  round.events.publish("table_finished", {{"job", round.job},
                                          {"table", table.name},
                                          {"target", table.report->target},
                                          {"rows", table.rows_written.load()},
                                          {"seconds", seconds.count()}});
}

// Queues the steps of the next group, or finishes the table after the last. Its mutex is held.
void next_group(RoundContext& round, LazySession& session, TableRun& table) {
  if (table.steps.empty()) return finish_table(round, session, table);
  const int group = table.steps.front().group;
  std::vector<BuildStep> steps;
  while (!table.steps.empty() && table.steps.front().group == group) {
    steps.push_back(std::move(table.steps.front()));
    table.steps.pop_front();
  }
  table.steps_left = static_cast<int>(steps.size());
  for (BuildStep& step : steps) {
    Task task;
    task.table = &table;
    task.step = std::move(step);
    // Before splits of other tables: this one then becomes visible as early as it can.
    round.queue.add_first(std::move(task));
  }
}

void leave_out(RoundContext& round, TableRun& table, const std::string& what, const Error& error) {
  table.not_built.add({what, error});
  round.events.publish(
      "not_built",
      {{"job", round.job}, {"table", table.name}, {"what", what}, {"error", to_json(error)}});
}

}  // namespace

void complete_table(RoundContext& round, LazySession& session, TableRun& table) {
  std::vector<BuildStep> steps;
  // Rows that go into a table that is there already take nothing along.
  if (table.plan.action == IfExists::replace) {
    steps = round.destination.build_steps(table.plan.target);
  }
  std::ranges::stable_sort(steps, {}, &BuildStep::group);
  table.steps.assign(std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end()));
  next_group(round, session, table);
}

void run_step(RoundContext& round, LazySession& session, const Task& task) {
  TableRun& table = *task.table;
  const BuildStep& step = *task.step;
  if (!table.failed()) {
    round.events.publish("building",
                         {{"job", round.job}, {"table", table.name}, {"what", step.what}});
    try {
      session.get().build(table.plan.target, round.run, step);
    } catch (...) {
      const Error error = current_error();
      session.reset();
      if (round.cancel.requested()) {
        round.queue.done();
        throw;
      }
      if (error.retryable() && task.attempt < limits::split_attempts_max) {
        return round.queue.retry(task, retry_delay(task.attempt));
      }
      leave_out(round, table, step.what, error);
    }
    const std::lock_guard lock(table.mutex);
    try {
      if (--table.steps_left == 0) next_group(round, session, table);
    } catch (...) {
      const Error error = current_error();
      if (!round.cancel.requested()) fail_table(round, table, error);
    }
  }
  round.queue.done();
}

void fail_table(RoundContext& round, TableRun& table, Error error) {
  if (table.failed()) return;
  error.in_job(round.job).in_table(table.name);
  table.error = error;
  table.finished = std::chrono::steady_clock::now();
  table.state = TableState::failed;
  TableRecord record = table.record();
  record.error = json::serialize(to_json(error));
  try {
    round.ledger.put_table(round.job, record);
  } catch (const Error&) {
    // The state store may be what failed. The result carries the table's error in any case, and a
    // later run finds the table unfinished, which is right.
  }
  round.events.publish("table_failed",
                       {{"job", round.job}, {"table", table.name}, {"error", to_json(error)}});
}

}  // namespace penstock
