#include "adapters/systems/postgresql/numeric_codec.h"

#include <array>
#include <charconv>

namespace penstock::postgresql {

namespace {

constexpr unsigned kBase = 10'000;
constexpr std::size_t kHeaderBytes = 8;
// Sign words of numeric.c: NUMERIC_POS, _NEG, _NAN, _PINF, _NINF.
constexpr unsigned kPositive = 0x0000, kNegative = 0x4000, kNotANumber = 0xC000, kInfinity = 0xD000,
                   kMinusInfinity = 0xF000;

constexpr std::array<std::uint64_t, 20> kPowers = [] {
  std::array<std::uint64_t, 20> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

__extension__ typedef unsigned __int128 Wide;

// words = words × factor + addend; the return value is what overflowed.
std::uint64_t multiply_add(std::uint64_t (&words)[4], std::uint64_t factor, std::uint64_t addend) {
  Wide carry = addend;
  for (std::uint64_t& word : words) {
    carry += static_cast<Wide>(word) * factor;
    word = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return static_cast<std::uint64_t>(carry);
}

void power_of_ten(int exponent, std::uint64_t (&words)[4]) {
  words[0] = 1;
  words[1] = words[2] = words[3] = 0;
  for (; exponent >= 19; exponent -= 19) multiply_add(words, kPowers[19], 0);
  multiply_add(words, kPowers[static_cast<std::size_t>(exponent)], 0);
}

bool not_less(const std::uint64_t (&a)[4], const std::uint64_t (&b)[4]) {
  for (int i = 3; i >= 0; --i) {
    if (a[i] != b[i]) return a[i] > b[i];
  }
  return true;
}

// The largest magnitude of the precision: 10^precision - 1.
void clamp(int precision, ScaledMagnitude& out) {
  out.overflow = true;
  power_of_ten(precision, out.words);
  // 10^p is never a multiple of 2^64 for p < 64, and for larger p the borrow is handled.
  for (std::uint64_t& word : out.words) {
    if (word-- != 0) break;
  }
}

}  // namespace

std::optional<Numeric> parse_numeric(const std::uint8_t* bytes, std::size_t size) {
  if (size < kHeaderBytes) return std::nullopt;
  Numeric value;
  value.count = load_i16(bytes);
  value.weight = load_i16(bytes + 2);
  const unsigned sign = load_u16(bytes + 4);
  value.display_scale = load_u16(bytes + 6);
  value.digits = bytes + kHeaderBytes;
  if (value.count < 0 || size != kHeaderBytes + 2 * static_cast<std::size_t>(value.count)) {
    return std::nullopt;
  }
  switch (sign) {
    case kPositive: break;
    case kNegative: value.negative = true; break;
    case kNotANumber: value.kind = NumericKind::not_a_number; return value;
    case kInfinity: value.kind = NumericKind::infinity; return value;
    case kMinusInfinity: value.kind = NumericKind::minus_infinity; return value;
    default: return std::nullopt;
  }
  constexpr int display_scale_max = 16'383;  // NUMERIC_DSCALE_MAX
  if (value.display_scale > display_scale_max) return std::nullopt;
  for (int i = 0; i < value.count; ++i) {
    if (load_u16(value.digits + 2 * i) >= kBase) return std::nullopt;
  }
  return value;
}

namespace {

void append_group(unsigned group, std::string& out) {
  out += static_cast<char>('0' + group / 1000);
  out += static_cast<char>('0' + group / 100 % 10);
  out += static_cast<char>('0' + group / 10 % 10);
  out += static_cast<char>('0' + group % 10);
}

unsigned group_at(const Numeric& value, int position) {
  const int index = value.weight - position;
  return index >= 0 && index < value.count ? load_u16(value.digits + 2 * index) : 0;
}

}  // namespace

void append_numeric_text(const Numeric& value, std::string& out) {
  switch (value.kind) {
    case NumericKind::not_a_number: out += "NaN"; return;
    case NumericKind::infinity: out += "Infinity"; return;
    case NumericKind::minus_infinity: out += "-Infinity"; return;
    case NumericKind::finite: break;
  }
  if (value.negative) out += '-';
  const std::size_t start = out.size();
  for (int position = value.weight; position >= 0; --position) {
    append_group(group_at(value, position), out);
  }
  const std::size_t first = out.find_first_not_of('0', start);
  out.erase(start, (first == std::string::npos ? out.size() : first) - start);
  if (out.size() == start) out += '0';
  if (value.display_scale == 0) return;
  out += '.';
  const std::size_t fraction = out.size();
  for (int position = -1; - 4 * (position + 1) < value.display_scale; --position) {
    append_group(group_at(value, position), out);
  }
  out.resize(fraction + static_cast<std::size_t>(value.display_scale));
}

ScaledMagnitude scale_numeric(const Numeric& value, int precision, int scale) {
  ScaledMagnitude out;
  int first = 0;
  while (first < value.count && load_u16(value.digits + 2 * first) == 0) ++first;
  if (first == value.count) return out;
  // Decimal position of the first digit group against the largest the type has: hostile or huge
  // weights end here, before any arithmetic.
  if (4 * (value.weight - first) + scale >= precision) {
    clamp(precision, out);
    return out;
  }
  // Digit i stands for digit × 10^(4 × (weight - i) + scale). `lost` gathers what passed 256 bits:
  // the first group alone may reach 10^79.
  std::uint64_t lost = 0;
  bool round_up = false;
  int exponent = 0;
  for (int i = first; i < value.count; ++i) {
    const unsigned digit = load_u16(value.digits + 2 * i);
    exponent = 4 * (value.weight - i) + scale;
    if (exponent >= 0) {
      lost |= multiply_add(out.words, kBase, digit);
    } else if (exponent > -4) {
      // Only the leading part of this digit lies before the scale's end.
      const auto divisor = static_cast<unsigned>(kPowers[static_cast<std::size_t>(-exponent)]);
      lost |= multiply_add(out.words, kBase / divisor, digit / divisor);
      out.cut = out.cut || digit % divisor != 0;
      round_up = 2 * (digit % divisor) >= divisor;
    } else {
      out.cut = out.cut || digit != 0;
      // The digit right behind the last kept one decides.
      if (exponent == -4) round_up = digit >= kBase / 2;
    }
  }
  for (; exponent >= 4; exponent -= 4) lost |= multiply_add(out.words, kBase, 0);
  if (exponent > 0) {
    lost |= multiply_add(out.words, kPowers[static_cast<std::size_t>(exponent)], 0);
  }
  if (round_up) lost |= multiply_add(out.words, 1, 1);
  std::uint64_t limit[4];
  power_of_ten(precision, limit);
  if (lost != 0 || not_less(out.words, limit)) clamp(precision, out);
  return out;
}

}  // namespace penstock::postgresql
