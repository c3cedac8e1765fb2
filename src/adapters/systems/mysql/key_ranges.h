// Ranges of a key in the server's own order: boundaries are entries of its index, found, compared
// and weighed by the server. We only say around where to look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/systems/mysql/connection.h"
#include "core/schema.h"

namespace penstock::mysql {

// How a column's values travel to us and back as literals.
enum class KeyKind : std::uint8_t {
  number,  // integers, decimals, bits: digits
  text,    // in the column's character set: raw bytes
  bytes,
  moment,  // date, datetime, timestamp: quoted text
  other,   // quoted text that only the server understands (uuid, inet6)
};

struct KeyColumn {
  std::string name, collation;
  KeyKind kind = KeyKind::number;
  bool bits = false;
};

struct SplitKey {
  std::string index;
  std::vector<KeyColumn> columns;
  bool nullable = false;  // the only column may be NULL

  std::vector<std::string> names() const;
};

// The index whose ranges are cheap to read: the primary key, else a unique key without NULLs, as
// far as its columns can be compared through literals; or what the user named. Nothing: none. Pure.
std::optional<SplitKey> choose_key(const TableSchema& table, const std::string& split_by);

// Whether a column can be bounded by literals, and how; nothing: it can't. Pure.
std::optional<KeyColumn> key_column(const Field& field);

// "(a > 1 OR (a = 1 AND b >= 2))" and its opposite; one literal per column.
std::string at_or_above(const std::vector<std::string>& columns,
                        const std::vector<std::string>& literals);
std::string below(const std::vector<std::string>& columns,
                  const std::vector<std::string>& literals);

// A literal about `share` of kShares of the way between two values of a column: digits, moments as
// text, uuids, text in UTF-8, or the bytes in the column's own character set where wants_raw_text
// says so. Nothing when there is no telling. Pure.
inline constexpr int kShares = 64;
std::optional<std::string> middle(const KeyColumn& column, const std::string& low,
                                  const std::string& high, int share = kShares / 2);
bool wants_raw_text(const KeyColumn& column);

// The upper end of a range.
struct KeyBoundary {
  std::vector<std::string> literals;  // empty: open, the last range
  std::int64_t rows_below = 0;        // estimate: of the range that ends here
};

// About `ranges` of them, of similar size by the server's estimates, in order, the last one open;
// empty when the table is too small or too uniform to be cut.
std::vector<KeyBoundary> find_boundaries(Connection& connection, const TableSchema& table,
                                         const SplitKey& key, std::int64_t ranges);

}  // namespace penstock::mysql
