// What the command line needs of the terminal and of the process.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace penstock {

bool is_terminal(int descriptor);
// Of the terminal on `descriptor`; {80, 24} when it is none or does not say.
struct TerminalSize {
  std::size_t columns = 80, rows = 24;
};
TerminalSize terminal_size(int descriptor);
// Whether colour is welcome: a terminal, TERM is not "dumb", NO_COLOR unset (no-color.org).
bool wants_colour(int descriptor);
// Whether the locale's character set is UTF-8, by LC_ALL, LC_CTYPE, LANG.
bool locale_is_utf8();

// Asks on the controlling terminal without echo, even when standard input is redirected. Throws
// config_error "config.password.terminal" when there is no terminal.
std::string prompt_password(const std::string& question);

// Copies the arguments, then overwrites what could be a secret in the process's own memory, so that
// `ps` and /proc/<pid>/cmdline stop showing it. Call before anything else looks at argv.
std::vector<std::string> take_arguments(int argc, char** argv);

// While it lives, the first SIGINT, SIGTERM or SIGHUP calls `on_first` (on a thread of its own) and
// the second ends the process at once with status 130. One at a time per process. Uses handlers
// rather than a blocked mask because child processes would inherit the mask.
class Interrupts {
 public:
  explicit Interrupts(std::function<void()> on_first);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  std::function<void()> on_first_;
  int pipe_[2] = {-1, -1};
  std::thread watcher_;
};

}  // namespace penstock
