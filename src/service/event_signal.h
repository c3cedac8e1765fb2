// Lets a coroutine sleep until a job publishes an event.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace penstock {

class Job;

// Purpose: one subscription to a job's EventLog, for one coroutine. Publishers only post a wake-up,
// at most one at a time, so a slow client costs the job nothing.
//   Call order: construct on the coroutine's executor (a strand), then look at the job, wait, look
//   again …; an event between looking and waiting ends the wait at once.
//   Threads: the executor's; notify() from any.
class EventSignal {
 public:
  EventSignal(boost::asio::any_io_executor executor, std::shared_ptr<Job> job);
  EventSignal(const EventSignal&) = delete;
  EventSignal& operator=(const EventSignal&) = delete;
  ~EventSignal();

  // Returns at an event, at notify(), or after `at_most`.
  boost::asio::awaitable<void> wait(std::chrono::milliseconds at_most);
  // A function that ends the wait; may outlive the signal.
  std::function<void()> notifier() const;

 private:
  struct State;
  static void notify(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;
  const std::shared_ptr<Job> job_;
  std::uint64_t subscription_ = 0;
};

}  // namespace penstock
