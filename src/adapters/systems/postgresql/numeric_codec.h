// PostgreSQL's binary numeric: base-10000 digits with a weight, a sign and a display scale
// (numeric_send in src/backend/utils/adt/numeric.c). Pure functions; thread-safe; hostile bytes
// are rejected, never trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "adapters/systems/postgresql/byte_order.h"
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

// The usual case, a decimal of few base-10000 digits that is cut nowhere: true with the unscaled
// integer in `out`, or false when the general way has to look (also for bytes that are no numeric).
// `limit` is 10^precision, at most 10^18. Inline: the hot path.
inline bool small_decimal(const std::uint8_t* bytes, std::size_t size, std::uint64_t limit,
                          int scale, std::int64_t& out) {
  constexpr std::size_t header_bytes = 8;
  constexpr unsigned base = 10'000, negative = 0x4000;
  if (size < header_bytes) return false;
  const std::uint64_t header = load_u64(bytes);
  const auto count = static_cast<unsigned>(header >> 48);
  const auto weight = static_cast<std::int16_t>(header >> 32);
  const auto sign = static_cast<unsigned>(header >> 16) & 0xFFFFU;
  if (count > 4 || size != header_bytes + 2 * count || (sign & ~negative) != 0) return false;
  if (count == 0) {
    out = 0;
    return true;
  }
  const std::uint8_t* digits = bytes + header_bytes;
  std::uint64_t whole = 0;
  for (unsigned i = 0; i + 1 < count; ++i, digits += 2) {
    const unsigned digit = load_u16(digits);
    if (digit >= base) return false;
    whole = whole * base + digit;
  }
  const unsigned last = load_u16(digits);
  const int exponent = 4 * (weight - static_cast<int>(count) + 1) + scale;
  if (last >= base) return false;
  std::uint64_t magnitude = 0;
  // The divisors are constants, so that no division instruction is needed.
  switch (exponent) {
    case 0: magnitude = whole * base + last; break;
    case 1: magnitude = (whole * base + last) * 10; break;
    case 2: magnitude = (whole * base + last) * 100; break;
    case 3: magnitude = (whole * base + last) * 1000; break;
    case -1:
      if (last % 10 != 0) return false;
      magnitude = whole * 1000 + last / 10;
      break;
    case -2:
      if (last % 100 != 0) return false;
      magnitude = whole * 100 + last / 100;
      break;
    case -3:
      if (last % 1000 != 0) return false;
      magnitude = whole * 10 + last / 1000;
      break;
    default: return false;
  }
  // 16 digits and three zeros are below 2^64: nothing wrapped before this comparison.
  if (magnitude >= limit) return false;
  const auto value = static_cast<std::int64_t>(magnitude);
  out = sign == negative ? -value : value;
  return true;
}

}  // namespace penstock::postgresql
