// Shows a job's events on standard error while it runs.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/progress.h"

namespace penstock {

enum class ProgressMode { none, plain, bar, json };

// "auto" means a bar when standard error is a terminal that can move its cursor, else plain. Throws
// config_error for an unknown word.
ProgressMode parse_progress_mode(const std::string& word);

// Purpose: follows `events` on a thread of its own until the job finished or the display is
// destroyed; bars are redrawn at most 10 times a second, plain lines come every 5 seconds.
//   Ownership: `events` outlives the display. Slow terminals slow this thread only, never the job.
class ProgressDisplay {
 public:
  ProgressDisplay(EventLog& events, ProgressMode mode);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // Blocks until the job's `finished` event was shown; at once in mode none.
  void wait();

 private:
  void run();
  void show(const std::vector<Event>& events, bool last);

  EventLog& events_;
  const ProgressMode mode_;
  const bool utf8_, colour_;
  ProgressState state_;
  std::vector<std::string> painted_;
  std::uint64_t seen_ = 0;
  double plain_after_seconds_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool fresh_ = true, stop_ = false;
  std::uint64_t subscription_ = 0;
  std::thread thread_;
};

}  // namespace penstock
