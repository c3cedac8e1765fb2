#include "service/connection.h"

#include <spdlog/logger.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "core/text.h"
#include "service/error_status.h"
#include "service/event_signal.h"
#include "service/event_text.h"
#include "service/request_checks.h"
#include "service/service_context.h"

namespace penstock {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

using boost::system::error_code;

// Bodies of all connections together, so that many clients with slow large bodies cannot fill the
// memory; a chunked body of unknown length counts as the largest allowed.
constexpr std::int64_t kBodiesBytesMax = std::int64_t{64} << 20;
constexpr std::size_t kReadAheadBytes = std::size_t{64} << 10;
constexpr std::size_t kEventWriteBytes = std::size_t{64} << 10;
constexpr std::size_t kLingerBytesMax = std::size_t{16} << 20;
constexpr std::chrono::seconds kLingerTime{2};

class BodyShare {
 public:
  BodyShare(std::atomic<std::int64_t>& total, std::int64_t bytes) : total_(total), bytes_(bytes) {
    total_ += bytes_;
  }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { total_ -= bytes_; }
  bool fits() const { return total_ <= kBodiesBytesMax; }

 private:
  std::atomic<std::int64_t>& total_;
  const std::int64_t bytes_;
};

template <typename Head>
std::optional<std::string> header(const Head& head, http::field name) {
  const auto at = head.find(name);
  if (at == head.end()) return std::nullopt;
  return std::string(at->value());
}

template <typename Head>
std::optional<std::string> header(const Head& head, std::string_view name) {
  const auto at = head.find(name);
  if (at == head.end()) return std::nullopt;
  return std::string(at->value());
}

Error too_large(std::size_t bytes_max) {
  return config_error("config.http.too_large",
                      "the request's body is larger than " + std::to_string(bytes_max) + " bytes")
      .hint("a migration request is small; data does not travel through this service");
}

bool is_syntax_error(const error_code& failure) {
  return failure.category() == make_error_code(http::error::bad_method).category();
}

}  // namespace

Connection::Connection(ConnectionHost& host, asio::ip::tcp::socket socket)
    : host_(host),
      stream_(std::move(socket)),
      buffer_(host.context.config.header_bytes_max + kReadAheadBytes) {
  error_code ignored;  // both only help
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  stream_.socket().set_option(asio::socket_base::keep_alive(true), ignored);
}

asio::awaitable<void> Connection::run() {
  try {
    bool first = true;
    while (co_await serve_one(first)) first = false;
  } catch (const std::exception& error) {
    host_.log->error("a connection failed: {}", error.what());
  }
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

void Connection::close_if_idle() {
  if (!busy_) stream_.close();
}

asio::awaitable<bool> Connection::serve_one(bool first) {
  const ServiceConfig& config = host_.context.config;
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(config.header_bytes_max));
  parser.body_limit(boost::none);  // decided once the head is known
  busy_ = false;
  if (host_.stopping) co_return false;
  // One deadline for the whole head: a client that sends a byte now and then does not extend it.
  stream_.expires_after(first ? config.read_timeout : config.idle_timeout);
  error_code failure;
  co_await http::async_read_header(stream_, buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, failure));
  busy_ = true;
  started_ = std::chrono::steady_clock::now();
  if (failure) {
    co_await answer_malformed(failure);
    co_return false;
  }
  co_return co_await serve_parsed(parser);
}

asio::awaitable<void> Connection::answer_malformed(error_code failure) {
  if (failure == http::error::end_of_stream || !is_syntax_error(failure)) co_return;
  Error error = config_error("config.http.malformed", "not an HTTP request: " + failure.message());
  if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
    error = config_error("config.http.header_too_large",
                         "the request's head is larger than " +
                             std::to_string(host_.context.config.header_bytes_max) + " bytes");
  }
  const Reply reply = error_reply(error);
  co_await write_reply(reply, 11, false, false);
  log_request("-", "-", reply.status);
  co_await linger();
}

