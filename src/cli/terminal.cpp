#include "cli/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "cli/url.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

// A handler may only touch what is lock-free and async-signal-safe.
std::atomic<int> signal_pipe{-1};
std::atomic<int> signal_count{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int /*number*/) {
  const int saved = errno;
  if (signal_count.fetch_add(1) > 0) _exit(130);
  const char byte = 'i';
  [[maybe_unused]] const ssize_t written = write(signal_pipe.load(), &byte, 1);
  errno = saved;
}

// Closes on leaving; restores the terminal's settings when they were changed.
struct PasswordTerminal {
  int descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  termios before{};
  bool changed = false;

  PasswordTerminal() = default;
  PasswordTerminal(const PasswordTerminal&) = delete;
  PasswordTerminal& operator=(const PasswordTerminal&) = delete;
  ~PasswordTerminal() {
    if (changed) tcsetattr(descriptor, TCSAFLUSH, &before);
    if (descriptor >= 0) close(descriptor);
  }
  void hide_echo() {
    if (tcgetattr(descriptor, &before) != 0) return;
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= static_cast<tcflag_t>(ECHONL);
    changed = tcsetattr(descriptor, TCSAFLUSH, &quiet) == 0;
  }
};

}  // namespace

bool is_terminal(int descriptor) {
  return isatty(descriptor) == 1;
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  TerminalSize out;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return out;
  if (size.ws_col > 0) out.columns = size.ws_col;
  if (size.ws_row > 0) out.rows = size.ws_row;
  return out;
}

bool wants_colour(int descriptor) {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return is_terminal(descriptor) && term != nullptr && std::string_view(term) != "dumb";
}

bool locale_is_utf8() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string folded = lower(value);
    return folded.find("utf-8") != std::string::npos || folded.find("utf8") != std::string::npos;
  }
  return false;
}

std::string prompt_password(const std::string& question) {
  PasswordTerminal terminal;
  if (terminal.descriptor < 0) {
    throw config_error("config.password.terminal", "there is no terminal to ask for a password on")
        .hint("set PENSTOCK_SOURCE_PASSWORD or PENSTOCK_DESTINATION_PASSWORD instead");
  }
  terminal.hide_echo();
  const std::string text = question + " ";
  if (write(terminal.descriptor, text.data(), text.size()) < 0) return {};
  constexpr std::size_t password_bytes_max = 4096;
  std::string password;
  char c = 0;
  while (password.size() < password_bytes_max) {
    const ssize_t got = read(terminal.descriptor, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n' || c == '\r') break;
    password += c;
  }
  return password;
}

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> out;
  for (int i = 0; i < argc; ++i) {
    out.emplace_back(argv[i]);
    const std::string masked = mask_secrets(out.back());
    if (masked == out.back()) continue;
    const std::size_t room = out.back().size();
    const std::size_t used = std::min(masked.size(), room);
    std::memcpy(argv[i], masked.data(), used);
    std::memset(argv[i] + used, 0, room - used);
  }
  return out;
}

Interrupts::Interrupts(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  if (pipe2(pipe_, O_CLOEXEC) != 0) {
    throw Error(Side::engine, "engine.internal", "cannot make a pipe for signals");
  }
  signal_count = 0;
  signal_pipe = pipe_[1];
  watcher_ = std::thread([this] {
    char byte = 0;
    for (;;) {
      const ssize_t got = read(pipe_[0], &byte, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got == 1 && byte == 'i') {
        on_first_();
        continue;
      }
      return;
    }
  });
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int number : kSignals) sigaction(number, &action, nullptr);
}

Interrupts::~Interrupts() {
  for (const int number : kSignals) std::signal(number, SIG_DFL);
  const char byte = 'q';
  [[maybe_unused]] const ssize_t written = write(pipe_[1], &byte, 1);
  watcher_.join();
  signal_pipe = -1;
  close(pipe_[0]);
  close(pipe_[1]);
}

}  // namespace penstock
