// Every logical type's text form, both ways, at the edges of its range.
#include <gtest/gtest.h>

#include "core/batch.h"
#include "core/error.h"
#include "core/value_parse.h"
#include "core/value_text.h"

namespace penstock {
namespace {

std::string there_and_back(const std::string& type, const std::string& text) {
  Column column(parse_type(type));
  append_parsed(text, ColumnBuilder(&column));
  EXPECT_EQ(column.length, 1);
  return value_text(column, 0);
}

struct Case {
  std::string type;
  std::vector<std::string> texts;
};

class RoundTrip : public ::testing::TestWithParam<Case> {};

TEST_P(RoundTrip, TextComesBackUnchanged) {
  for (const std::string& text : GetParam().texts) {
    EXPECT_EQ(there_and_back(GetParam().type, text), text) << GetParam().type;
  }
}

const std::string kNines(76, '9');

INSTANTIATE_TEST_SUITE_P(
    Values, RoundTrip,
    ::testing::Values(
        Case{"bool", {"true", "false"}}, Case{"int8", {"-128", "0", "127"}},
        Case{"int16", {"-32768", "32767"}}, Case{"int32", {"-2147483648", "2147483647"}},
        Case{"int64", {"-9223372036854775808", "-1", "9223372036854775807"}},
        Case{"uint8", {"0", "255"}}, Case{"uint16", {"0", "65535"}},
        Case{"uint32", {"0", "4294967295"}}, Case{"uint64", {"0", "18446744073709551615"}},
        Case{"float32", {"0.1", "-0", "1e-45", "3.4028235e+38", "NaN", "Infinity", "-Infinity"}},
        Case{"float64",
             {"0.1", "5e-324", "1.7976931348623157e+308", "NaN", "Infinity", "-Infinity"}},
        Case{"decimal(9,0)", {"999999999", "-999999999", "0"}},
        Case{"decimal(18,2)", {"9999999999999999.99", "-0.01", "0.00"}},
        Case{"decimal(38,38)", {"0." + std::string(38, '9'), "-0." + std::string(38, '9')}},
        Case{"decimal(76,0)", {kNines, "-" + kNines, "-1"}},
        Case{"decimal(76,1)", {kNines.substr(1) + ".9", "-0.1"}},
        Case{"numeric", {"1.500", "-0.00", "NaN", "Infinity", "-Infinity", kNines + kNines + ".1"}},
        Case{"string", {"", "NULL", "a b ", std::string("a\0b", 3), "\xF0\x9F\x98\x80", "\xFF"}},
        Case{"binary", {"\\x", "\\x00ff10"}}, Case{"json", {"{\"b\": 1,  \"a\":null}", "null"}},
        Case{"geometry(4326)", {"\\x0101000020e6100000000000000000f03f0000000000000040"}},
        Case{"network", {"10.0.0.0/8", "2001:db8::1", "08:00:2b:01:02:03"}},
        Case{"uuid", {"00112233-4455-6677-8899-aabbccddeeff"}},
        Case{"enum('a','it''s')", {"a", "it's", ""}},
        Case{"date",
             {"2024-02-29", "1969-12-31", "0001-01-01", "0001-12-31 BC", "4713-01-01 BC",
              "5874897-12-31", "infinity", "-infinity"}},
        Case{"time(6)",
             {"00:00:00.000000", "24:00:00.000000", "838:59:59.000001", "-838:59:59.000001",
              "-2562047788:00:54.775808"}},
        Case{"time(0)", {"00:00:00", "-00:00:01"}}));

INSTANTIATE_TEST_SUITE_P(
    Moments, RoundTrip,
    ::testing::Values(
        Case{"timestamp(0)", {"1970-01-01 00:00:00", "0044-03-15 12:00:00 BC"}},
        Case{"timestamp(3)", {"1969-12-31 23:59:59.999"}},
        Case{"timestamp(6)",
             {"2024-02-29 12:34:56.789012", "4713-01-01 00:00:00.000000 BC", "infinity",
              "-infinity", "294247-01-10 04:00:54.775806", "290308-12-21 19:59:05.224193 BC"}},
        Case{"timestamp(6,utc)", {"2024-02-29 12:34:56.789012Z", "0044-03-15 00:00:00.000000Z BC"}},
        Case{"timestamp(9)", {"2262-04-11 23:47:16.854775806", "1677-09-21 00:12:43.145224193"}},
        Case{"interval",
             {"00:00:00", "1 mon", "-1 mons +2 days", "1 year 2 mons -3 days +04:05:06.7",
              "-1 days -00:00:00.000001", "1 year -00:00:01", "178956970 years 7 mons",
              "-178956970 years -8 mons", "2147483647 days 2562047788:00:54.775807",
              "-2147483648 days -2562047788:00:54.775808"}},
        Case{"list<int32>", {"{}", "{1}", "{1,NULL,-3}"}},
        Case{"list<string>",
             {"{}", "{\"\"}", "{\"NULL\",NULL,\"null\"}", R"({"a,b","{","}","\"","\\"," ",x})"}},
        Case{"list<binary>", {R"({"\\x00ff",NULL})"}},
        Case{"list<list<string>>", {"{}", "{{},NULL,{\"\",NULL}}", R"({{"},{","\\"},{b}})"}},
        Case{"list<list<list<int8>>>", {"{{{1,2},{}},{}}"}},
        Case{"list<interval>", {"{\"1 mon 2 days\",00:00:01}"}}));

// Type and what is no value of it.
const std::vector<std::pair<std::string, std::string>> kBad = {
    {"bool", "True"},
    {"bool", "t"},
    {"int8", "128"},
    {"int8", ""},
    {"int8", " 1"},
    {"int8", "1 "},
    {"int8", "+1"},
    {"uint8", "-1"},
    {"uint64", "18446744073709551616"},
    {"int64", "9223372036854775808"},
    {"float64", "inf"},
    {"float64", "nan"},
    {"float64", "0x1p3"},
    {"float64", "1.5f"},
    {"float32", "1e40"},
    {"decimal(5,2)", "1.5"},
    {"decimal(5,2)", "1000.00"},
    {"decimal(5,2)", "1.234"},
    {"decimal(5,2)", "-"},
    {"decimal(5,0)", "1."},
    {"decimal(5,2)", ".50"},
    {"numeric", "1e5"},
    {"numeric", ""},
    {"numeric", "nan"},
    {"binary", "00"},
    {"binary", "\\x0"},
    {"binary", "\\xFF"},
    {"date", "2023-02-29"},
    {"date", "2024-13-01"},
    {"date", "24-01-01"},
    {"date", "0000-01-01"},
    {"date", "2024-01-01 AD"},
    {"date", "99999999999-01-01"},
    {"time(6)", "00:00:00"},
    {"time(6)", "00:60:00.000000"},
    {"time(0)", "1:00:00"},
    {"time(6)", "-2562047788:00:54.775809"},
    {"time(6)", "2562047788:00:54.775808"},
    {"timestamp(6)", "2024-01-01"},
    {"timestamp(0)", "2024-01-01 24:00:00"},
    {"timestamp(0)", "2024-01-01 00:00:00Z"},
    {"timestamp(0,utc)", "2024-01-01 00:00:00"},
    {"timestamp(9)", "2262-04-11 23:47:16.854775807"},
    {"timestamp(6)", "294247-01-10 04:00:54.775808"},
    {"interval", ""},
    {"interval", "1 week"},
    {"interval", "1 day 1 mon"},
    {"interval", "1"},
    {"interval", "00:00:00.1234567"},
    {"interval", "200000000 years"},
    {"uuid", "00112233445566778899aabbccddeeff"},
    {"uuid", "00112233-4455-6677-8899-aabbccddeefg"},
    {"list<int8>", "1"},
    {"list<int8>", "{1,}"},
    {"list<int8>", "{,1}"},
    {"list<int8>", "{1"},
    {"list<int8>", "{1,300}"},
    {"list<string>", "{\"a}"},
    {"list<string>", "{\"a\"b}"},
    {"list<list<int8>>", "{1}"},
    {"list<list<int8>>", "{{1}"},
    {"list<list<int8>>", "{{1}}}"}};

TEST(ValueParse, WhatIsNotAValueIsRefusedNamingIt) {
  for (const auto& [type, text] : kBad) {
    Column column(parse_type(type));
    try {
      append_parsed(text, ColumnBuilder(&column));
      ADD_FAILURE() << type << " took '" << text << "'";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "config.value");
      EXPECT_NE(error.message().find(type), std::string::npos) << error.message();
    }
    EXPECT_EQ(column.length, 0) << type << " " << text;
    EXPECT_EQ(column.values.size(), 0u) << type << " " << text;
    if (column.child) {
      EXPECT_EQ(column.child->length, 0) << text;
    }
  }
}

TEST(ValueText, SpellsAMissingValueNull) {
  Column column(Type::of(TypeId::int32));
  ColumnBuilder builder(&column);
  builder.append_null();
  builder.append_fixed(std::int32_t{7});
  EXPECT_EQ(value_text(column, 0), "NULL");
  EXPECT_EQ(value_text(column, 1), "7");
}

TEST(ValueText, DatesAreProlepticGregorianAcrossTheEras) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(-719'162), "0001-01-01");
  EXPECT_EQ(date_text(-719'163), "0001-12-31 BC");
  EXPECT_EQ(date_text(-719'162 - 366), "0001-01-01 BC");  // 1 BC is a leap year
  EXPECT_EQ(date_text(kDateInfinity), "infinity");
  EXPECT_EQ(date_text(kDateMinusInfinity), "-infinity");
}

TEST(ValueText, DecimalTextTakesEveryWidth) {
  const std::int32_t small = INT32_MIN;
  EXPECT_EQ(decimal_text(&small, 4, 0), "-2147483648");
  EXPECT_EQ(decimal_text(&small, 4, 9), "-2.147483648");
  const std::int64_t big = INT64_MIN;
  EXPECT_EQ(decimal_text(&big, 8, 0), "-9223372036854775808");
  const std::int64_t low[] = {0, INT64_MIN};
  EXPECT_EQ(decimal_text(low, 16, 0), "-170141183460469231731687303715884105728");
  const std::uint64_t all[] = {~0ULL, ~0ULL, ~0ULL, ~0ULL};
  EXPECT_EQ(decimal_text(all, 32, 3), "-0.001");
}

TEST(ValueText, RangeEdgesOfTypeTablesParse) {
  EXPECT_EQ(parse_date("1970-01-02"), 1);
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:01.5", 3), 1500);
  EXPECT_EQ(parse_timestamp("1969-12-31 23:59:59.999999", 6), -1);
  EXPECT_THROW(parse_date("1970-1-2"), Error);
  EXPECT_THROW(parse_date("2023-02-29"), Error);
  EXPECT_THROW(parse_timestamp("1970-01-01 00:00", 3), Error);
}

}  // namespace
}  // namespace penstock
