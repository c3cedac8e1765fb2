// Text of SQL for MySQL and MariaDB. Pure functions; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/schema.h"

namespace penstock::mysql {

// `name` with inner backticks doubled; the only place identifiers are quoted.
std::string quote_identifier(std::string_view name);

// Text as a literal whose meaning depends on no setting of the session: plain characters in
// quotes, anything else as _utf8mb4 X'…'. The only place text literals are written.
std::string quote_literal(std::string_view text);

// The bytes as they lie in a column of that character set, compared as that column compares:
// _latin1 X'…' COLLATE latin1_bin. An empty collation means a binary column: X'…'. Names that are
// none throw Error "source.protocol".
std::string quote_raw(std::string_view bytes, std::string_view collation);

// "latin1" of "latin1_swedish_ci"; "binary" of "binary".
std::string charset_of(std::string_view collation);

// The text that a quoted literal at the start of `sql` means ('' and backslash escapes undone), and
// `sql` moved behind it; nothing, and `sql` as it was, when there is no complete one.
std::optional<std::string> take_literal(std::string_view& sql);

// `database`.`name`
std::string quote_table(const TableId& id);

}  // namespace penstock::mysql