std::optional<Reply> Connection::refusal(const Parser& parser, RouteTable::Match& match) const {
  const auto& head = parser.get();
  const ServiceContext& context = host_.context;
  RequestHead checked{.version = static_cast<int>(head.version()),
                      .host = header(head, http::field::host),
                      .origin = header(head, http::field::origin),
                      .content_type = header(head, http::field::content_type),
                      .fetch_site = header(head, "Sec-Fetch-Site"),
                      .post = head.method() == http::verb::post};
  if (const std::optional<Error> error = refuse_head(checked, context.config, host_.bound)) {
    return error_reply(*error);
  }
  const std::string path = split_target(std::string_view(head.target())).first;
  try {
    match = context.routes.find(std::string_view(head.method_string()), path);
  } catch (const Error& error) {
    Reply reply = error_reply(error);
    if (reply.status == 405) {
      reply.headers.emplace_back("Allow", context.routes.allowed_methods(path));
    }
    return reply;
  }
  const auto length = parser.content_length();
  if (length && *length > context.config.body_bytes_max) {
    return error_reply(too_large(context.config.body_bytes_max));
  }
  return std::nullopt;
}

asio::awaitable<Connection::BodyState> Connection::read_body(Parser& parser,
                                                             std::optional<Reply>& refused) {
  const ServiceConfig& config = host_.context.config;
  const auto length = parser.content_length();
  std::int64_t share_bytes = length ? static_cast<std::int64_t>(*length) : 0;
  if (parser.chunked()) share_bytes = static_cast<std::int64_t>(config.body_bytes_max);
  const BodyShare share(host_.body_bytes, share_bytes);
  if (!share.fits()) {
    refused =
        error_reply(Error(Side::engine, "engine.service.busy", "too many large bodies at once")
                        .retryable(true)
                        .hint("try again in a moment"));
    co_return BodyState::unread;
  }
  error_code failure;
  if (!parser.is_done()) {
    stream_.expires_after(config.read_timeout);
    if (lower(std::string_view(parser.get()[http::field::expect])) == "100-continue") {
      if (!co_await write_text("HTTP/1.1 100 Continue\r\n\r\n")) co_return BodyState::lost;
    }
    parser.body_limit(config.body_bytes_max);
    co_await http::async_read(stream_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, failure));
  }
  if (!failure) co_return BodyState::read;
  if (!is_syntax_error(failure) || failure == http::error::partial_message) {
    co_return BodyState::lost;
  }
  refused =
      failure == http::error::body_limit
          ? error_reply(too_large(config.body_bytes_max))
          : error_reply(config_error("config.http.malformed",
                                     "the request's body is malformed: " + failure.message()));
  co_return BodyState::unread;
}

asio::awaitable<bool> Connection::serve_parsed(Parser& parser) {
  const auto& head = parser.get();
  Request request;
  request.method = std::string(head.method_string());
  const bool head_only = request.method == "HEAD";
  std::tie(request.path, request.query) = split_target(std::string_view(head.target()));
  request.prefer = header(head, "Prefer").value_or("");
  request.last_event_id = header(head, "Last-Event-ID").value_or("");
  const unsigned version = head.version();
  const std::string method = request.method, path = request.path;

  RouteTable::Match match;
  std::optional<Reply> reply = refusal(parser, match);
  BodyState body = parser.is_done() ? BodyState::read : BodyState::unread;
  if (!reply) {
    body = co_await read_body(parser, reply);
    if (body == BodyState::lost) co_return false;  // the client is gone or too slow
  }
  if (!reply) {
    request.parameter = match.parameter;
    reply = co_await handle(*match.route, std::move(request), parser.get().body());
  }
  if (reply->events != nullptr || !reply->event_text.empty()) {
    co_await write_events(*reply, head_only);
    log_request(method, path, reply->status);
    co_return false;
  }
  const bool unread = body == BodyState::unread;
  const bool keep = parser.keep_alive() && !unread && !host_.stopping;
  const bool written = co_await write_reply(*reply, version, keep, head_only);
  log_request(method, path, reply->status);
  if (!reply->log.empty()) host_.log->error("{} {}: {}", method, printable(path), reply->log);
  if (unread && written) co_await linger();
  co_return keep&& written;
}

asio::awaitable<Reply> Connection::handle(const Route& route, Request request,
                                          const std::string& body) {
  try {
    if (!route.body.empty()) request.body = parse_body(body);
    co_return co_await route.handler(host_.context, std::move(request));
  } catch (...) {
    co_return error_reply(current_error());
  }
}

