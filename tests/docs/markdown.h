// Tables of Markdown, for the pages that tests make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::pages {

// Text as a cell: one line, with | escaped.
inline std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// Text in the type of programs.
inline std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

inline std::string row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& one : cells) out += " " + cell(one) + (one.empty() ? "|" : " |");
  return out + "\n";
}

inline std::string head(const std::vector<std::string>& names) {
  std::string out = row(names) + "|";
  for (std::size_t i = 0; i < names.size(); ++i) out += "---|";
  return out + "\n";
}

inline const char* const kGenerated =
    "This page is made by a test (`tests/docs`), which also fails when the two differ; "
    "`UPDATE_GOLDEN=1` rewrites it.";

}  // namespace penstock::pages
