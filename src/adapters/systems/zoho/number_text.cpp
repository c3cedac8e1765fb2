#include "adapters/systems/zoho/number_text.h"

#include <charconv>

#include "core/civil.h"

namespace penstock::zoho {

namespace {

constexpr std::int64_t kExponentMax = 10'000;
constexpr std::int64_t kDay = 86'400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The number of `width` digits at `at`, or -1.
int digits_at(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Seconds east of Greenwich.
std::optional<int> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 5 && text.size() != 6) return std::nullopt;
  if ((text[0] != '+' && text[0] != '-') || (text.size() == 6 && text[3] != ':')) {
    return std::nullopt;
  }
  const int hours = digits_at(text, 1, 2), minutes = digits_at(text, text.size() - 2, 2);
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<DecimalText> parse_decimal(std::string_view text) {
  DecimalText number;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) number.negative = text[at++] == '-';
  const std::size_t first = at;
  bool point = false;
  for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    if (point) --number.exponent;
    if (!number.digits.empty() || text[at] != '0') number.digits += text[at];
  }
  if (at == first || !is_digit(text[at - 1]) || !is_digit(text[first])) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    if (at < text.size() && text[at] == '+') ++at;
    std::int64_t exponent = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data() + at, end, exponent);
    if (failure != std::errc() || stop != end || exponent > kExponentMax ||
        exponent < -kExponentMax) {
      return std::nullopt;
    }
    number.exponent += exponent;
  }
  while (number.digits.ends_with('0')) {
    number.digits.pop_back();
    ++number.exponent;
  }
  if (number.digits.empty()) number = {};
  return number;
}

Scaled scaled(const DecimalText& number, int precision, int scale) {
  if (number.digits.empty()) return {};
  const std::int64_t shift = number.exponent + scale;
  const auto length = static_cast<std::int64_t>(number.digits.size()) + shift;
  if (length > precision) return {.fit = Fit::too_large};
  Scaled out;
  std::int64_t kept = static_cast<std::int64_t>(number.digits.size());
  if (shift < 0) {
    out.fit = Fit::cut;
    kept = length > 0 ? length : 0;
  }
  for (std::int64_t i = 0; i < kept; ++i) {
    out.value = out.value * 10 + (number.digits[static_cast<std::size_t>(i)] - '0');
  }
  for (std::int64_t i = 0; i < shift; ++i) out.value *= 10;
  if (number.negative) out.value = -out.value;
  return out;
}

std::optional<std::int32_t> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
            day = digits_at(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  const std::int64_t days = days_from_civil({year, month, day});
  if (civil_from_days(days).day != day) return std::nullopt;  // such as 30 February
  return static_cast<std::int32_t>(days);
}

std::optional<Instant> parse_instant(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
  const auto day = parse_day(text.substr(0, 10));
  const int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2),
            second = digits_at(text, 17, 2);
  if (!day || text[13] != ':' || text[16] != ':' || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  Instant instant;
  std::size_t at = 19;
  if (text[at] == '.') {
    const std::size_t from = ++at;
    while (at < text.size() && is_digit(text[at])) instant.fraction |= text[at++] != '0';
    if (at == from) return std::nullopt;
  }
  const auto offset = parse_offset(text.substr(at));
  if (!offset) return std::nullopt;
  instant.seconds = *day * kDay + hour * 3600 + minute * 60 + second - *offset;
  return instant;
}

}  // namespace penstock::zoho
