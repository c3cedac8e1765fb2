// MySQL's and MariaDB's types in penstock's terms: data/types/mysql.tsv, applied to what the
// catalogue says of a column. Pure functions over plain values; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/mysql/row_decoder.h"
#include "core/schema.h"

namespace penstock::mysql {

// A column as information_schema.COLUMNS has it.
struct NativeColumn {
  std::string data_type;  // "decimal", "enum"; "json" also for MariaDB's checked longtext
  std::string full_type;  // COLUMN_TYPE: "decimal(15,2) unsigned", "enum('a','b')"
  int precision = 0, scale = 0;
  int second_digits = 0;  // DATETIME_PRECISION
  std::int32_t srid = 0;
};

// How a column is put into a SELECT and decoded: the text of Field::fetch.
struct Fetch {
  Wire wire = Wire::text;
  bool check_utf8 = false;
  std::string expression;  // SQL in which {} stands for the column; empty: the column itself

  std::string to_text() const;
  static Fetch parse(std::string_view text);
  // The expression with the quoted name in place.
  std::string select(std::string_view column) const;
};

struct Mapping {
  Type type;
  Fetch fetch;
  std::vector<LossNote> losses;
};

// Never fails: a type nobody knows is read as text, with a note. `tinyint1_boolean`: tinyint(1) is
// a boolean.
Mapping map_type(const NativeColumn& column, bool tinyint1_boolean = false);

// The labels in "enum('a','b')" or "set(…)".
std::vector<std::string> parse_labels(std::string_view full_type);

// How to read `field` as `type` instead of its own; a refusal for people when values could be
// changed by it in silence.
struct ReadAs {
  std::optional<Fetch> fetch;
  std::string refusal;
};
ReadAs read_as(const Field& field, const Type& type);

// How to read the text column when its bytes are really in the character set `charset`.
Fetch fetch_as_charset(std::string_view charset);

// data/types/mysql.tsv itself.
std::string_view type_table_text();

}  // namespace penstock::mysql
