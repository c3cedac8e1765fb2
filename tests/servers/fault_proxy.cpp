#include "servers/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace penstock::testing {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

void send_at_once(int fd) {
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// False when the connection ended. Looks at `stop` in between: a peer that doesn't read must not
// keep a connection alive that was cut.
bool send_all(int fd, const char* bytes, std::size_t count, const std::atomic<bool>& stop) {
  while (count > 0 && !stop) {
    const ssize_t done = ::send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EAGAIN) {
      pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&waiting, 1, 20);
      continue;
    }
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes += done;
    count -= static_cast<std::size_t>(done);
  }
  return count == 0;
}

}  // namespace

// The sockets are shut down by whoever cuts and closed only when both threads are done with them,
// so a number is never reused while a thread still holds it.
struct FaultProxy::Connection {
  int client = -1, server = -1;
  std::thread up, down;
  std::atomic<int> running{2};
  std::atomic<bool> cut{false}, reset{false};

  // Of the present fault; reset when another is set.
  int fault_number = -1;
  bool armed = false, struck = false;
  std::uint64_t sent = 0, received = 0;
  std::string recent;  // the end of what the client sent, for a text that spans two pieces

  ~Connection() {
    if (up.joinable()) up.join();
    if (down.joinable()) down.join();
    if (client >= 0) ::close(client);
    if (server >= 0) ::close(server);
  }
};

FaultProxy::FaultProxy(int target_port) : target_port_(target_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 256) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error(std::string("fault proxy can't listen: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

FaultProxy::~FaultProxy() {
  closing_ = true;
  acceptor_.join();
  ::close(listener_);
  cut_all();
  open_.clear();
}

void FaultProxy::set(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  strikes_left_ = fault.times;
  ++fault_number_;
}

void FaultProxy::cut_all(bool reset) {
  const std::lock_guard lock(mutex_);
  for (auto& connection : open_) cut(*connection, reset);
}

void FaultProxy::cut(Connection& connection, bool reset) {
  if (connection.cut.exchange(true) || connection.running == 0) return;
  if (reset) {
    // With SO_LINGER 0, close() sends RST (socket(7)); the last thread closes. Until then nothing
    // may be sent, so only the reading half is ended, which wakes the thread that waits there.
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(connection.client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    connection.reset = true;
    ::shutdown(connection.client, SHUT_RD);
  } else {
    ::shutdown(connection.client, SHUT_RDWR);
  }
  ::shutdown(connection.server, SHUT_RDWR);
}

void FaultProxy::remove_finished() {
  std::erase_if(open_, [](const auto& connection) { return connection->running == 0; });
}

void FaultProxy::accept_loop() {
  while (!closing_) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++accepted_;
    const std::lock_guard lock(mutex_);
    remove_finished();
    const bool refuse = fault_.refuse && strikes_left_ > 0;
    if (refuse) {
      --strikes_left_;
      ++befallen_;
    }
    const int server = refuse ? -1 : connect_to(target_port_);
    if (server < 0) {
      ::close(client);
      continue;
    }
    send_at_once(client);
    send_at_once(server);
    auto connection = std::make_unique<Connection>();
    connection->client = client;
    connection->server = server;
    auto* raw = connection.get();
    raw->up = std::thread([this, raw] { forward(*raw, Direction::to_server); });
    raw->down = std::thread([this, raw] { forward(*raw, Direction::to_client); });
    open_.push_back(std::move(connection));
  }
}

void FaultProxy::forward(Connection& connection, Direction direction) {
  const bool up = direction == Direction::to_server;
  const int from = up ? connection.client : connection.server;
  const int to = up ? connection.server : connection.client;
  std::vector<char> bytes(64 << 10);
  for (;;) {
    const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (!pass(connection, direction, bytes.data(), static_cast<std::size_t>(count))) break;
  }
  const std::lock_guard lock(mutex_);
  // One side said it is done; the other may still answer.
  if (up || !connection.reset) ::shutdown(to, SHUT_WR);
  if (--connection.running == 0 && connection.reset) {
    ::close(connection.client);
    connection.client = -1;
  }
}

bool FaultProxy::pass(Connection& connection, Direction direction, const char* bytes,
                      std::size_t count) {
  const bool up = direction == Direction::to_server;
  bool cut_now = false, reset = false;
  std::size_t forwarded = 0;
  std::chrono::milliseconds delay{0};
  {
    const std::lock_guard lock(mutex_);
    forwarded = allowed(connection, direction, bytes, count, &cut_now);
    reset = fault_.reset;
    delay = fault_.delay;
  }
  if (delay.count() > 0) std::this_thread::sleep_for(delay);
  const int to = up ? connection.server : connection.client;
  (up ? sent_ : received_) += forwarded;
  const bool sent = send_all(to, bytes, forwarded, connection.cut);
  if (cut_now) {
    const std::lock_guard lock(mutex_);
    cut(connection, reset);
  }
  return sent && !cut_now;
}

// Whether the fault may befall this connection: it counts once.
bool FaultProxy::strike(Connection& connection) {
  if (connection.struck) return true;
  if (strikes_left_ <= 0) return false;
  --strikes_left_;
  ++befallen_;
  connection.struck = true;
  return true;
}

std::size_t FaultProxy::allowed(Connection& connection, Direction direction, const char* bytes,
                                std::size_t count, bool* cut) {
  const bool up = direction == Direction::to_server;
  if (connection.fault_number != fault_number_) {
    connection.fault_number = fault_number_;
    connection.armed = fault_.when_sent.empty();
    connection.struck = false;
    connection.sent = connection.received = 0;
    connection.recent.clear();
  }
  std::size_t unarmed = 0;  // the first bytes of this piece, which came before the text
  if (!connection.armed) {
    if (!up) return count;
    const std::size_t kept = connection.recent.size();
    connection.recent.append(bytes, count);
    const std::size_t at = connection.recent.find(fault_.when_sent);
    if (at == std::string::npos) {
      const std::size_t tail = fault_.when_sent.size() - 1;
      if (connection.recent.size() > tail) {
        connection.recent.erase(0, connection.recent.size() - tail);
      }
      return count;
    }
    connection.armed = true;
    const std::size_t end = at + fault_.when_sent.size();
    unarmed = end > kept ? end - kept : 0;
  }
  std::uint64_t& passed = up ? connection.sent : connection.received;
  const auto& limit = up ? fault_.cut_after_sent : fault_.cut_after_received;
  const std::size_t counted = count - unarmed;
  if (limit && passed + counted > *limit && strike(connection)) {
    *cut = true;
    const auto left = static_cast<std::size_t>(*limit - std::min(*limit, passed));
    passed = *limit;
    return unarmed + left;
  }
  passed += counted;
  if (!up && fault_.swallow_answers && strike(connection)) return 0;
  return count;
}

}  // namespace penstock::testing
