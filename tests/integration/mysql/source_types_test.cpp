// Every row of data/types/mysql.tsv, and values at their edges, against a real server.
#include <gtest/gtest.h>

#include "adapters/systems/mysql/types.h"
#include "integration/mysql/source_harness.h"
#include "integration/mysql/type_rows.h"

namespace penstock::testing {
namespace {

TEST(MysqlTypesOnServer, EveryTypeOfTheTableIsReadAsItSays) {
  PrivateMariadb& server = shared_mariadb();
  const std::string database = server.fresh_database();
  const SourceInfo info = OpenSource(server, database).info();
  std::vector<TypeRow> rows;
  for (const TypeRow& row : parse_type_table(mysql::type_table_text())) {
    if (!server_has(row, info.product, info.version)) continue;
    const std::string table = "t" + std::to_string(rows.size());
    std::string sql = "CREATE TABLE " + table + " (place int primary key, v " +
                      type_declaration(row.at("native")) + " NULL);INSERT INTO " + table +
                      " VALUES (0," + row.at("example") + "),(1,NULL)";
    if (!row.at("low").empty()) sql += ",(2," + row.at("low") + ")";
    if (!row.at("high").empty()) sql += ",(3," + row.at("high") + ")";
    ASSERT_NO_THROW(server.sql("SET time_zone='+00:00';" + sql, database)) << row.at("native");
    rows.push_back(row);
  }
  EXPECT_GT(rows.size(), 40U);
  OpenSource source(server, database);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TypeRow& row = rows[i];
    const std::string name = "t" + std::to_string(i);
    EXPECT_EQ(to_text(source.table(name).fields[1].type), declared_logical(row.at("logical")))
        << row.at("native");
    const ReadResult read = source.read({.table = name});
    std::vector<std::string> expected = {"0|" + row.at("expect"), "1|NULL"};
    if (!row.at("low").empty()) expected.push_back("2|" + row.at("low_expect"));
    if (!row.at("high").empty()) expected.push_back("3|" + row.at("high_expect"));
    EXPECT_EQ(read.rows, expected) << row.at("native");
    EXPECT_TRUE(read.issues.empty()) << row.at("native");
  }
}

// What a statement's only column reads as, with the first issue's kind after "!".
class MysqlValues : public ::testing::Test {
 protected:
  std::string read(const std::string& type, const std::string& literal, const std::string& as = "",
                   const json::object& more = {}) {
    PrivateMariadb& server = shared_mariadb();
    if (database_.empty()) database_ = server.fresh_database();
    const std::string table = "v" + std::to_string(++tables_);
    server.sql("SET sql_mode='ALLOW_INVALID_DATES',time_zone='+00:00';CREATE TABLE " + table +
                   " (v " + type + ");INSERT INTO " + table + " VALUES (" + literal + ")",
               database_);
    OpenSource source(server, database_, more);
    ReadRequest request{.table = table};
    if (!as.empty()) request.types = {{"v", as}};
    const ReadResult result = source.read(request);
    std::string text = result.rows.at(0);
    for (const ValueIssue& issue : result.issues) text += "!" + std::string(to_text(issue.kind));
    return text;
  }
  std::optional<std::string> refusal(const std::string& type, const std::string& as) {
    PrivateMariadb& server = shared_mariadb();
    if (database_.empty()) database_ = server.fresh_database();
    const std::string table = "v" + std::to_string(++tables_);
    server.sql("CREATE TABLE " + table + " (v " + type + ")", database_);
    OpenSource source(server, database_);
    return source.source().cannot_read_as(source.table(table).fields[0], parse_type(as));
  }

