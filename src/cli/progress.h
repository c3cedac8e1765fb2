// Progress of one job: events in, lines out. Nothing here does I/O, so all of it is unit-tested;
// progress_display.h drives it.
//   Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/events.h"

namespace penstock {

// How much of an estimate is reached, in whole percent; -1: cannot be said (no estimate, or more
// rows than estimated). Never 100: that is for a table which is finished, not for an estimate met.
int honest_percent(std::int64_t rows, std::int64_t rows_estimate);

// What is known of a running job. apply() takes the events in order.
class ProgressState {
 public:
  struct Table {
    std::string name, target;
    std::int64_t rows = 0, rows_estimate = -1;
    double rows_per_second = -1;  // smoothed; -1: not known yet
    std::int64_t time_ms = 0;     // of `rows`
  };
  struct Total {
    std::int64_t rows = 0, rows_estimate = -1, bytes = 0;
    double rows_per_second = -1, bytes_per_second = -1, seconds = 0, eta_seconds = -1;
    std::int64_t tables_done = 0, tables_total = -1;
  };

  // Returns the lines that should stay in the scroll-back: finished and failed tables, warnings,
  // retries. They hold no colour and no unsafe text.
  std::vector<std::string> apply(const Event& event);

  const std::vector<Table>& running() const { return running_; }
  const Total& total() const { return total_; }
  const std::string& phase() const { return phase_; }
  bool finished() const { return finished_; }

 private:
  void take_progress(const Event& event);
  Table& table(const std::string& name);

  std::vector<Table> running_;
  Total total_;
  std::string phase_ = "queued";
  bool finished_ = false;
};

struct RenderStyle {
  std::size_t columns = 80, rows = 24;  // of the terminal
  bool utf8 = true, colour = false;
};

// A bar of `width` cells, filled to `percent`; "" when percent is negative or width below 3.
std::string render_bar(int percent, std::size_t width, bool utf8);

// The live region: a line per running table and a total line, each below style.columns wide, at
// most style.rows - 1 of them.
std::vector<std::string> render_progress(const ProgressState& state, const RenderStyle& style);

// One line of the plain mode.
std::string render_plain(const ProgressState& state);

// The bytes that replace the live region `before` (as last painted) by `after` on a terminal now
// `columns` wide, with `kept` lines going into the scroll-back above it. When the terminal got
// narrower, old lines have wrapped, which the upward movement takes into account.
std::string repaint(const std::vector<std::string>& before, const std::vector<std::string>& kept,
                    const std::vector<std::string>& after, std::size_t columns);

}  // namespace penstock
