// Cooperative cancellation.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/error.h"

namespace penstock {

// Purpose: one per job, seen by every thread that works for it. Copies share the state. request()
// may be called from any thread, once or often. Whoever blocks must look at requested() at least
// every kCancelPoll, so that a job ends within 2 seconds of the request.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}

  void request() const {
    {
      const std::lock_guard lock(state_->mutex);
      state_->requested.store(true, std::memory_order_release);
    }
    state_->changed.notify_all();
  }

  bool requested() const { return state_->requested.load(std::memory_order_acquire); }

  // Throws Error "engine.cancelled" once cancellation was requested.
  void check() const {
    if (requested()) throw cancelled_error();
  }

  // Sleeps that long, or until cancellation; throws as check() does.
  void sleep(std::chrono::milliseconds time) const {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, time, [this] { return requested(); });
    lock.unlock();
    check();
  }

 private:
  struct State {
    std::atomic<bool> requested{false};
    std::mutex mutex;
    std::condition_variable changed;
  };
  std::shared_ptr<State> state_;
};

inline constexpr std::chrono::milliseconds kCancelPoll{100};

}  // namespace penstock
