// Child processes for tests: started without a shell, ended with their owner, and never outliving
// the test program even when that one is killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penstock::testing {

// A Unix account with its supplementary groups, looked up before a fork.
struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

// Nothing when the machine has no such account.
std::optional<Account> account_named(const std::string& name);

// The full path of `program`: looked for in `extra_dirs`, in PATH, and in the usual sbin folders.
// Throws std::runtime_error naming the Debian package to install.
std::string require_program(const std::string& program, const std::string& package,
                            const std::vector<std::string>& extra_dirs = {});

struct ProcessOptions {
  std::vector<std::string> argv;         // argv[0] is a full path
  std::vector<std::string> environment;  // NAME=value, added to (or replacing) our own
  std::string stdout_path;               // truncated unless `append_output`; empty: /dev/null
  std::string stderr_path;               // empty: where stdout goes
  std::string directory;                 // working directory; empty: ours
  std::optional<Account> account;        // run as this account (needs root)
  bool append_output = false;
  int death_signal = SIGKILL;  // what the child gets when this process ends
};

// Purpose: one running program. Construction starts it (std::runtime_error when that fails),
// destruction kills what still runs with its process group and reaps it. The child gets
// `death_signal` when this process ends in whatever way. Not copyable; used by one thread at a
// time; may be created from any thread, also one that ends before the child does.
class ChildProcess {
 public:
  explicit ChildProcess(const ProcessOptions& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);  // to the process alone; nothing when it has ended
  // The exit status as a shell tells it (128 + n after signal n), or nothing after the time-out.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  // Sends the signal, waits, and kills the group when the time has passed. Returns the status.
  int stop(int number = SIGTERM,
           std::chrono::milliseconds timeout = std::chrono::milliseconds(30'000));

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

struct ProgramResult {
  int status = 0;
  std::string out, err;
};

// Runs a program to its end. A program still running after `timeout` is killed and the call throws.
// `options.stdout_path` and `stderr_path` are ignored: both outputs are returned.
ProgramResult run_program(ProcessOptions options,
                          std::chrono::milliseconds timeout = std::chrono::milliseconds(60'000));

// As run_program, but throws with the program's output when the status isn't 0. Returns stdout.
std::string check_program(ProcessOptions options,
                          std::chrono::milliseconds timeout = std::chrono::milliseconds(60'000));

// A directory of its own under /tmp, readable by other accounts, removed with all it holds by the
// destructor. Directories of test programs that were killed are removed by the next one.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Makes a self-signed certificate and its key, as PEM files. `names` is a subjectAltName, like
// "DNS:localhost,IP:127.0.0.1". Made by `account` where one is given, which then owns the files.
void make_certificate(const std::string& names, const std::string& key_file,
                      const std::string& certificate_file,
                      const std::optional<Account>& account = std::nullopt);

// A loopback TCP port nobody listens on now, outside the range the kernel hands to clients, so that
// a server stopped and started again finds its port still free.
int free_port();

// The whole file; empty when it can't be read.
std::string file_text(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace penstock::testing
