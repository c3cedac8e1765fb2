// Every row of data/types/postgresql.tsv, and the shapes of values, against a real server.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "adapters/systems/postgresql/types.h"
#include "contract/type_map.h"
#include "integration/postgresql/source_harness.h"

namespace penstock::testing {
namespace {

// A declaration that takes the row's literals: arguments where the name stands for a family.
std::string declaration(const std::string& native) {
  if (native == "numeric(p,s)") return "numeric(15,2)";
  return native;
}

std::string expected_logical(const TypeRow& row) {
  return row.at("native") == "numeric(p,s)" ? "decimal(15,2)" : row.at("logical");
}

// False where the server, by its version or its build, has no such type; that is then said.
bool make_available(const PrivatePostgres& server, const std::string& database,
                    const TypeRow& row) {
  const std::string &since = row.at("since"), &extension = row.at("extension");
  const bool old = !since.empty() && std::stoi(since) > server.major_version();
  if (old || (!extension.empty() && !server.has_extension(extension))) {
    std::cout << "not on this server: " << row.at("native") << "\n";
    return false;
  }
  if (!extension.empty()) server.sql("CREATE EXTENSION IF NOT EXISTS " + extension, database);
  return true;
}

TEST(PostgresqlTypesOnServer, EveryTypeOfTheTableIsReadAsItSays) {
  PrivatePostgres& server = shared_postgres();
  const std::string database = server.fresh_database();
  std::vector<TypeRow> rows;
  for (const TypeRow& row : parse_type_table(postgresql::type_table_text())) {
    if (!make_available(server, database, row)) continue;
    // Special values of the declared family are issues, tested with the decoder.
    const std::string table = "t" + std::to_string(rows.size());
    std::string sql = "CREATE TABLE " + table + " (place int, v " + declaration(row.at("native")) +
                      ");INSERT INTO " + table + " VALUES (0," + row.at("example") + "),(1,NULL)";
    if (!row.at("low").empty()) sql += ",(2," + row.at("low") + ")";
    if (!row.at("high").empty()) sql += ",(3," + row.at("high") + ")";
    ASSERT_NO_THROW(server.sql(sql, database)) << row.at("native");
    rows.push_back(row);
  }
  OpenSource source(server, database);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TypeRow& row = rows[i];
    const std::string name = "public.t" + std::to_string(i);
    EXPECT_EQ(to_text(source.table(name).fields[1].type), expected_logical(row))
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
class ValuesOnServer : public ::testing::Test {
 protected:
  std::string read(const std::string& type, const std::string& literal) {
    PrivatePostgres& server = shared_postgres();
    if (database_.empty()) database_ = server.fresh_database();
    const std::string table = "v" + std::to_string(++tables_);
    server.sql("CREATE TABLE " + table + " (v " + type + ");INSERT INTO " + table + " VALUES (" +
                   literal + ")",
               database_);
    OpenSource source(server, database_);
    const ReadResult result = source.read({.table = "public." + table});
    std::string text = result.rows.at(0);
    for (const ValueIssue& issue : result.issues) text += "!" + std::string(to_text(issue.kind));
    return text;
  }

  void run(const std::string& sql) {
    if (database_.empty()) database_ = shared_postgres().fresh_database();
    shared_postgres().sql(sql, database_);
  }

 private:
  std::string database_;
  int tables_ = 0;
};

TEST_F(ValuesOnServer, Pitfall1_NumericsOfAllShapes) {
  const std::string digits(76, '9');
  EXPECT_EQ(read("numeric(76,0)", digits), digits);
  EXPECT_EQ(read("numeric(76,76)", "-0." + digits), "-0." + digits);
  EXPECT_EQ(read("numeric(38,10)", "-1234567890123456789012345678.0123456789"),
            "-1234567890123456789012345678.0123456789");
  EXPECT_EQ(read("numeric(18,4)", "-99999999999999.9999"), "-99999999999999.9999");
  const int version = shared_postgres().major_version();
  if (version >= 14) {
    EXPECT_EQ(read("numeric", "'-Infinity'"), "-Infinity");
    EXPECT_EQ(read("numeric", "'Infinity'"), "Infinity");
  }
  if (version >= 15) {
    EXPECT_EQ(read("numeric(3,-2)", "-12345"), "-12300");
    EXPECT_EQ(read("numeric(2,5)", "0.00012"), "0.00012");
  }
  EXPECT_EQ(read("numeric(100,2)", "1e90"), "1" + std::string(90, '0') + ".00");
  EXPECT_EQ(read("numeric", "1e-20"), "0.00000000000000000001");
  EXPECT_EQ(read("numeric(5,2)", "'NaN'"), "0.00!not_a_number");
}

TEST_F(ValuesOnServer, Pitfall12_TimestampsBeyondTheRange) {
  EXPECT_EQ(read("timestamp", "'294247-01-10 04:00:54'"), "294247-01-10 04:00:54.000000");
  EXPECT_EQ(read("timestamp", "'294276-12-31 23:59:59.999999'"),
            "294247-01-10 04:00:54.775806!out_of_range");
  EXPECT_EQ(read("timestamptz", "'4714-11-24 00:00:00+00 BC'"), "4714-11-24 00:00:00.000000Z BC");
  EXPECT_EQ(read("date", "'5874897-12-31'"), "5874897-12-31");
}

TEST_F(ValuesOnServer, Pitfall39_ArraysOfManyKinds) {
  EXPECT_EQ(read("int[]", "'{1,NULL,3}'"), "{1,NULL,3}");
  EXPECT_EQ(read("text[]", "'{}'"), "{}");
  EXPECT_EQ(read("text[][]", "'{{a,b},{c,NULL}}'"), "{{a,b},{c,NULL}}");
  EXPECT_EQ(read("int[]", "'{{1,2},{3,4}}'"), "{}!invalid_value");
  EXPECT_EQ(read("int[]", "'[0:1]={7,8}'"), "{7,8}!precision");
  EXPECT_EQ(read("numeric(6,2)[]", "'{1.5,-2}'"), "{1.50,-2.00}");
  EXPECT_EQ(read("money[]", "'{1.25}'"), "{1.25}");
  EXPECT_EQ(read("int4range[]", "'{\"[1,3)\",empty}'"), "{\"[1,3)\",empty}");
  EXPECT_EQ(read("timestamptz[]", "'{infinity}'"), "{infinity}");
}

TEST_F(ValuesOnServer, UserDefinedTypes) {
  run("CREATE TYPE mood AS ENUM ('sad','o''k \\');CREATE DOMAIN price AS numeric(8,2) "
      "CHECK (VALUE >= 0);CREATE DOMAIN prices AS price[];"
      "CREATE TYPE pair AS (a int, b text);CREATE TABLE rowtype (x int, y text)");
  EXPECT_EQ(read("mood", "'o''k \\'"), "o'k \\");
  EXPECT_EQ(read("mood[]", "'{sad}'"), "{sad}");
  EXPECT_EQ(read("price", "12.5"), "12.50");
  EXPECT_EQ(read("price[]", "'{1,2}'"), "{1.00,2.00}");
  EXPECT_EQ(read("prices", "'{1,2}'"), "{1.00,2.00}");
  EXPECT_EQ(read("pair", "'(1,\"x y\")'"), "(1,\"x y\")");
  EXPECT_EQ(read("pair[]", "'{\"(1,x)\"}'"), "{\"(1,x)\"}");
  EXPECT_EQ(read("rowtype", "'(1,z)'"), "(1,z)");
  EXPECT_EQ(read("rowtype[]", "'{\"(1,z)\"}'"), "{\"(1,z)\"}");
}

TEST_F(ValuesOnServer, Pitfall38_JsonNullIsNotSqlNull) {
  EXPECT_EQ(read("jsonb", "'null'"), "null");
  EXPECT_EQ(read("jsonb", "NULL"), "NULL");
  EXPECT_EQ(read("json", "'{\"b\" : 1.0, \"b\":2}'"), "{\"b\" : 1.0, \"b\":2}");
}

TEST_F(ValuesOnServer, TextKeepsEveryByte) {
  EXPECT_EQ(read("char(4)", "'a'"), "a   ");
  EXPECT_EQ(read("text", "E'tab\\tline\\nend '"), "tab\tline\nend ");
  EXPECT_EQ(read("text", "'😀'"), "😀");
  EXPECT_EQ(read("varchar(3)", "''"), "");
  EXPECT_EQ(read("bit(9)", "B'101010101'"), "101010101");
}

TEST_F(ValuesOnServer, GeometryKeepsAnUndeclaredSrid) {
  if (!shared_postgres().has_extension("postgis")) {
    GTEST_SKIP() << "the server that PENSTOCK_POSTGRES_BIN names has no PostGIS";
  }
  run("CREATE EXTENSION postgis");
  const std::string point = "000000000000f03f0000000000000040";
  EXPECT_EQ(read("geometry(Point,4326)", "'SRID=4326;POINT(1 2)'"), "\\x0101000000" + point);
  EXPECT_EQ(read("geometry", "'SRID=3857;POINT(1 2)'"), "\\x0101000020110f0000" + point);
  EXPECT_EQ(read("geography(Point,4326)", "'POINT(1 2)'"), "\\x0101000000" + point);
}

TEST(PostgresqlNumericProbe, TakesTheDecimalThatHoldsAllValues) {
  PrivatePostgres& server = shared_postgres();
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE n (a numeric, b numeric, c numeric, d numeric);"
      "INSERT INTO n VALUES (123.4567, 1, 'NaN', NULL),(-0.1, 1e80, 2, NULL)",
      database);
  OpenSource source(server, database, {{"numeric", "probe"}});
  const TableSchema& table = source.table("public.n");
  EXPECT_EQ(to_text(table.fields[0].type), "decimal(7,4)");
  EXPECT_EQ(to_text(table.fields[1].type), "numeric");
  EXPECT_EQ(to_text(table.fields[2].type), "numeric");
  EXPECT_EQ(to_text(table.fields[3].type), "numeric");
  EXPECT_EQ(source.read({.table = "public.n"}).rows[0], "123.4567|1|NaN|NULL");
}

TEST(PostgresqlTextOfUnknownCharset, IsReported) {
  PrivatePostgres& server = shared_postgres();
  server.sql(
      "CREATE DATABASE bytes_only ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' "
      "TEMPLATE template0");
  server.sql(
      "SET client_encoding = 'SQL_ASCII'; CREATE TABLE t (v text);"
      "INSERT INTO t VALUES (E'caf\\351'),('plain')",
      "bytes_only");
  OpenSource source(server, "bytes_only");
  const ReadResult read = source.read({.table = "public.t"});
  ASSERT_EQ(read.issues.size(), 1U);
  EXPECT_EQ(read.issues[0].kind, IssueKind::invalid_text);
  EXPECT_EQ(read.issues[0].row, 0);
}

}  // namespace
}  // namespace penstock::testing
