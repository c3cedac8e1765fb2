// Exact numbers out of their text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::zoho {

// A decimal number without zeros around it: digits × 10^exponent. "12.50" is 125 × 10^-1.
struct DecimalText {
  bool negative = false;
  std::string digits;  // no zero first or last; empty: the number is 0
  std::int64_t exponent = 0;
};

// JSON's grammar for numbers, and a sign plus. Nothing when `text` is none.
std::optional<DecimalText> parse_decimal(std::string_view text);

// The number times 10^scale where it is whole and below 10^38; nothing otherwise.
enum class Fit : std::uint8_t { exact, cut, too_large };
struct Scaled {
  Fit fit = Fit::exact;
  __extension__ __int128 value = 0;  // cut: towards zero
};
Scaled scaled(const DecimalText& number, int precision, int scale);

// Seconds since 1970 of "2024-05-01T10:20:30+05:30"; Z, +0530 and a fraction are taken too.
struct Instant {
  std::int64_t seconds = 0;
  bool fraction = false;  // that was not zero
};
std::optional<Instant> parse_instant(std::string_view text);
std::optional<std::int32_t> parse_day(std::string_view text);  // days since 1970 of "2024-05-01"

}  // namespace penstock::zoho
