#include "servers/zoho/http_front.h"

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <fstream>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/text.h"
#include "servers/zoho/zip_file.h"

namespace penstock::zoho_sim {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kBodyBytesMax = 8U << 20;
constexpr std::uint32_t kHeaderBytesMax = 64U << 10;
constexpr std::size_t kPieces = 8;  // of a slow answer
constexpr std::size_t kGzipFrom = 256;
constexpr std::size_t kFileBytes = 256U << 10;

std::string hex_number(std::size_t number) {
  std::string text;
  for (; number > 0; number /= 16) text.insert(text.begin(), "0123456789abcdef"[number % 16]);
  return text;
}

Call call_of(const http::request<http::string_body>& request) {
  Call call;
  call.method = std::string(request.method_string());
  parse_target(std::string_view(request.target()), call);
  for (const auto& field : request) {
    call.headers[lower(std::string_view(field.name_string()))] = std::string(field.value());
  }
  call.body = request.body();
  return call;
}

// Writes one answer; false when the connection is to be closed.
class Sender {
 public:
  Sender(tcp::socket& socket, bool keep_alive, bool gzip)
      : socket_(socket), keep_alive_(keep_alive), gzip_(gzip) {}

  bool send(const Answer& answer) {
    if (answer.reset) return reset();
    if (!answer.file.empty()) return send_file(answer);
    if (answer.more) return send_chunks(answer);
    const bool packed = gzip_ && answer.body.size() >= kGzipFrom && !answer.truncate;
    const std::string body = packed ? gzipped(answer.body) : answer.body;
    std::string text = head(answer);
    if (packed) text += "Content-Encoding: gzip\r\n";
    if (answer.status != 204 && answer.status != 304) {
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    text += "\r\n" + body;
    if (answer.truncate) {
      write(std::string_view(text).substr(0, text.size() - body.size() / 2));
      return false;
    }
    return (answer.slow_ms > 0 ? write_slowly(text, answer.slow_ms) : write(text)) && keep_alive_;
  }

 private:
  std::string head(const Answer& answer) const {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    text += std::string_view(http::obsolete_reason(static_cast<http::status>(answer.status)));
    text += "\r\nServer: ZGS\r\n";
    if (!answer.content_type.empty()) text += "Content-Type: " + answer.content_type + "\r\n";
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    if (!keep_alive_ || answer.truncate) text += "Connection: close\r\n";
    return text;
  }

  bool write(std::string_view text) {
    error_code failure;
    asio::write(socket_, asio::buffer(text.data(), text.size()), failure);
    return !failure;
  }

  bool write_slowly(std::string_view text, int ms) {
    const std::size_t piece = text.size() / kPieces + 1;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      if (!write(text.substr(at, piece))) return false;
    }
    return true;
  }

  bool reset() {
    // Closing with a linger time of 0 sends RST instead of FIN.
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    error_code ignored;
    socket_.close(ignored);
    return false;
  }

  bool send_file(const Answer& answer) {
    std::ifstream in(answer.file, std::ios::binary);
    std::size_t left = static_cast<std::size_t>(std::filesystem::file_size(answer.file));
    if (!write(head(answer) + "Content-Length: " + std::to_string(left) + "\r\n\r\n")) return false;
    if (answer.truncate) left /= 2;
    std::string piece(kFileBytes, '\0');
    while (left > 0) {
      in.read(piece.data(), static_cast<std::streamsize>(std::min(left, piece.size())));
      const auto read = static_cast<std::size_t>(in.gcount());
      if (read == 0 || !write({piece.data(), read})) return false;
      left -= read;
    }
    return !answer.truncate && keep_alive_;
  }

  bool send_chunks(const Answer& answer) {
    if (!write(head(answer) + "Transfer-Encoding: chunked\r\n\r\n")) return false;
    for (;;) {
      std::string chunk;
      answer.more(chunk);
      if (chunk.empty()) return write("0\r\n\r\n") && keep_alive_;
      if (!write(hex_number(chunk.size()) + "\r\n" + chunk + "\r\n")) return false;
    }
  }

  tcp::socket& socket_;
  bool keep_alive_, gzip_;
};

}  // namespace

class HttpFront::Impl {
 public:
  Impl(Simulator& simulator, std::uint16_t port) : simulator_(simulator), acceptor_(io_) {
    try {
      const tcp::endpoint endpoint(asio::ip::make_address("127.0.0.1"), port);
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const std::exception& error) {
      throw std::runtime_error("cannot listen on 127.0.0.1 port " + std::to_string(port) + ": " +
                               error.what());
    }
    port_ = acceptor_.local_endpoint().port();
    simulator_.set_url("http://127.0.0.1:" + std::to_string(port_));
    accepting_ = std::thread([this] { accept(); });
  }

  ~Impl() {
    stopping_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // wakes accept(), unlike close
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (Connection& connection : connections_) {
        ::shutdown(connection.socket.native_handle(), SHUT_RDWR);
      }
    }
    for (Connection& connection : connections_) connection.thread.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  struct Connection {
    explicit Connection(tcp::socket connected) : socket(std::move(connected)) {}
    tcp::socket socket;
    std::thread thread;
    std::atomic<bool> ended{false};
  };

  void accept() {
    while (!stopping_) {
      error_code failure;
      tcp::socket socket(io_);
      acceptor_.accept(socket, failure);
      if (failure) {
        if (!stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      const std::lock_guard lock(mutex_);
      connections_.remove_if([](Connection& connection) {
        if (!connection.ended) return false;
        connection.thread.join();
        return true;
      });
      Connection& made = connections_.emplace_back(std::move(socket));
      made.thread = std::thread([this, &made] {
        serve(made.socket);
        error_code ignored;
        made.socket.shutdown(tcp::socket::shutdown_both, ignored);
        made.ended = true;
      });
    }
  }

  void serve(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    boost::beast::flat_buffer buffer;
    while (!stopping_) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(kBodyBytesMax);
      parser.header_limit(kHeaderBytesMax);
      error_code failure;
      http::read_header(socket, buffer, parser, failure);
      if (failure) return;
      if (parser.get()[http::field::expect] == "100-continue") {
        const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::write(socket, asio::buffer(go_on.data(), go_on.size()), ignored);
      }
      http::read(socket, buffer, parser, failure);
      if (failure) return;
      Call call = call_of(parser.get());
      const bool gzip = simulator_.settings().get().gzip &&
                        call.header("accept-encoding").find("gzip") != std::string::npos;
      bool keep = false;
      Sender sender(socket, parser.keep_alive(), gzip);
      simulator_.serve(call, [&](const Answer& answer) { keep = sender.send(answer); });
      if (!keep) return;
    }
  }

  Simulator& simulator_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::list<Connection> connections_;
  std::thread accepting_;
};

HttpFront::HttpFront(Simulator& simulator, std::uint16_t port)
    : impl_(std::make_unique<Impl>(simulator, port)) {}

HttpFront::~HttpFront() = default;

std::uint16_t HttpFront::port() const {
  return impl_->port();
}

}  // namespace penstock::zoho_sim
