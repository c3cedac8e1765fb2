#include "servers/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace penstock::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// The kernel sends PR_SET_PDEATHSIG when the *thread* that forked ends (prctl(2)), so every fork is
// done by one thread that lives as long as the program.
class Spawner {
 public:
  static Spawner& instance() {
    static auto* spawner = new Spawner;  // never destroyed: its thread must outlive every static
    return *spawner;
  }

  pid_t run(const std::function<pid_t()>& work) {
    const std::lock_guard one_at_a_time(callers_);
    std::unique_lock lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [&] { return work_ == nullptr; });
    return result_;
  }

 private:
  Spawner() {
    std::thread([this] { loop(); }).detach();
  }

  void loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return work_ != nullptr; });
      result_ = (*work_)();
      work_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex callers_, mutex_;
  std::condition_variable changed_;
  const std::function<pid_t()>* work_ = nullptr;
  pid_t result_ = -1;
};

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
  const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=') + 1); };
  std::vector<std::string> all = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool replaced = false;
    for (const auto& own : extra) replaced = replaced || name_of(own) == name_of(*entry);
    if (!replaced) all.emplace_back(*entry);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int open_output(const std::string& path, bool append) {
  const char* name = path.empty() ? "/dev/null" : path.c_str();
  const int mode = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
  const int fd = ::open(name, mode, 0644);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "opening " + path);
  return fd;
}

// All that the child needs, made before the fork: afterwards only async-signal-safe calls are
// allowed, because other threads may have held any lock.
struct Launch {
  const ProcessOptions& options;
  std::vector<char*> argv, environment;
  int out, err;
  pid_t parent;
};

[[noreturn]] void become(const Launch& launch) {
  const auto& options = launch.options;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);
  if (options.account) {
    const auto& account = *options.account;
    if (setgroups(account.groups.size(), account.groups.data()) != 0) _exit(126);
    if (setgid(account.gid) != 0 || setuid(account.uid) != 0) _exit(126);
  }
  // After setuid, which clears it.
  prctl(PR_SET_PDEATHSIG, options.death_signal);
  if (getppid() != launch.parent) _exit(126);
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(126);
  const int in = ::open("/dev/null", O_RDONLY);
  dup2(in, 0);
  dup2(launch.out, 1);
  dup2(launch.err, 2);
  close_range(3, ~0U, 0);
  execve(launch.argv[0], launch.argv.data(), launch.environment.data());
  _exit(127);
}

void remove_leftovers() {
  // penstock-test-<pid>-XXXXXX of a program that is gone. Only the owner's own.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/tmp", ignored)) {
    const std::string name = entry.path().filename();
    constexpr std::string_view prefix = "penstock-test-";
    if (!name.starts_with(prefix)) continue;
    pid_t pid = 0;
    const char* digits = name.data() + prefix.size();
    const char* const end = name.data() + name.size();
    const char* const rest = std::from_chars(digits, end, pid).ptr;
    struct stat info {};
    // Without the second dash it is a random name that begins with digits: someone else's.
    if (rest == end || *rest != '-') continue;
    if (pid <= 0 || ::kill(pid, 0) == 0 || errno != ESRCH) continue;
    if (::lstat(entry.path().c_str(), &info) != 0 || info.st_uid != geteuid()) continue;
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

bool nobody_listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return free;
}

}  // namespace

std::optional<Account> account_named(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  Account account{.uid = entry->pw_uid, .gid = entry->pw_gid, .groups = {}};
  int count = 64;
  account.groups.resize(static_cast<std::size_t>(count));
  getgrouplist(name.c_str(), account.gid, account.groups.data(), &count);
  account.groups.resize(static_cast<std::size_t>(count));
  return account;
}

