// The ClickHouse destination against a real 18.16 and, through the embedded child, a current
// server.
#include <gtest/gtest.h>

#include <numeric>

#include "integration/clickhouse/rig.h"

namespace penstock::testing {

namespace {

// Values at and around the edges of every type; each list has the same length.
std::vector<TestColumn> every_type(bool current) {
  const std::string date_low = current ? "1900-01-01" : "1970-01-01";
  const std::string date_high = current ? "2299-12-31" : "2149-06-06";
  const std::string second_high = current ? "2299-12-31 23:59:59" : "2106-02-07 06:28:15";
  const std::string nines(38, '9');
  return {
      {"id", "int64", {"-9223372036854775808", "-1", "0", "9223372036854775807"}, false, true},
      {"b", "bool", {"true", "false", "\\N", "true"}},
      {"i8", "int8", {"-128", "127", "\\N", "0"}},
      {"i16", "int16", {"-32768", "32767", "\\N", "0"}},
      {"i32", "int32", {"-2147483648", "2147483647", "\\N", "0"}, true},
      {"u8", "uint8", {"0", "255", "\\N", "1"}},
      {"u16", "uint16", {"0", "65535", "\\N", "1"}},
      {"u32", "uint32", {"0", "4294967295", "\\N", "1"}},
      {"u64", "uint64", {"0", "18446744073709551615", "\\N", "1"}},
      {"f32", "float32", {"NaN", "-Infinity", "\\N", "1.5"}},
      {"f64", "float64", {"NaN", "Infinity", "\\N", "-0.1"}},
      {"d9", "decimal(9,2)", {"9999999.99", "-9999999.99", "\\N", "0.00"}},
      {"d18",
       "decimal(18,18)",
       {"0.999999999999999999", "-0.5" + std::string(17, '0'), "\\N", "0." + std::string(18, '0')}},
      {"d38", "decimal(38,0)", {nines, "-" + nines, "\\N", "0"}},
      {"d76",
       "decimal(76,38)",
       {nines + "." + nines, "-" + nines + "." + nines, "\\N", "1." + std::string(38, '0')}},
      {"n", "numeric", {"NaN", "1" + std::string(1000, '0'), "\\N", "123456789.000"}},
      {"s", "string", {"", "é\t\n\\'`", "\\N", std::string(300, 'x')}},
      {"raw", "binary", {"\\x", "\\x00ff80", "\\N", "\\x00"}},
      {"day", "date", {date_low, date_high, "\\N", "2024-02-29"}},
      {"t", "time(6)", {"00:00:00.000000", "24:00:00.000000", "\\N", "-838:59:59.000001"}},
      {"ts0", "timestamp(0)", {"1970-01-01 00:00:00", second_high, "\\N", "2024-02-29 12:34:56"}},
      {"ts6",
       "timestamp(6)",
       {"1970-01-01 00:00:00.000001", second_high + ".999999", "\\N",
        "2024-02-29 12:34:56.789012"}},
      {"tz6",
       "timestamp(6,utc)",
       {"1970-01-01 00:00:00.000001Z", second_high + ".999999Z", "\\N",
        "2024-02-29 12:34:56.789012Z"}},
      {"iv", "interval", {"00:00:00", "-1 years -2 mons +3 days -04:05:06.7", "\\N", "1 day"}},
      {"u",
       "uuid",
       {"00112233-4455-6677-8899-aabbccddeeff", "ffffffff-ffff-ffff-ffff-ffffffffffff", "\\N",
        "00000000-0000-0000-0000-000000000000"}},
      {"j", "json", {R"({"a": 1.0,  "a": null})", "null", "\\N", "[]"}},
      {"e", "enum('a','b c')", {"a", "b c", "\\N", "a"}},
      {"li", "list<int32>", {"{}", "{1,NULL,-2147483648}", "{7}", "{}"}},
      {"lls", "list<list<string>>", {"{}", "{{a,NULL},{}}", R"({{"","x y"}})", "{{}}"}},
      {"lu", "list<uuid>", {"{}", "{00112233-4455-6677-8899-aabbccddeeff,NULL}", "{}", "{}"}},
      {"g",
       "geometry(4326)",
       {"\\x0101000000000000000000f03f0000000000000040", "\\x", "\\N", "\\x01"}},
      {"net", "network", {"192.0.2.1", "2001:db8::/32", "\\N", "08:00:2b:01:02:03"}},
  };
}

class EveryServer : public ::testing::TestWithParam<bool> {
 protected:
  bool current() const { return GetParam(); }
  Rig rig_{GetParam() ? Rig::current_one() : Rig::old_one()};
};

}  // namespace

TEST_P(EveryServer, KeepsEveryTypeExactly) {
  rig_.set_table("types", every_type(current()));
  ASSERT_TRUE(rig_.target().problems.empty());
  EXPECT_EQ(rig_.migrate().rows, 4);
  EXPECT_EQ(rig_.read_back(), rig_.expected());
  EXPECT_EQ(rig_.staging(), std::vector<std::string>());
}

TEST_P(EveryServer, KeepsRowsOfSeveralSplits) {
  rig_.set_table("orders", numbers(2'500));
  EXPECT_EQ(rig_.migrate(3).rows, 2'500);
  EXPECT_EQ(rig_.read_back(), rig_.expected());
  EXPECT_EQ(rig_.staging(), std::vector<std::string>());
}

TEST_P(EveryServer, KeepsRowsOfATableWithoutKey) {
  std::vector<TestColumn> columns = numbers(2'000);
  columns[0].key = false;
  rig_.set_table("log", columns);
  EXPECT_EQ(rig_.migrate(2).rows, 2'000);
  EXPECT_EQ(rig_.session().count(rig_.target()), 2'000);
  EXPECT_EQ(rig_.query("SELECT sum(id) FROM " + rig_.visible()), "1999000");
}

TEST_P(EveryServer, MakesAnEmptyTable) {
  rig_.set_table("empty", numbers(0));
  EXPECT_EQ(rig_.migrate(1).rows, 0);
  EXPECT_EQ(rig_.session().count(rig_.target()), 0);
}

TEST_P(EveryServer, MakesAnEmptyTableOfSeveralSplits) {
  rig_.set_table("empty", numbers(0));
  EXPECT_EQ(rig_.migrate(3).rows, 0);
  EXPECT_EQ(rig_.session().count(rig_.target()), 0);
}

TEST_P(EveryServer, TakesAThousandColumns) {
  std::vector<TestColumn> columns{{"id", "int64", {"1", "2"}, false, true}};
  for (int i = 0; i < 999; ++i) {
    columns.push_back({"a rather long column name " + std::to_string(i), "int32", {"7", "\\N"}});
  }
  rig_.set_table("wide", columns);
  EXPECT_EQ(rig_.migrate().rows, 2);
  EXPECT_EQ(rig_.read_back(), rig_.expected());
}

TEST_P(EveryServer, Pitfall27_QuotesAwkwardNames) {
  rig_.set_table("we`ird \\ 'name\" ünï", {{"select", "int32", {"1"}, false, true},
                                           {"a`b", "int32", {"2"}},
                                           {"c\\d", "int32", {"3"}},
                                           {"e'f\"g.h", "int32", {"4"}},
                                           {"ü ñ", "int32", {"5"}}});
  EXPECT_EQ(rig_.migrate().rows, 1);
  EXPECT_EQ(rig_.read_back(), rig_.expected());
}

TEST_P(EveryServer, Pitfall53_ViewShowsTheCurrentRows) {
  rig_.set_table("people", numbers(3));
  const FinishReport report = rig_.migrate();
  EXPECT_EQ(report.also, std::vector<std::string>{"view people_current"});
  rig_.query("INSERT INTO " + rig_.visible() +
             " (id, text, _version, _deleted) VALUES (1, 'new', 1800000000000000, 0), (2, '', "
             "1800000000000000, 1)");
  std::string view = rig_.visible();
  view.insert(view.size() - 1, "_current");
  EXPECT_EQ(rig_.query("SELECT * FROM " + view + " ORDER BY id"), "0\t\\N\n1\tnew");
}

TEST_P(EveryServer, WritesPartitionsTheUserAskedFor) {
  rig_.set_table("parted", numbers(1'000),
                 {{"partition_by", json::object{{"public.parted", "id % 4"}}}});
  EXPECT_EQ(rig_.migrate(2).rows, 1'000);
  EXPECT_EQ(rig_.read_back(), rig_.expected());
  EXPECT_EQ(rig_.query("SELECT count() FROM (SELECT DISTINCT partition FROM system.parts WHERE "
                       "active AND table = 'parted')"),
            "4");
}

INSTANTIATE_TEST_SUITE_P(ClickHouse, EveryServer, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "current" : "old"; });

}  // namespace penstock::testing
