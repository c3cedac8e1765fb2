// Values as the destination's own SQL shows them, against what MariaDB shows.
#include <gtest/gtest.h>

#include "integration/pairs/mysql_rig.h"

namespace penstock::testing {
namespace {

// Both ClickHouse versions, unless a case is about one of them.
class MysqlValues : public ::testing::TestWithParam<bool> {
 protected:
  MysqlRig rig_{GetParam()};
  bool current() const { return GetParam(); }

  void expect_same(const std::string& my_sql, const std::string& ch_sql) {
    EXPECT_EQ(rig_.ch(ch_sql), rig_.my(my_sql)) << ch_sql;
  }
  void expect_same(const std::string& sql) { expect_same(sql, sql); }
};

TEST_P(MysqlValues, Pitfall5_UnsignedAndSignedNumbersAtTheirEdges) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, a tinyint, b tinyint unsigned, c smallint unsigned,"
      " d mediumint unsigned, e int unsigned, f bigint, g bigint unsigned, h tinyint(1), y year);"
      "INSERT INTO t VALUES (1, -128, 255, 65535, 16777215, 4294967295, -9223372036854775808,"
      " 18446744073709551615, -128, 1901), (2, 127, 0, 0, 0, 0, 9223372036854775807,"
      " 9223372036854775808, 127, 2155), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
      "NULL)");
  rig_.migrate_well();
  expect_same("SELECT a, b, c, d, e, f, g, h, y FROM t ORDER BY id");
}

TEST_P(MysqlValues, DecimalsAndFloats) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, d decimal(15,2), e decimal(38,10), w decimal(65,30),"
      " f float, g double);"
      "INSERT INTO t VALUES (1, -9999999999999.99, -9999999999999999999999999999.9999999999,"
      " -99999999999999999999999999999999999.999999999999999999999999999999, 0.1, 0.1),"
      "(2, 9999999999999.99, 9999999999999999999999999999.9999999999,"
      " 0.000000000000000000000000000001, 16777217, 1.7976931348623157e308)");
  rig_.migrate_well();
  expect_same("SELECT d FROM t ORDER BY id");
  expect_same("SELECT e FROM t ORDER BY id");
  expect_same("SELECT w FROM t ORDER BY id", "SELECT toString(w) FROM t ORDER BY id");
  EXPECT_EQ(rig_.ch("SELECT reinterpretAsUInt32(reinterpretAsString(f)),"
                    " reinterpretAsUInt64(reinterpretAsString(g)) FROM t ORDER BY id"),
            "1036831949\t4591870180066957722\n1266679808\t9218868437227405311");
}

TEST_P(MysqlValues, Pitfall30_TextAndBytesArriveByteForByte) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, v text, b blob, c char(5), n binary(4), j json);"
      "INSERT INTO t VALUES (1, 'tab\\there\\nnewline\\r \\\\ ''quote'' \\\\N "
      "\xF0\x9F\x98\x80 \xC3\xBC', X'00FF0A5C270D', 'ab', X'6100',"
      " '{\"a\": [1, null, 12345678901234567890123456789012345678901]}'),"
      "(2, '', '', '', '', 'null'), (3, NULL, NULL, NULL, NULL, NULL), (4, 'NULL', 'NULL', '\\\\N',"
      " 'NULL', '\"\"')");
  rig_.migrate_well();
  expect_same("SELECT hex(v), hex(b), hex(c), hex(n), hex(j) FROM t ORDER BY id");
}

TEST_P(MysqlValues, Pitfall21_EveryCharacterSetArrivesAsUtf8) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, l varchar(20) CHARSET latin1, c varchar(20) CHARSET"
      " cp1251, g varchar(20) CHARSET gbk, u varchar(20) CHARSET utf8mb3, w varchar(20) CHARSET"
      " ucs2);"
      "INSERT INTO t VALUES (1, 'h\xC3\xA9llo \xE2\x82\xAC', '\xD0\x9F\xD1\x80\xD0\xB8',"
      " '\xE4\xB8\xAD\xE6\x96\x87', '\xE4\xB8\xAD\xC3\xA9', '\xC3\xA9')");
  rig_.migrate_well();
  EXPECT_EQ(rig_.ch("SELECT l, c, g, u, w FROM t"),
            "h\xC3\xA9llo \xE2\x82\xAC\t\xD0\x9F\xD1\x80\xD0\xB8\t\xE4\xB8\xAD\xE6\x96\x87\t"
            "\xE4\xB8\xAD\xC3\xA9\t\xC3\xA9");
}

