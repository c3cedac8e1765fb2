#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/text.h"

namespace penstock {

namespace {

struct Range {
  char32_t first, last;
};

// Coarse blocks of Unicode's EastAsianWidth.txt (W and F) and emoji presentation.
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};
// Combining marks, zero-width characters and variation selectors.
constexpr std::array<Range, 5> kZero = {
    {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};

bool within(char32_t c, const auto& ranges) {
  return std::ranges::any_of(ranges, [c](Range r) { return c >= r.first && c <= r.last; });
}

// C1 controls (some terminals take U+009B as ESC [) and characters that reorder what surrounds
// them.
bool dangerous(char32_t c) {
  return (c >= 0x80 && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0x2028 || c == 0x2029;
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

// The character at the front of non-empty, valid UTF-8; a stray byte counts as one character.
Character front(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(0);
  const auto more = [&](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3FU); };
  if (lead >= 0xF0 && text.size() >= 4) {
    return {static_cast<char32_t>(lead & 7U) << 18 | more(1) << 12 | more(2) << 6 | more(3), 4};
  }
  if (lead >= 0xE0 && text.size() >= 3) {
    return {static_cast<char32_t>(lead & 15U) << 12 | more(1) << 6 | more(2), 3};
  }
  if (lead >= 0xC2 && text.size() >= 2) {
    return {static_cast<char32_t>(lead & 31U) << 6 | more(1), 2};
  }
  return {static_cast<char32_t>(lead), 1};
}

// Length of an escape sequence ESC [ … letter at the front, 0 when there is none.
std::size_t escape_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  for (std::size_t i = 2; i < text.size(); ++i) {
    if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z')) return i + 1;
  }
  return text.size();
}

std::size_t width_of(char32_t c) {
  if (within(c, kZero)) return 0;
  return within(c, kWide) ? 2 : 1;
}

}  // namespace

std::string terminal_safe(std::string_view text, std::size_t bytes_max) {
  const std::string shown = printable(text, bytes_max);
  std::string out;
  for (std::size_t i = 0; i < shown.size();) {
    const Character c = front(std::string_view(shown).substr(i));
    if (dangerous(c.code)) {
      out += '?';
    } else {
      out.append(shown, i, c.bytes);
    }
    i += c.bytes;
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    if (const std::size_t skip = escape_length(text); skip > 0) {
      text.remove_prefix(skip);
      continue;
    }
    const Character c = front(text);
    width += width_of(c.code);
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string fit(std::string_view text, std::size_t width, bool utf8) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  bool styled = false;
  std::size_t used = 0;
  while (!text.empty()) {
    if (const std::size_t skip = escape_length(text); skip > 0) {
      out += text.substr(0, skip);
      styled = true;
      text.remove_prefix(skip);
      continue;
    }
    const Character c = front(text);
    if (used + width_of(c.code) > width - 1) break;
    used += width_of(c.code);
    out += text.substr(0, c.bytes);
    text.remove_prefix(c.bytes);
  }
  out += utf8 ? "…" : "~";
  if (styled) out += "\x1b[0m";
  return out;
}

std::string pad(std::string_view text, std::size_t width, bool utf8) {
  std::string out = fit(text, width, utf8);
  out.append(width - std::min(width, display_width(out)), ' ');
  return out;
}

std::string grouped(std::int64_t number) {
  if (number < 0) return "?";
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

std::string counted(std::int64_t number, std::string_view noun) {
  return grouped(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "?";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty()) continue;
    const std::size_t length = display_width(word);
    if (column > indent && column + 1 + length > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += length;
  }
  return out;
}

TextTable::TextTable(std::vector<std::string> headings, std::vector<std::size_t> right)
    : right_(std::move(right)), headings_(std::move(headings)) {}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    std::size_t width = display_width(headings_[i]);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - display_width(cells[i]), ' ');
      const bool right = std::ranges::find(right_, i) != right_.end();
      text += (i > 0 ? "  " : "") + (right ? space + cells[i] : cells[i] + space);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(headings_);
  for (const auto& row : rows_) line(row);
  return out;
}

}  // namespace penstock
