#include "service/event_signal.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/job_manager.h"

namespace penstock {

namespace asio = boost::asio;

struct EventSignal::State {
  explicit State(asio::any_io_executor wanted) : executor(wanted), timer(wanted) {}

  asio::any_io_executor executor;
  asio::steady_timer timer;         // used on the executor only
  bool raised = false;              // used on the executor only
  std::atomic<bool> posted{false};  // a wake-up is on its way
};

EventSignal::EventSignal(asio::any_io_executor executor, std::shared_ptr<Job> job)
    : state_(std::make_shared<State>(std::move(executor))), job_(std::move(job)) {
  subscription_ = job_->events().subscribe(notifier());
}

EventSignal::~EventSignal() {
  job_->events().unsubscribe(subscription_);
}

void EventSignal::notify(const std::shared_ptr<State>& state) {
  if (state->posted.exchange(true)) return;
  asio::post(state->executor, [state] {
    state->posted = false;
    state->raised = true;
    state->timer.cancel();
  });
}

std::function<void()> EventSignal::notifier() const {
  return [state = state_] { notify(state); };
}

asio::awaitable<void> EventSignal::wait(std::chrono::milliseconds at_most) {
  if (!state_->raised) {
    state_->timer.expires_after(at_most);
    boost::system::error_code ended;  // cancelled by the wake-up, or the time is over
    co_await state_->timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
  }
  state_->raised = false;
}

}  // namespace penstock
