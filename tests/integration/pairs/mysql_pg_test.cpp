// MySQL and MariaDB → PostgreSQL: what psql shows, against what MariaDB shows.
#include <gtest/gtest.h>

#include "integration/pairs/pg_pg_rig.h"

namespace penstock::testing {
namespace {

class MysqlPgRig : public PgPgRig {
 public:
  std::string source_url(int port) const override {
    return "mysql://root@127.0.0.1:" + std::to_string(port == 0 ? shared_mariadb().port() : port) +
           "/" + database_;
  }
  std::string from(const std::string& sql) const override {
    return shared_mariadb().sql(sql, database_);
  }

 private:
  std::string database_ = shared_mariadb().fresh_database();
};

class MysqlPg : public ::testing::Test {
 protected:
  std::string type_of(const std::string& column) const {
    return rig_.to(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = "
        "'t'::regclass AND attname = '" +
        column + "'");
  }
  void expect_same(const std::string& my_sql, const std::string& pg_sql) const {
    EXPECT_EQ(rig_.to(pg_sql), rig_.from(my_sql)) << pg_sql;
  }
  void expect_same(const std::string& sql) const { expect_same(sql, sql); }

  MysqlPgRig rig_;
};

TEST_F(MysqlPg, Pitfall5_And_6_NumbersAtTheirEdges) {
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, a tinyint, b tinyint unsigned, c smallint unsigned,"
      " d mediumint unsigned, e int unsigned, f bigint, g bigint unsigned, h tinyint(1), y year,"
      " d1 decimal(65,30), f1 float, f2 double);"
      "INSERT INTO t VALUES (1, -128, 255, 65535, 16777215, 4294967295, -9223372036854775808,"
      " 18446744073709551615, -128, 1901,"
      " -99999999999999999999999999999999999.999999999999999999999999999999, 1.5, -2.5),"
      "(2, 127, 0, 0, 0, 0, 9223372036854775807, 9223372036854775808, 127, 2155, 0, 0, 0),"
      "(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  rig_.migrate_well();
  expect_same("SELECT a, b, c, d, e, f, g, h, y, d1, f1, f2 FROM t ORDER BY id");
  EXPECT_EQ(type_of("h"), "smallint");
  EXPECT_EQ(type_of("g"), "numeric(20,0)");
}

TEST_F(MysqlPg, Pitfall7_BitStringsAreBitStrings) {
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, o bit(1), m bit(10), l bit(64));"
      "INSERT INTO t VALUES (1, b'1', b'1000000001', 18446744073709551614), (2, b'0', 0, 0), "
      "(3, NULL, NULL, NULL)");
  rig_.migrate_well();
  EXPECT_EQ(type_of("o"), "boolean");
  EXPECT_EQ(type_of("m"), "bit(10)");
  EXPECT_EQ(rig_.to("SELECT o, m, l FROM t ORDER BY id"),
            "t\t1000000001\t" + std::string(63, '1') + "0\nf\t0000000000\t" + std::string(64, '0') +
                "\n\\N\t\\N\t\\N");
  rig_.from("CREATE TABLE u AS SELECT id, m, 'x' AS v FROM t");
  rig_.migrate_well({"--tables", "u"});
  EXPECT_EQ(rig_.to("SELECT m FROM u WHERE id = 1"), "1000000001");
}

