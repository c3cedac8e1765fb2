// What a destination column can hold, in the terms of the logical type, so that the engine alone
// checks values and applies the user's policies, for every pair of adapters.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

namespace penstock {

struct ValueRule {
  bool nullable = true;
  // True for key columns: a value that does not fit always fails the row, whatever the policy.
  bool key = false;
  // date, time, timestamp: smallest and largest value, in the column's own unit.
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  // time, timestamp: ticks that a value must be a multiple of; coarser units than the column's.
  std::int64_t step = 1;
  // date, timestamp: whether the ±infinity sentinels can be written.
  bool infinity = true;
  // float32/64 and numeric: whether NaN and ±Infinity can be written.
  bool not_finite = true;
  // string, json, enumeration: whether bytes that are not UTF-8, and NUL, can be written.
  bool invalid_utf8 = true;
  bool nul = true;
  // enumeration: whether labels beyond those of the column's type can be written.
  bool other_labels = true;
  // json: whether text that is no JSON can be written.
  bool any_json = true;
  // bytes-like types: largest value.
  std::int64_t bytes_max = std::numeric_limits<std::int32_t>::max();
  // geometry: whether a value's SRID may differ from the column's.
  bool other_srid = true;
  // list: whether a list itself may be missing (else NULL becomes the empty list: a loss), whether
  // all lists must have the same depth, and the rule of the elements.
  bool null_list = true;
  // list of lists: whether all lists of a level must have the same length.
  bool rectangular = false;
  std::shared_ptr<const ValueRule> element;
  // True when no value of the type can break the rule: the engine then skips the column.
  bool always_fits = false;
};

}  // namespace penstock
