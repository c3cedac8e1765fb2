// Rows of data/types/mysql.tsv as a server's DDL needs them, and what must come of them.
#pragma once

#include <string>

#include "contract/type_map.h"

namespace penstock::testing {

// Whether a server of that product ("MariaDB" or "MySQL") and version has the type.
inline bool server_has(const TypeRow& row, const std::string& product, const std::string& version) {
  const std::string& wanted = row.at("server");
  if (!wanted.empty() && wanted != product) return false;
  return row.at("since").empty() || version_number(version) >= version_number(row.at("since"));
}

// A declaration that takes the row's literals: arguments where the name stands for a family.
inline std::string type_declaration(const std::string& native) {
  if (native == "decimal(p,s)") return "decimal(12,2)";
  if (native == "bit(n)") return "bit(64)";
  if (native == "binary" || native == "varbinary") return native + "(3)";
  if (native == "char" || native == "varchar") return native + "(9)";
  if (native == "enum" || native == "set") return native + "('a','b')";
  if (native == "vector") return "vector(2)";
  if (native.ends_with("(d)")) return native.substr(0, native.size() - 3) + "(6)";
  return native;
}

// The logical type that such a declaration is read as.
inline std::string declared_logical(std::string logical) {
  if (logical == "decimal(p,s)") return "decimal(12,2)";
  if (logical == "enum") return "enum('a','b')";
  if (const auto at = logical.find("(d"); at != std::string::npos) logical[at + 1] = '6';
  return logical;
}

}  // namespace penstock::testing
