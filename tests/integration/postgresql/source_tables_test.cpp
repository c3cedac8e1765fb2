// Discovery, splits and snapshots against a real server.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "adapters/systems/postgresql/reader.h"
#include "adapters/systems/postgresql/splits.h"
#include "integration/postgresql/source_harness.h"

namespace penstock::testing {
namespace {

constexpr SplitGoal kSmallSplits{.bytes_target = 1 << 20};

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  return rows;
}

class PostgresqlTables : public ::testing::Test {
 protected:
  PrivatePostgres& server_ = shared_postgres();
  std::string database_ = server_.fresh_database();

  void sql(const std::string& text) { server_.sql(text, database_); }
};

TEST_F(PostgresqlTables, Pitfall33_PartitionedTablesAreOneTable) {
  sql("CREATE TABLE p (id int, k text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);"
      "CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a');"
      "CREATE TABLE p_rest (k text NOT NULL, gone int, id int NOT NULL);"
      "ALTER TABLE p_rest DROP COLUMN gone;"
      "ALTER TABLE p ATTACH PARTITION p_rest DEFAULT;"
      "CREATE TABLE deep PARTITION OF p FOR VALUES IN ('x','y') PARTITION BY RANGE (id);"
      "CREATE TABLE deep_1 PARTITION OF deep DEFAULT;"
      "INSERT INTO p SELECT i, (ARRAY['a','b','x','y'])[i%4+1] FROM generate_series(1,1000) i;"
      "ANALYZE");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.tables().size(), 1U);
  const TableSchema& table = source.table("public.p");
  EXPECT_EQ(table.kind, TableKind::partitioned);
  EXPECT_EQ(table.rows_estimate, 1000);
  EXPECT_EQ(table.primary_key.columns, (std::vector<std::string>{"id", "k"}));
  const ReadResult read = source.read({.table = "public.p"});
  EXPECT_EQ(read.row_count, 1000);
  EXPECT_EQ(read.splits, 1U);
  const auto rows = sorted(read.rows);
  EXPECT_EQ(std::ranges::adjacent_find(rows), rows.end());
  EXPECT_EQ(source.read({.table = "public.p", .where = "id <= 10"}).row_count, 10);
}

TEST_F(PostgresqlTables, Pitfall33_InheritanceTreesLoseAndRepeatNothing) {
  sql("CREATE TABLE same (id int PRIMARY KEY, v text);CREATE TABLE same_1 () INHERITS (same);"
      "CREATE TABLE same_2 (note text) INHERITS (same_1); ALTER TABLE same_2 DROP COLUMN note;"
      "INSERT INTO same VALUES (1,'a'); INSERT INTO same_1 VALUES (2,'b');"
      "INSERT INTO same_2 VALUES (3,'c');"
      "CREATE TABLE base (id int); CREATE TABLE more (extra text) INHERITS (base);"
      "INSERT INTO base VALUES (1); INSERT INTO more VALUES (2,'kept')");
  OpenSource source(server_, database_);
  EXPECT_FALSE(source.has("public.same_1"));
  EXPECT_EQ(sorted(source.read({.table = "public.same"}).rows),
            (std::vector<std::string>{"1|a", "2|b", "3|c"}));
  EXPECT_TRUE(source.table("public.same").primary_key.columns.empty());
  EXPECT_EQ(source.read({.table = "public.base"}).rows, (std::vector<std::string>{"1"}));
  EXPECT_EQ(source.read({.table = "public.more"}).rows, (std::vector<std::string>{"2|kept"}));
}

TEST_F(PostgresqlTables, Pitfall31_GeneratedAndIdentityColumnsAreReadAndDescribed) {
  sql("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int DEFAULT 7 NOT NULL,"
      "b int GENERATED ALWAYS AS (a * 2) STORED, s serial, u text UNIQUE,"
      "CONSTRAINT positive CHECK (a > 0)); CREATE INDEX t_b ON t (b, lower(u));"
      "CREATE TABLE child (t_id int REFERENCES t (id) ON DELETE CASCADE);"
      "COMMENT ON TABLE t IS 'a table'; COMMENT ON COLUMN t.a IS 'a column';"
      "INSERT INTO t (a, u) VALUES (5, 'x')");
  OpenSource source(server_, database_);
  const TableSchema& table = source.table("public.t");
  EXPECT_TRUE(table.find("id")->identity);
  EXPECT_FALSE(table.find("a")->nullable);
  EXPECT_EQ(table.find("a")->default_expression, "7");
  EXPECT_TRUE(table.find("b")->generated);
  EXPECT_EQ(table.find("b")->generation_expression, "(a * 2)");
  EXPECT_EQ(table.find("a")->comment, "a column");
  EXPECT_EQ(table.comment, "a table");
  EXPECT_EQ(table.primary_key.columns, (std::vector<std::string>{"id"}));
  ASSERT_EQ(table.unique_keys.size(), 1U);
  ASSERT_EQ(table.checks.size(), 1U);
  EXPECT_EQ(table.checks[0].definition, "CHECK ((a > 0))");
  ASSERT_EQ(table.indexes.size(), 1U);
  EXPECT_TRUE(table.indexes[0].columns.empty());
  ASSERT_EQ(table.sequences.size(), 2U);
  EXPECT_EQ(table.sequences[0].sequence, "public.t_id_seq");
  const TableSchema& child = source.table("public.child");
  ASSERT_EQ(child.foreign_keys.size(), 1U);
  EXPECT_EQ(child.foreign_keys[0].references.display(), "public.t");
  EXPECT_EQ(child.foreign_keys[0].referenced_columns, (std::vector<std::string>{"id"}));
  EXPECT_EQ(source.read({.table = "public.t"}).rows, (std::vector<std::string>{"1|5|10|1|x"}));
}

