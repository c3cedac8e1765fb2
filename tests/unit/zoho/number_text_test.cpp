#include "adapters/systems/zoho/number_text.h"

#include <gtest/gtest.h>

namespace penstock::zoho {
namespace {

std::string shown(std::string_view text) {
  const auto number = parse_decimal(text);
  if (!number) return "none";
  return (number->negative ? "-" : "") + number->digits + "e" + std::to_string(number->exponent);
}

TEST(ZohoNumbers, DecimalsAreTakenExactly) {
  EXPECT_EQ(shown("12.50"), "125e-1");
  EXPECT_EQ(shown("-0.001"), "-1e-3");
  EXPECT_EQ(shown("1200"), "12e2");
  EXPECT_EQ(shown("1.25E+3"), "125e1");
  EXPECT_EQ(shown("0.00"), "e0");
  EXPECT_EQ(shown("12345678901234567.123456789"), "12345678901234567123456789e-9");
  for (const char* wrong : {"", "-", ".", "1.", ".5", "1e", "1e99999", "12a", "NaN", "1 "}) {
    EXPECT_EQ(shown(wrong), "none") << wrong;
  }
}

TEST(ZohoNumbers, ScalingSaysWhetherItIsExact) {
  const auto of = [](std::string_view text, int precision, int scale) {
    return scaled(*parse_decimal(text), precision, scale);
  };
  EXPECT_EQ(of("12.5", 18, 2).value, 1250);
  EXPECT_EQ(of("-12.5", 18, 2).value, -1250);
  EXPECT_EQ(of("12.345", 18, 2).fit, Fit::cut);
  EXPECT_EQ(of("12.345", 18, 2).value, 1234);
  EXPECT_EQ(of("0.001", 18, 2).fit, Fit::cut);
  EXPECT_EQ(of("0.001", 18, 2).value, 0);
  EXPECT_EQ(of("1e17", 18, 2).fit, Fit::too_large);
  EXPECT_EQ(of("9999999999999999.99", 18, 2).fit, Fit::exact);
}

TEST(ZohoNumbers, InstantsOfEverySpelling) {
  for (const char* same : {"2024-05-01T10:20:30+05:30", "2024-05-01T04:50:30Z",
                           "2024-05-01T10:20:30+0530", "2024-05-01 04:50:30.000Z"}) {
    const auto instant = parse_instant(same);
    ASSERT_TRUE(instant) << same;
    EXPECT_EQ(instant->seconds, 1'714'539'030) << same;
    EXPECT_FALSE(instant->fraction);
  }
  EXPECT_TRUE(parse_instant("2024-05-01T04:50:30.5Z")->fraction);
  EXPECT_EQ(parse_instant("1969-12-31T23:59:59Z")->seconds, -1);
  for (const char* wrong :
       {"2024-05-01", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-05-01T24:00:00Z",
        "2024-05-01T10:20:30", "2024-05-01T10:20:30.Z", "2024-05-01T10:20:30+5:30", ""}) {
    EXPECT_FALSE(parse_instant(wrong)) << wrong;
  }
  EXPECT_EQ(parse_day("2024-02-29"), 19'782);
  EXPECT_FALSE(parse_day("2023-02-29"));
}

}  // namespace
}  // namespace penstock::zoho
