// ClickHouse SQL text: quoting, escaping and the answers' text form. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::clickhouse {

// `name` between backticks; backslash and backtick escaped (understood by 18.16 to 26.x).
std::string quote_name(std::string_view name);
std::string quote_name(std::string_view database, std::string_view name);
// 'text' with backslash, quote and control characters escaped.
std::string quote_literal(std::string_view text);
std::string quote_names(const std::vector<std::string>& names);  // "`a`, `b`"

// Rows of a TabSeparated answer, unescaped. Throws Error "destination.protocol" when a row does not
// have `columns` cells.
std::vector<std::vector<std::string>> parse_rows(std::string_view body, std::size_t columns);

// A whole number out of an answer of one row and column.
std::int64_t parse_count(std::string_view body);

}  // namespace penstock::clickhouse
