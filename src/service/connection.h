// One client connection: reads requests, checks them, has them answered, writes answers.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "service/http_message.h"
#include "service/routes.h"

namespace spdlog {
class logger;
}

namespace penstock {

struct ServiceContext;

// What all connections of a server share. Outlives them.
struct ConnectionHost {
  ServiceContext& context;
  std::string bound;  // the address listened on
  std::shared_ptr<spdlog::logger> log;
  std::atomic<bool> stopping{false};        // answers then close their connections
  std::atomic<std::int64_t> body_bytes{0};  // of all bodies being read, see kBodiesBytesMax
};

// Purpose: runs one connection from accept to close.
//   Threads: everything happens on the socket's strand; close_if_idle() must be posted there.
//   Ownership: run() keeps the connection alive through the shared pointer its caller holds.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionHost& host, boost::asio::ip::tcp::socket socket);

  boost::asio::awaitable<void> run();
  // Closes a connection that waits for its next request; one that is being answered closes by
  // itself once host.stopping is set.
  void close_if_idle();
  boost::asio::any_io_executor executor() { return stream_.get_executor(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // One request and its answer; false ends the connection.
  boost::asio::awaitable<bool> serve_one(bool first);
  boost::asio::awaitable<bool> serve_parsed(Parser& parser);
  boost::asio::awaitable<void> answer_malformed(boost::system::error_code failure);
  // The answer to a request that is refused by its head alone; nothing when it is not.
  std::optional<Reply> refusal(const Parser& parser, RouteTable::Match& match) const;
  enum class BodyState : std::uint8_t {
    read,
    unread,  // the answer goes out without it and closes the connection
    lost,    // the connection is beyond use
  };
  // Sets `refused` when the body itself is the reason for an error.
  boost::asio::awaitable<BodyState> read_body(Parser& parser, std::optional<Reply>& refused);
  boost::asio::awaitable<Reply> handle(const Route& route, Request request,
                                       const std::string& body);
  boost::asio::awaitable<bool> write_reply(const Reply& reply, unsigned version, bool keep_alive,
                                           bool head_only);
  boost::asio::awaitable<void> write_events(const Reply& reply, bool head_only);
  boost::asio::awaitable<bool> write_text(std::string text);
  // Reads and ignores what an event stream's client sends, to learn at once when it leaves.
  void watch_for_close(std::function<void()> closed, std::size_t bytes_left);
  // Lets the client finish reading an answer to a request that was not read to its end: closing at
  // once would reset the connection and may take the answer away from it.
  boost::asio::awaitable<void> linger();
  void log_request(std::string_view method, std::string_view path, int status) const;

  ConnectionHost& host_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::chrono::steady_clock::time_point started_;
  bool busy_ = false;
  bool gone_ = false;  // an event stream's client left
};

}  // namespace penstock
