// A TCP proxy inside the test program that spoils connections on purpose: it cuts, delays, swallows
// answers and refuses, at an exact byte or when the client says a certain text.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace penstock::testing {

// What goes wrong. All counts are per connection, in bytes, from the moment the fault is armed.
struct Fault {
  // Armed when the client's bytes contain this text (such as a statement); empty: at once.
  std::string when_sent;
  // Cut the connection once so many bytes have passed to the server, or back to the client.
  // `cut_after_received = 0` lets the server do its work and loses the answer's first byte.
  std::optional<std::uint64_t> cut_after_sent, cut_after_received;
  // Once armed, nothing of the server's reaches the client any more; the connection stays open.
  bool swallow_answers = false;
  // Each piece in either direction waits so long.
  std::chrono::milliseconds delay{0};
  // New connections are closed at once.
  bool refuse = false;
  // Cut with a reset (RST) instead of an orderly end.
  bool reset = false;
  // How many connections it may befall (cut or swallowed); afterwards traffic passes unspoilt.
  int times = 1'000'000;
};

// Listens on 127.0.0.1 and forwards to 127.0.0.1:`target_port`. All functions may be called from
// any thread. Destruction closes every connection and joins all threads.
class FaultProxy {
 public:
  explicit FaultProxy(int target_port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const { return port_; }
  // Applies to open and to new connections; replaces the fault set before.
  void set(const Fault& fault);
  void clear() { set({}); }
  // Cuts every open connection now.
  void cut_all(bool reset = false);

  int connections() const { return accepted_; }  // accepted so far
  int befallen() const { return befallen_; }     // connections cut or swallowed by set() faults
  std::uint64_t bytes_sent() const { return sent_; }          // client to server
  std::uint64_t bytes_received() const { return received_; }  // server to client

 private:
  struct Connection;
  enum class Direction { to_server, to_client };

  void accept_loop();
  void forward(Connection& connection, Direction direction);
  bool pass(Connection& connection, Direction direction, const char* bytes, std::size_t count);
  std::size_t allowed(Connection& connection, Direction direction, const char* bytes,
                      std::size_t count, bool* cut);
  bool strike(Connection& connection);
  void remove_finished();
  static void cut(Connection& connection, bool reset);

  int target_port_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<bool> closing_{false};
  std::atomic<int> accepted_{0}, befallen_{0};
  std::atomic<std::uint64_t> sent_{0}, received_{0};
  std::mutex mutex_;  // guards everything below, and each connection's counters
  Fault fault_;
  int fault_number_ = 0;  // counts set() calls, so that connections see a new fault
  int strikes_left_ = 0;
  std::vector<std::unique_ptr<Connection>> open_;
  std::thread acceptor_;
};

}  // namespace penstock::testing
