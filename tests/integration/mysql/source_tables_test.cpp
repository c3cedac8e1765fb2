// What discovery tells of tables of every shape, and what their rows are.
#include <gtest/gtest.h>

#include "integration/mysql/source_harness.h"

namespace penstock::testing {
namespace {

class MysqlTables : public ::testing::Test {
 protected:
  PrivateMariadb& server_ = shared_mariadb();
  std::string database_ = server_.fresh_database();

  void sql(const std::string& text) { server_.sql(text, database_); }
};

const Field& field(const TableSchema& table, const std::string& name) {
  const Field* const found = table.find(name);
  if (found == nullptr) throw std::runtime_error("no column " + name);
  return *found;
}

std::string default_of(const TableSchema& table, const std::string& name) {
  const Field& one = field(table, name);
  switch (one.default_kind) {
    case DefaultKind::none: return "none";
    case DefaultKind::value: return "=" + one.default_text;
    case DefaultKind::current_timestamp: return "now";
    case DefaultKind::expression: return "expression";
  }
  return "";
}

TEST_F(MysqlTables, KeysIndexesAndForeignKeysAreTold) {
  sql("CREATE TABLE parent (a int, b varchar(20), PRIMARY KEY (b, a)) COMMENT 'the ''parent''';"
      "CREATE TABLE child (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, pa int, pb varchar(20),"
      " mail varchar(50) NOT NULL COMMENT 'where to', doc text, spot point NOT NULL,"
      " UNIQUE KEY mail_key (mail), UNIQUE KEY half (doc(10)), KEY mixed (pa, pb(5)),"
      " FULLTEXT KEY words (doc), SPATIAL KEY spots (spot),"
      " CONSTRAINT up FOREIGN KEY (pb, pa) REFERENCES parent (b, a) ON DELETE SET NULL ON UPDATE "
      "CASCADE, CONSTRAINT longish CHECK (char_length(mail) > 3)) AUTO_INCREMENT = 1000;"
      "INSERT INTO child (mail, spot) VALUES ('a@b.c', ST_GeomFromText('POINT(1 1)'))");
  OpenSource source(server_, database_);
  const TableSchema& parent = source.table("parent");
  const TableSchema& child = source.table("child");
  EXPECT_EQ(parent.id.display(), database_ + ".parent");
  EXPECT_EQ(parent.comment, "the 'parent'");
  EXPECT_EQ(parent.primary_key.columns, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(child.primary_key.columns, (std::vector<std::string>{"id"}));
  ASSERT_EQ(child.unique_keys.size(), 1U);
  EXPECT_EQ(child.unique_keys[0].name, "mail_key");
  EXPECT_EQ(field(child, "mail").comment, "where to");
  const auto index = [&](const std::string& name) -> const Index& {
    return *std::ranges::find(child.indexes, name, &Index::name);
  };
  EXPECT_TRUE(index("half").unique);
  EXPECT_EQ(index("half").parts.at(0).prefix, 10);
  EXPECT_EQ(index("mixed").parts.at(1).prefix, 5);
  EXPECT_EQ(index("mixed").method, "btree");
  EXPECT_EQ(index("words").method, "fulltext");
  EXPECT_EQ(index("spots").method, "spatial");
  EXPECT_EQ(index("spots").parts.at(0).prefix, 0);
  ASSERT_EQ(child.foreign_keys.size(), 1U);
  EXPECT_EQ(child.foreign_keys[0].name, "up");
  EXPECT_EQ(child.foreign_keys[0].columns, (std::vector<std::string>{"pb", "pa"}));
  EXPECT_EQ(child.foreign_keys[0].references.display(), database_ + ".parent");
  EXPECT_EQ(child.foreign_keys[0].on_delete, "set null");
  EXPECT_EQ(child.foreign_keys[0].on_update, "cascade");
  ASSERT_EQ(child.checks.size(), 1U);
  EXPECT_NE(child.checks[0].definition.find("char_length"), std::string::npos);
  EXPECT_TRUE(field(child, "id").identity);
  ASSERT_EQ(child.sequences.size(), 1U);
  EXPECT_EQ(child.sequences[0].next_value, 1001);
}

TEST_F(MysqlTables, DefaultsAreValuesTheTimeOrExpressions) {
  sql("SET sql_mode = '';"
      "CREATE TABLE t (id int PRIMARY KEY, none int NOT NULL, nul int NULL, num int DEFAULT 5,"
      " dec1 decimal(8,3) DEFAULT 1.5, txt varchar(20) DEFAULT 'it''s \\\\ \\n', empty char(3) "
      "DEFAULT '', bits bit(5) DEFAULT b'101', one bit(1) DEFAULT b'1', flag tinyint(1) DEFAULT 1,"
      " d date DEFAULT '2024-02-29', zero date NOT NULL DEFAULT '0000-00-00', dt datetime(3) "
      "DEFAULT '2024-01-01 10:00:00', ts timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE "
      "CURRENT_TIMESTAMP(6), now_ datetime DEFAULT now(), e enum('x','y') DEFAULT 'y', s "
      "set('p','q') DEFAULT 'p,q', b varbinary(4) DEFAULT 'ab', u varchar(36) DEFAULT (uuid()),"
      " word varchar(20) DEFAULT 'current_timestamp', f double DEFAULT 0.5, t time DEFAULT "
      "'-01:00:00', neg int DEFAULT -7)");
  OpenSource source(server_, database_);
  const TableSchema& t = source.table("t");
  const auto is = [&](const std::string& name) { return default_of(t, name); };
  EXPECT_EQ(is("none"), "none");
  EXPECT_EQ(is("nul"), "none");
  EXPECT_EQ(is("num"), "=5");
  EXPECT_EQ(is("neg"), "=-7");
  EXPECT_EQ(is("dec1"), "=1.500");
  EXPECT_EQ(is("txt"), "=it's \\ \n");
  EXPECT_EQ(is("empty"), "=");
  EXPECT_EQ(is("bits"), "=5");
  EXPECT_EQ(is("one"), "=true");
  EXPECT_EQ(is("flag"), "=1");
  EXPECT_EQ(is("d"), "=2024-02-29");
  EXPECT_EQ(is("zero"), "none");
  EXPECT_EQ(field(t, "zero").losses.at(0).code, "zero_default");
  EXPECT_EQ(is("dt"), "=2024-01-01 10:00:00.000");
  EXPECT_EQ(is("ts"), "now");
  EXPECT_EQ(field(t, "ts").losses.at(0).code, "on_update");
  EXPECT_EQ(is("now_"), "now");
  EXPECT_EQ(is("e"), "=y");
  EXPECT_EQ(is("s"), "={p,q}");
  EXPECT_EQ(is("b"), "=\\x6162");
  EXPECT_EQ(is("u"), "expression");
  EXPECT_EQ(is("word"), "=current_timestamp");
  EXPECT_EQ(is("f"), "=0.5");
  EXPECT_EQ(is("t"), "=-01:00:00");
}

TEST_F(MysqlTables, Pitfall31_GeneratedColumnsAreReadAndTheirExpressionsTold) {
  sql("CREATE TABLE t (a int, v int AS (a * 2) VIRTUAL, s varchar(20) AS (concat('x', a)) STORED);"
      "INSERT INTO t (a) VALUES (21)");
  OpenSource source(server_, database_);
  const TableSchema& t = source.table("t");
  EXPECT_FALSE(field(t, "a").generated);
  EXPECT_TRUE(field(t, "v").generated);
  EXPECT_NE(field(t, "v").generation_expression.find("* 2"), std::string::npos);
  EXPECT_TRUE(field(t, "s").generated);
  EXPECT_EQ(source.read({.table = "t"}).rows, (std::vector<std::string>{"21|42|x21"}));
}

TEST_F(MysqlTables, Pitfall32_InvisibleColumnsAreRead) {
  sql("CREATE TABLE t (a int, hidden int INVISIBLE DEFAULT 7);INSERT INTO t (a) VALUES (1)");
  if (PrivateMariadb::is_mysql()) {
    sql("SET sql_generate_invisible_primary_key = 1; CREATE TABLE g (a int); INSERT INTO g VALUES "
        "(5)");
  }
  OpenSource source(server_, database_);
  EXPECT_EQ(source.read({.table = "t"}).rows, (std::vector<std::string>{"1|7"}));
  if (!PrivateMariadb::is_mysql()) return;
  EXPECT_EQ(source.table("g").primary_key.columns, (std::vector<std::string>{"my_row_id"}));
  EXPECT_EQ(source.read({.table = "g"}).rows, (std::vector<std::string>{"1|5"}));
}

TEST_F(MysqlTables, Pitfall33_APartitionedTableIsOneTable) {
  sql("CREATE TABLE t (id int PRIMARY KEY, v int) PARTITION BY HASH (id) PARTITIONS 4;"
      "CREATE TABLE n (d int, v varchar(200)) PARTITION BY RANGE (d) SUBPARTITION BY HASH (d) "
      "SUBPARTITIONS 2 (PARTITION `p one` VALUES LESS THAN (10), PARTITION rest VALUES LESS THAN "
      "MAXVALUE);"
      "INSERT INTO t VALUES (1,1),(2,2),(3,3),(5,5);"
      "INSERT INTO n VALUES (1,'a'),(20,'b'),(NULL,'c')");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.tables().size(), 2U);
  EXPECT_EQ(source.table("t").kind, TableKind::partitioned);
  EXPECT_EQ(source.read({.table = "t"}).row_count, 4);
  EXPECT_EQ(source.read({.table = "n"}).row_count, 3);
}

TEST_F(MysqlTables, Pitfall34_ViewsComeOnRequestAlone) {
  sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1),(2);"
      "CREATE VIEW v AS SELECT a + 1 AS b, 'x' AS c FROM t; CREATE VIEW broken AS SELECT a FROM "
      "t;");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.table("v").kind, TableKind::view);
  EXPECT_EQ(source.read({.table = "v"}).rows, (std::vector<std::string>{"2|x", "3|x"}));
  EXPECT_FALSE(std::ranges::any_of(source.source().discover({}, source.cancel()),
                                   [](const auto& table) { return table.id.name == "v"; }));
}

