#include <gtest/gtest.h>

#include "adapters/systems/clickhouse/codec.h"
#include "adapters/systems/clickhouse/types.h"
#include "core/value_text.h"

namespace penstock::clickhouse {

namespace {
const Features kOld = features_of("18.16.1"), kMiddle = features_of("22.8.5.29"),
               kCurrent = features_of("26.7.2.1");

std::string native(const std::string& type, const Features& features, bool nullable = true) {
  return map_type(parse_type(type), features, {.nullable = nullable}).native;
}
}  // namespace

TEST(Types, TheNewestTypeTheServerHasWins) {
  EXPECT_EQ(native("bool", kOld, false), "UInt8");
  EXPECT_EQ(native("bool", kMiddle, false), "Bool");
  EXPECT_EQ(native("date", kOld), "Nullable(Date)");
  EXPECT_EQ(native("date", kMiddle), "Nullable(Date32)");
  EXPECT_EQ(native("timestamp(6,utc)", kOld), "Nullable(String)");
  EXPECT_EQ(native("timestamp(0,utc)", kOld), "Nullable(DateTime('UTC'))");
  EXPECT_EQ(native("timestamp(6,utc)", kCurrent), "Nullable(DateTime64(6, 'UTC'))");
  EXPECT_EQ(native("enum('a')", kOld), "Nullable(String)");
  EXPECT_EQ(native("enum('a')", kCurrent), "LowCardinality(Nullable(String))");
  EXPECT_EQ(native("decimal(76,10)", kOld), "Nullable(String)");
  EXPECT_EQ(native("decimal(76,10)", kCurrent), "Nullable(Decimal(76, 10))");
  EXPECT_EQ(native("decimal(38,10)", kOld), "Nullable(Decimal(38, 10))");
  EXPECT_EQ(native("list<list<int32>>", kOld), "Array(Array(Nullable(Int32)))");
}

TEST(Types, Pitfall11_RangesFollowTheServersVersion) {
  const auto range = [](const Features& features) {
    const ValueRule rule = map_type(parse_type("date"), features, {}).rule;
    return date_text(static_cast<std::int32_t>(rule.low)) + " " +
           date_text(static_cast<std::int32_t>(rule.high));
  };
  EXPECT_EQ(range(kOld), "1970-01-01 2149-06-06");
  EXPECT_EQ(range(features_of("21.9")), "1925-01-01 2283-11-11");
  EXPECT_EQ(range(kCurrent), "1900-01-01 2299-12-31");
}

TEST(Types, TimestampRangesReachTheLastTick) {
  const ValueRule rule = map_type(parse_type("timestamp(6)"), kMiddle, {}).rule;
  EXPECT_EQ(timestamp_text(rule.high, 6, false), "2299-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp_text(rule.low, 6, false), "1900-01-01 00:00:00.000000");
  EXPECT_FALSE(rule.infinity);
  const ValueRule nanos = map_type(parse_type("timestamp(9)"), kMiddle, {}).rule;
  EXPECT_EQ(nanos.high, INT64_MAX - 1);
  EXPECT_EQ(timestamp_text(nanos.low, 9, false), "1900-01-01 00:00:00.000000000");
}

TEST(Types, Pitfall42_KeysAreNeverNullable) {
  const MappedType key =
      map_type(parse_type("enum('a')"), kCurrent, {.nullable = false, .key = true});
  EXPECT_EQ(key.native, "String");
  EXPECT_TRUE(key.rule.key);
  EXPECT_FALSE(key.rule.nullable);
}

TEST(Types, EveryTypeHasACodecOnEveryServer) {
  for (const Features& features : {kOld, features_of("20.3"), kMiddle, kCurrent}) {
    for (const char* const text : {"bool",
                                   "int8",
                                   "uint64",
                                   "float32",
                                   "decimal(9,2)",
                                   "decimal(76,76)",
                                   "numeric",
                                   "string",
                                   "binary",
                                   "date",
                                   "time(6)",
                                   "timestamp(0)",
                                   "timestamp(9,utc)",
                                   "interval",
                                   "uuid",
                                   "json",
                                   "enum('a')",
                                   "list<timestamp(6)>",
                                   "list<list<enum('a')>>",
                                   "geometry(0)",
                                   "network"}) {
      const Type type = parse_type(text);
      for (const bool nullable : {true, false}) {
        const MappedType mapped = map_type(type, features, {.nullable = nullable});
        EXPECT_NO_THROW(make_codec(type, mapped.native)) << text << " as " << mapped.native;
      }
    }
  }
}

TEST(Features, ReplacingTakesADeletedColumnButNotIn23_12) {
  EXPECT_FALSE(features_of("23.1").replacing_deleted);
  EXPECT_TRUE(features_of("23.2").replacing_deleted);
  EXPECT_FALSE(features_of("23.12").replacing_deleted);
  EXPECT_TRUE(features_of("24.1").replacing_deleted);
}

TEST(Features, SettingsAreSentOnlyWhereKnown) {
  EXPECT_FALSE(insert_settings(kOld).contains("async_insert"));
  EXPECT_EQ(insert_settings(kCurrent).at("async_insert"), "0");
}

}  // namespace penstock::clickhouse
