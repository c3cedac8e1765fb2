#include "core/memory_budget.h"

#include <algorithm>

#include "core/text.h"

namespace penstock {

MemoryLease::~MemoryLease() {
  if (budget_ != nullptr) budget_->adjust(bytes_, 0);
}

void MemoryLease::resize(std::size_t bytes) {
  if (budget_ == nullptr) return;
  budget_->adjust(bytes_, bytes);
  bytes_ = bytes;
}

std::size_t MemoryBudget::bytes_max() const {
  return parent_ == nullptr ? bytes_max_ : std::min(bytes_max_, parent_->bytes_max());
}

MemoryLease MemoryBudget::acquire(std::size_t bytes, const CancelToken& cancel) {
  if (bytes > bytes_max()) {
    throw Error(Side::engine, "engine.memory.too_small",
                "a batch of " + human_bytes(static_cast<double>(bytes)) +
                    " does not fit into the memory budget of " +
                    human_bytes(static_cast<double>(bytes_max())))
        .hint("raise --memory");
  }
  wait_for_room(bytes, cancel);
  return {this, bytes};
}

void MemoryBudget::wait_for_room(std::size_t bytes, const CancelToken& cancel) {
  {
    std::unique_lock lock(mutex_);
    while (used_ + bytes > bytes_max_ && used_ != 0) {
      freed_.wait_for(lock, kCancelPoll);
      cancel.check();
    }
    used_ += bytes;
    peak_ = std::max(peak_, used_);
  }
  if (parent_ == nullptr) return;
  try {
    parent_->wait_for_room(bytes, cancel);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    used_ -= bytes;
    throw;
  }
}

std::size_t MemoryBudget::bytes_used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

std::size_t MemoryBudget::bytes_peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

void MemoryBudget::adjust(std::size_t from, std::size_t to) {
  {
    const std::lock_guard lock(mutex_);
    used_ = used_ - from + to;
    peak_ = std::max(peak_, used_);
  }
  if (to < from) freed_.notify_all();
  if (parent_ != nullptr) parent_->adjust(from, to);
}

}  // namespace penstock
