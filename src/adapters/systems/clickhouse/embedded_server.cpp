#include "adapters/systems/clickhouse/embedded_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>

#include "adapters/systems/clickhouse/chdb_library.h"
#include "adapters/systems/clickhouse/embedded_http.h"
#include "core/error.h"

namespace penstock {

using namespace clickhouse;

namespace {

constexpr std::size_t kConnectionsMax = 128;
constexpr std::chrono::seconds kLockWait{30};
constexpr std::chrono::seconds kEndWait{10};
constexpr int kAcceptPollMs = 100;

volatile std::sig_atomic_t end_requested = 0;
void on_end(int) {
  end_requested = 1;
}

struct Arguments {
  std::string path, socket, library;
  int port = 0, ready_fd = -1;
  int linger_seconds = 2;
};

int number(std::string_view text, const std::string& option) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0) {
    throw config_error("config.embedded", option + " needs a number");
  }
  return value;
}

Arguments parse_arguments(int argc, char** argv) {
  Arguments out;
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 >= argc) throw config_error("config.embedded", option + " needs a value");
    const std::string value = argv[i + 1];
    if (option == "--path") {
      out.path = value;
    } else if (option == "--socket") {
      out.socket = value;
    } else if (option == "--port") {
      out.port = number(value, option);
    } else if (option == "--library") {
      out.library = value;
    } else if (option == "--linger") {
      out.linger_seconds = number(value, option);
    } else if (option == "--ready-fd") {
      out.ready_fd = number(value, option);
    } else {
      throw config_error("config.embedded", "unknown option " + option);
    }
  }
  if (out.path.empty() || out.socket.empty() == (out.port == 0)) {
    throw config_error("config.embedded", "--path and one of --socket and --port are needed");
  }
  return out;
}

Error system_error(const std::string& what) {
  return Error(Side::destination, "destination.embedded.failed",
               what + ": " + std::strerror(errno));
}

// One process at a time may have the data open; the one before may still be ending.
void lock_data(const std::string& path) {
  std::filesystem::create_directories(path);
  const std::string file = path + "/penstock.lock";
  const int lock = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock < 0) throw system_error("cannot open " + file);
  const auto until = std::chrono::steady_clock::now() + kLockWait;
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > until || end_requested != 0) {
      throw Error(Side::destination, "destination.locked",
                  "another process has the data folder " + path + " open");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  // Held, on purpose, until the process ends.
}

int listen_on(const Arguments& arguments) {
  const int family = arguments.socket.empty() ? AF_INET : AF_UNIX;
  const int listener = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) throw system_error("cannot make a socket");
  int bound = -1;
  if (family == AF_UNIX) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (arguments.socket.size() >= sizeof(address.sun_path)) {
      throw config_error("config.embedded", "the socket's path is too long");
    }
    std::memcpy(&address.sun_path[0], arguments.socket.c_str(), arguments.socket.size() + 1);
    ::unlink(arguments.socket.c_str());
    bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } else {
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(arguments.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  if (bound != 0 || ::listen(listener, 128) != 0) throw system_error("cannot listen");
  return listener;
}

// Threads of connections, counted so that the end can wait for them.
class Connections {
 public:
  Connections(const ChdbLibrary& library, const std::string& path, bool local)
      : library_(library), path_(path), local_(local) {}

  bool empty() {
    const std::lock_guard lock(mutex_);
    return open_.empty();
  }

  void add(int descriptor) {
    const std::lock_guard lock(mutex_);
    if (open_.size() >= kConnectionsMax) {
      ::close(descriptor);
      return;
    }
    open_.push_back(descriptor);
    std::thread([this, descriptor] { run(descriptor); }).detach();
  }

  // Wakes every connection and waits for their threads, bounded.
  void end() {
    std::unique_lock lock(mutex_);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    gone_.wait_for(lock, kEndWait, [this] { return open_.empty(); });
  }

 private:
  void run(int descriptor) {
    {
      boost::asio::io_context context;
      using boost::asio::ip::tcp;
      const boost::asio::generic::stream_protocol protocol =
          local_ ? boost::asio::generic::stream_protocol(AF_UNIX, 0)
                 : boost::asio::generic::stream_protocol(tcp::v4());
      boost::system::error_code failure;
      EmbeddedSocket socket(context);
      // The descriptor's number stays ours until it leaves the list, for end() may use it.
      const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
      socket.assign(protocol, copy, failure);
      const int yes = 1;
      if (!local_) ::setsockopt(copy, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
      if (!failure) serve_connection(std::move(socket), library_, path_);
    }
    const std::lock_guard lock(mutex_);
    open_.erase(std::find(open_.begin(), open_.end(), descriptor));
    ::close(descriptor);
    gone_.notify_all();
  }

  const ChdbLibrary& library_;
  const std::string& path_;
  const bool local_;
  std::mutex mutex_;
  std::condition_variable gone_;
  std::list<int> open_;
};

void accept_until_idle(int listener, Connections& connections, int linger_seconds) {
  auto idle_since = std::chrono::steady_clock::now();
  while (end_requested == 0) {
    pollfd waiting{listener, POLLIN, 0};
    if (::poll(&waiting, 1, kAcceptPollMs) > 0) {
      const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted >= 0) connections.add(accepted);
    }
    const auto now = std::chrono::steady_clock::now();
    if (!connections.empty()) idle_since = now;
    if (now - idle_since >= std::chrono::seconds(linger_seconds)) return;
  }
}

int serve(const Arguments& arguments) {
  const std::string file = find_chdb(arguments.library);
  lock_data(arguments.path);
  const ChdbLibrary library = load_chdb(file);
  library.set_signal_handlers_enabled(0);
  std::string program = "penstock", option = "--path=" + arguments.path;
  char* chdb_arguments[] = {program.data(), option.data()};
  // Kept open for the process's life: the engine must not end and start again within one process.
  ChdbConnection* const keeper = library.connect(2, &chdb_arguments[0]);
  if (keeper == nullptr) {
    throw Error(Side::destination, "destination.embedded.failed",
                "libchdb cannot open the folder " + arguments.path)
        .hint("is it a ClickHouse data folder, not used by another program, on a writable disk?");
  }
  const int listener = listen_on(arguments);
  if (arguments.ready_fd >= 0) {
    [[maybe_unused]] const auto written = ::write(arguments.ready_fd, "R", 1);
    ::close(arguments.ready_fd);
  }
  Connections connections(library, arguments.path, !arguments.socket.empty());
  accept_until_idle(listener, connections, arguments.linger_seconds);
  // First nobody finds it any more, then what is open ends, then the engine writes what it holds.
  if (!arguments.socket.empty()) ::unlink(arguments.socket.c_str());
  ::close(listener);
  connections.end();
  library.close(keeper);
  // The library's own threads and static destructors have nothing left to do; some of them hang.
  ::_exit(0);
}

}  // namespace

int run_embedded_server(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, on_end);
  std::signal(SIGINT, on_end);
  try {
    return serve(parse_arguments(argc, argv));
  } catch (...) {
    std::fprintf(stderr, "penstock embedded-clickhouse: %s\n", current_error().describe().c_str());
    return 1;
  }
}

}  // namespace penstock
