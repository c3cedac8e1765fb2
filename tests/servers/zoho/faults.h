// Faults on command: answers that fail, get lost or come late.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "servers/zoho/call.h"

namespace penstock::zoho_sim {

// What POST /__admin/faults takes. `kind`: "status" (with `status`; 502 and 503 carry HTML),
// "expire" (the call's token has just expired), "reset" (of the connection, instead of an answer),
// "truncate" (half of the answer), "slow" (the answer in pieces, `ms` apart), "late" (after `ms`).
struct Fault {
  std::string kind, path;  // of paths that contain this text; empty: all of the API
  int status = 500;
  int ms = 100;
  std::int64_t skip = 0;           // calls that it spares first
  std::int64_t times = 1;          // that it strikes; 0: until it is removed
  std::uint64_t per_mille = 1000;  // of the calls that it looks at
};

// Throws std::runtime_error naming what is wrong.
Fault fault_from_json(const json::object& object);

// Purpose: chooses the fault of a call. Threads: any. Which calls are struck by a share of less
// than 1000 depends on the order in which they come and on nothing else.
class Faults {
 public:
  void add(Fault fault);
  void clear();
  std::optional<Fault> choose(std::string_view path);
  std::int64_t struck() const;

 private:
  mutable std::mutex mutex_;
  std::list<Fault> faults_;
  std::uint64_t calls_ = 0;
  std::int64_t struck_ = 0;
};

// The answer of a "status" fault.
Answer fault_answer(int status);
// What the others do to an answer.
void apply_fault(const Fault& fault, Answer& answer);

}  // namespace penstock::zoho_sim