TEST_P(MysqlValues, Pitfall13_WallClocksAndInstants) {
  rig_.my(
      "SET time_zone = '+05:00';"
      "CREATE TABLE t (id int PRIMARY KEY, d date, w datetime(6), s timestamp(6) NULL, n datetime,"
      " i time(3));"
      "INSERT INTO t VALUES (1, '2024-02-29', '2024-02-29 12:34:56.789012',"
      " '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56', '-838:59:58.999'),"
      "(2, '1970-01-01', '1970-01-01', '2038-01-19 03:14:07', '1970-01-01', '25:00:00'),"
      "(3, NULL, NULL, NULL, NULL, NULL)");
  rig_.migrate_well();
  expect_same(
      "SELECT DATEDIFF(d, '1970-01-01') FROM t ORDER BY id",
      current() ? "SELECT toInt32(d) FROM t ORDER BY id" : "SELECT toUInt16(d) FROM t ORDER BY id");
  EXPECT_EQ(rig_.ch("SELECT substring(toString(w), 1, 26), substring(toString(s), 1, 26) FROM t "
                    "WHERE id < 3 ORDER BY id"),
            "2024-02-29 12:34:56.789012\t2024-02-29 07:34:56.789012\n"
            "1970-01-01 00:00:00.000000\t2038-01-18 22:14:07.000000");
  EXPECT_EQ(rig_.ch("SELECT toUnixTimestamp(n) FROM t WHERE id = 1"), "1709210096");
  EXPECT_EQ(rig_.ch("SELECT i FROM t ORDER BY id"), "-838:59:58.999\n25:00:00.000\n\\N");
}

std::int64_t counted(const json::object& result) {
  std::int64_t sum = 0;
  for (const json::value& loss : result.at("tables_migrated").at(0).at("losses").as_array()) {
    sum += loss.at("count").as_int64();
  }
  return sum;
}

TEST_P(MysqlValues, Pitfall10_ZeroDatesFailUnlessAPolicySaysOtherwise) {
  rig_.my(
      "SET sql_mode = 'ALLOW_INVALID_DATES';"
      "CREATE TABLE t (id int PRIMARY KEY, d date, s datetime);"
      "INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00'), (2, '2024-00-00', '2024-02-30'),"
      "(3, '2024-01-31', '2024-01-31 10:00:00'), (4, NULL, NULL)");
  const json::object failed = rig_.migrate();
  EXPECT_EQ(failed.at("success"), false);
  const json::object& table = failed.at("tables_failed").at(0).as_object();
  EXPECT_TRUE(table.at("error_type").as_string().starts_with("value.")) << json::serialize(table);
  EXPECT_EQ(rig_.ch("EXISTS TABLE t"), "0");

  EXPECT_EQ(counted(rig_.migrate_well({"--losses", "null"})), 4);
  EXPECT_EQ(rig_.ch("SELECT countIf(isNull(d)), countIf(isNull(s)) FROM t"), "3\t3");
  EXPECT_EQ(rig_.migrate({"--on-error", "reject"}).at("rows_rejected").as_int64(), 2);
  EXPECT_EQ(rig_.ch("SELECT groupArray(id) FROM (SELECT id FROM t ORDER BY id)"), "[3,4]");
  rig_.migrate_well({"--types", rig_.source_database() + ".t.d=string", "--losses", "null"});
  EXPECT_EQ(rig_.ch("SELECT d FROM t ORDER BY id"), "0000-00-00\n2024-00-00\n2024-01-31\n\\N");
}

TEST_P(MysqlValues, Pitfall11_YearsBeyondTheDestinationsFollowThePolicy) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, d date);"
      "INSERT INTO t VALUES (1, '0001-01-01'), (2, '9999-12-31'), (3, '2024-01-31')");
  EXPECT_EQ(rig_.migrate().at("success"), false);
  EXPECT_EQ(counted(rig_.migrate_well({"--losses", "nearest"})), 2);
  EXPECT_EQ(rig_.ch("SELECT count(), uniqExact(d) FROM t"), "3\t3");
}