TEST_F(MysqlPg, Pitfall10_And_13_DatesAndTimes) {
  rig_.from(
      "SET time_zone = '+05:00'; CREATE TABLE t (id int PRIMARY KEY, d date, dt datetime(6), ts "
      "timestamp(3) NULL, ti time(6));"
      "INSERT INTO t VALUES (1, '0001-01-01', '9999-12-31 23:59:59.999999', '2038-01-19 "
      "08:14:07.999', '838:59:59'), (2, '9999-12-31', '1000-01-01', '1970-01-01 05:00:01', "
      "'-838:59:59'), (3, NULL, NULL, NULL, '00:00:00.000001')");
  rig_.migrate_well();
  EXPECT_EQ(type_of("ts"), "timestamp(3) with time zone");
  EXPECT_EQ(type_of("ti"), "interval");
  EXPECT_EQ(rig_.to("SET TimeZone = 'UTC'; SELECT d, dt, ts, ti FROM t ORDER BY id"),
            "0001-01-01\t9999-12-31 23:59:59.999999\t2038-01-19 03:14:07.999+00\t838:59:59\n"
            "9999-12-31\t1000-01-01 00:00:00\t1970-01-01 00:00:01+00\t-838:59:59\n"
            "\\N\t\\N\t\\N\t00:00:00.000001");
  // Zero dates have no counterpart: a failure by default, a counted NULL on request.
  rig_.from("SET sql_mode = ''; INSERT INTO t (id, d) VALUES (4, '0000-00-00')");
  EXPECT_EQ(rig_.migrate().at("success"), false);
  rig_.migrate_well({"--losses", "null"});
  EXPECT_EQ(rig_.to("SELECT count(*) FROM t WHERE d IS NULL"), "2");
}

TEST_F(MysqlPg, Pitfall20_NulInTextIsNamedRejectedOrTakenOut) {
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, v text);"
      "INSERT INTO t VALUES (1, 'plain'), (2, CONCAT('a', CHAR(0), 'b')), (3, NULL)");
  const json::object failed = rig_.migrate();
  EXPECT_EQ(failed.at("success"), false);
  const json::object table = failed.at("tables_failed").at(0).as_object();
  EXPECT_EQ(table.at("error_type").as_string(), "value.nul_character");
  EXPECT_EQ(table.at("column").as_string(), "v");
  EXPECT_EQ(table.at("row").as_string(), "id=2");
  rig_.migrate_well({"--losses", "nearest"});
  EXPECT_EQ(rig_.to("SELECT id, v FROM t ORDER BY id"), "1\tplain\n2\tab\n3\t\\N");
  const json::object rejected = rig_.migrate({"--on-error", "reject"});
  EXPECT_EQ(rejected.at("rows_rejected"), 1);
  EXPECT_EQ(rig_.to("SELECT string_agg(id::text, ',' ORDER BY id) FROM t"), "1,3");
}

TEST_F(MysqlPg, Pitfall21_And_22_CharacterSets) {
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, a varchar(20) CHARACTER SET latin1, b varchar(20) "
      "CHARACTER SET cp1251, c varchar(20) CHARACTER SET gbk, d varchar(20) CHARACTER SET utf8mb3,"
      " e varchar(20) CHARACTER SET utf8mb4); SET NAMES utf8mb4;"
      "INSERT INTO t VALUES (1, 'Ünïcödé', 'Привет', '汉字', 'Ł€', '😀')");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT a, b, c, d, e FROM t"), "Ünïcödé\tПривет\t汉字\tŁ€\t😀");
}

TEST_F(MysqlPg, Pitfall35_EnumsAndSetsByTheirLabels) {
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, e enum('b','a','it''s','back\\\\slash') NOT NULL "
      "DEFAULT "
      "'a', s set('x','y z'));"
      "INSERT INTO t VALUES (1, 'it''s', 'x,y z'), (2, 'back\\\\slash', ''), (3, 'b', NULL)");
  rig_.migrate_well();
  EXPECT_EQ(type_of("e"), "t_e");
  EXPECT_EQ(rig_.to("SELECT e::text, s FROM t ORDER BY t.e"),
            "b\t\\N\nit's\t{x,\"y z\"}\nback\\slash\t{}");
  EXPECT_EQ(rig_.to("INSERT INTO t (id) VALUES (9) RETURNING e"), "a");
  // New labels come along with the next run.
  rig_.from(
      "ALTER TABLE t MODIFY e enum('b','new','a','it''s','back\\\\slash') NOT NULL;"
      "INSERT INTO t VALUES (4, 'new', 'x')");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT e FROM t WHERE id = 4"), "new");
}

TEST_F(MysqlPg, Pitfall31_And_32_GeneratedAndInvisibleColumns) {
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, a int, twice int AS (a * 2) STORED, virt int AS (a + 1)"
      " VIRTUAL, hidden int INVISIBLE DEFAULT 7); INSERT INTO t (id, a) VALUES (1, 5)");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT id, a, twice, virt, hidden FROM t"), "1\t5\t10\t6\t7");
}

