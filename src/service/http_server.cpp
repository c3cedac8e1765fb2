#include "service/http_server.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <set>
#include <thread>

#include "core/text.h"
#include "service/connection.h"
#include "service/openapi.h"
#include "service/service_context.h"

namespace penstock {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kThreads = 2;  // they only move bytes and JSON; what blocks has threads of its own
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kStopPoll{20};

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    "Retry-After: 1\r\nContent-Length: 84\r\n\r\n"
    "{\"error\":\"too many "
    "connections\",\"error_type\":\"engine.service.busy\",\"retryable\":true}";
static_assert(kFull.size() - kFull.find("{\"error") == 84);

tcp::endpoint endpoint_of(const ServiceConfig& config) {
  check(config);
  const std::string host = lower(config.host) == "localhost" ? "127.0.0.1" : config.host;
  return {asio::ip::make_address(host), static_cast<std::uint16_t>(config.port)};
}

tcp::acceptor listen(asio::io_context& io, const ServiceConfig& config) {
  const tcp::endpoint endpoint = endpoint_of(config);
  try {
    return {asio::make_strand(io), endpoint};  // opens with SO_REUSEADDR, binds and listens
  } catch (const boost::system::system_error& error) {
    throw config_error("config.service.address", "cannot listen on " + config.host + " port " +
                                                     std::to_string(config.port) + ": " +
                                                     error.code().message())
        .hint("end the program that uses the port, or choose another with --port");
  }
}

std::shared_ptr<spdlog::logger> make_log() {
  auto log = std::make_shared<spdlog::logger>("penstock",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  return log;
}

std::string url_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return "http://" + (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

json::object document(JobManager& manager) {
  return openapi_document(RouteTable(service_routes()), manager.registry(), PENSTOCK_VERSION);
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(JobManager& manager, ServiceConfig config)
      : context_{.manager = manager,
                 .config = std::move(config),
                 .version = PENSTOCK_VERSION,
                 .routes = RouteTable(service_routes()),
                 .openapi = document(manager)},
        acceptor_(listen(io_, context_.config)),
        endpoint_(acceptor_.local_endpoint()) {
    host_.bound = endpoint_.address().to_string();
  }

  ~Impl() { stop(); }

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached);
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { io_.run(); });
  }

  void stop_accepting() {
    host_.stopping = true;
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
  }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    stop_accepting();
    context_.stop.request();
    for_each_connection([](const std::shared_ptr<Connection>& connection) {
      asio::post(connection->executor(), [connection] { connection->close_if_idle(); });
    });
    const auto deadline = std::chrono::steady_clock::now() + context_.config.stop_grace;
    while (!threads_.empty() && connections() > 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kStopPoll);
    }
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    error_code ignored;
    acceptor_.close(ignored);  // in case nobody ran who could have done it
    connections_.clear();      // the coroutines hold what they still use, and go with io_
    // Calls still under way refer to coroutines that io_ holds: they end first.
    context_.local.join();
    context_.remote.join();
  }

  const tcp::endpoint& endpoint() const { return endpoint_; }

  int connections() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(connections_.size());
  }

 private:
  asio::awaitable<void> accept() {
    const auto wait = asio::use_awaitable;
    while (!host_.stopping) {
      error_code failure;
      tcp::socket socket(asio::make_strand(io_));
      co_await acceptor_.async_accept(socket, asio::redirect_error(wait, failure));
      if (!acceptor_.is_open()) co_return;
      if (failure) {
        // Out of file descriptors, most likely: those in use come back.
        host_.log->warn("cannot accept a connection: {}", failure.message());
        asio::steady_timer pause(io_, kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(wait, failure));
      } else if (connections() >= context_.config.connections_max) {
        refuse(std::move(socket));
      } else {
        begin(std::move(socket));
      }
    }
  }

  void begin(tcp::socket socket) {
    auto connection = std::make_shared<Connection>(host_, std::move(socket));
    {
      const std::lock_guard lock(mutex_);
      connections_.insert(connection);
    }
    asio::co_spawn(connection->executor(), connection->run(),
                   [this, connection](const std::exception_ptr&) {
                     const std::lock_guard lock(mutex_);
                     connections_.erase(connection);
                   });
  }

  // The answer fits the socket's empty buffer, so this neither blocks nor needs a coroutine.
  static void refuse(tcp::socket socket) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kFull), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    // What the client has sent already is read away: closing over it would reset the connection
    // and might take the answer with it.
    char scratch[4096];
    socket.read_some(asio::buffer(scratch), ignored);
  }

  template <typename Function>
  void for_each_connection(Function&& function) {
    const std::lock_guard lock(mutex_);
    for (const std::shared_ptr<Connection>& connection : connections_) function(connection);
  }

  ServiceContext context_;
  ConnectionHost host_{.context = context_, .bound = "", .log = make_log()};
  mutable std::mutex mutex_;
  bool stopped_ = false;
  // Destroying it destroys the coroutines that still wait, which use all of the above; what holds
  // sockets or threads of it comes below.
  asio::io_context io_{kThreads};
  tcp::acceptor acceptor_;
  const tcp::endpoint endpoint_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
};

HttpServer::HttpServer(JobManager& manager, ServiceConfig config)
    : impl_(std::make_unique<Impl>(manager, std::move(config))) {}

HttpServer::~HttpServer() = default;

void HttpServer::start() {
  impl_->start();
}
void HttpServer::stop_accepting() {
  impl_->stop_accepting();
}
void HttpServer::stop() {
  impl_->stop();
}
std::uint16_t HttpServer::port() const {
  return impl_->endpoint().port();
}
std::string HttpServer::url() const {
  return url_of(impl_->endpoint());
}
int HttpServer::connections() const {
  return impl_->connections();
}

namespace {

// Thousands of event streams need as many file descriptors; the soft limit is often 1,024.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A signal handler reaches nothing but globals, and may touch only such as this one.
std::atomic<bool> signalled{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// Catches SIGINT and SIGTERM while it lives, then puts back what was there before.
class StopSignals {
 public:
  StopSignals() {
    signalled = false;
    struct sigaction action {};
    action.sa_handler = [](int) { signalled = true; };
    sigaction(SIGINT, &action, &interrupt_before_);
    sigaction(SIGTERM, &action, &terminate_before_);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals() {
    sigaction(SIGINT, &interrupt_before_, nullptr);
    sigaction(SIGTERM, &terminate_before_, nullptr);
  }

  void wait(const CancelToken& stop) const {
    while (!signalled && !stop.requested()) std::this_thread::sleep_for(kStopPoll);
  }

 private:
  struct sigaction interrupt_before_ {
  }, terminate_before_{};
};

void end_jobs(JobManager& manager, std::chrono::milliseconds grace) {
  const auto deadline = std::chrono::steady_clock::now() + grace;
  for (const std::shared_ptr<Job>& job : manager.jobs()) job->cancel();
  for (const std::shared_ptr<Job>& job : manager.jobs()) {
    while (!job->events().ended() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kStopPoll);
    }
  }
}

}  // namespace

void run_service(JobManager& manager, const ServiceConfig& config, const CancelToken& stop) {
  raise_file_limit();
  HttpServer server(manager, config);
  {
    const StopSignals signals;  // from before the line that says the service is there
    server.start();
    std::printf("penstock %s listens on %s\n", PENSTOCK_VERSION, server.url().c_str());
    static_cast<void>(std::fflush(stdout));
    signals.wait(stop);
  }
  server.stop_accepting();
  end_jobs(manager, config.stop_grace);
  server.stop();
}

}  // namespace penstock
