// Text for terminals: widths, cutting, numbers and plain tables. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// Text from servers made safe to print: control characters (C1 and escape sequences included),
// direction overrides and bytes that are not UTF-8 appear escaped or as "?".
std::string terminal_safe(std::string_view text, std::size_t bytes_max = 2000);

// Columns the text takes on a terminal: combining marks 0, East Asian wide and emoji 2, else 1.
// Escape sequences of ours (ESC [ … m) take none.
std::size_t display_width(std::string_view text);

// Cut to at most `width` columns, ending in "…" when cut ("~" where `utf8` is false).
std::string fit(std::string_view text, std::size_t width, bool utf8 = true);
// fit, then spaces up to exactly `width` columns.
std::string pad(std::string_view text, std::size_t width, bool utf8 = true);

// "1,234,567"; negative values mean unknown: "?".
std::string grouped(std::int64_t number);
// "1 row", "1,234 rows", "? rows": `noun` with an s unless the number is one.
std::string counted(std::int64_t number, std::string_view noun);
// "0.4 s", "12 s", "3 min 20 s", "2 h 05 min".
std::string human_duration(double seconds);

// Lines of at most `width` columns broken at spaces, each but the first after `indent` spaces.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

// Rows under headings, two spaces between columns; columns named in `right` are right-aligned.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> headings, std::vector<std::size_t> right = {});
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string text() const;  // ends with a newline

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> right_;
  std::vector<std::string> headings_;
};

}  // namespace penstock