TEST_P(MysqlValues, Pitfall35_EnumsAndSetsArriveAsLabels) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, m enum('sad','it''s ok','back\\\\slash'),"
      " s set('a','b c','d'), b bit(1), w bit(40));"
      "INSERT INTO t VALUES (1, 'it''s ok', 'd,a', b'1', "
      "b'1111111111111111111111111111111111111111'"
      "), (2, 'back\\\\slash', '', b'0', 0), (3, NULL, NULL, NULL, NULL)");
  rig_.migrate_well();
  expect_same("SELECT hex(m) FROM t ORDER BY id");
  EXPECT_EQ(rig_.ch("SELECT toString(s), toUInt8(b), w FROM t WHERE id < 3 ORDER BY id"),
            "[\\'a\\',\\'d\\']\t1\t1099511627775\n[]\t0\t0");
}

TEST_P(MysqlValues, Pitfall36_GeometriesAreTheirWkb) {
  rig_.my(
      "CREATE TABLE t (id int PRIMARY KEY, p point, g geometry);"
      "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1 2)'),"
      " ST_GeomFromText('LINESTRING(0 0,1.5 -2)')), (2, NULL, NULL)");
  rig_.migrate_well();
  expect_same("SELECT hex(ST_AsWKB(p)), hex(ST_AsWKB(g)) FROM t ORDER BY id",
              "SELECT hex(p), hex(g) FROM t ORDER BY id");
}

INSTANTIATE_TEST_SUITE_P(ClickHouse, MysqlValues, ::testing::Bool(), [](const auto& param) {
  return std::string(param.param ? "Current" : "V18_16");
});

TEST(MysqlShapes, Pitfall27_NamesOfAllKindsSurvive) {
  MysqlRig rig;
  rig.my(
      "CREATE TABLE `select` (`from` int PRIMARY KEY, `a b` text, `q\"uote` text, `back``tick` "
      "text,"
      " `\xC3\x9Cn\xC3\xAF` text, `1digit` int, `dash-ed` int, `do.t` int);"
      "INSERT INTO `select` VALUES (1, 'x', 'y', 'z', 'u', 1, 2, 3);"
      "CREATE TABLE `Select` (a int); INSERT INTO `Select` VALUES (5)");
  rig.migrate_well();
  EXPECT_EQ(rig.ch("SELECT `from`, `a b`, `q\"uote`, `back\\`tick`, `\xC3\x9Cn\xC3\xAF`, `1digit`,"
                   " `dash-ed`, `do.t` FROM `select`"),
            "1\tx\ty\tz\tu\t1\t2\t3");
  EXPECT_EQ(rig.ch("SELECT a FROM `Select`"), "5");
}

TEST(MysqlShapes, Pitfall28_ColumnsNamedLikeOursAreRefusedUntilRenamed) {
  MysqlRig rig;
  rig.my(
      "CREATE TABLE t (id int PRIMARY KEY, _version int, _deleted bool);"
      "INSERT INTO t VALUES (1, 5, true)");
  EXPECT_EQ(rig.migrate().at("success"), false);
  EXPECT_EQ(rig.ch("EXISTS TABLE t"), "0");
  rig.migrate_well({"--clickhouse.version-column", "_v", "--clickhouse.deleted-column", "_d"});
  EXPECT_EQ(rig.ch("SELECT id, _version, _deleted FROM t_current"), "1\t5\t1");
}

TEST(MysqlShapes, Pitfall29_TextKeysOfAnyOrderAreSplitWithoutLoss) {
  MysqlRig rig;
  rig.my(
      "CREATE TABLE ci (k varchar(40) COLLATE utf8mb4_general_ci PRIMARY KEY, v int, p char(200));"
      "INSERT INTO ci SELECT concat(if(seq % 2, 'a', 'B'), md5(seq)), seq, 'x' FROM"
      " seq_1_to_30000;"
      "CREATE TABLE two (a varchar(10), b int, p char(200), PRIMARY KEY (a, b));"
      "INSERT INTO two SELECT concat('K', seq % 3), seq, 'x' FROM seq_1_to_30000;"
      "CREATE TABLE sparse (id bigint PRIMARY KEY, p char(200));"
      "INSERT INTO sparse SELECT if(seq < 15000, seq, seq * 1000000007), 'x' FROM seq_1_to_30000;"
      "ANALYZE TABLE ci, two, sparse");
  const json::object result = rig.migrate_well({"--split-size", "1MiB", "--parallel", "4"});
  EXPECT_EQ(result.at("consistency").as_string(), "point_in_time");
  EXPECT_EQ(rig.ch("SELECT count(), uniqExact(k), sum(v) FROM ci"), "30000\t30000\t450015000");
  EXPECT_EQ(rig.ch("SELECT count(), uniqExact(b), sum(b) FROM two"), "30000\t30000\t450015000");
  EXPECT_EQ(rig.ch("SELECT count(), uniqExact(id), sum(id) FROM sparse"),
            rig.my("SELECT count(*), count(DISTINCT id), sum(id) FROM sparse"));
  EXPECT_EQ(rig.leftovers(), "");
}

