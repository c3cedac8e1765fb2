#include "engine/work_queue.h"

#include <algorithm>
#include <random>

#include "core/limits.h"

namespace penstock {

void WorkQueue::add(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void WorkQueue::add_first(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_front(std::move(task));
  }
  changed_.notify_all();
}

std::optional<Task> WorkQueue::pop(const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  for (;;) {
    cancel.check();
    if (closed_ || (tasks_.empty() && under_way_ == 0)) return std::nullopt;
    const auto now = std::chrono::steady_clock::now();
    const auto due =
        std::ranges::find_if(tasks_, [&](const Task& task) { return task.not_before <= now; });
    if (due != tasks_.end()) {
      Task task = std::move(*due);
      tasks_.erase(due);
      ++under_way_;
      return task;
    }
    changed_.wait_for(lock, kCancelPoll);
  }
}

void WorkQueue::done() {
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
  }
  changed_.notify_all();
}

void WorkQueue::retry(Task task, std::chrono::milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
    ++task.attempt;
    task.not_before = std::chrono::steady_clock::now() + delay;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void WorkQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool WorkQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::chrono::milliseconds retry_delay(int attempt) {
  const auto doublings = std::clamp(attempt - 1, 0, 20);
  const auto full = std::min<std::chrono::milliseconds>(
      limits::retry_delay_first * (1 << doublings), limits::retry_delay_max);
  thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> pick(full.count() / 2, full.count());
  return std::chrono::milliseconds(pick(random));
}

}  // namespace penstock
