// The inverse of core/value_text.h: from the one text form of a value back into a column.
#pragma once

#include <string_view>

#include "core/batch.h"

namespace penstock {

// Purpose: appends the value that `text` spells to the column behind `builder`, for files, tests
// and goldens. Every text that value_text() writes comes back as the same bytes; a missing value
// has no text of its own here (files write \N for it), except as an element of a list, where it is
// NULL.
//   Strict: no blanks, signs, digits or spellings beyond those value_text() writes are accepted;
//   numbers may have leading zeros. string, json, enumeration and network take any bytes.
//   Errors: config_error("config.value") naming the type and (shortened) the value; nothing was
//   appended then. Pure apart from the column; one thread per column.
void append_parsed(std::string_view text, ColumnBuilder builder);

}  // namespace penstock