TEST_F(PostgresqlTables, Pitfall27_NamesOfAllKindsAreQuoted) {
  sql("CREATE SCHEMA \"My \"\"Schema\"; CREATE TABLE \"My \"\"Schema\".\"select\" "
      "(\"from\" int, \"Ünï '1\" text, \"a.b\" int, \"-- x\" int);"
      "INSERT INTO \"My \"\"Schema\".\"select\" VALUES (1,'x',2,3)");
  OpenSource source(server_, database_);
  const ReadResult read = source.read({.table = "My \"Schema.select"});
  EXPECT_EQ(read.rows, (std::vector<std::string>{"1|x|2|3"}));
}

TEST_F(PostgresqlTables, Pitfall34_ViewsAndForeignTablesComeOnRequestOnly) {
  sql("CREATE TABLE t (id int); INSERT INTO t VALUES (1),(2);"
      "CREATE VIEW v AS SELECT id + 1 AS next FROM t;"
      "CREATE MATERIALIZED VIEW m AS SELECT id FROM t");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.read({.table = "public.v"}).rows, (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(source.read({.table = "public.m"}).row_count, 2);
  EXPECT_EQ(source.source().discover({.views = false}, source.cancel()).size(), 1U);
}

TEST_F(PostgresqlTables, EmptyTablesAndAThousandColumnsWork) {
  std::string columns;
  for (int i = 0; i < 1000; ++i) {
    columns += (i == 0 ? "c" : ",c") + std::to_string(i) + " int";
  }
  sql("CREATE TABLE empty (id int, v text); CREATE TABLE wide (" + columns +
      ");"
      "INSERT INTO wide (c0, c999) SELECT i, -i FROM generate_series(1, 500) i");
  OpenSource source(server_, database_);
  const ReadResult empty = source.read({.table = "public.empty"});
  EXPECT_EQ(empty.row_count, 0);
  EXPECT_EQ(empty.splits, 1U);
  const ReadResult wide = source.read({.table = "public.wide"});
  EXPECT_EQ(wide.row_count, 500);
  EXPECT_TRUE(wide.rows[0].starts_with("1|NULL|"));
  EXPECT_TRUE(wide.rows[0].ends_with("|NULL|-1"));
}

TEST_F(PostgresqlTables, SplitsHoldEveryRowExactlyOnce) {
  sql("CREATE TABLE t (id int, v text); INSERT INTO t SELECT i, repeat('x', 200) "
      "FROM generate_series(1, 40000) i; DELETE FROM t WHERE id BETWEEN 5000 AND 20000");
  OpenSource source(server_, database_);
  const ReadResult read = source.read({.table = "public.t", .goal = kSmallSplits});
  // Without a key and without ranges of pages (PostgreSQL 14) there is one stream.
  if (server_.major_version() >= 14) {
    EXPECT_GT(read.splits, 5U);
  } else {
    EXPECT_EQ(read.splits, 1U);
  }
  EXPECT_EQ(read.row_count, 24'999);
  const auto rows = sorted(read.rows);
  EXPECT_EQ(std::ranges::adjacent_find(rows), rows.end());
  const ReadResult bounded =
      source.read({.table = "public.t", .goal = {.bytes_target = 1 << 20, .splits_max = 3}});
  EXPECT_LE(bounded.splits, 4U);
  EXPECT_EQ(bounded.row_count, 24'999);
}

// Servers before 14 have no ctid range scan; the same code runs here with another version number.
TEST_F(PostgresqlTables, Pitfall9_KeyRangesCoverTheWholeRangeOfBigint) {
  sql("CREATE TABLE t (id bigint PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat('x', 500) "
      "FROM generate_series(1, 5000) i;"
      "INSERT INTO t VALUES ('-9223372036854775808','low'),('9223372036854775807','high')");
  OpenSource source(server_, database_);
  const TableSchema& table = source.table("public.t");
  const postgresql::ConnectOptions options{.host = server_.host(),
                                           .database = database_,
                                           .username = "postgres",
                                           .port = server_.port()};
  postgresql::Connection connection(options, CancelToken());
  postgresql::begin_reading(connection, {}, false);
  const std::vector<Split> splits = postgresql::plan_table_splits(
      connection, {.table = &table, .goal = kSmallSplits, .server_version = 130'000});
  EXPECT_GE(splits.size(), 3U);
  MemoryBudget budget(std::size_t{64} << 20);
  const auto reader = source.source().open_reader(CancelToken());
  std::int64_t rows = 0;
  for (const Split& split : splits) {
    reader->start(OpenSource::spec_for(table, ""), split, {1 << 20, 65'536, &budget});
    while (const BatchPtr batch = reader->next()) rows += batch->rows;
  }
  EXPECT_EQ(rows, 5002);
}

TEST_F(PostgresqlTables, MissingPrivilegesAreNamedInTheRefusal) {
  sql("CREATE ROLE reader_" + database_ +
      " LOGIN; CREATE SCHEMA hidden;"
      "CREATE TABLE hidden.t (id int); CREATE TABLE closed (id int);"
      "CREATE TABLE partly (id int, secret int); CREATE TABLE guarded (id int);"
      "CREATE TABLE part (id int) PARTITION BY RANGE (id);"
      "CREATE TABLE part_1 PARTITION OF part DEFAULT; INSERT INTO part VALUES (1);"
      "CREATE TABLE columns_only (id int); INSERT INTO columns_only VALUES (9);"
      "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;"
      "GRANT SELECT (id) ON partly, columns_only TO reader_" +
      database_ +
      ";"
      "GRANT SELECT ON guarded, part TO reader_" +
      database_);
  OpenSource source(server_, database_, {{"username", "reader_" + database_}});
  const std::string role = "\"reader_" + database_ + "\"";
  EXPECT_NE(source.table("hidden.t").refusal.find("GRANT USAGE ON SCHEMA \"hidden\" TO " + role),
            std::string::npos);
  EXPECT_NE(source.table("public.closed").refusal.find("GRANT SELECT ON \"public\".\"closed\""),
            std::string::npos);
  EXPECT_NE(source.table("public.partly").refusal.find("GRANT SELECT (\"secret\")"),
            std::string::npos);
  EXPECT_NE(source.table("public.guarded").refusal.find("row-level security"), std::string::npos);
  // Readable through the parent alone, and by column privileges alone.
  EXPECT_EQ(source.read({.table = "public.part"}).rows, (std::vector<std::string>{"1"}));
  EXPECT_EQ(source.read({.table = "public.columns_only"}).rows, (std::vector<std::string>{"9"}));
}

TEST_F(PostgresqlTables, TwoThousandTablesAreDiscoveredAtOnce) {
  sql("DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, "
      "a text, b numeric(10,2))', i); END LOOP; END $$");
  const auto start = std::chrono::steady_clock::now();
  OpenSource source(server_, database_);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(source.tables().size(), 2000U);
  EXPECT_LT(took, std::chrono::seconds{10});  // 1 s in a release build on a quiet machine
}

// peers.md §7a, test 2: money moves between accounts while parallel readers add them up.
TEST_F(PostgresqlTables, ParallelReadersSeeOneMomentWhileAWriterGoesOn) {
  sql("CREATE TABLE account (id int PRIMARY KEY, balance bigint, pad text) WITH (fillfactor=70);"
      "INSERT INTO account SELECT i, 1000, repeat('p', 300) FROM generate_series(1, 20000) i");
  OpenSource source(server_, database_);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      sql("UPDATE account SET balance = balance + CASE WHEN id % 2 = 0 THEN -7 ELSE 7 END "
          "WHERE id <= 2000; INSERT INTO account SELECT max(id) + 1, 0, 'x' FROM account;"
          "DELETE FROM account WHERE balance = 0");
    }
  });
  const TableSchema& table = source.table("public.account");
  const Snapshot snapshot = source.source().snapshot({}, source.cancel());
  EXPECT_EQ(snapshot.consistency, Consistency::point_in_time);
  const auto splits = source.source().plan_splits(table, "", kSmallSplits, source.cancel());
  EXPECT_GT(splits.size(), 4U);
  const ReadSpec spec = OpenSource::spec_for(table, snapshot.token);
  MemoryBudget budget(std::size_t{64} << 20);
  std::atomic<std::size_t> next{0};
  std::atomic<std::int64_t> sum{0}, rows{0};
  const auto work = [&] {
    const auto reader = source.source().open_reader(source.cancel());
    for (std::size_t i = next++; i < splits.size(); i = next++) {
      reader->start(spec, splits[i], {1 << 20, 65'536, &budget});
      while (const BatchPtr batch = reader->next()) {
        rows += batch->rows;
        for (std::int64_t row = 0; row < batch->rows; ++row) {
          sum += batch->columns[1].value<std::int64_t>(row);
        }
      }
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  stop = true;
  writer.join();
  EXPECT_EQ(sum, 20'000'000);
  EXPECT_EQ(rows, 20'000);
}

}  // namespace
}  // namespace penstock::testing
