#include "core/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "core/error.h"

namespace penstock {
namespace {

using std::chrono::steady_clock;

TEST(MemoryBudget, BlocksUntilEnoughIsGivenBack) {
  MemoryBudget budget(100);
  const CancelToken cancel;
  MemoryLease first = budget.acquire(80, cancel);
  std::atomic<bool> got{false};
  std::thread other([&] {
    const MemoryLease second = budget.acquire(50, cancel);
    got = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(got);
  first = MemoryLease();
  other.join();
  EXPECT_TRUE(got);
  EXPECT_EQ(budget.bytes_used(), 0u);
  EXPECT_EQ(budget.bytes_peak(), 80u);
}

TEST(MemoryBudget, WaitingEndsWithCancellation) {
  MemoryBudget budget(100);
  const CancelToken cancel;
  const MemoryLease first = budget.acquire(100, cancel);
  const auto begin = steady_clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    cancel.request();
  });
  EXPECT_THROW(budget.acquire(1, cancel), Error);
  canceller.join();
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(budget.bytes_used(), 100u);
}

TEST(MemoryBudget, RefusesWhatCanNeverFitSayingWhatToDo) {
  MemoryBudget budget(100);
  try {
    budget.acquire(101, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "engine.memory.too_small");
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(MemoryBudget, NeverHandsOutMoreThanItHas) {
  constexpr std::size_t bytes_max = 1'000;
  MemoryBudget budget(bytes_max);
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&budget, seed] {
      std::minstd_rand random(seed);
      for (int i = 0; i < 2'000; ++i) {
        MemoryLease lease = budget.acquire(random() % bytes_max + 1, {});
        lease.resize(lease.bytes() / 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.bytes_used(), 0u);
  EXPECT_LE(budget.bytes_peak(), bytes_max);
}

TEST(MemoryBudget, GrowthBeyondIsRecordedAndHoldsOthersBack) {
  MemoryBudget budget(100);
  MemoryLease lease = budget.acquire(10, {});
  lease.resize(150);
  EXPECT_EQ(budget.bytes_used(), 150u);
  CancelToken cancel;
  cancel.request();
  EXPECT_THROW(budget.acquire(1, cancel), Error);
  lease.resize(0);
  const MemoryLease next = budget.acquire(100, {});
  EXPECT_EQ(next.bytes(), 100u);
}

TEST(CancelToken, WakesSleepersAndIsSharedByCopies) {
  const CancelToken cancel;
  const CancelToken copy = cancel;
  std::thread requester([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    copy.request();
  });
  const auto begin = steady_clock::now();
  EXPECT_THROW(cancel.sleep(std::chrono::seconds(30)), Error);
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
  requester.join();
  EXPECT_TRUE(cancel.requested());
  EXPECT_THROW(copy.check(), Error);
  EXPECT_NO_THROW(CancelToken().check());
}

}  // namespace
}  // namespace penstock
