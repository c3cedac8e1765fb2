// The fault proxy: traffic passes unspoilt without a fault, and each fault does what it says.
#include "servers/fault_proxy.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace penstock::testing {
namespace {

using std::chrono::milliseconds;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Answers every piece with "<piece>!" to one connection after the other.
class EchoServer {
 public:
  EchoServer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~EchoServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  int port() const { return port_; }
  std::string seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void serve() {
    for (int fd = 0; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      char bytes[4096];
      for (ssize_t count = 0; (count = ::recv(fd, bytes, sizeof bytes, 0)) > 0;) {
        const std::string piece(bytes, static_cast<std::size_t>(count));
        {
          const std::lock_guard lock(mutex_);
          seen_ += piece;
        }
        ::send(fd, (piece + "!").data(), piece.size() + 1, MSG_NOSIGNAL);
      }
    }
  }

  int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::string seen_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const auto address = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ADD_FAILURE() << std::strerror(errno);
    }
    const timeval limit{.tv_sec = 0, .tv_usec = 300'000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { ::close(fd_); }

  // What came back up to `bytes`; "<end>", "<reset>" or "<nothing>" tells why it stopped.
  std::string ask(const std::string& text, std::size_t bytes) {
    // Sending nothing could still take the error that recv() is to report.
    if (!text.empty()) ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    std::string answer;
    while (answer.size() < bytes) {
      char piece[4096];
      const ssize_t count = ::recv(fd_, piece, std::min(sizeof piece, bytes - answer.size()), 0);
      if (count == 0) return answer + "<end>";
      if (count < 0) return answer + (errno == ECONNRESET ? "<reset>" : "<nothing>");
      answer.append(piece, static_cast<std::size_t>(count));
    }
    return answer;
  }

 private:
  int fd_;
};

TEST(FaultProxy, PassesEverythingWithoutAFault) {
  EchoServer server;
  FaultProxy proxy(server.port());
  Client client(proxy.port());
  EXPECT_EQ(client.ask("hello", 6), "hello!");
  EXPECT_EQ(client.ask("again", 6), "again!");
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_EQ(proxy.bytes_sent(), 10U);
  EXPECT_EQ(proxy.bytes_received(), 12U);
  EXPECT_EQ(proxy.befallen(), 0);
}

TEST(FaultProxy, CutsAtTheExactByteOnTheWayThere) {
  EchoServer server;
  FaultProxy proxy(server.port());
  proxy.set({.cut_after_sent = 3});
  // The server may answer the three bytes before the cut comes.
  EXPECT_THAT(Client(proxy.port()).ask("hello", 6), ::testing::EndsWith("<end>"));
  for (int i = 0; i < 200 && server.seen().size() < 3; ++i) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(server.seen(), "hel");
}

TEST(FaultProxy, CutsAtTheExactByteOnTheWayBack) {
  EchoServer server;
  FaultProxy proxy(server.port());
  proxy.set({.cut_after_received = 2});
  EXPECT_EQ(Client(proxy.port()).ask("hello", 6), "he<end>");
  EXPECT_EQ(server.seen(), "hello");
}

TEST(FaultProxy, LosesTheAnswerToTheStatementItWaitsFor) {
  EchoServer server;
  FaultProxy proxy(server.port());
  proxy.set({.when_sent = "COMMIT", .cut_after_received = 0, .times = 1});
  {
    Client client(proxy.port());
    EXPECT_EQ(client.ask("INSERT", 7), "INSERT!");
    EXPECT_EQ(client.ask("then COM", 9), "then COM!");
    EXPECT_EQ(client.ask("MIT", 4), "<end>");  // the text spans two pieces
  }
  EXPECT_EQ(server.seen(), "INSERTthen COMMIT");
  EXPECT_EQ(Client(proxy.port()).ask("COMMIT", 7), "COMMIT!");  // only once
  EXPECT_EQ(proxy.befallen(), 1);
}

TEST(FaultProxy, SwallowsAnswersAndLeavesTheConnectionOpen) {
  EchoServer server;
  FaultProxy proxy(server.port());
  proxy.set({.when_sent = "PING", .swallow_answers = true});
  Client client(proxy.port());
  EXPECT_EQ(client.ask("a", 2), "a!");
  EXPECT_EQ(client.ask("PING", 5), "<nothing>");
  EXPECT_EQ(server.seen(), "aPING");
}

TEST(FaultProxy, DelaysRefusesResetsAndCutsOnDemand) {
  EchoServer server;
  FaultProxy proxy(server.port());
  proxy.set({.delay = milliseconds(40)});
  {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(Client(proxy.port()).ask("a", 2), "a!");
    EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(80));
  }
  proxy.set({.refuse = true, .times = 1});
  EXPECT_EQ(Client(proxy.port()).ask("", 1), "<end>");
  EXPECT_EQ(Client(proxy.port()).ask("b", 2), "b!");
  proxy.set({.cut_after_received = 1, .reset = true});
  // A reset may overtake the byte that was let through.
  EXPECT_THAT(Client(proxy.port()).ask("c", 2), ::testing::EndsWith("<reset>"));
  proxy.clear();
  Client client(proxy.port());
  EXPECT_EQ(client.ask("d", 2), "d!");
  proxy.cut_all(true);
  EXPECT_EQ(client.ask("", 1), "<reset>");
}

}  // namespace
}  // namespace penstock::testing
