// Changes to a finished batch, for the few rows that need one. Not on the hot path, but linear: a
// batch in which every value is bad costs one pass per column.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/batch.h"

namespace penstock {

struct ValueEdit {
  enum class Kind : std::uint8_t { make_null, set_bytes };
  std::int64_t row = 0;
  Kind kind = Kind::make_null;
  std::string bytes;  // set_bytes: the new value of a bytes-like column
};

// Applies `edits`, sorted by row and at most one per row, in one pass.
void apply_edits(Column& column, const std::vector<ValueEdit>& edits);

// Makes every missing list of the column (and of nested list columns) an empty one; returns how
// many there were. Free of copying: a missing list's slot is empty already.
std::int64_t empty_null_lists(Column& column);

// Keeps the rows for which removed[row] is false. Issues must have been dealt with before.
void remove_rows(Batch& batch, const std::vector<bool>& removed);

}  // namespace penstock
