// What differs between PostgreSQL 12 and 18. Every test states what every version does, so that it
// says something whichever server it meets; tools/test_versions runs it against each.
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/postgresql/source_harness.h"

namespace penstock::testing {
namespace {

using Rows = std::vector<std::string>;

class PostgresqlVersions : public ::testing::Test {
 protected:
  PrivatePostgres& server_ = shared_postgres();
  const std::string database_ = server_.fresh_database();
  const int version_ = server_.major_version();

  void sql(const std::string& text) { server_.sql(text, database_); }
  // Whether the statement is one this server knows.
  bool accepts(const std::string& text) {
    try {
      sql(text);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
};

TEST_F(PostgresqlVersions, LargeTablesAreCutByPagesFrom14AndByKeyBefore) {
  sql("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id uuid PRIMARY KEY, v text);"
      "INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 40000) i;"
      "INSERT INTO u SELECT md5(i::text)::uuid, repeat('x', 200) "
      "FROM generate_series(1, 40000) i; ANALYZE");
  OpenSource source(server_, database_);
  for (const char* const table : {"public.t", "public.u"}) {
    const ReadResult read = source.read({.table = table, .goal = {.bytes_target = 1 << 20}});
    EXPECT_EQ(read.row_count, 40'000) << table;
    Rows rows = read.rows;
    std::ranges::sort(rows);
    EXPECT_EQ(std::ranges::adjacent_find(rows), rows.end()) << table;
    // Before 14, ranges are cut from whole-number keys only.
    const bool cut = version_ >= 14 || table == std::string("public.t");
    EXPECT_EQ(read.splits > 5, cut) << table;
  }
}

TEST_F(PostgresqlVersions, InfiniteIntervalsFrom17AreCountedNotChanged) {
  sql("CREATE TABLE t (id int, v interval); INSERT INTO t VALUES (1, '1 day')");
  ASSERT_EQ(accepts("INSERT INTO t VALUES (2, 'infinity'), (3, '-infinity')"), version_ >= 17);
  OpenSource source(server_, database_);
  const ReadResult read = source.read({.table = "public.t"});
  EXPECT_EQ(read.rows[0], "1|1 day");
  ASSERT_EQ(read.issues.size(), version_ >= 17 ? 2U : 0U);
  for (const ValueIssue& issue : read.issues) EXPECT_EQ(issue.kind, IssueKind::infinite);
}

TEST_F(PostgresqlVersions, VirtualGeneratedColumnsFrom18AreRead) {
  ASSERT_EQ(accepts("CREATE TABLE t (a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL)"),
            version_ >= 18);
  if (version_ < 18) sql("CREATE TABLE t (a int, twice int GENERATED ALWAYS AS (a * 2) STORED)");
  sql("INSERT INTO t VALUES (21)");
  OpenSource source(server_, database_);
  EXPECT_TRUE(source.table("public.t").find("twice")->generated);
  EXPECT_EQ(source.table("public.t").find("twice")->generation_expression, "(a * 2)");
  EXPECT_EQ(source.read({.table = "public.t"}).rows, (Rows{"21|42"}));
}

// Such a constraint says nothing about the rows that were there before it.
TEST_F(PostgresqlVersions, NotNullConstraintsNotYetValidatedFrom18LeaveTheColumnNullable) {
  sql("CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, NULL)");
  ASSERT_EQ(accepts("ALTER TABLE t ADD CONSTRAINT later NOT NULL v NOT VALID"), version_ >= 18);
  sql("ALTER TABLE t ALTER id SET NOT NULL");
  OpenSource source(server_, database_);
  EXPECT_TRUE(source.table("public.t").find("v")->nullable);
  EXPECT_FALSE(source.table("public.t").find("id")->nullable);
  EXPECT_EQ(source.read({.table = "public.t"}).rows, (Rows{"1|NULL"}));
}

TEST_F(PostgresqlVersions, KeysWithoutOverlapsFrom18AreKeys) {
  sql("CREATE EXTENSION btree_gist");
  const bool has = accepts(
      "CREATE TABLE booked (room int, during daterange, "
      "PRIMARY KEY (room, during WITHOUT OVERLAPS))");
  ASSERT_EQ(has, version_ >= 18);
  if (!has) sql("CREATE TABLE booked (room int, during daterange, PRIMARY KEY (room, during))");
  sql("INSERT INTO booked VALUES (1, '[2024-01-01,2024-01-05)'), (1, '[2024-01-05,)')");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.table("public.booked").primary_key.columns, (Rows{"room", "during"}));
  EXPECT_EQ(source.read({.table = "public.booked"}).rows,
            (Rows{"1|[2024-01-01,2024-01-05)", "1|[2024-01-05,)"}));
}

TEST_F(PostgresqlVersions, CompressedColumnsFrom14AndUnusualUniqueKeysFrom15AreRead) {
  const std::string text = "repeat('penstock ', 2000)";
  sql("CREATE TABLE t (id int, v text)");
  EXPECT_EQ(accepts("ALTER TABLE t ALTER v SET COMPRESSION pglz"), version_ >= 14);
  EXPECT_EQ(accepts("ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (id)"), version_ >= 15);
  sql("INSERT INTO t VALUES (NULL, " + text + ")");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.table("public.t").unique_keys.size(), version_ >= 15 ? 1U : 0U);
  EXPECT_EQ(source.read({.table = "public.t"}).rows[0].size(), 5U + 18'000U);
}

// Databases whose collation is not the C library's.
TEST_F(PostgresqlVersions, BuiltInLocalesFrom17AreRead) {
  const std::string name = database_ + "_builtin";
  ASSERT_EQ(accepts("CREATE DATABASE " + name +
                    " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0"),
            version_ >= 17);
  if (version_ < 17) sql("CREATE DATABASE " + name + " TEMPLATE template0");
  server_.sql("CREATE TABLE t (v text PRIMARY KEY); INSERT INTO t VALUES ('ä'), ('Z')", name);
  OpenSource source(server_, name);
  EXPECT_EQ(source.read({.table = "public.t"}).row_count, 2);
}

}  // namespace
}  // namespace penstock::testing