TEST_F(MysqlTables, NamesOfEveryKindAreQuoted) {
  sql("CREATE TABLE `se``lect \"x\" 'y' \\\\ ünï;--` (`or``der` int PRIMARY KEY, `a b` int, "
      "`group` int); INSERT INTO `se``lect \"x\" 'y' \\\\ ünï;--` VALUES (1, 2, 3)");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.read({.table = "se`lect \"x\" 'y' \\\\ ünï;--"}).rows,
            (std::vector<std::string>{"1|2|3"}));
}

TEST_F(MysqlTables, WithoutADatabaseAllOfTheUsersAreRead) {
  const std::string other = server_.fresh_database();
  sql("CREATE TABLE a (x int)");
  server_.sql("CREATE TABLE b (x int)", other);
  OpenSource all(server_, "");
  EXPECT_EQ(all.info().default_schema, "");
  EXPECT_TRUE(all.has("a"));
  EXPECT_TRUE(all.has("b"));
  EXPECT_FALSE(std::ranges::any_of(all.tables(), [](const TableSchema& table) {
    return table.id.schema == "mysql" || table.id.schema == "information_schema" ||
           table.id.schema == "sys";
  }));
  OpenSource one(server_, database_);
  EXPECT_EQ(one.info().default_schema, database_);
  EXPECT_FALSE(one.has("b"));
}

