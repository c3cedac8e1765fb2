#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "cli/text_table.h"
#include "core/text.h"

namespace penstock {

namespace {

std::string text_of(const json::object& data, std::string_view name) {
  const json::value* const value = data.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

double number_of(const json::object& data, std::string_view name, double otherwise) {
  const json::value* const value = data.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<double>() : otherwise;
}

std::int64_t integer_of(const json::object& data, std::string_view name, std::int64_t otherwise) {
  return static_cast<std::int64_t>(number_of(data, name, static_cast<double>(otherwise)));
}

// The error of an event: an object as made by to_json(Error), or plain text.
std::string error_of(const json::object& data) {
  const json::value* const value = data.if_contains("error");
  if (value != nullptr && value->is_object()) return text_of(value->get_object(), "error");
  return text_of(data, "error");
}

std::string rate(double per_second) {
  return human_count(per_second) + " rows/s";
}

}  // namespace

int honest_percent(std::int64_t rows, std::int64_t rows_estimate) {
  if (rows_estimate <= 0 || rows < 0 || rows > rows_estimate) return -1;
  const double share = static_cast<double>(rows) / static_cast<double>(rows_estimate);
  return std::min(99, static_cast<int>(share * 100));
}

ProgressState::Table& ProgressState::table(const std::string& name) {
  for (Table& one : running_) {
    if (one.name == name) return one;
  }
  running_.push_back({.name = name});
  return running_.back();
}

void ProgressState::take_progress(const Event& event) {
  const json::object& data = event.data;
  total_.rows = integer_of(data, "rows", total_.rows);
  total_.rows_estimate = integer_of(data, "rows_estimate", total_.rows_estimate);
  total_.bytes = integer_of(data, "bytes", total_.bytes);
  total_.rows_per_second = number_of(data, "rows_per_second", -1);
  total_.bytes_per_second = number_of(data, "bytes_per_second", -1);
  total_.seconds = number_of(data, "seconds", total_.seconds);
  total_.eta_seconds = number_of(data, "eta_seconds", -1);
  total_.tables_done = integer_of(data, "tables_done", total_.tables_done);
  total_.tables_total = integer_of(data, "tables_total", total_.tables_total);
  const json::value* const tables = data.if_contains("tables");
  if (tables == nullptr || !tables->is_array()) return;
  std::set<std::string> seen;
  for (const json::value& item : tables->get_array()) {
    if (!item.is_object()) continue;
    const std::string name = text_of(item.get_object(), "table");
    seen.insert(name);
    Table& one = table(name);
    const std::int64_t rows = integer_of(item.get_object(), "rows", one.rows);
    one.rows_estimate = integer_of(item.get_object(), "rows_estimate", one.rows_estimate);
    if (one.time_ms > 0 && event.time_ms > one.time_ms) {
      const double now = static_cast<double>(std::max<std::int64_t>(0, rows - one.rows)) * 1000 /
                         static_cast<double>(event.time_ms - one.time_ms);
      constexpr double weight = 0.3;  // of the newest interval: smooth, yet follows in 2 seconds
      one.rows_per_second =
          one.rows_per_second < 0 ? now : one.rows_per_second * (1 - weight) + now * weight;
    }
    one.rows = rows;
    one.time_ms = event.time_ms;
  }
  // A client that fell behind may have missed a table's end.
  std::erase_if(running_, [&](const Table& one) { return !seen.contains(one.name); });
}

std::vector<std::string> ProgressState::apply(const Event& event) {
  const json::object& data = event.data;
  const std::string name = terminal_safe(text_of(data, "table"));
  if (event.type == "phase") {
    phase_ = text_of(data, "phase");
  } else if (event.type == "planned") {
    total_.rows_estimate = integer_of(data, "rows_estimate", -1);
    total_.tables_total = integer_of(data, "tables", -1);
    const std::string rows =
        total_.rows_estimate < 0
            ? std::string("an unknown number of")
            : "about " + human_count(static_cast<double>(total_.rows_estimate));
    return {fmt::format("{}, {} rows ({})", counted(total_.tables_total, "table"), rows,
                        terminal_safe(text_of(data, "consistency")))};
  } else if (event.type == "table_started") {
    Table& one = table(text_of(data, "table"));
    one.target = text_of(data, "target");
    one.rows_estimate = integer_of(data, "rows_estimate", -1);
    one.rows = 0;
    one.time_ms = event.time_ms;
  } else if (event.type == "table_finished") {
    std::erase_if(running_, [&](const Table& one) { return one.name == text_of(data, "table"); });
    ++total_.tables_done;
    const double seconds = number_of(data, "seconds", -1);
    return {fmt::format("done    {} -> {}  {}  {}", name, terminal_safe(text_of(data, "target")),
                        counted(integer_of(data, "rows", -1), "row"), human_duration(seconds))};
  } else if (event.type == "table_failed") {
    std::erase_if(running_, [&](const Table& one) { return one.name == text_of(data, "table"); });
    return {fmt::format("FAILED  {}: {}", name, terminal_safe(error_of(data)))};
  } else if (event.type == "retry") {
    return {fmt::format("retry   {} attempt {} in {}: {}", name, integer_of(data, "attempt", 0),
                        human_duration(number_of(data, "delay_ms", 0) / 1000),
                        terminal_safe(error_of(data)))};
  } else if (event.type == "warning") {
    return {"warning " + terminal_safe(text_of(data, "text"))};
  } else if (event.type == "progress") {
    take_progress(event);
  } else if (event.type == "finished") {
    finished_ = true;
    running_.clear();
  }
  return {};
}

std::string render_bar(int percent, std::size_t width, bool utf8) {
  if (percent < 0 || width < 3) return {};
  if (!utf8) {
    const std::size_t inner = width - 2;
    const std::size_t full = inner * static_cast<std::size_t>(std::min(percent, 100)) / 100;
    return "[" + std::string(full, '#') + std::string(inner - full, '.') + "]";
  }
  constexpr std::array<std::string_view, 8> parts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const std::size_t eighths = width * 8 * static_cast<std::size_t>(std::min(percent, 100)) / 100;
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  out += parts[eighths % 8];
  const std::size_t used = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  for (std::size_t i = used; i < width; ++i) out += "░";
  return out;
}

namespace {

// "1.2 M / ~4.0 M rows"; the estimate is marked as one, and left out once it proved too low.
std::string counts(std::int64_t rows, std::int64_t estimate, int percent) {
  std::string out = human_count(static_cast<double>(rows));
  if (percent >= 0) out += " / ~" + human_count(static_cast<double>(estimate));
  return out + " rows";
}

std::string painted(std::string_view text, std::string_view code, bool colour) {
  if (!colour) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string table_line(const ProgressState::Table& table, const RenderStyle& style,
                       std::size_t name_width) {
  const std::size_t width = style.columns - 1;  // the last column would make the terminal wrap
  const int percent = honest_percent(table.rows, table.rows_estimate);
  std::string right = counts(table.rows, table.rows_estimate, percent);
  if (table.rows_per_second >= 0) right += "  " + rate(table.rows_per_second);
  const std::string name = pad(terminal_safe(table.name), name_width, style.utf8);
  const std::size_t bar_width = width > name_width + 60 ? 20 : width > name_width + 48 ? 10 : 0;
  std::string middle = painted(render_bar(percent, bar_width, style.utf8), "36", style.colour);
  if (percent < 0) middle = std::string(bar_width, ' ');
  const std::string share = percent < 0 ? "    " : fmt::format("{:>2} %", percent);
  return fit(fmt::format("{}  {}{}{}  {}", name, middle, bar_width > 0 ? " " : "", share, right),
             width, style.utf8);
}

std::string total_line(const ProgressState& state, const RenderStyle* style) {
  const ProgressState::Total& total = state.total();
  if (state.phase() != "copy" && state.running().empty() && total.rows == 0) {
    return fmt::format("{} …", state.phase());
  }
  const int percent = honest_percent(total.rows, total.rows_estimate);
  std::string out;
  if (total.tables_total >= 0) {
    out += fmt::format("{}/{} tables  ", total.tables_done, total.tables_total);
  }
  if (style != nullptr && style->columns > 100) {
    const std::string bar = render_bar(percent, 20, style->utf8);
    if (!bar.empty()) out += painted(bar, "32", style->colour) + " ";
  }
  if (percent >= 0) out += fmt::format("{} %  ", percent);
  out += counts(total.rows, total.rows_estimate, percent);
  if (total.rows_per_second >= 0) out += "  " + rate(total.rows_per_second);
  if (total.bytes_per_second >= 0) out += "  " + human_bytes(total.bytes_per_second) + "/s";
  out += "  " + human_duration(total.seconds);
  if (total.eta_seconds >= 0 && percent >= 0) {
    out += "  ETA ~" + human_duration(total.eta_seconds);
  }
  if (state.phase() == "finish") out += "  finishing";
  return out;
}

}  // namespace

std::vector<std::string> render_progress(const ProgressState& state, const RenderStyle& style) {
  RenderStyle safe = style;
  safe.columns = std::max<std::size_t>(20, style.columns);
  const std::size_t lines_max = std::max<std::size_t>(2, style.rows) - 1;
  std::vector<std::string> lines;
  if (state.finished()) return lines;
  std::size_t name_width = 0;
  for (const auto& table : state.running()) {
    name_width = std::max(name_width, display_width(terminal_safe(table.name)));
  }
  name_width = std::min(name_width, std::max<std::size_t>(12, safe.columns / 3));
  const std::size_t room = lines_max - 1;  // the total line always stays
  for (const auto& table : state.running()) {
    const std::size_t left = state.running().size() - lines.size();
    if (lines.size() + 1 == room && left > 1) {
      lines.push_back(fmt::format("and {} more tables", left));
      break;
    }
    if (lines.size() == room) break;
    lines.push_back(table_line(table, safe, name_width));
  }
  lines.push_back(fit(total_line(state, &safe), safe.columns - 1, safe.utf8));
  return lines;
}

std::string render_plain(const ProgressState& state) {
  return total_line(state, nullptr);
}

std::string repaint(const std::vector<std::string>& before, const std::vector<std::string>& kept,
                    const std::vector<std::string>& after, std::size_t columns) {
  const std::size_t width = std::max<std::size_t>(1, columns);
  std::size_t up = 0;
  for (const std::string& line : before) {
    up += std::max<std::size_t>(1, (display_width(line) + width - 1) / width);
  }
  std::string out;
  if (up > 0) out += fmt::format("\x1b[{}A", up);
  out += "\r\x1b[J";  // everything below the cursor goes
  for (const std::string& line : kept) out += line + "\n";
  for (const std::string& line : after) out += line + "\n";
  return out;
}

}  // namespace penstock
