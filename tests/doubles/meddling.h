// Wrappers around a real source or destination that fail, delay, lose answers or change what the
// adapter says about itself, as a test tells them. The adapters inside stay real.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "contract/registry.h"

namespace penstock::testing {

enum class When { before, after };  // after: the work is done, its answer is lost

// Purpose: the faults of one test, shared by its wrappers. Calls are counted over all threads, by
// name: source.{open,discover,snapshot,plan_splits,open_reader,start,next},
// destination.{open,inspect,prepare,open_session,begin_table,open_split,write,finish,commit_split,
// split_committed,build,link,finish_table,abandon_table}. Thread-safe; actions run outside the
// lock.
class Faults {
 public:
  using Action = std::function<void()>;

  // Runs `action` at the calls number `first` to `last` (from 1).
  void at(const std::string& call, int first, int last, When when, Action action);
  void at(const std::string& call, int number, Action action) {
    at(call, number, number, When::before, std::move(action));
  }
  void lose_answer(const std::string& call, int number, Action action) {
    at(call, number, number, When::after, std::move(action));
  }
  int count(const std::string& call) const;

  // For the wrappers: counts the call and returns its number.
  int enter(const std::string& call);
  void run(const std::string& call, int number, When when);

 private:
  struct Rule {
    std::string call;
    int first, last;
    When when;
    Action action;
  };
  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
  std::map<std::string, int> counts_;
};

// Actions.
Faults::Action fail_retryable(Side side);
Faults::Action fail_for_good(Side side);
Faults::Action lose_snapshot();

struct SourceMeddling {
  std::shared_ptr<Faults> faults = std::make_shared<Faults>();
  std::function<void(SourceInfo&)> info;
  std::function<void(std::vector<TableSchema>&)> catalog;
  std::function<void(Batch&)> batch;  // of every batch, before the engine gets it
  std::int64_t rows_max = 0;          // of a batch; 0: as the engine wishes
  std::int64_t split_bytes = 0;       // overrides the engine's wish, which is 1 MiB at least
};

struct DestinationMeddling {
  std::shared_ptr<Faults> faults = std::make_shared<Faults>();
  std::function<void(Capabilities&)> capabilities;
  std::function<void(TargetTable&)> map;
  // Steps that the destination claims to have; building one runs the faults only.
  std::vector<BuildStep> steps, links;
};

// The entry under a new name, or its own.
SourceEntry meddle(SourceEntry entry, SourceMeddling meddling, const std::string& name = "");
DestinationEntry meddle(DestinationEntry entry, DestinationMeddling meddling,
                        const std::string& name = "");

}  // namespace penstock::testing
