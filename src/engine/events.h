// A job's event stream: what the terminal, the HTTP events and the page all show.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock {

namespace json = boost::json;

// Types and members of `data` (all carry "job"):
//   queued {} · started {source, destination, parallel} · phase {phase: connect|discover|plan|
//   prepare|copy|finish} · planned {tables, rows_estimate, bytes_estimate, consistency, snapshot}
//   table_started {table, target, rows_estimate, splits} · table_finished {table, target, rows,
//   seconds} · table_failed {table, error} · building {table, what} (an index, a key …) · not_built
//   {table, what, error} · retry {table, split, attempt, error, delay_ms}
//   warning {text} · progress {rows, rows_estimate, bytes, rows_per_second, bytes_per_second,
//   tables_done, tables_total, seconds, eta_seconds, memory_bytes, tables: [{table, rows,
//   rows_estimate}] (those running)} · finished {state, result}
struct Event {
  std::uint64_t id = 0;  // 1, 2, … within the job
  std::int64_t time_ms = 0;
  std::string type;
  json::object data;
};

// Purpose: keeps the last limits::events_kept_max events (a newer progress event replaces the one
// before it) and wakes whoever listens. Thread-safe. Listeners are called on the publisher's
// thread, outside the lock, and must return at once: they only wake the real consumer, which then
// calls after(). Unsubscribing waits for a running call.
class EventLog {
 public:
  using Listener = std::function<void()>;

  void publish(std::string type, json::object data);
  // Events with an id above `id`, oldest first. A client that fell behind misses what was dropped.
  std::vector<Event> after(std::uint64_t id) const;
  // True once `finished` was published; nothing follows it.
  bool ended() const;

  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t subscription);

 private:
  mutable std::mutex mutex_;
  std::mutex calling_;
  std::deque<Event> events_;
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_event_ = 1, next_listener_ = 1;
  bool ended_ = false;
};

}  // namespace penstock
