#include "adapters/systems/clickhouse/embedded_launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/systems/clickhouse/chdb_library.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kReadyWait{30};
constexpr std::chrono::seconds kPingWait{5};
constexpr std::size_t kLogTailBytes = 2'000;

Error failed(const std::string& what) {
  return Error(Side::destination, "destination.embedded.failed", what);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  void reset() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// A folder for sockets and locks that nobody else can enter.
fs::path runtime_folder() {
  const char* const base = std::getenv("XDG_RUNTIME_DIR");
  const fs::path folder = base != nullptr && *base != '\0'
                              ? fs::path(base) / "penstock"
                              : fs::path("/tmp") / ("penstock-" + std::to_string(::getuid()));
  ::mkdir(folder.c_str(), 0700);
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::getuid() || (status.st_mode & 0077U) != 0) {
    throw failed("the folder " + folder.string() + " must be ours alone (mode 0700)")
        .hint("remove it, or set XDG_RUNTIME_DIR to a folder of your own");
  }
  return folder;
}

bool wait_readable(int descriptor, std::chrono::steady_clock::time_point until,
                   const CancelToken& cancel) {
  while (std::chrono::steady_clock::now() < until) {
    cancel.check();
    pollfd waiting{descriptor, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(kCancelPoll.count())) > 0) return true;
  }
  return false;
}

// A connection on which the child has answered; -1 when nobody serves the socket. Answering makes
// sure that it is not just about to end.
int connect_alive(const std::string& path, const CancelToken& cancel) {
  Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[0], path.c_str(), path.size() + 1);
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return -1;
  }
  constexpr std::string_view ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::send(connection.get(), ping.data(), ping.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(ping.size())) {
    return -1;
  }
  std::string answer;
  const auto until = std::chrono::steady_clock::now() + kPingWait;
  while (answer.find("Ok.\n") == std::string::npos && answer.size() < 4'096) {
    if (!wait_readable(connection.get(), until, cancel)) return -1;
    char bytes[512];
    const ssize_t got = ::recv(connection.get(), &bytes[0], sizeof(bytes), 0);
    if (got <= 0) return -1;
    answer.append(&bytes[0], static_cast<std::size_t>(got));
  }
  return connection.release();
}

std::string log_tail(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (text.size() > kLogTailBytes) text.erase(0, text.size() - kLogTailBytes);
  return std::string(trim(text));
}

std::string own_program() {
  const char* const set = std::getenv("PENSTOCK_SELF");
  return set != nullptr && *set != '\0' ? set : "/proc/self/exe";
}

// Spawns the child in a session of its own; returns once it listens.
void start_child(const fs::path& data, const std::string& socket, const std::string& library,
                 const fs::path& log, const CancelToken& cancel) {
  int ends[2] = {-1, -1};
  if (::pipe2(&ends[0], O_CLOEXEC) != 0) throw failed("cannot make a pipe");
  Descriptor readable(ends[0]), writable(ends[1]);
  constexpr int ready_fd = 3;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  // When the pipe happens to be number 3 already, dup2 clears its close-on-exec mark (POSIX 2024).
  ::posix_spawn_file_actions_adddup2(&actions, writable.get(), ready_fd);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::vector<std::string> arguments{
      own_program(), "embedded-clickhouse", "--path", data,         "--socket",
      socket,        "--library",           library,  "--ready-fd", std::to_string(ready_fd)};
  std::vector<char*> pointers;
  for (std::string& one : arguments) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  pid_t child = -1;
  const int failure =
      ::posix_spawn(&child, arguments[0].c_str(), &actions, &attributes, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failure != 0) {
    throw failed("cannot start " + arguments[0] + ": " + std::strerror(failure));
  }
  writable.reset();
  // Reaps the child whenever it ends, so that a long-lived service gathers no zombies.
  std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
  char byte = 0;
  if (!wait_readable(readable.get(), std::chrono::steady_clock::now() + kReadyWait, cancel)) {
    throw failed("the embedded ClickHouse did not start within 30 seconds; its log: " +
                 log.string());
  }
  if (::read(readable.get(), &byte, 1) != 1) {
    throw failed("the embedded ClickHouse did not start: " + log_tail(log))
        .hint("its log is " + log.string());
  }
}

}  // namespace

EmbeddedHold::~EmbeddedHold() {
  ::close(descriptor_);
}

std::unique_ptr<EmbeddedHold> hold_embedded(const std::string& path, const std::string& library,
                                            const CancelToken& cancel) {
  const std::string found = find_chdb(library);
  std::error_code failure;
  fs::create_directories(path, failure);
  const fs::path data = fs::canonical(path, failure);
  if (failure) {
    throw Error(Side::config, "config.path",
                "cannot make the folder " + printable(path) + ": " + failure.message())
        .hint("choose a path you may write to");
  }
  const fs::path folder = runtime_folder();
  const std::string name = hex64(stable_hash(data.string()));
  const std::string socket = folder / (name + ".sock");
  if (socket.size() >= sizeof(sockaddr_un{}.sun_path)) {
    throw failed("the socket's path is too long: " + socket).hint("set XDG_RUNTIME_DIR shorter");
  }
  // Asking first and starting then is one step for all processes of this user.
  Descriptor lock(::open((folder / (name + ".lock")).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (lock.get() < 0) throw failed("cannot make a lock in " + folder.string());
  const auto until = std::chrono::steady_clock::now() + 2 * kReadyWait;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > until)
      throw failed("another process starts it for long");
    cancel.sleep(std::chrono::milliseconds(50));
  }
  for (int attempt = 0; attempt < 3; ++attempt) {
    const int connection = connect_alive(socket, cancel);
    if (connection >= 0) return std::make_unique<EmbeddedHold>(socket, connection);
    start_child(data, socket, found, folder / (name + ".log"), cancel);
  }
  throw failed("the embedded ClickHouse starts, but does not answer");
}

}  // namespace penstock::clickhouse
