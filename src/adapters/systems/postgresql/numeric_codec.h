// PostgreSQL's binary numeric: base-10000 digits with a weight, a sign and a display scale
// (numeric_send in src/backend/utils/adt/numeric.c). Pure functions; thread-safe; hostile bytes
// are rejected, never trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/batch.h"

namespace penstock::postgresql {

enum class NumericKind : std::uint8_t { finite, not_a_number, infinity, minus_infinity };

// A view of one value: digit i counts 10000^(weight - i). Valid while the bytes are.
struct Numeric {
  NumericKind kind = NumericKind::finite;
  bool negative = false;
  int weight = 0;
  int display_scale = 0;
  int count = 0;
  const std::uint8_t* digits = nullptr;  // big-endian 16-bit numbers, each below 10000
};

// Nothing when the bytes are no numeric.
std::optional<Numeric> parse_numeric(const std::uint8_t* bytes, std::size_t size);

// The value as PostgreSQL prints it, all display_scale digits kept: "1.50", "NaN", "-Infinity".
void append_numeric_text(const Numeric& value, std::string& out);

// The magnitude of value × 10^scale, rounded half away from zero, as four 64-bit words, least
// significant first.
struct ScaledMagnitude {
  std::uint64_t words[4] = {0, 0, 0, 0};
  bool cut = false;       // digits beyond the scale were not zero
  bool overflow = false;  // beyond 10^precision - 1; words then hold that
};
ScaledMagnitude scale_numeric(const Numeric& value, int precision, int scale);

// The usual case, a decimal of at most 18 digits in few base-10000 digits: the unscaled integer,
// or nothing when the general way has to look (also for bytes that are no numeric).
std::optional<std::int64_t> small_decimal(const std::uint8_t* bytes, std::size_t size,
                                          int precision, int scale);

}  // namespace penstock::postgresql
