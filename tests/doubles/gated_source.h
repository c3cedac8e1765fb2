// A source of made-up rows that a test can hold up at any row: for tests of whatever must happen
// while a job runs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "contract/registry.h"

namespace penstock {

// Shared by the test and the readers. Open from the start.
class Gate {
 public:
  void close();
  void open();
  // Blocks until the gate is open; throws "engine.cancelled" when the token asks.
  void pass(const CancelToken& cancel);
  // Blocks until a reader waits at the gate; false after ten seconds.
  bool await_waiting();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int waiting_ = 0;
};

// Name "gated". Config: host (open() fails when it is "unreachable", hangs until cancelled when it
// is "hangs"), port, password (secret), table (default "numbers"), rows (default 10). One table
// with a bigint key; every reader passes the gate before each batch.
SourceEntry gated_source(std::shared_ptr<Gate> gate);

}  // namespace penstock
