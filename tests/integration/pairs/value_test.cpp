// Values as the destination's own SQL shows them, against what PostgreSQL shows.
#include <gtest/gtest.h>

#include "integration/pairs/pair_rig.h"

namespace penstock::testing {
namespace {

constexpr auto kMood = "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy \\ \"very\"');";

// Both ClickHouse versions, unless a case is about one of them.
class Values : public ::testing::TestWithParam<bool> {
 protected:
  PairRig rig_{GetParam()};
  bool current() const { return GetParam(); }

  // Runs the job for table t and compares what two queries say.
  void expect_same(const std::string& pg_sql, const std::string& ch_sql) {
    EXPECT_EQ(rig_.ch(ch_sql), rig_.pg(pg_sql)) << ch_sql;
  }
};

TEST_P(Values, IntegersAndDecimalsAtTheirEdges) {
  rig_.pg(
      "CREATE TABLE t (id int PRIMARY KEY, s smallint, i int, b bigint, d numeric(15,2),"
      " e numeric(38,10), f numeric(9,9), n numeric, m money);"
      "INSERT INTO t VALUES (1, -32768, -2147483648, -9223372036854775808, -9999999999999.99,"
      " -9999999999999999999999999999.9999999999, -0.999999999, -0.0000000000000000001, '-12.34'),"
      "(2, 32767, 2147483647, 9223372036854775807, 9999999999999.99,"
      " 9999999999999999999999999999.9999999999, 0.999999999, 1e40, '92233720368547758.07'),"
      "(3, 0, 0, 0, 0, 0, 0, 123.4500, '0'),"
      "(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  rig_.migrate_well();
  expect_same("SELECT s, i, b, f, n FROM t WHERE id <> 3 ORDER BY id",
              "SELECT s, i, b, toString(f), n FROM t WHERE id != 3 ORDER BY id");
  expect_same("SELECT d FROM t WHERE id < 3 ORDER BY id",
              "SELECT d FROM t WHERE id < 3 ORDER BY id");
  expect_same("SELECT e FROM t WHERE id < 3 ORDER BY id",
              "SELECT e FROM t WHERE id < 3 ORDER BY id");
  expect_same("SELECT m::numeric FROM t WHERE id < 3 ORDER BY id",
              "SELECT toString(m) FROM t WHERE id < 3 ORDER BY id");
}

TEST_P(Values, TextBytesAndDocumentsArriveByteForByte) {
  rig_.pg(
      "CREATE TABLE t (id int PRIMARY KEY, v text, c char(5), b bytea, j jsonb, k json, x xml,"
      " u uuid, n name);"
      "INSERT INTO t VALUES (1, E'tab\\there\\nnewline \\\\ ''quote'' \U0001F600 ünï', 'ab',"
      " '\\x00ff0a5c27', '{\"a\": [1, null, 12345678901234567890123456789012345678901]}',"
      " '{\"b\" :  1}', '<a>ö</a>', '00112233-4455-6677-8899-aabbccddeeff', 'name'),"
      "(2, '', '', '', 'null', 'null', NULL, 'ffffffff-ffff-ffff-ffff-ffffffffffff', ''),"
      "(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  rig_.migrate_well();
  expect_same(
      "SELECT upper(encode(convert_to(v, 'UTF8'), 'hex')), upper(encode(b, 'hex')),"
      " upper(encode(convert_to(j::text, 'UTF8'), 'hex')),"
      " upper(encode(convert_to(k::text, 'UTF8'), 'hex')), octet_length(c), u::text,"
      " n::text, x::text FROM t ORDER BY id",
      "SELECT hex(v), hex(b), hex(j), hex(k), length(c), toString(u), n, x FROM t ORDER BY id");
}

TEST_P(Values, TimesAndDates) {
  rig_.pg(
      "CREATE TABLE t (id int PRIMARY KEY, d date, ts timestamp, tz timestamptz, ti time, iv "
      "interval);"
      "INSERT INTO t VALUES (1, '2024-02-29', '2024-02-29 12:34:56.789012',"
      " '2024-02-29 12:34:56.789012+05:30', '23:59:59.999999', '1 year 2 mons -3 days 04:05:06.7'),"
      "(2, '1970-01-01', '1970-01-01', '1970-01-01 00:00:00+00', '00:00', '0'),"
      "(3, '2100-12-31', '2100-12-31 23:59:59.999999', '2100-12-31 23:59:59.999999+00', '24:00', "
      "NULL),"
      "(4, NULL, NULL, NULL, NULL, '-1 days')");
  rig_.migrate_well();
  // Old servers print day 0 as 0000-00-00; the day is what counts.
  expect_same(
      "SELECT d - date '1970-01-01' FROM t ORDER BY id",
      current() ? "SELECT toInt32(d) FROM t ORDER BY id" : "SELECT toUInt16(d) FROM t ORDER BY id");
  expect_same(
      "SELECT to_char(ts, 'YYYY-MM-DD HH24:MI:SS.US'),"
      " to_char(tz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM t ORDER BY id",
      "SELECT substring(toString(ts), 1, 26), substring(toString(tz), 1, 26) FROM t "
      "ORDER BY id");
  expect_same("SELECT to_char(ti, 'HH24:MI:SS.US') FROM t WHERE id <> 3 ORDER BY id",
              "SELECT ti FROM t WHERE id != 3 ORDER BY id");
}

TEST_P(Values, DatesBeyondTheRangeFollowThePolicy) {
  rig_.pg(
      "CREATE TABLE t (id int PRIMARY KEY, d date);"
      "INSERT INTO t VALUES (1, 'infinity'), (2, '-infinity'), (3, '0044-03-15 BC'),"
      " (4, '12024-01-01'), (5, '2024-01-01'), (6, NULL)");
  const json::object failed = rig_.migrate();
  EXPECT_EQ(failed.at("success"), false);
  const json::object& table = failed.at("tables_failed").at(0).as_object();
  EXPECT_TRUE(table.at("error_type").as_string().starts_with("value."));
  EXPECT_EQ(table.at("column").as_string(), "d");
  EXPECT_EQ(rig_.ch("EXISTS TABLE t"), "0");

  const json::object nulls = rig_.migrate_well({"--losses", "null"});
  EXPECT_EQ(rig_.ch("SELECT count(), countIf(isNull(d)) FROM t"), "6\t5");
  std::int64_t counted = 0;
  for (const json::value& loss : nulls.at("tables_migrated").at(0).at("losses").as_array()) {
    counted += loss.at("count").as_int64();
  }
  EXPECT_EQ(counted, 4);

  rig_.migrate_well({"--losses", "nearest"});
  EXPECT_EQ(rig_.ch("SELECT countIf(isNull(d)), uniqExact(d) FROM t"), "1\t3");

  const json::object rejected = rig_.migrate({"--on-error", "reject"});
  EXPECT_EQ(rejected.at("rows_rejected").as_int64(), 4);
  EXPECT_EQ(rig_.ch("SELECT count() FROM t"), "2");
}

TEST_P(Values, ArraysEnumsNetworksAndTheRest) {
  rig_.pg(
      std::string(kMood) +
      "CREATE DOMAIN positive AS int CHECK (VALUE > 0);"
      "CREATE TYPE pair AS (a int, b text);"
      "CREATE TABLE t (id int PRIMARY KEY, m mood, a int[], s text[], p positive, c pair,"
      " r int4range, n inet, w cidr, mac macaddr, bi bit(5), vb varbit, h point, o oid, z bool);"
      "INSERT INTO t VALUES (1, 'it''s ok', '{1,NULL,3}', '{\"a,b\",NULL,\"\",\"q\\\"uote\"}', 7,"
      " '(1,\"x y\")', '[1,5)', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '10101', '1',"
      " '(1.5,2)', 4294967295, true),"
      "(2, 'happy \\ \"very\"', '{}', '{}', 1, NULL, 'empty', '::1', '::/0', NULL, NULL, '',"
      " NULL, 0, false), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
      " NULL, NULL, NULL)");
  const json::object result = rig_.migrate_well();
  expect_same(
      "SELECT upper(encode(convert_to(m::text, 'UTF8'), 'hex')), p, c::text, r::text, w::text,"
      " mac::text, bi::text, vb::text, h::text, o::text FROM t ORDER BY id",
      "SELECT hex(m), p, c, r, w, mac, bi, vb, h, toString(o) FROM t ORDER BY id");
  // As the type's output function writes it; ::text would add /128.
  EXPECT_EQ(rig_.ch("SELECT n FROM t ORDER BY id"), "10.0.0.1/8\n::1\n\\N");
  EXPECT_EQ(rig_.ch("SELECT toString(a), toString(s) FROM t WHERE id = 1"),
            R"([1,NULL,3])"
            "\t"
            R"([\'a,b\',NULL,\'\',\'q"uote\'])");
  EXPECT_EQ(rig_.ch("SELECT length(a), length(s) FROM t ORDER BY id"), "3\t4\n0\t0\n0\t0");
  EXPECT_EQ(rig_.ch("SELECT toUInt8(z) FROM t ORDER BY id"), "1\n0\n\\N");
  const json::value& losses = result.at("tables_migrated").at(0).at("losses");
  EXPECT_EQ(losses.as_array().size(), 2U)
      << "the NULL arrays are counted: " << json::serialize(losses);
}

TEST_P(Values, FloatsAreExactToTheBit) {
  rig_.pg(
      "CREATE TABLE t (id int PRIMARY KEY, f real, d double precision);"
      "INSERT INTO t VALUES (1, 'NaN', 'NaN'), (2, 'Infinity', '-Infinity'), (3, '-0', '-0'),"
      " (4, 1.17549435e-38, 2.2250738585072014e-308), (5, 0.1, 0.1), (6, 1e-45, 5e-324)");
  rig_.migrate_well();
  // hex() of a number prints its bytes in memory order on old servers, so ask for integers.
  EXPECT_EQ(rig_.ch("SELECT reinterpretAsUInt32(reinterpretAsString(f)),"
                    " reinterpretAsUInt64(reinterpretAsString(d)) FROM t WHERE id > 1 ORDER BY id"),
            "2139095040\t18442240474082181120\n2147483648\t9223372036854775808\n"
            "8388608\t4503599627370496\n1036831949\t4591870180066957722\n1\t1");
  EXPECT_EQ(rig_.ch("SELECT isNaN(f), isNaN(d) FROM t WHERE id = 1"), "1\t1");
}

INSTANTIATE_TEST_SUITE_P(ClickHouse, Values, ::testing::Bool(), [](const auto& param) {
  return std::string(param.param ? "Current" : "V18_16");
});

}  // namespace
}  // namespace penstock::testing
