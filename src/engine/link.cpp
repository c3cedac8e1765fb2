#include "engine/link.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "core/limits.h"
#include "engine/completion.h"
#include "engine/job_manager.h"

namespace penstock {

namespace {

void run_link(const LinkContext& context, LazySession& session, TableRun& table,
              const BuildStep& step) {
  for (int attempt = 1;; ++attempt) {
    context.cancel.check();
    try {
      context.events.publish("building",
                             {{"job", context.job}, {"table", table.name}, {"what", step.what}});
      return session.get().link(table.plan.target, step);
    } catch (...) {
      const Error error = current_error();
      session.reset();
      if (error.retryable() && attempt < limits::split_attempts_max) {
        context.cancel.sleep(retry_delay(attempt));
        continue;
      }
      context.cancel.check();
      table.not_built.add({step.what, error});
      context.events.publish("not_built", {{"job", context.job},
                                           {"table", table.name},
                                           {"what", step.what},
                                           {"error", to_json(error)}});
      return;
    }
  }
}

// The steps of one group, pulled by as many threads as there is work for.
void run_group(const LinkContext& context, std::span<TableRun* const> done,
               std::span<const LinkStep> steps) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    LazySession session(context.destination, context.cancel);
    try {
      for (std::size_t i = next++; i < steps.size(); i = next++) {
        run_link(context, session, *done[steps[i].table], steps[i].step);
      }
    } catch (...) {
      // Only cancellation gets here; the caller looks at the token.
    }
  };
  std::vector<std::thread> threads;
  const auto count = std::min(steps.size(), static_cast<std::size_t>(context.parallel));
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  context.cancel.check();
}

}  // namespace

void link_tables(const LinkContext& context, std::span<TableRun* const> done) {
  std::vector<const TargetTable*> targets;
  for (const TableRun* table : done) targets.push_back(&table->plan.target);
  std::vector<LinkStep> steps = context.destination.link_steps(targets);
  std::ranges::stable_sort(steps, {}, [](const LinkStep& step) { return step.step.group; });
  for (auto from = steps.begin(); from != steps.end();) {
    const auto to = std::find_if(from, steps.end(), [&](const LinkStep& step) {
      return step.step.group != from->step.group;
    });
    run_group(context, done, {from, to});
    from = to;
  }
}

}  // namespace penstock
