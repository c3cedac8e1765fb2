#include "engine/events.h"

#include <chrono>
#include <utility>

#include "core/limits.h"

namespace penstock {

void EventLog::publish(std::string type, json::object data) {
  // One publisher calls listeners at a time, so that unsubscribe() can wait for a running call.
  const std::lock_guard calling(calling_);
  std::vector<Listener> listeners;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    if (type == "progress" && !events_.empty() && events_.back().type == "progress") {
      events_.pop_back();
    }
    ended_ = type == "finished";
    events_.push_back({next_event_++,
                       std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                       std::move(type), std::move(data)});
    if (events_.size() > limits::events_kept_max) events_.pop_front();
    listeners.reserve(listeners_.size());
    for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
  }
  for (const Listener& listener : listeners) listener();
}

std::vector<Event> EventLog::after(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  std::vector<Event> out;
  for (auto event = events_.rbegin(); event != events_.rend() && event->id > id; ++event) {
    out.push_back(*event);
  }
  return {out.rbegin(), out.rend()};
}

bool EventLog::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::uint64_t EventLog::subscribe(Listener listener) {
  const std::lock_guard lock(mutex_);
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}

void EventLog::unsubscribe(std::uint64_t subscription) {
  const std::lock_guard calling(calling_);
  const std::lock_guard lock(mutex_);
  listeners_.erase(subscription);
}

}  // namespace penstock
