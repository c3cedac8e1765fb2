// Numbers into binary numeric, read back by numeric_codec.h and compared as text; and against
// digits written by hand.
#include "adapters/systems/postgresql/numeric_encoder.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "adapters/systems/postgresql/numeric_codec.h"
#include "core/value_text.h"
#include "unit/postgresql/copy_stream.h"

namespace penstock::postgresql {
namespace {

using penstock::testing::numeric;

using Wide = std::array<std::uint8_t, 32>;

std::string bytes_of(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

// As the server would print what was encoded. It stores no zeros at either end, so there are none.
std::string printed(const Buffer& buffer) {
  const auto value = parse_numeric(buffer.data(), buffer.size());
  if (!value) return "refused";
  if (value->count > 0) {
    EXPECT_NE(load_u16(value->digits), 0U);
    EXPECT_NE(load_u16(value->digits + 2 * (value->count - 1)), 0U);
  }
  std::string out;
  append_numeric_text(*value, out);
  return out;
}

std::string through(const void* value, int width, int scale) {
  Buffer out;
  append_numeric(value, width, scale, out);
  return printed(out);
}

std::string through(std::string_view text) {
  Buffer out;
  append_numeric(text, out);
  return printed(out);
}

// The scale beyond which a number of that width is not a decimal any more.
int scale_max(int width) {
  return width == 4 ? 9 : width == 8 ? 18 : width == 16 ? 38 : 76;
}

TEST(NumericEncoder, AgreesWithTheDecoderOverWidthsAndScales) {
  std::mt19937_64 random(7);
  for (const int width : {4, 8, 16, 32}) {
    for (int round = 0; round < 4'000; ++round) {
      Wide value{};
      const bool negative = (random() & 1) != 0;
      value.fill(negative ? 0xFF : 0);
      // Any magnitude, not only those near the width's end.
      const int used = static_cast<int>(random() % static_cast<unsigned>(width + 1));
      for (int i = 0; i < used; ++i) value.at(static_cast<std::size_t>(i)) = random() & 0xFF;
      if (used == width) {
        std::uint8_t& top = value.at(static_cast<std::size_t>(width) - 1);
        top = static_cast<std::uint8_t>(negative ? top | 0x80U : top & 0x7FU);
      }
      const int scale = static_cast<int>(random() % static_cast<unsigned>(scale_max(width) + 1));
      ASSERT_EQ(through(value.data(), width, scale), decimal_text(value.data(), width, scale))
          << "width " << width << ", scale " << scale;
    }
  }
}

TEST(NumericEncoder, EveryScaleOfFewAndOfManyDigits) {
  Wide one{}, most{};
  one[0] = 1;
  most.fill(0xFF);
  most[31] = 0x7F;
  for (int scale = 0; scale <= 76; ++scale) {
    EXPECT_EQ(through(one.data(), 32, scale), decimal_text(one.data(), 32, scale));
    EXPECT_EQ(through(most.data(), 32, scale), decimal_text(most.data(), 32, scale));
  }
}

TEST(NumericEncoder, TheEndsOfEachWidth) {
  for (const int width : {4, 8, 16, 32}) {
    Wide low{}, high{};
    high.fill(0xFF);
    low.at(static_cast<std::size_t>(width) - 1) = 0x80;
    high.at(static_cast<std::size_t>(width) - 1) = 0x7F;
    for (const int scale : {0, 1, 2, 3, 4, 5, 8, 9}) {
      EXPECT_EQ(through(low.data(), width, scale), decimal_text(low.data(), width, scale));
      EXPECT_EQ(through(high.data(), width, scale), decimal_text(high.data(), width, scale));
    }
    const Wide zero{};
    EXPECT_EQ(through(zero.data(), width, 0), "0");
    EXPECT_EQ(through(zero.data(), width, 5), "0.00000");
  }
}

TEST(NumericEncoder, TextComesBackAsItIs) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 4'000; ++round) {
    std::string text = (random() & 1) != 0 ? "-" : "";
    const std::size_t whole = 1 + random() % 50, fraction = random() % 50;
    const auto digit = [&] { return static_cast<char>('0' + random() % 10); };
    text += static_cast<char>('1' + random() % 9);
    for (std::size_t i = 1; i < whole; ++i) text += digit();
    if (fraction > 0) text += ".";
    for (std::size_t i = 0; i < fraction; ++i) text += digit();
    ASSERT_EQ(through(text), text);
  }
}

TEST(NumericEncoder, EdgesOfText) {
  const std::string million(1'000'000 / 8, '9');  // within the 131,072 digits that the server has
  for (const std::string text :
       {"0", "0.0", "0.0000", "0.00001", "0.1000", "1", "9999", "10000", "99999999", "1.50",
        "-0.0001", "-12345.678", "NaN", "Infinity", "-Infinity", "100000000", "1000.0001"}) {
    EXPECT_EQ(through(text), text);
  }
  EXPECT_EQ(through(million), million);
  const std::string fraction = "0." + std::string(16'382, '0') + "1";
  EXPECT_EQ(through(fraction), fraction);
  EXPECT_EQ(through("-0.00"), "0.00") << "there is no negative zero";
}

TEST(NumericEncoder, WritesTheDigitsOfTheDocumentation) {
  const auto text_bytes = [](std::string_view text) {
    Buffer out;
    append_numeric(text, out);
    return bytes_of(out);
  };
  EXPECT_EQ(text_bytes("0"), numeric({}));
  EXPECT_EQ(text_bytes("0.000"), numeric({.display_scale = 3}));
  EXPECT_EQ(
      text_bytes("-1234567.89"),
      numeric({.weight = 1, .sign = 0x4000, .display_scale = 2, .digits = {123, 4567, 8900}}));
  EXPECT_EQ(text_bytes("0.00001"), numeric({.weight = -2, .display_scale = 5, .digits = {1000}}));
  EXPECT_EQ(text_bytes("1000000000000"), numeric({.weight = 3, .digits = {1}}));
  EXPECT_EQ(text_bytes("NaN"), numeric({.sign = 0xC000}));
  EXPECT_EQ(text_bytes("Infinity"), numeric({.sign = 0xD000}));
  EXPECT_EQ(text_bytes("-Infinity"), numeric({.sign = 0xF000}));
  const std::int32_t small = 12'345;
  Buffer out;
  append_numeric(&small, 4, 1, out);
  EXPECT_EQ(bytes_of(out), numeric({.display_scale = 1, .digits = {1234, 5000}}));
}

}  // namespace
}  // namespace penstock::postgresql
