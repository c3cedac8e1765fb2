// Decimals in their text form, as the protocol sends them, to unscaled integers. Pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::mysql {

// "-123.45" with exactly `scale` digits behind the point, below `limit` (10^precision, at most
// 10^18) in magnitude; false for everything else, which parse_decimal then judges.
inline bool small_decimal(const std::uint8_t* text, std::size_t size, std::uint64_t limit,
                          int scale, std::int64_t& out) {
  const std::uint8_t* p = text;
  const std::uint8_t* const end = text + size;
  if (size == 0) return false;
  const bool negative = *p == '-';
  if (negative) ++p;
  // 18 digits and a point: no sum below can overflow.
  if (end - p > 18 + (scale != 0 ? 1 : 0)) return false;
  std::uint64_t value = 0;
  const std::uint8_t* const point = scale == 0 ? end : end - scale - 1;
  if (point <= p || (point != end && *point != '.')) return false;
  for (; p != point; ++p) {
    const unsigned digit = static_cast<unsigned>(*p) - '0';
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  if (point != end) {
    for (++p; p != end; ++p) {
      const unsigned digit = static_cast<unsigned>(*p) - '0';
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
  }
  if (value >= limit) return false;
  out = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  return true;
}

// A decimal of up to 256 bits, two's complement, least significant word first.
struct WideDecimal {
  std::array<std::uint64_t, 4> words{};
  bool overflow = false;  // it has more digits than the type: words hold the nearest value
  bool cut = false;       // digits other than 0 lay beyond the scale
};

// Nothing when the text is no decimal.
std::optional<WideDecimal> parse_decimal(std::string_view text, int precision, int scale);

}  // namespace penstock::mysql
