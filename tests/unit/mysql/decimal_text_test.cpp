#include "adapters/systems/mysql/decimal_text.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::mysql {
namespace {

std::optional<std::int64_t> small(const std::string& text, std::uint64_t limit, int scale) {
  std::int64_t value = 0;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (!small_decimal(bytes, text.size(), limit, scale, value)) return std::nullopt;
  return value;
}

constexpr std::uint64_t kTen18 = 1'000'000'000'000'000'000ULL;

TEST(MysqlDecimals, SmallOnesOfTheUsualForm) {
  EXPECT_EQ(small("123.45", 1'000'000, 2), 12'345);
  EXPECT_EQ(small("-0.05", 1'000'000, 2), -5);
  EXPECT_EQ(small("7", 10, 0), 7);
  EXPECT_EQ(small("999999999999999999", kTen18, 0), 999'999'999'999'999'999);
  EXPECT_EQ(small("-9999999999999999.99", kTen18, 2), -999'999'999'999'999'999);
}

TEST(MysqlDecimals, AnyOtherFormIsLeftToTheCarefulWay) {
  for (const char* const text :
       {"", "-", ".", "1.5", "1.234", ".25", "1.2x", "1x.25", "+1.25", "1..5", "12345", " 1.25"}) {
    EXPECT_EQ(small(text, kTen18, 2), std::nullopt) << text;
  }
  EXPECT_EQ(small("100.00", 10'000, 2), std::nullopt) << "at the limit";
  EXPECT_EQ(small("99.99", 10'000, 2), 9'999);
  EXPECT_EQ(small("1000000000000000000", kTen18, 0), std::nullopt);
  EXPECT_EQ(small(std::string(40, '9'), kTen18, 0), std::nullopt);
}

TEST(MysqlDecimals, WideOnesAreExact) {
  const auto one = parse_decimal("-1", 76, 0);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->words, (std::array<std::uint64_t, 4>{~0ULL, ~0ULL, ~0ULL, ~0ULL}));
  const auto power = parse_decimal("18446744073709551616", 76, 0);  // 2^64
  ASSERT_TRUE(power);
  EXPECT_EQ(power->words, (std::array<std::uint64_t, 4>{0, 1, 0, 0}));
  const auto zero = parse_decimal("-0.000", 10, 3);
  ASSERT_TRUE(zero);
  EXPECT_EQ(zero->words, (std::array<std::uint64_t, 4>{}));
}

TEST(MysqlDecimals, WhatDoesNotFitIsToldApart) {
  const auto cut = parse_decimal("1.25", 10, 1);
  EXPECT_TRUE(cut->cut);
  EXPECT_FALSE(cut->overflow);
  EXPECT_EQ(cut->words[0], 12U);
  EXPECT_FALSE(parse_decimal("1.20", 10, 1)->cut);
  const auto large = parse_decimal("123.4", 3, 1);
  EXPECT_TRUE(large->overflow);
  EXPECT_EQ(large->words[0], 999U);
  EXPECT_FALSE(parse_decimal("0000123", 3, 0)->overflow) << "leading zeros are no digits";
  for (const char* const text : {"", "-", ".", "1e5", "1.2.3", "--1", "NaN", "1 "}) {
    EXPECT_FALSE(parse_decimal(text, 10, 2)) << text;
  }
}

}  // namespace
}  // namespace penstock::mysql
