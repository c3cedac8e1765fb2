// The simulator's clock: real time plus an offset, or stopped at an instant that tests choose.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace penstock::zoho_sim {

// Any thread may read and set it.
class Clock {
 public:
  std::int64_t now() const {
    const std::int64_t stopped = stopped_at_.load();
    return stopped != 0 ? stopped : real() + offset_.load();
  }
  void stop_at(std::int64_t unix_seconds) { stopped_at_ = unix_seconds; }
  void run_from(std::int64_t unix_seconds) {
    offset_ = unix_seconds - real();
    stopped_at_ = 0;
  }
  void advance(std::int64_t seconds) {
    if (stopped_at_ != 0)
      stopped_at_ += seconds;
    else
      offset_ += seconds;
  }

 private:
  static std::int64_t real() {
    using std::chrono::system_clock;
    return std::chrono::floor<std::chrono::seconds>(system_clock::now()).time_since_epoch().count();
  }
  std::atomic<std::int64_t> offset_{0}, stopped_at_{0};
};

}  // namespace penstock::zoho_sim
