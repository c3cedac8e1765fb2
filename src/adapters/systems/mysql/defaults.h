// A column's default, out of what the catalogue says. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/schema.h"

namespace penstock::mysql {

// What information_schema.COLUMNS says of a default.
struct NativeDefault {
  std::optional<std::string> text;  // COLUMN_DEFAULT
  std::string extra;                // EXTRA
  // MariaDB since 10.2.7 writes SQL there ('abc', current_timestamp()); MySQL writes the value.
  bool is_sql = false;
};

// Fills the field's default_* members; its type is known. What cannot be said as a value of that
// type stays an expression. ON UPDATE CURRENT_TIMESTAMP and zero dates become notes on the field.
void set_default(Field& field, std::string_view data_type, const NativeDefault& given);

}  // namespace penstock::mysql
