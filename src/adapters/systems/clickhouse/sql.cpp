#include "adapters/systems/clickhouse/sql.h"

#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

std::string escape(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\0': out += "\\0"; break;
      default:
        if (c == quote || c == '\\') out += '\\';
        out += c;
    }
  }
  return out + quote;
}

std::string unescape(std::string_view cell) {
  std::string out;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\' || i + 1 == cell.size()) {
      out += cell[i];
      continue;
    }
    switch (const char c = cell[++i]) {
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case '0': out += '\0'; break;
      default: out += c;
    }
  }
  return out;
}

[[noreturn]] void unexpected(std::string_view body) {
  throw Error(Side::destination, "destination.protocol",
              "the server gave an unexpected answer: " + printable(body));
}

}  // namespace

std::string quote_name(std::string_view name) {
  return escape(name, '`');
}

std::string quote_name(std::string_view database, std::string_view name) {
  return quote_name(database) + "." + quote_name(name);
}

std::string quote_literal(std::string_view text) {
  return escape(text, '\'');
}

std::string quote_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quote_name(name);
  return out;
}

std::vector<std::vector<std::string>> parse_rows(std::string_view body, std::size_t columns) {
  std::vector<std::vector<std::string>> rows;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) unexpected(body);
    std::vector<std::string>& row = rows.emplace_back(split(body.substr(0, end), '\t'));
    if (row.size() != columns) unexpected(body.substr(0, end));
    for (std::string& cell : row) cell = unescape(cell);
    body.remove_prefix(end + 1);
  }
  return rows;
}

std::int64_t parse_count(std::string_view body) {
  const std::string_view text = trim(body);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) unexpected(body);
  return value;
}

}  // namespace penstock::clickhouse
