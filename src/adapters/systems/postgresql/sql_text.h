// Text of SQL for PostgreSQL. Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/schema.h"

namespace penstock::postgresql {

// "name" with inner quotes doubled; the only place identifiers are quoted.
std::string quote_identifier(std::string_view name);

// 'text' with inner quotes doubled, as E'' when it holds a backslash, so that the meaning does not
// depend on standard_conforming_strings; the only place literals are quoted.
std::string quote_literal(std::string_view text);

// "schema"."name"
std::string quote_table(const TableId& id);

}  // namespace penstock::postgresql