asio::awaitable<bool> Connection::write_reply(const Reply& reply, unsigned version, bool keep_alive,
                                              bool head_only) {
  const bool empty = reply.status == 204 || reply.body.is_null();
  http::response<http::string_body> response(static_cast<http::status>(reply.status), version);
  response.set(http::field::server, "penstock");
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  if (!empty) {
    response.set(http::field::content_type, "application/json");
    response.body() = json::serialize(reply.body) + "\n";
  }
  response.prepare_payload();
  error_code failure;
  stream_.expires_after(host_.context.config.write_timeout);
  if (head_only) {
    http::response<http::empty_body> bodiless(response.base());  // keeps the length it would have
    co_await http::async_write(stream_, bodiless,
                               asio::redirect_error(asio::use_awaitable, failure));
  } else {
    co_await http::async_write(stream_, response,
                               asio::redirect_error(asio::use_awaitable, failure));
  }
  co_return !failure;
}

asio::awaitable<bool> Connection::write_text(std::string text) {
  error_code failure;
  stream_.expires_after(host_.context.config.write_timeout);
  co_await asio::async_write(stream_, asio::buffer(text),
                             asio::redirect_error(asio::use_awaitable, failure));
  co_return !failure;
}

void Connection::watch_for_close(std::function<void()> closed, std::size_t bytes_left) {
  auto scratch = std::make_shared<std::array<char, 256>>();
  auto self = shared_from_this();
  // Past the stream and its deadline, which belong to the writing side now.
  stream_.socket().async_read_some(asio::buffer(*scratch),
                                   [self, scratch, closed = std::move(closed), bytes_left](
                                       const error_code& failure, std::size_t bytes) mutable {
                                     if (!failure && bytes < bytes_left) {
                                       self->watch_for_close(std::move(closed), bytes_left - bytes);
                                       return;
                                     }
                                     self->gone_ = true;
                                     closed();
                                   });
}

asio::awaitable<void> Connection::write_events(const Reply& reply, bool head_only) {
  // The stream ends with the connection: then it needs no framing, and HTTP/1.0 can read it too.
  std::string text =
      "HTTP/1.1 200 OK\r\nServer: penstock\r\nContent-Type: text/event-stream\r\n"
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\n"
      "Connection: close\r\n\r\n";
  if (!head_only) text += "retry: 2000\n\n" + reply.event_text;
  if (!co_await write_text(std::move(text)) || head_only || reply.events == nullptr) co_return;

  EventLog& events = reply.events->events();
  EventSignal signal(stream_.get_executor(), reply.events);
  watch_for_close(signal.notifier(), kReadAheadBytes);
  const std::chrono::milliseconds heartbeat = host_.context.config.heartbeat;
  auto last_write = std::chrono::steady_clock::now();
  std::uint64_t seen = reply.events_after;
  while (!gone_) {
    const bool ended = events.ended();  // asked first: then what follows is all there is
    std::string batch;
    for (const Event& event : events.after(seen)) {
      batch += event_text(event);
      seen = event.id;
      if (batch.size() >= kEventWriteBytes) break;  // the rest at the next turn
    }
    if (batch.empty() && ended) co_return;
    const bool more = batch.size() >= kEventWriteBytes;
    const auto now = std::chrono::steady_clock::now();
    if (batch.empty() && now - last_write >= heartbeat) batch = ":\n\n";
    if (!batch.empty()) {
      if (!co_await write_text(std::move(batch))) co_return;
      last_write = now;
    }
    if (!more && !ended) co_await signal.wait(heartbeat);
  }
}

asio::awaitable<void> Connection::linger() {
  error_code failure;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, failure);
  stream_.expires_after(kLingerTime);
  std::array<char, 16'384> scratch;
  for (std::size_t total = 0; !failure && total < kLingerBytesMax;) {
    total += co_await stream_.async_read_some(asio::buffer(scratch),
                                              asio::redirect_error(asio::use_awaitable, failure));
  }
}

void Connection::log_request(std::string_view method, std::string_view path, int status) const {
  if (!host_.context.config.access_log) return;
  const std::chrono::duration<double, std::milli> time =
      std::chrono::steady_clock::now() - started_;
  host_.log->info("{} {} {} {:.1f} ms", printable(method, 20), printable(path, 200), status,
                  time.count());
}

}  // namespace penstock
