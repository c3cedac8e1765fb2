#include "contract/type_map.h"

#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

std::vector<TypeRow> parse_type_table(std::string_view tsv) {
  std::vector<TypeRow> rows;
  std::vector<std::string> header;
  for (const std::string& line : split(tsv, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> cells = split(line, '\t');
    if (header.empty()) {
      header = cells;
      continue;
    }
    if (cells.size() > header.size()) {
      throw Error(Side::engine, "engine.internal", "type table: too many cells in: " + line);
    }
    TypeRow& row = rows.emplace_back();
    for (std::size_t i = 0; i < header.size(); ++i) {
      row[header[i]] = i < cells.size() ? cells[i] : std::string();
    }
  }
  return rows;
}

int version_number(std::string_view version) {
  int major = 0, minor = 0;
  const char* const end = version.data() + version.size();
  const auto [rest, failure] = std::from_chars(version.data(), end, major);
  if (failure == std::errc() && rest != end && *rest == '.') {
    std::from_chars(rest + 1, end, minor);
  }
  return major * 1000 + minor;
}

}  // namespace penstock
