#include "adapters/systems/postgresql/sql_text.h"

namespace penstock::postgresql {

std::string quote_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

std::string quote_literal(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : " E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out += '\'';
}

std::string quote_table(const TableId& id) {
  return quote_identifier(id.schema) + "." + quote_identifier(id.name);
}

}  // namespace penstock::postgresql
