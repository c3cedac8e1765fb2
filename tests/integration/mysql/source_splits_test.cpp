// Ranges of keys that are awkward to cut: every row arrives exactly once, in several splits.
#include <gtest/gtest.h>

#include <set>

#include "adapters/systems/mysql/splits.h"
#include "integration/mysql/source_harness.h"

namespace penstock::testing {
namespace {

struct KeyCase {
  std::string name;
  std::string columns;  // with the key's declaration; the table gets a wide column besides
  std::string insert;   // SELECT list over seq for the key columns
  std::size_t splits_min = 4;
  json::object more;
  std::string options;  // of the table
};

void PrintTo(const KeyCase& one, std::ostream* out) {
  *out << one.name;
}

constexpr int kRows = 30'000;

class MysqlKeys : public ::testing::TestWithParam<KeyCase> {};

TEST_P(MysqlKeys, Pitfall29_EveryRowIsReadExactlyOnce) {
  const KeyCase& one = GetParam();
  PrivateMariadb& server = shared_mariadb();
  const std::string database = server.fresh_database();
  // A column of its own tells the rows apart, whatever the key is.
  server.sql("CREATE TABLE t (n int NOT NULL, pad char(250) NOT NULL DEFAULT 'x', " + one.columns +
                 ")" + one.options + "; INSERT INTO t SELECT seq, 'x', " + one.insert +
                 " FROM (SELECT CAST(seq AS SIGNED) AS seq, CAST(seq AS SIGNED) * "
                 "2654435761 % 4294967296 AS r FROM seq_1_to_" +
                 std::to_string(kRows) + ") s ORDER BY seq; ANALYZE TABLE t",
             database);
  OpenSource source(server, database, one.more);
  const TableSchema& table = source.table("t");
  const Snapshot snapshot = source.take_snapshot("t");
  const auto splits =
      source.source().plan_splits(table, "", {.bytes_target = 1 << 20}, source.cancel());
  EXPECT_GE(splits.size(), one.splits_min);
  ReadSpec spec = OpenSource::spec_for(table, snapshot.token);
  spec.columns.resize(1);
  const auto reader = source.source().open_reader(source.cancel());
  MemoryBudget budget(std::size_t{64} << 20);
  std::vector<int> seen(kRows + 1);
  std::int64_t largest = 0;
  for (const Split& split : splits) {
    std::int64_t rows = 0;
    reader->start(spec, split, {1 << 20, 65'536, &budget});
    while (const BatchPtr batch = reader->next()) {
      rows += batch->rows;
      for (std::int64_t i = 0; i < batch->rows; ++i) {
        ++seen.at(static_cast<std::size_t>(batch->columns[0].value<std::int32_t>(i)));
      }
    }
    largest = std::max(largest, rows);
  }
  for (int n = 1; n <= kRows; ++n) ASSERT_EQ(seen[static_cast<std::size_t>(n)], 1) << "row " << n;
  // Estimates are rough, but no split is most of the table.
  if (one.splits_min > 1) {
    EXPECT_LT(largest, kRows * 6 / 10);
  }
}

const std::string kPk = " NOT NULL PRIMARY KEY";

INSTANTIATE_TEST_SUITE_P(
    Keys, MysqlKeys,
    ::testing::Values(
        KeyCase{"Integer", "k int" + kPk, "seq", 4, {}, {}},
        KeyCase{"Negative", "k int" + kPk, "seq - 15000", 4, {}, {}},
        KeyCase{"Pitfall9_EdgesOfBigint",
                "k bigint" + kPk,
                "CASE WHEN seq = 1 THEN -9223372036854775808 WHEN seq = 2 THEN 9223372036854775807 "
                "ELSE seq END",
                4,
                {},
                {}},
        KeyCase{"Pitfall9_EdgesOfUnsigned",
                "k bigint unsigned" + kPk,
                "CASE WHEN seq = 1 THEN 0 WHEN seq < 10000 THEN 18446744073709551615 - seq ELSE "
                "seq END",
                4,
                {},
                {}},
        KeyCase{"OneGiantGap",
                "k bigint" + kPk,
                "seq + IF(seq > 15000, 4000000000000000000, 0)",
                4,
                {},
                {}},
        KeyCase{"Sparse", "k bigint" + kPk, "seq * seq * 1000003", 4, {}, {}},
        KeyCase{"Tinyint1AsBooleanDoesNotMatter",
                "k int unsigned" + kPk,
                "r",
                4,
                {{"tinyint1", "boolean"}},
                {}},
        KeyCase{"CaseInsensitive",
                "k varchar(40) COLLATE utf8mb4_general_ci" + kPk,
                "IF(seq % 2 = 0, upper(md5(seq)), concat(' ', md5(seq)))",
                4,
                {},
                {}},
        KeyCase{"PaddedLatin1",
                "k char(40) CHARACTER SET latin1" + kPk,
                "concat(char(65 + r % 26 USING latin1), 'é', seq)",
                4,
                {},
                {}},
        KeyCase{"BinaryCollation",
                "k varchar(40) COLLATE utf8mb4_bin" + kPk,
                "concat(char(65 + r % 60 USING utf8mb4), md5(seq))",
                4,
                {},
                {}},
        KeyCase{"Cyrillic",
                "k varchar(20) CHARACTER SET cp1251" + kPk,
                "concat(elt(1 + r % 8, 'а', 'б', 'Ж', 'о', 'я', 'Щ', 'z', 'э'), seq)",
                4,
                {},
                {}},
        KeyCase{"Gbk",
                "k varchar(20) CHARACTER SET gbk" + kPk,
                "concat(elt(1 + r % 6, '你', '好', '世', '界', 'a', '中'), seq)",
                4,
                {},
                {}},
        KeyCase{"QuotesAndBackslashes",
                "k varchar(40)" + kPk,
                "concat(elt(1 + r % 5, '''', '\\\\', '\"', '%', '`'), seq, '''')",
                4,
                {},
                {}},
        KeyCase{"UuidText", "k char(36)" + kPk, "uuid()", 4, {}, {}},
        KeyCase{"Bytes", "k binary(16)" + kPk, "unhex(md5(seq))", 4, {}, {}},
        KeyCase{"Decimal",
                "k decimal(30,10)" + kPk,
                "(r - 2000000000) / 1000.0 + seq / 100000",
                4,
                {},
                {}},
        KeyCase{"Bits", "k bit(40)" + kPk, "r + 0", 4, {}, {}},
        KeyCase{"Datetime",
                "k datetime(6)" + kPk,
                "timestamp('2020-01-01') + INTERVAL seq * 7919 MINUTE + INTERVAL seq MICROSECOND",
                4,
                {},
                {}},
        KeyCase{"Timestamp",
                "k timestamp(6) NOT NULL DEFAULT '2000-01-01', PRIMARY KEY (k)",
                "timestamp('2020-01-01') + INTERVAL seq * 791 SECOND + INTERVAL seq MICROSECOND",
                4,
                {},
                {}},
        KeyCase{"Composite",
                "a int NOT NULL, b varchar(20) NOT NULL, PRIMARY KEY (a, b)",
                "seq % 3, concat(seq)",
                4,
                {},
                {}},
        KeyCase{"CompositeOfOneTenant",
                "a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)",
                "7, seq",
                4,
                {},
                {}},
        KeyCase{"CompositeWithAnEnum",
                "a int NOT NULL, e enum('b','a') NOT NULL, PRIMARY KEY (a, e)",
                "seq DIV 2, 1 + seq % 2",
                4,
                {},
                {}},
        KeyCase{"UniqueInsteadOfPrimary",
                "k int NOT NULL, UNIQUE KEY only_one (k)",
                "r % 4294967296 "
                "DIV 2",
                4,
                {},
                {}},
        KeyCase{"Partitioned", "k int" + kPk, "seq", 4, {}, " PARTITION BY HASH (k) PARTITIONS 5"},
        KeyCase{"NullableByChoice",
                "k int NULL, KEY by_k (k)",
                "IF(seq % 5 = 0, NULL, r % 100000)",
                3,
                {{"split_by", {{"t", "k"}}}},
                {}},
        KeyCase{"Float", "k double" + kPk, "seq / 3", 1, {}, {}},
        KeyCase{"EnumFirst",
                "e enum('b','a') NOT NULL, b int NOT NULL, PRIMARY KEY (e, b)",
                "1 + seq % 2, seq",
                1,
                {},
                {}},
        KeyCase{"None", "k int", "seq", 1, {}, {}}),
    [](const auto& param) { return param.param.name; });

TEST(MysqlSplits, APartitionedTableWithoutAKeyIsCutAtItsPartitions) {
  PrivateMariadb& server = shared_mariadb();
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE t (n int, pad char(250)) PARTITION BY HASH (n) PARTITIONS 6;"
      "INSERT INTO t SELECT seq, 'x' FROM seq_1_to_20000; INSERT INTO t VALUES (NULL, 'y');"
      "ANALYZE TABLE t",
      database);
  OpenSource source(server, database);
  const ReadResult read = source.read({.table = "t", .goal = {.bytes_target = 2 << 20}});
  EXPECT_GT(read.splits, 2U);
  EXPECT_EQ(read.row_count, 20'001);
  EXPECT_EQ(std::set<std::string>(read.rows.begin(), read.rows.end()).size(), 20'001U);
}

TEST(MysqlSplits, AnEmptyTableAndOneRowAreOneSplit) {
  PrivateMariadb& server = shared_mariadb();
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE e (k int PRIMARY KEY); CREATE TABLE o (k int PRIMARY KEY);"
      "INSERT INTO o VALUES (1)",
      database);
  OpenSource source(server, database);
  EXPECT_EQ(source.read({.table = "e"}).splits, 1U);
  EXPECT_EQ(source.read({.table = "e"}).row_count, 0);
  EXPECT_EQ(source.read({.table = "o"}).row_count, 1);
}

TEST(MysqlSplits, TheLastRangeIsOpenAndPlanningScansNothing) {
  PrivateMariadb& server = shared_mariadb();
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE t (k int PRIMARY KEY, pad char(250));"
      "INSERT INTO t SELECT seq, 'x' FROM seq_1_to_50000; ANALYZE TABLE t",
      database);
  OpenSource source(server, database);
  source.take_snapshot("t");
  server.sql("SET GLOBAL userstat = ON");
  const auto reads = [&] {
    return std::stoll(
        server.sql("SELECT coalesce(sum(rows_read), 0) FROM information_schema.table_statistics "
                   "WHERE table_schema = '" +
                   database + "'"));
  };
  const long long before = reads();
  const auto splits = source.source().plan_splits(source.table("t"), "", {.bytes_target = 1 << 20},
                                                  source.cancel());
  const long long planned = reads();
  server.sql("SET GLOBAL userstat = OFF");
  EXPECT_LT(planned - before, 2'000);
  EXPECT_GT(splits.size(), 8U);
  EXPECT_TRUE(mysql::SplitPart::from_json(splits.back().payload).high.empty());
  EXPECT_TRUE(mysql::SplitPart::from_json(splits.front().payload).low.empty());
}

TEST(MysqlSplits, AWrongChoiceOfColumnIsRefused) {
  PrivateMariadb& server = shared_mariadb();
  const std::string database = server.fresh_database();
  server.sql("CREATE TABLE t (k int PRIMARY KEY, v int)", database);
  const auto open = [&](const std::string& table, const std::string& column) {
    return code_of([&] { OpenSource(server, database, {{"split_by", {{table, column}}}}); });
  };
  EXPECT_EQ(open("t", "k"), "none");
  EXPECT_EQ(open("t", "v"), "config.split_by");
  EXPECT_EQ(open("t", "x"), "config.split_by");
  EXPECT_EQ(open("x", "k"), "config.split_by");
}

}  // namespace
}  // namespace penstock::testing