TEST_F(MysqlPg, Pitfall36_GeometryBecomesPostgis) {
  if (!shared_postgres().has_extension("postgis")) GTEST_SKIP() << "no PostGIS on this server";
  rig_.from(
      "CREATE TABLE t (id int PRIMARY KEY, g geometry NOT NULL, p point, SPATIAL KEY sg (g));"
      "INSERT INTO t VALUES (1, ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 4326), "
      "ST_GeomFromText('POINT(1 2)')), (2, ST_GeomFromText('POINT(3 4)'), NULL)");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT ST_AsEWKT(g), ST_AsEWKT(p) FROM t ORDER BY id"),
            "SRID=4326;POLYGON((0 0,1 0,1 1,0 0))\tPOINT(1 2)\nPOINT(3 4)\t\\N");
  EXPECT_EQ(rig_.to("SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = "
                    "'t_sg'"),
            "gist");
}

TEST_F(MysqlPg, Pitfall40_And_41_KeysIndexesForeignKeysAndNumbering) {
  rig_.from(
      "CREATE TABLE a (id int unsigned AUTO_INCREMENT PRIMARY KEY, n varchar(300) NOT NULL COMMENT "
      "'the name', k int DEFAULT 5, at timestamp DEFAULT CURRENT_TIMESTAMP, UNIQUE KEY u (k, n), "
      "KEY pre (n(10)), KEY down (k DESC), FULLTEXT KEY ft (n)) AUTO_INCREMENT 100 COMMENT 'an a';"
      "CREATE TABLE t (x int, y int, a_id int unsigned, PRIMARY KEY (y, x), CONSTRAINT fk FOREIGN "
      "KEY (a_id) REFERENCES a (id) ON DELETE SET NULL ON UPDATE CASCADE);"
      "INSERT INTO a (n) VALUES ('one'), ('two'); INSERT INTO t VALUES (1, 2, 100), (2, 2, 101)");
  const json::object result = rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN "
                    "('a'::regclass, 't'::regclass) ORDER BY 1"),
            "FOREIGN KEY (a_id) REFERENCES a(id) ON UPDATE CASCADE ON DELETE SET NULL\n"
            "PRIMARY KEY (id)\nPRIMARY KEY (y, x)\nUNIQUE (k, n)");
  EXPECT_EQ(rig_.to("SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class c JOIN "
                    "pg_index i ON indexrelid = c.oid WHERE indrelid = 'a'::regclass"),
            "a_down,a_pkey,a_pre,a_u");
  EXPECT_EQ(
      rig_.to("INSERT INTO a (n) VALUES ('three') RETURNING id, k, at IS NOT NULL"),
      rig_.from("INSERT INTO a (n) VALUES ('three') RETURNING id, k, at IS NOT NULL").substr(0, 6) +
          "t");
  EXPECT_EQ(rig_.to("SELECT obj_description('a'::regclass), col_description('a'::regclass, 2)"),
            "an a\tthe name");
}

TEST_F(MysqlPg, Pitfall26_LongNamesStayApart) {
  const std::string name(64, 'n');
  rig_.from("CREATE TABLE t (id int PRIMARY KEY, `" + name + "` int, `" + name.substr(0, 63) +
            "x` int); INSERT INTO t VALUES (1, 2, 3)");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum "
                    "> 0"),
            "3");
}

TEST_F(MysqlPg, SplitsWithJsonAndAllKindsOfText) {
  rig_.from(
      "CREATE TABLE t (id varchar(20) PRIMARY KEY, j json, v text);"
      "INSERT INTO t SELECT CONCAT('K', seq), CONCAT('{\"n\": ', seq, '}'), REPEAT('ü\\n\\t', 20) "
      "FROM seq_1_to_20000; ANALYZE TABLE t");
  rig_.migrate_well({"--split-size", "256KiB", "--parallel", "3"});
  EXPECT_EQ(rig_.to("SELECT count(*), sum((j->>'n')::int), max(length(v)) FROM t"),
            "20000\t200010000\t60");
  EXPECT_EQ(rig_.leftovers(), "");
}

}  // namespace
}  // namespace penstock::testing