 private:
  std::string database_;
  int tables_ = 0;
};

TEST_F(MysqlValues, Pitfall5_UnsignedNumbersKeepTheirRange) {
  EXPECT_EQ(read("bigint unsigned", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(read("bigint unsigned", "9223372036854775808"), "9223372036854775808");
  EXPECT_EQ(read("int unsigned", "4294967295"), "4294967295");
  EXPECT_EQ(read("mediumint(5) unsigned zerofill", "42"), "42");
  EXPECT_EQ(read("bigint unsigned", "18446744073709551615", "decimal(20,0)"),
            "18446744073709551615");
  EXPECT_EQ(read("int", "-2147483648", "int64"), "-2147483648");
  EXPECT_EQ(read("bigint", "-9223372036854775808", "decimal(19,0)"), "-9223372036854775808");
  EXPECT_TRUE(refusal("bigint unsigned", "int64"));
  EXPECT_TRUE(refusal("int", "uint64"));
  EXPECT_TRUE(refusal("bigint", "float64"));
}

TEST_F(MysqlValues, Pitfall6_TinyintOneIsANumberUnlessAskedOtherwise) {
  EXPECT_EQ(read("tinyint(1)", "-128"), "-128");
  EXPECT_EQ(read("tinyint(1)", "127"), "127");
  EXPECT_EQ(read("bool", "true"), "1");
  EXPECT_EQ(read("tinyint(1)", "1", "bool"), "true");
  EXPECT_EQ(read("tinyint(1)", "2", "bool"), "true!invalid_value");
  const json::object boolean{{"tinyint1", "boolean"}};
  EXPECT_EQ(read("tinyint(1)", "0", "", boolean), "false");
  EXPECT_EQ(read("tinyint(1)", "-1", "", boolean), "true!invalid_value");
  EXPECT_EQ(read("tinyint(1)", "-1", "int8", boolean), "-1");
  EXPECT_EQ(read("tinyint(4)", "3", "", boolean), "3");
}

TEST_F(MysqlValues, Pitfall7_BitsAreNumbersAndOneBitIsABoolean) {
  EXPECT_EQ(read("bit(1)", "1"), "true");
  EXPECT_EQ(read("bit(1)", "0"), "false");
  EXPECT_EQ(read("bit(1)", "1", "uint8"), "1");
  EXPECT_EQ(read("bit(9)", "b'100000001'"), "257");
  EXPECT_EQ(read("bit(64)", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(read("bit(5)", "b'00101'", "string"), "00101");
}

TEST_F(MysqlValues, DecimalsAndFloatsOfAllShapes) {
  const std::string digits(65, '9');
  EXPECT_EQ(read("decimal(65,0)", digits), digits);
  EXPECT_EQ(read("decimal(65,30)", "-" + digits.substr(30) + "." + digits.substr(35)),
            "-" + digits.substr(30) + "." + digits.substr(35));
  EXPECT_EQ(read("decimal(9,9)", "-0.000000001"), "-0.000000001");
  EXPECT_EQ(read("decimal(18,2)", "-9999999999999999.99"), "-9999999999999999.99");
  EXPECT_EQ(read("decimal(10,2)", "1.25", "decimal(10,1)"), "1.2!precision");
  EXPECT_EQ(read("decimal(10,2)", "100.25", "decimal(4,2)"), "99.99!out_of_range");
  EXPECT_EQ(read("float", "16777216"), "16777216");
  EXPECT_EQ(read("float", "0.123456789"), "0.12345679");
  EXPECT_EQ(read("float", "0.5", "float64"), "0.5");
  EXPECT_EQ(read("double", "0.1", "string"), "0.1");
  EXPECT_TRUE(refusal("float", "string"));
}

TEST_F(MysqlValues, Pitfall10_ZeroAndPartialDatesAreReportedNeverShifted) {
  // In the slot lies the nearest date there is, for a destination that takes no NULL.
  EXPECT_EQ(read("date", "'0000-00-00'"), "0001-01-01 BC!invalid_value");
  EXPECT_EQ(read("date", "'2024-00-00'"), "2024-01-01!invalid_value");
  EXPECT_EQ(read("date", "'2024-05-00'"), "2024-05-01!invalid_value");
  EXPECT_EQ(read("date", "'2023-02-30'"), "2023-02-28!invalid_value");
  EXPECT_EQ(read("datetime(3)", "'0000-00-00'"), "0001-01-01 00:00:00.000 BC!invalid_value");
  EXPECT_EQ(read("datetime", "'2024-00-07 12:13:14'"), "2024-01-07 12:13:14!invalid_value");
  EXPECT_EQ(read("timestamp", "0"), "0001-01-01 00:00:00Z BC!invalid_value");
  EXPECT_EQ(read("date", "'0000-00-00'", "string"), "0000-00-00");
  EXPECT_EQ(read("year", "0"), "0");
}

TEST_F(MysqlValues, Pitfall11_EarlyAndLateYearsStayAsTheyAre) {
  EXPECT_EQ(read("date", "'0001-01-01'"), "0001-01-01");
  EXPECT_EQ(read("date", "'0099-12-31'"), "0099-12-31");
  EXPECT_EQ(read("date", "'1899-12-31'"), "1899-12-31");
  EXPECT_EQ(read("date", "'9999-12-31'"), "9999-12-31");
  EXPECT_EQ(read("datetime(6)", "'0001-01-01 00:00:00.000001'"), "0001-01-01 00:00:00.000001");
  EXPECT_EQ(read("datetime(6)", "'9999-12-31 23:59:59.999999'"), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(read("year", "1901"), "1901");
}

TEST_F(MysqlValues, Pitfall18_TimesBeyondADayAndNegativeOnesAreKept) {
  EXPECT_EQ(read("time", "'838:59:59'"), "838:59:59");
  EXPECT_EQ(read("time(6)", "'-838:59:58.999999'"), "-838:59:58.999999");
  EXPECT_EQ(read("time(6)", "'-00:00:00.000001'"), "-00:00:00.000001");
  EXPECT_EQ(read("time(3)", "'24:00:00.500'"), "24:00:00.500");
  EXPECT_EQ(read("time", "'-25:00:00'", "string"), "-25:00:00");
}

TEST(MysqlZones, Pitfall13_DatetimeIsAWallClockAndTimestampAnInstant) {
  PrivateMariadb& server = shared_mariadb();  // whose own zone is +03:00
  const std::string database = server.fresh_database();
  server.sql(
      "SET time_zone = 'SYSTEM'; CREATE TABLE t (d datetime, s timestamp NULL);"
      "INSERT INTO t VALUES ('2024-03-31 02:30:00', '2024-03-31 02:30:00')",
      database);
  OpenSource source(server, database);
  EXPECT_EQ(source.read({.table = "t"}).rows,
            (std::vector<std::string>{"2024-03-31 02:30:00|2024-03-30 23:30:00Z"}));
  // Who knows that the wall clock showed UTC may say so.
  EXPECT_EQ(source.read({.table = "t", .types = {{"d", "timestamp(3,utc)"}}}).rows,
            (std::vector<std::string>{"2024-03-31 02:30:00.000Z|2024-03-30 23:30:00Z"}));
}

TEST(MysqlZones, Pitfall14_EverySessionIsPinnedToUtc) {
  PrivateMariadb server({.config = {"default-time-zone = '+05:30'"}});
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE t (s timestamp NULL);INSERT INTO t VALUES ('2024-01-01 05:30:00')"
      ";CREATE VIEW w AS SELECT s FROM t",
      database);
  OpenSource source(server, database);
  EXPECT_EQ(source.read({.table = "w", .where = "@@session.time_zone = '+00:00'"}).rows,
            (std::vector<std::string>{"2024-01-01 00:00:00Z"}));
  // Also for the user's own conditions.
  EXPECT_EQ(source.read({.table = "w", .where = "s = '2024-01-01 00:00:00'"}).row_count, 1);
}

TEST_F(MysqlValues, Pitfall36_GeometriesCarryTheirSrid) {
  const std::string point = "000000000000f03f0000000000000040";
  EXPECT_EQ(read("geometry", "ST_GeomFromText('POINT(1 2)')"), "\\x0101000000" + point);
  EXPECT_EQ(read("geometry", "ST_GeomFromText('POINT(1 2)', 3857)"),
            "\\x0101000020110f0000" + point);
  EXPECT_EQ(read("geometry", "ST_GeomFromText('POINT(1 2)')", "string"), "POINT(1 2)");
  EXPECT_EQ(read("geometry", "ST_GeomFromText('POINT(1 2)', 3857)", "binary"),
            "\\x0101000020110f0000" + point);
  const std::string srid =
      PrivateMariadb::is_mysql() ? "point SRID 3857" : "point REF_SYSTEM_ID=3857";
  EXPECT_EQ(read(srid, "ST_GeomFromText('POINT(1 2)', 3857)"), "\\x0101000000" + point);
  EXPECT_EQ(read("geometrycollection", "ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')"),
            "\\x010700000000000000");
}

TEST_F(MysqlValues, UuidsFromTheirUsualStores) {
  EXPECT_EQ(read("binary(16)", "X'00112233445566778899AABBCCDDEEFF'", "uuid"),
            "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(read("char(36)", "'00112233-4455-6677-8899-AABBCCDDEEFF'", "uuid"),
            "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(read("char(36)", "'nonsense'", "uuid"),
            "00000000-0000-0000-0000-000000000000!invalid_value");
}

}  // namespace
}  // namespace penstock::testing
