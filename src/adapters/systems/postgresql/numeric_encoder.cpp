#include "adapters/systems/postgresql/numeric_encoder.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace penstock::postgresql {

namespace {

// numeric_send in src/backend/utils/adt/numeric.c.
constexpr std::uint16_t kNegative = 0x4000, kNan = 0xC000, kInfinity = 0xD000,
                        kMinusInfinity = 0xF000;
constexpr unsigned kBase = 10'000;
constexpr int kBaseDigits = 4;
constexpr std::size_t kWords = 4;

void put16(Buffer& out, unsigned value) {
  out.push(__builtin_bswap16(static_cast<std::uint16_t>(value)));
}

// `digits`: base-10000, most significant first; digit i counts 10000^(weight - i). Zeros at both
// ends are taken off, as the server stores it.
void put_digits(const std::uint16_t* digits, int count, int weight, bool negative, int scale,
                Buffer& out) {
  while (count > 0 && digits[0] == 0) {
    ++digits;
    --count;
    --weight;
  }
  while (count > 0 && digits[count - 1] == 0) --count;
  put16(out, static_cast<unsigned>(count));
  put16(out, static_cast<unsigned>(count == 0 ? 0 : weight));
  put16(out, negative && count != 0 ? kNegative : 0);
  put16(out, static_cast<unsigned>(scale));
  for (int i = 0; i < count; ++i) put16(out, digits[i]);
}

__extension__ using Wide = unsigned __int128;
using Words = std::array<std::uint64_t, kWords>;  // least significant first

// Divides by a small number in place and returns the rest.
unsigned divide(Words& words, int used, unsigned divisor) {
  Wide rest = 0;
  for (int i = used; i-- > 0;) {
    const Wide part = (rest << 64) | words[static_cast<std::size_t>(i)];
    words[static_cast<std::size_t>(i)] = static_cast<std::uint64_t>(part / divisor);
    rest = part % divisor;
  }
  return static_cast<unsigned>(rest);
}

constexpr std::array<unsigned, 4> kPowers = {1, 10, 100, 1000};

// The usual case. The point lies between base-10000 digits: a fraction whose length is no multiple
// of four is padded.
void append_small(std::uint64_t magnitude, bool negative, int scale, Buffer& out) {
  std::array<std::uint16_t, 8> digits{};
  int at = static_cast<int>(digits.size());
  int below = 0;  // base-10000 digits after the point
  if (const int partial = scale % kBaseDigits; partial != 0) {
    const unsigned power = kPowers[static_cast<std::size_t>(partial)];
    digits[static_cast<std::size_t>(--at)] = static_cast<std::uint16_t>(
        magnitude % power * kPowers[static_cast<std::size_t>(kBaseDigits - partial)]);
    magnitude /= power;
    ++below;
  }
  below += scale / kBaseDigits;
  while (magnitude != 0) {
    digits[static_cast<std::size_t>(--at)] = static_cast<std::uint16_t>(magnitude % kBase);
    magnitude /= kBase;
  }
  const int count = static_cast<int>(digits.size()) - at;
  put_digits(digits.data() + at, count, count - below - 1, negative, scale, out);
}

}  // namespace

void append_numeric(const void* value, int width, int scale, Buffer& out) {
  Words words{};
  bool negative = false;
  if (width <= 8) {
    std::int64_t small = 0;
    if (width == 4) {
      std::int32_t narrow = 0;
      std::memcpy(&narrow, value, sizeof(narrow));
      small = narrow;
    } else {
      std::memcpy(&small, value, sizeof(small));
    }
    const auto bits = static_cast<std::uint64_t>(small);
    return append_small(small < 0 ? 0 - bits : bits, small < 0, scale, out);
  }
  std::memcpy(words.data(), value, static_cast<std::size_t>(width));
  const int used = width / 8;
  negative = (words[static_cast<std::size_t>(used) - 1] >> 63) != 0;
  if (negative) {
    std::uint64_t carry = 1;
    for (int i = 0; i < used; ++i) {
      std::uint64_t& word = words[static_cast<std::size_t>(i)];
      word = ~word + carry;
      carry = carry != 0 && word == 0 ? 1 : 0;
    }
  }
  if (words[1] == 0 && words[2] == 0 && words[3] == 0) {
    return append_small(words[0], negative, scale, out);
  }
  std::array<std::uint16_t, 24> digits{};  // 78 decimal digits and padding
  int at = static_cast<int>(digits.size());
  int below = 0;
  if (const int partial = scale % kBaseDigits; partial != 0) {
    digits[static_cast<std::size_t>(--at)] =
        static_cast<std::uint16_t>(divide(words, used, kPowers[static_cast<std::size_t>(partial)]) *
                                   kPowers[static_cast<std::size_t>(kBaseDigits - partial)]);
    ++below;
  }
  below += scale / kBaseDigits;
  while (std::ranges::any_of(words, [](std::uint64_t word) { return word != 0; })) {
    digits[static_cast<std::size_t>(--at)] = static_cast<std::uint16_t>(divide(words, used, kBase));
  }
  const int count = static_cast<int>(digits.size()) - at;
  put_digits(digits.data() + at, count, count - below - 1, negative, scale, out);
}

void append_numeric(std::string_view text, Buffer& out) {
  if (text == "NaN" || text.ends_with("Infinity")) {
    put16(out, 0);
    put16(out, 0);
    put16(out, text == "NaN" ? kNan : text.front() == '-' ? kMinusInfinity : kInfinity);
    put16(out, 0);
    return;
  }
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "";
  std::vector<std::uint16_t> digits;
  const std::size_t lead = (kBaseDigits - whole.size() % kBaseDigits) % kBaseDigits;
  unsigned digit = 0;
  std::size_t place = lead;
  const auto take = [&](char c) {
    digit = digit * 10 + static_cast<unsigned>(c - '0');
    if (++place % kBaseDigits != 0) return;
    digits.push_back(static_cast<std::uint16_t>(digit));
    digit = 0;
  };
  for (const char c : whole) take(c);
  const int weight = static_cast<int>(digits.size()) - 1;
  for (const char c : fraction) take(c);
  while (place % kBaseDigits != 0) take('0');
  put_digits(digits.data(), static_cast<int>(digits.size()), weight, negative,
             static_cast<int>(fraction.size()), out);
}

}  // namespace penstock::postgresql
