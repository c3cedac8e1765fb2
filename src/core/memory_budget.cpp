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

MemoryLease MemoryBudget::acquire(std::size_t bytes, const CancelToken& cancel) {
  if (bytes > bytes_max_) {
    throw Error(Side::engine, "engine.memory.too_small",
                "a batch of " + human_bytes(static_cast<double>(bytes)) +
                    " does not fit into the memory budget of " +
                    human_bytes(static_cast<double>(bytes_max_)))
        .hint("raise --memory");
  }
  std::unique_lock lock(mutex_);
  while (used_ + bytes > bytes_max_ && used_ != 0) {
    freed_.wait_for(lock, kCancelPoll);
    cancel.check();
  }
  used_ += bytes;
  peak_ = std::max(peak_, used_);
  return {this, bytes};
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
}

}  // namespace penstock