TEST_F(MysqlTables, MissingPrivilegesAreRefusalsThatNameTheGrant) {
  const std::string user = "u" + database_;
  sql("CREATE TABLE open_ (a int); CREATE TABLE closed (a int); CREATE TABLE half (a int, b int);"
      "CREATE USER '" +
      user +
      "'@'%' IDENTIFIED BY 'p';"
      "GRANT SELECT ON open_ TO '" +
      user + "'@'%'; GRANT INSERT ON closed TO '" + user + "'@'%'; GRANT SELECT (a) ON half TO '" +
      user + "'@'%'; INSERT INTO open_ VALUES (1)");
  OpenSource source(server_, database_, {{"username", user}, {"password", "p"}});
  EXPECT_EQ(source.table("open_").refusal, "");
  EXPECT_EQ(source.read({.table = "open_"}).row_count, 1);
  for (const std::string table : {"closed", "half"}) {
    const std::string& refusal = source.table(table).refusal;
    EXPECT_NE(refusal.find("GRANT SELECT ON `" + database_ + "`.`" + table + "` TO "),
              std::string::npos)
        << refusal;
    EXPECT_NE(refusal.find(user), std::string::npos) << refusal;
  }
}

TEST_F(MysqlTables, TablesOutsideTransactionsAreReadByOneStatementAndSaidToBe) {
  sql("CREATE TABLE m (id int PRIMARY KEY, v char(200)) ENGINE=MyISAM;"
      "INSERT INTO m SELECT seq, 'x' FROM seq_1_to_30000");
  OpenSource source(server_, database_);
  const Snapshot snapshot = source.take_snapshot("m");
  EXPECT_EQ(snapshot.consistency, Consistency::per_table);
  EXPECT_NE(snapshot.description.find(database_ + ".m"), std::string::npos);
  EXPECT_FALSE(source.table("m").notes.empty());
  const ReadResult read = source.read({.table = "m", .goal = {.bytes_target = 1 << 20}});
  EXPECT_EQ(read.splits, 1U);
  EXPECT_EQ(read.row_count, 30'000);
}

TEST_F(MysqlTables, SystemVersionedTablesGiveTheirCurrentRows) {
  if (PrivateMariadb::is_mysql()) return;
  sql("CREATE TABLE t (a int PRIMARY KEY) WITH SYSTEM VERSIONING;"
      "INSERT INTO t VALUES (1),(2); DELETE FROM t WHERE a = 1; CREATE SEQUENCE s");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.read({.table = "t"}).rows, (std::vector<std::string>{"2"}));
  EXPECT_FALSE(source.has("s"));
}

}  // namespace
}  // namespace penstock::testing
