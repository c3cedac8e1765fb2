// What handlers work with.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

#include "core/cancel.h"
#include "core/error.h"
#include "engine/job_manager.h"
#include "service/routes.h"
#include "service/service_config.h"

namespace penstock {

// Purpose: runs calls that block on threads of its own, a bounded number of them at once, while the
// coroutine that asked waits without holding a thread.
//   Threads: run() from any coroutine. join() once, after which run() must not be called.
class BlockingPool {
 public:
  BlockingPool(int threads, int calls_max)
      : pool_(static_cast<std::size_t>(threads)), calls_max_(calls_max) {}

  // Throws what the call throws, or Error "engine.service.busy" (503) when too many are under way.
  template <typename Call>
  boost::asio::awaitable<std::invoke_result_t<Call>> run(Call call) {
    using Result = std::invoke_result_t<Call>;
    const Place place(*this);
    co_return co_await boost::asio::co_spawn(
        pool_,
        [call = std::move(call)]() mutable -> boost::asio::awaitable<Result> { co_return call(); },
        boost::asio::use_awaitable);
  }

  void join() { pool_.join(); }

 private:
  struct Place {
    explicit Place(BlockingPool& owner) : pool(owner) {
      if (++pool.calls_ <= pool.calls_max_) return;
      --pool.calls_;
      throw Error(Side::engine, "engine.service.busy", "too many such requests at once")
          .retryable(true)
          .hint("try again in a moment");
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { --pool.calls_; }
    BlockingPool& pool;
  };

  boost::asio::thread_pool pool_;
  std::atomic<int> calls_{0};
  const int calls_max_;
};

struct ServiceContext {
  JobManager& manager;
  const ServiceConfig config;
  const std::string version;
  const RouteTable routes;
  const json::object openapi;
  CancelToken stop;              // requested when the service stops
  BlockingPool local{2, 1'024};  // the ledger: milliseconds
  BlockingPool remote{8, 64};    // other systems: seconds
};

}  // namespace penstock
