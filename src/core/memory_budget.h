// The process-wide byte budget from which batches are taken.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

#include "core/cancel.h"

namespace penstock {

class MemoryBudget;

// A share of the budget, given back on destruction. Move-only; may be released by any thread.
class MemoryLease {
 public:
  MemoryLease() = default;
  MemoryLease(MemoryBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
  MemoryLease(MemoryLease&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryLease& operator=(MemoryLease&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MemoryLease();

  std::size_t bytes() const { return bytes_; }
  // Adopts what the holder really uses. Never blocks: growing beyond the budget is recorded, and
  // later acquire() calls wait until it is paid back.
  void resize(std::size_t bytes);

 private:
  MemoryBudget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

// Purpose: keeps the sum of all batches in flight under a limit. acquire() blocks while others hold
// too much; a request larger than the whole budget is refused with Error "engine.memory.too_small"
// rather than waited for. To make progress certain, a caller must hold no other lease it would need
// to finish before giving back: readers acquire before they fill a batch, writers only release.
// Thread-safe. Must outlive its leases.
class MemoryBudget {
 public:
  // With a parent (a job's budget within the process's), every lease counts in both.
  explicit MemoryBudget(std::size_t bytes_max, MemoryBudget* parent = nullptr)
      : bytes_max_(bytes_max), parent_(parent) {}

  MemoryLease acquire(std::size_t bytes, const CancelToken& cancel);
  // The largest lease possible: the smaller one of this budget and its parent.
  std::size_t bytes_max() const;
  std::size_t bytes_used() const;
  std::size_t bytes_peak() const;

 private:
  friend class MemoryLease;
  void adjust(std::size_t from, std::size_t to);

  void wait_for_room(std::size_t bytes, const CancelToken& cancel);

  const std::size_t bytes_max_;
  MemoryBudget* const parent_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t used_ = 0, peak_ = 0;
};

}  // namespace penstock
