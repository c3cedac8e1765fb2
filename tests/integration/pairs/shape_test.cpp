// Tables of every shape: names, partitions, widths, counts; and what if_exists does.
#include <gtest/gtest.h>

#include "integration/pairs/pair_rig.h"

namespace penstock::testing {
namespace {

TEST(Shapes, Pitfall27_NamesOfAllKindsSurvive) {
  PairRig rig;
  rig.pg(
      "CREATE TABLE \"select\" (\"from\" int PRIMARY KEY, \"a b\" text, \"q\"\"uote\" text,"
      " \"back`tick\" text, \"Ünïcode\" text, \"1digit\" int, \"dash-ed\" int, \"do.t\" int);"
      "INSERT INTO \"select\" VALUES (1, 'x', 'y', 'z', 'ü', 1, 2, 3);"
      "CREATE TABLE \"Select\" (a int); INSERT INTO \"Select\" VALUES (5);"
      "CREATE SCHEMA \"Other Schema\"; CREATE TABLE \"Other Schema\".\"select\" (a int);"
      "INSERT INTO \"Other Schema\".\"select\" VALUES (6)");
  rig.migrate_well();
  EXPECT_EQ(
      rig.ch("SELECT `from`, `a b`, `q\"uote`, `back\\`tick`, `Ünïcode`, `1digit`, `dash-ed`, "
             "`do.t` FROM `select`"),
      "1\tx\ty\tz\tü\t1\t2\t3");
  EXPECT_EQ(rig.ch("SELECT a FROM `Select`"), "5");
  EXPECT_EQ(rig.ch("SELECT a FROM `Other Schema_select`"), "6");
}

TEST(Shapes, Pitfall28_ColumnsNamedLikeOursAreRefusedUntilRenamed) {
  PairRig rig;
  rig.pg(
      "CREATE TABLE t (id int PRIMARY KEY, _version int, _deleted bool);"
      "INSERT INTO t VALUES (1, 5, true)");
  const json::object refused = rig.migrate();
  EXPECT_EQ(refused.at("success"), false);
  EXPECT_EQ(rig.ch("EXISTS TABLE t"), "0");
  rig.migrate_well({"--clickhouse.version-column", "_v", "--clickhouse.deleted-column", "_d"});
  EXPECT_EQ(rig.ch("SELECT id, _version, toUInt8(_deleted) FROM t_current"), "1\t5\t1");
}

TEST(Shapes, Pitfall33_PartitionedAndInheritedTablesArriveOnce) {
  PairRig rig;
  rig.pg(
      "CREATE TABLE p (id int, k text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);"
      "CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a');"
      "CREATE TABLE p_b (k text NOT NULL, extra int, id int NOT NULL);"
      "ALTER TABLE p_b DROP COLUMN extra; ALTER TABLE p ATTACH PARTITION p_b FOR VALUES IN ('b');"
      "INSERT INTO p SELECT i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, "
      "1000) i;"
      "CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);"
      "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);"
      "CREATE TABLE plain (id int); CREATE TABLE richer (more text) INHERITS (plain);"
      "INSERT INTO plain VALUES (1); INSERT INTO richer VALUES (2, 'x')");
  rig.migrate_well();
  EXPECT_EQ(rig.ch("SELECT count(), sum(id), uniqExact(k) FROM p"), "1000\t500500\t2");
  EXPECT_EQ(rig.ch("SELECT count(), sum(id) FROM parent"), "2\t3");
  EXPECT_EQ(rig.ch("EXISTS TABLE p_a"), "0");
  EXPECT_EQ(rig.ch("EXISTS TABLE child"), "0");
  // A child with columns of its own is a table of its own, so that they are not lost.
  EXPECT_EQ(rig.ch("SELECT count(), sum(id) FROM plain"), "1\t1");
  EXPECT_EQ(rig.ch("SELECT id, more FROM richer"), "2\tx");
}

TEST(Shapes, Pitfall31_GeneratedColumnsAreMaterialised) {
  PairRig rig(true);
  rig.pg(
      "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int,"
      " b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t (a) VALUES (21)");
  rig.migrate_well();
  EXPECT_EQ(rig.ch("SELECT id, a, b FROM t_current"), "1\t21\t42");
}

TEST(Shapes, AThousandColumns) {
  for (const bool embedded : {false, true}) {
    PairRig rig(embedded);
    rig.pg(
        "DO $$ BEGIN EXECUTE 'CREATE TABLE wide (id int PRIMARY KEY, ' || (SELECT string_agg("
        "format('c%s %s', i, (ARRAY['int', 'text', 'numeric(10,2)', 'date'])[1 + i % 4]), ', ')"
        " FROM generate_series(1, 999) i) || ')'; END $$;"
        "INSERT INTO wide (id, c1, c998, c999) SELECT i, 'text', 1.5, '2020-01-01' "
        "FROM generate_series(1, 2000) i");
    rig.migrate_well();
    EXPECT_EQ(rig.ch("SELECT count(), countIf(c1 = 'text'), countIf(isNull(c2)) FROM wide"),
              "2000\t2000\t2000");
  }
}

TEST(Shapes, ManySmallTablesFinishQuickly) {
  PairRig rig;
  rig.pg(
      "DO $$ BEGIN FOR i IN 1..200 LOOP EXECUTE format('CREATE TABLE t%s AS SELECT n AS id FROM "
      "generate_series(1, 10) n', i); END LOOP; END $$; ANALYZE");
  const json::object result = rig.migrate_well();
  EXPECT_EQ(result.at("tables_migrated").as_array().size(), 200U);
  EXPECT_EQ(result.at("records").as_int64(), 2000);
  EXPECT_LT(result.at("seconds").to_number<double>(), 60.0);
}

TEST(Existing, ATableOfSomebodyElseIsNeverTouchedUnlessTold) {
  PairRig rig;
  rig.pg("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)");
  rig.ch("CREATE TABLE t (id Nullable(Int32)) ENGINE = MergeTree ORDER BY tuple()");
  rig.ch("INSERT INTO t VALUES (77)");

  const json::object refused = rig.migrate();
  EXPECT_EQ(refused.at("success"), false);
  EXPECT_EQ(refused.at("error_type").as_string(), "destination.table.exists");
  EXPECT_EQ(rig.ch("SELECT id FROM t"), "77");

  rig.migrate_well({"--if-exists", "append"});
  EXPECT_EQ(rig.ch("SELECT id FROM t ORDER BY id"), "1\n2\n77");
  rig.migrate_well({"--if-exists", "truncate"});
  EXPECT_EQ(rig.ch("SELECT id FROM t ORDER BY id"), "1\n2");
  rig.migrate_well({"--if-exists", "replace"});
  EXPECT_EQ(rig.ch("SELECT id FROM t ORDER BY id"), "1\n2");
  rig.migrate_well();  // now it is ours
  EXPECT_EQ(rig.ch("SELECT id FROM t ORDER BY id"), "1\n2");
  EXPECT_EQ(rig.leftovers(), "");
}

TEST(Existing, AChangedTableOfOursCountsAsTheUsers) {
  PairRig rig;
  rig.pg("CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
  rig.migrate_well();
  rig.ch("ALTER TABLE t ADD COLUMN mine String");
  EXPECT_EQ(rig.migrate().at("error_type").as_string(), "destination.table.exists");
  EXPECT_EQ(rig.ch("SELECT count() FROM t"), "1");
}

TEST(Options, ColumnsConditionsNamesAndTypes) {
  PairRig rig;
  rig.pg(
      "CREATE TABLE users (id int PRIMARY KEY, password text, total numeric);"
      "INSERT INTO users SELECT i, 'secret', i * 1.25 FROM generate_series(1, 100) i;"
      "CREATE TABLE noise (a int)");
  rig.migrate_well({"--tables", "users", "--columns", "users=*,!password", "--where",
                    "users=id > 90", "--rename", "users=people", "--types",
                    "public.users.total=decimal(20,4)"});
  EXPECT_EQ(rig.ch("SELECT count(), sum(total) FROM people"), "10\t1193.7500");
  EXPECT_EQ(rig.ch("SELECT name, type FROM system.columns WHERE table = 'people' AND database = "
                   "currentDatabase() AND name IN ('password', 'total')"),
            "total\tNullable(Decimal(20, 4))");
  EXPECT_EQ(rig.ch("EXISTS TABLE noise"), "0");
}

TEST(Options, ATypingMistakeIsNamedNotIgnored) {
  PairRig rig;
  rig.pg("CREATE TABLE orders (id int)");
  EXPECT_EQ(rig.migrate({"--tables", "order"}).at("error_type").as_string(),
            "config.tables.unmatched");
  EXPECT_EQ(rig.migrate({"--where", "ordesr=id > 1"}).at("error_type").as_string(),
            "config.option.unmatched");
}

}  // namespace
}  // namespace penstock::testing
