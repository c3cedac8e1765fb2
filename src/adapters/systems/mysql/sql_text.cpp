#include "adapters/systems/mysql/sql_text.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace penstock::mysql {

namespace {

bool plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view(" _-.:,/+()").find(c) != std::string_view::npos;
}

bool is_word(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

std::string hex_literal(std::string_view bytes) {
  return "X'" + hex(bytes) + "'";
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out += '`';
}

std::string quote_literal(std::string_view text) {
  if (std::ranges::all_of(text, plain)) return "'" + std::string(text) + "'";
  return "_utf8mb4 " + hex_literal(text);
}

std::string charset_of(std::string_view collation) {
  return std::string(collation.substr(0, collation.find('_')));
}

std::string quote_raw(std::string_view bytes, std::string_view collation) {
  if (collation.empty() || collation == "binary") return hex_literal(bytes);
  if (!is_word(collation)) {
    throw Error(Side::source, "source.protocol",
                "the server names an impossible collation: " + printable(collation, 80));
  }
  return "_" + charset_of(collation) + " " + hex_literal(bytes) + " COLLATE " +
         std::string(collation);
}

// MySQL manual, "String Literals", the escape sequences.
std::optional<std::string> take_literal(std::string_view& sql) {
  if (!sql.starts_with('\'')) return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < sql.size(); ++i) {
    const char c = sql[i];
    const bool more = i + 1 < sql.size();
    if (c == '\'') {
      if (!more || sql[i + 1] != '\'') {
        sql.remove_prefix(i + 1);
        return out;
      }
      out += sql[++i];
    } else if (c == '\\' && more) {
      constexpr std::string_view letters = "0nrtbZ", meant("\0\n\r\t\b\x1A", 6);
      const std::size_t at = letters.find(sql[++i]);
      out += at == std::string_view::npos ? sql[i] : meant[at];
    } else {
      out += c;
    }
  }
  return std::nullopt;
}

std::string quote_table(const TableId& id) {
  return quote_identifier(id.schema) + "." + quote_identifier(id.name);
}

}  // namespace penstock::mysql
