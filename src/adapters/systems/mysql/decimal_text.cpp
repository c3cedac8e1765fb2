#include "adapters/systems/mysql/decimal_text.h"

#include <string>

namespace penstock::mysql {

namespace {

constexpr std::string_view kDigits = "0123456789";

void multiply_add(std::array<std::uint64_t, 4>& words, std::uint64_t factor, std::uint64_t addend) {
  __extension__ typedef unsigned __int128 Double;
  Double carry = addend;
  for (std::uint64_t& word : words) {
    carry += Double{word} * factor;
    word = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
}

void negate(std::array<std::uint64_t, 4>& words) {
  std::uint64_t carry = 1;
  for (std::uint64_t& word : words) {
    word = ~word + carry;
    carry = carry != 0 && word == 0 ? 1 : 0;
  }
}

}  // namespace

std::optional<WideDecimal> parse_decimal(std::string_view text, int precision, int scale) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if (whole.find_first_not_of(kDigits) != std::string_view::npos ||
      fraction.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  WideDecimal out;
  const auto places = static_cast<std::size_t>(scale);
  if (fraction.size() > places) {
    out.cut = fraction.find_first_not_of('0', places) != std::string_view::npos;
    fraction = fraction.substr(0, places);
  }
  std::string digits(whole);
  digits += fraction;
  digits.append(places - fraction.size(), '0');
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.size() > static_cast<std::size_t>(precision)) {
    out.overflow = true;
    digits.assign(static_cast<std::size_t>(precision), '9');
  }
  for (const char digit : digits) {
    multiply_add(out.words, 10, static_cast<std::uint64_t>(digit - '0'));
  }
  if (negative) negate(out.words);
  return out;
}

}  // namespace penstock::mysql