std::string require_program(const std::string& program, const std::string& package,
                            const std::vector<std::string>& extra_dirs) {
  std::vector<std::string> dirs = extra_dirs;
  const char* path = std::getenv("PATH");
  std::istringstream parts(path == nullptr ? "" : path);
  for (std::string dir; std::getline(parts, dir, ':');) dirs.push_back(dir);
  for (const char* dir : {"/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
    dirs.emplace_back(dir);
  }
  for (const auto& dir : dirs) {
    auto full = std::filesystem::path(dir) / program;
    if (!dir.empty() && ::access(full.c_str(), X_OK) == 0) return full;
  }
  throw std::runtime_error("this test needs the program `" + program +
                           "`, which isn't installed: apt-get install " + package);
}

ChildProcess::ChildProcess(const ProcessOptions& options) {
  const int out = open_output(options.stdout_path, options.append_output);
  const bool same = options.stderr_path.empty();
  const int err = same ? out : open_output(options.stderr_path, options.append_output);
  auto argv = options.argv;
  auto environment = merged_environment(options.environment);
  const Launch launch{.options = options,
                      .argv = pointers(argv),
                      .environment = pointers(environment),
                      .out = out,
                      .err = err,
                      .parent = getpid()};
  pid_ = Spawner::instance().run([&] {
    const pid_t pid = ::fork();
    if (pid == 0) become(launch);
    return pid;
  });
  ::close(out);
  if (!same) ::close(err);
  if (pid_ < 0) throw std::runtime_error("fork failed for " + options.argv.at(0));
}

ChildProcess::~ChildProcess() {
  if (!status_) stop(SIGKILL, milliseconds(10'000));
}

bool ChildProcess::running() {
  return !wait(milliseconds(0));
}

void ChildProcess::signal(int number) {
  if (!status_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::wait(milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  while (!status_) {
    int raw = 0;
    const pid_t done = ::waitpid(pid_, &raw, WNOHANG);
    if (done == pid_) {
      status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    } else if (done < 0 && errno != EINTR) {
      status_ = 127;
    } else if (Clock::now() >= until) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  return status_;
}

int ChildProcess::stop(int number, milliseconds timeout) {
  signal(number);
  auto status = wait(timeout);
  // Also after an ordinary end: what it started and left behind goes too.
  ::kill(-pid_, SIGKILL);
  if (!status) status = wait(milliseconds(10'000));
  return status.value_or(128 + SIGKILL);
}

ProgramResult run_program(ProcessOptions options, milliseconds timeout) {
  const TempDir dir;
  options.stdout_path = dir / "out";
  options.stderr_path = dir / "err";
  ChildProcess child(options);
  const auto status = child.wait(timeout);
  ProgramResult result{.status = status.value_or(-1),
                       .out = file_text(options.stdout_path),
                       .err = file_text(options.stderr_path)};
  if (!status) {
    throw std::runtime_error(options.argv.at(0) +
                             " didn't end in time; it had said: " + result.out + result.err);
  }
  return result;
}

std::string check_program(ProcessOptions options, milliseconds timeout) {
  const std::string name = options.argv.at(0);
  auto result = run_program(std::move(options), timeout);
  if (result.status != 0) {
    throw std::runtime_error(name + " ended with status " + std::to_string(result.status) + ": " +
                             result.out + result.err);
  }
  return result.out;
}

TempDir::TempDir() {
  static std::once_flag once;
  std::call_once(once, remove_leftovers);
  std::string name = "/tmp/penstock-test-" + std::to_string(getpid()) + "-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "making " + name);
  }
  path_ = name;
  ::chmod(name.c_str(), 0755);  // servers run under other accounts
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void make_certificate(const std::string& names, const std::string& key_file,
                      const std::string& certificate_file, const std::optional<Account>& account) {
  const auto openssl = require_program("openssl", "openssl");
  check_program({.argv = {openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                          "-subj", "/CN=localhost", "-addext", "subjectAltName=" + names, "-keyout",
                          key_file, "-out", certificate_file},
                 .account = account});
  if (::chmod(key_file.c_str(), 0600) != 0) throw std::runtime_error("no " + key_file);
}

int free_port() {
  static std::mutex mutex;
  static std::mt19937 random{std::random_device{}()};
  const std::lock_guard lock(mutex);
  std::uniform_int_distribution<int> ports(11'000, 32'000);
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const int port = ports(random);
    if (nobody_listens(port)) return port;
  }
  throw std::runtime_error("no free TCP port between 11000 and 32000");
}

std::string file_text(const std::filesystem::path& path) {
  const std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("can't write " + path.string());
}

}  // namespace penstock::testing