TEST(MysqlShapes, Pitfall31_32_GeneratedAndInvisibleColumnsAreThere) {
  MysqlRig rig;
  rig.my(
      "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int, b int AS (a * 2) STORED,"
      " c int AS (a + 1) VIRTUAL, d int INVISIBLE DEFAULT 7); INSERT INTO t (a) VALUES (21)");
  rig.migrate_well();
  EXPECT_EQ(rig.ch("SELECT id, a, b, c, d FROM t"), "1\t21\t42\t22\t7");
}

TEST(MysqlShapes, PartitionsViewsAndTablesWithoutKeys) {
  MysqlRig rig;
  rig.my(
      "CREATE TABLE p (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k)"
      " (PARTITION a VALUES IN (0), PARTITION b VALUES IN (1));"
      "INSERT INTO p SELECT seq, seq % 2 FROM seq_1_to_1000;"
      "CREATE TABLE keyless (a int, b text); INSERT INTO keyless SELECT 1, 'same' FROM"
      " seq_1_to_500;"
      "CREATE TABLE old (a int) ENGINE = MyISAM; INSERT INTO old VALUES (1), (2);"
      "CREATE VIEW w AS SELECT id FROM p WHERE k = 0");
  const json::object result = rig.migrate_well();
  EXPECT_EQ(result.at("consistency").as_string(), "per_table") << "MyISAM has no snapshots";
  EXPECT_EQ(rig.ch("SELECT count(), sum(id), uniqExact(k) FROM p"), "1000\t500500\t2");
  EXPECT_EQ(rig.ch("SELECT count(), uniqExact(b) FROM keyless"), "500\t1");
  EXPECT_EQ(rig.ch("SELECT sum(a) FROM old"), "3");
  EXPECT_EQ(rig.ch("EXISTS TABLE w"), "0");
  rig.migrate_well({"--views"});
  EXPECT_EQ(rig.ch("SELECT count() FROM w"), "500");
}

TEST(MysqlShapes, WideTablesAndManySmallOnes) {
  MysqlRig rig;
  std::string wide = "CREATE TABLE wide (id int PRIMARY KEY", values = "1", many;
  for (int i = 1; i < 1000; ++i) {
    wide += ", c" + std::to_string(i) + (i % 2 == 0 ? " tinyint" : " date");
    values += i % 2 == 0 ? ", 5" : ", '2020-01-01'";
  }
  for (int i = 0; i < 200; ++i) {
    const std::string name = "t" + std::to_string(i);
    many += ";CREATE TABLE " + name + " (id int PRIMARY KEY); INSERT INTO " + name +
            " SELECT seq FROM seq_1_to_10";
  }
  rig.my(wide + "); INSERT INTO wide VALUES (" + values + ")" + many);
  const json::object result = rig.migrate_well();
  EXPECT_EQ(result.at("tables_migrated").as_array().size(), 201U);
  EXPECT_EQ(result.at("records").as_int64(), 2001);
  EXPECT_EQ(rig.ch("SELECT c2, c998, c999 = toDate('2020-01-01') FROM wide"), "5\t5\t1");
  EXPECT_LT(result.at("seconds").to_number<double>(), 60.0);
}

TEST(MysqlShapes, SeveralDatabasesKeepTheirTablesApart) {
  MysqlRig rig;
  const std::string other = shared_mariadb().fresh_database();
  rig.my("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  shared_mariadb().sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (2)", other);
  ProcessOptions command =
      rig.migrate_command({"--tables", rig.source_database() + ".t," + other + ".t", "--json"});
  command.argv[2] = "mysql://root@127.0.0.1:" + std::to_string(shared_mariadb().port());
  const ProgramResult run = run_program(command, std::chrono::minutes(1));
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(rig.ch("SELECT id FROM " + rig.source_database() + "_t"), "1");
  EXPECT_EQ(rig.ch("SELECT id FROM " + other + "_t"), "2");
}

}  // namespace
}  // namespace penstock::testing
