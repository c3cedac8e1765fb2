#include "cli/progress_display.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cli/terminal.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr double kPlainIntervalSeconds = 5;

std::string json_line(const Event& event) {
  const json::object line{
      {"id", event.id}, {"time_ms", event.time_ms}, {"type", event.type}, {"data", event.data}};
  return json::serialize(line) + "\n";
}

}  // namespace

ProgressMode parse_progress_mode(const std::string& word) {
  if (word == "none") return ProgressMode::none;
  if (word == "plain") return ProgressMode::plain;
  if (word == "bar") return ProgressMode::bar;
  if (word == "json") return ProgressMode::json;
  if (word == "auto") {
    const char* const term = std::getenv("TERM");
    const bool able = term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
    return is_terminal(STDERR_FILENO) && able ? ProgressMode::bar : ProgressMode::plain;
  }
  const std::vector<std::string> known = {"auto", "bar", "plain", "json", "none"};
  throw config_error("config.field.choice", "--progress: '" + printable(word, 40) +
                                                "' is none of auto, bar, plain, json, none" +
                                                did_you_mean(word, known));
}

ProgressDisplay::ProgressDisplay(EventLog& events, ProgressMode mode)
    : events_(events), mode_(mode), utf8_(locale_is_utf8()), colour_(wants_colour(STDERR_FILENO)) {
  if (mode_ == ProgressMode::none) return;
  subscription_ = events_.subscribe([this] {
    const std::lock_guard lock(mutex_);
    fresh_ = true;
    changed_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

void ProgressDisplay::wait() {
  if (thread_.joinable()) thread_.join();
}

ProgressDisplay::~ProgressDisplay() {
  if (mode_ == ProgressMode::none) return;
  events_.unsubscribe(subscription_);
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  wait();
}

void ProgressDisplay::run() {
  for (bool stop = false; !stop;) {
    const auto started = std::chrono::steady_clock::now();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return fresh_ || stop_; });
      fresh_ = false;
      stop = stop_;
    }
    const std::vector<Event> events = events_.after(seen_);
    if (!events.empty()) seen_ = events.back().id;
    show(events, stop);
    if (stop || state_.finished()) return;
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, started + kRedrawInterval, [this] { return stop_; });
  }
}

void ProgressDisplay::show(const std::vector<Event>& events, bool last) {
  std::string out;
  std::vector<std::string> kept;
  for (const Event& event : events) {
    std::vector<std::string> lines = state_.apply(event);
    if (mode_ == ProgressMode::json) out += json_line(event);
    kept.insert(kept.end(), lines.begin(), lines.end());
  }
  if (mode_ == ProgressMode::bar) {
    const TerminalSize size = terminal_size(STDERR_FILENO);
    std::vector<std::string> lines;
    if (!last) {
      lines = render_progress(
          state_, {.columns = size.columns, .rows = size.rows, .utf8 = utf8_, .colour = colour_});
    }
    out = repaint(painted_, kept, lines, size.columns);
    painted_ = std::move(lines);
  } else if (mode_ == ProgressMode::plain) {
    for (const std::string& line : kept) out += line + "\n";
    const double seconds = state_.total().seconds;
    if (seconds >= plain_after_seconds_ + kPlainIntervalSeconds && !state_.finished()) {
      plain_after_seconds_ = seconds;
      out += render_plain(state_) + "\n";
    }
  }
  if (out.empty()) return;
  // One write per frame keeps frames whole. A closed standard error must not stop the job.
  std::fwrite(out.data(), 1, out.size(), stderr);
  std::fflush(stderr);
}

}  // namespace penstock
