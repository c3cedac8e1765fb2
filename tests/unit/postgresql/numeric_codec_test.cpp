#include "adapters/systems/postgresql/numeric_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "core/value_text.h"
#include "unit/postgresql/copy_stream.h"

namespace penstock::postgresql {
namespace {

using penstock::testing::NumericBytes;

const std::uint8_t* data(const std::string& bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::string text_of(const NumericBytes& value) {
  const std::string bytes = penstock::testing::numeric(value);
  const auto parsed = parse_numeric(data(bytes), bytes.size());
  if (!parsed) return "refused";
  std::string out;
  append_numeric_text(*parsed, out);
  return out;
}

// What the general way makes of it: "-1.50", with ! when digits were cut and ^ when it overflowed.
std::string scaled(const NumericBytes& value, int precision, int scale) {
  const std::string bytes = penstock::testing::numeric(value);
  const auto parsed = parse_numeric(data(bytes), bytes.size());
  if (!parsed) return "refused";
  const ScaledMagnitude out = scale_numeric(*parsed, precision, scale);
  std::string text = decimal_text(out.words, 32, scale);
  if (parsed->negative) text.insert(0, "-");
  if (out.cut) text += "!";
  if (out.overflow) text += "^";
  return text;
}

std::string small(const NumericBytes& value, int precision, int scale) {
  const std::string bytes = penstock::testing::numeric(value);
  std::uint64_t limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  std::int64_t out = 0;
  if (!small_decimal(data(bytes), bytes.size(), limit, scale, out)) return "none";
  return decimal_text(&out, 8, scale);
}

TEST(NumericText, KeepsEveryDigitOfTheDisplayScale) {
  EXPECT_EQ(text_of({}), "0");
  EXPECT_EQ(text_of({.display_scale = 3}), "0.000");
  EXPECT_EQ(text_of({.weight = 1, .sign = 0x4000, .display_scale = 2, .digits = {123, 4567, 8900}}),
            "-1234567.89");
  EXPECT_EQ(text_of({.weight = -2, .display_scale = 5, .digits = {1000}}), "0.00001");
  EXPECT_EQ(text_of({.display_scale = 4, .digits = {1, 5000}}), "1.5000");
  EXPECT_EQ(text_of({.weight = 3, .digits = {1}}), "1000000000000");
  EXPECT_EQ(text_of({.weight = 0, .digits = {0, 0}}), "0");
  EXPECT_EQ(text_of({.sign = 0xC000}), "NaN");
  EXPECT_EQ(text_of({.sign = 0xD000, .display_scale = 0x20}), "Infinity");
  EXPECT_EQ(text_of({.sign = 0xF000}), "-Infinity");
}

TEST(NumericText, RefusesBytesThatAreNoNumeric) {
  EXPECT_EQ(text_of({.digits = {10'000}}), "refused");
  EXPECT_EQ(text_of({.sign = 0x1234}), "refused");
  EXPECT_EQ(text_of({.display_scale = 20'000}), "refused");
  const std::string lying = penstock::testing::i16(3) + std::string(6, '\0') + "ab";
  EXPECT_FALSE(parse_numeric(data(lying), lying.size()));
  EXPECT_FALSE(parse_numeric(data(lying), 7));
}

TEST(NumericDecimal, SmallAndGeneralWayAgreeOnTheEdges) {
  struct Case {
    NumericBytes value;
    int precision, scale;
    std::string expected;
  };
  const Case cases[] = {
      {{}, 15, 2, "0.00"},
      {{.weight = 1, .display_scale = 2, .digits = {1, 2345, 6700}}, 15, 2, "12345.67"},
      {{.weight = 1, .sign = 0x4000, .digits = {1, 2345, 6700}}, 15, 2, "-12345.67"},
      {{.weight = 1, .digits = {1, 2300}}, 15, 2, "12300.00"},
      {{.weight = -1, .digits = {100}}, 15, 2, "0.01"},
      {{.weight = -1, .digits = {5}}, 15, 4, "0.0005"},
      {{.weight = -2, .digits = {1000}}, 9, 5, "0.00001"},
      {{.weight = 3, .digits = {99, 9999, 9999, 9999}}, 14, 0, "99999999999999"},
      {{.weight = 2, .digits = {9, 9999, 9999}}, 9, 0, "999999999"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(scaled(one.value, one.precision, one.scale), one.expected);
    EXPECT_EQ(small(one.value, one.precision, one.scale), one.expected);
  }
}

TEST(NumericDecimal, TheSmallWayLeavesTheRestToTheGeneralOne) {
  EXPECT_EQ(small({.digits = {1, 2340}}, 15, 2), "none");                  // would cut
  EXPECT_EQ(small({.weight = 3, .digits = {1, 0, 0, 0}}, 12, 0), "none");  // too large
  EXPECT_EQ(small({.sign = 0xC000}, 15, 2), "none");
  EXPECT_EQ(small({.digits = {10'001}}, 15, 2), "none");
  EXPECT_EQ(small({.weight = 100, .digits = {1}}, 15, 2), "none");
}

TEST(NumericDecimal, Pitfall2_CutDigitsAreRoundedAndReported) {
  EXPECT_EQ(scaled({.digits = {1, 2340}}, 15, 2), "1.23!");
  EXPECT_EQ(scaled({.digits = {1, 2350}}, 15, 2), "1.24!");
  EXPECT_EQ(scaled({.digits = {1, 2349, 9999}}, 15, 2), "1.23!");
  EXPECT_EQ(scaled({.digits = {1, 5000}}, 15, 0), "2!");
  EXPECT_EQ(scaled({.weight = -2, .digits = {9999}}, 15, 2), "0.00!");
  EXPECT_EQ(scaled({.digits = {9, 9950}}, 3, 2), "9.99!^");
}

TEST(NumericDecimal, Pitfall1_ValuesBeyondThePrecisionAreReportedNeverWrapped) {
  EXPECT_EQ(scaled({.weight = 2, .digits = {1, 0, 0}}, 8, 0), "99999999^");
  EXPECT_EQ(scaled({.weight = 32'767, .digits = {1}}, 76, 0), std::string(76, '9') + "^");
  EXPECT_EQ(scaled({.weight = 18, .digits = {9999}}, 76, 0), "9999" + std::string(72, '0'));
  // The first group reaches past 2^256.
  EXPECT_EQ(scaled({.weight = 19, .digits = {1}}, 76, 0), std::string(76, '9') + "^");
  EXPECT_EQ(scaled({.weight = 18, .digits = {9999}}, 76, 3), "9" + std::string(72, '9') + ".999^");
}

TEST(NumericDecimal, WidePrecisionsAreExact) {
  NumericBytes value{.weight = 9, .display_scale = 36, .digits = {}};
  for (int i = 0; i < 19; ++i) value.digits.push_back(1234);
  std::string expected =
      "123412341234123412341234123412341234"
      "1234";
  expected += "." + std::string("123412341234123412341234123412341234");
  EXPECT_EQ(scaled(value, 76, 36), expected);
}

}  // namespace
}  // namespace penstock::postgresql
