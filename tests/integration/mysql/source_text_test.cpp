// Text of every character set, labels, documents and bytes, against a real server.
#include <gtest/gtest.h>

#include "integration/mysql/source_harness.h"

namespace penstock::testing {
namespace {

class MysqlText : public ::testing::Test {
 protected:
  PrivateMariadb& server_ = shared_mariadb();
  std::string database_ = server_.fresh_database();

  void sql(const std::string& text) { server_.sql(text, database_); }
  std::vector<std::string> rows(const std::string& table, const json::object& more = {}) {
    OpenSource source(server_, database_, more);
    return source.read({.table = table}).rows;
  }
};

TEST_F(MysqlText, Pitfall21_EveryCharacterSetArrivesAsUtf8) {
  sql("CREATE TABLE t (id int PRIMARY KEY, l text CHARACTER SET latin1, c text CHARACTER SET "
      "cp1251, g text CHARACTER SET gbk, u text CHARACTER SET utf16, s varchar(20) CHARACTER SET "
      "sjis, m text CHARACTER SET utf8mb4);"
      "INSERT INTO t VALUES (1, 'é€ÿ', 'Привет', '你好', 'a😀', 'テスト', '😀é')");
  EXPECT_EQ(rows("t"), (std::vector<std::string>{"1|é€ÿ|Привет|你好|a😀|テスト|😀é"}));
}

TEST_F(MysqlText, Pitfall22_OldNamesOfUtf8AreNoObstacle) {
  sql("CREATE TABLE t (a varchar(10) CHARACTER SET utf8, b varchar(10) CHARACTER SET utf8mb3 "
      "COLLATE utf8mb3_bin, c char(3) CHARACTER SET ascii);"
      "INSERT INTO t VALUES ('日本', 'ñ', 'x')");
  EXPECT_EQ(rows("t"), (std::vector<std::string>{"日本|ñ|x"}));
}

TEST_F(MysqlText, Pitfall23_BytesOfAnotherSetThanDeclaredCanBeReadAsWhatTheyAre) {
  // 'é😀' in UTF-8 and 'Привет' in cp1251, stored as if they were latin1.
  sql("CREATE TABLE t (id int PRIMARY KEY, u text CHARACTER SET latin1, c text CHARACTER SET "
      "latin1);"
      "INSERT INTO t VALUES (1, X'C3A9F09F9880', X'CFF0E8E2E5F2'), (2, X'E9', NULL)");
  EXPECT_EQ(rows("t").at(1), "2|é|NULL");
  OpenSource source(server_, database_,
                    {{"charsets", {{"t.u", "utf8mb4"}, {database_ + ".t.c", "cp1251"}}}});
  const ReadResult read = source.read({.table = "t"});
  EXPECT_EQ(read.rows.at(0), "1|é😀|Привет");
  // What is no UTF-8 after all is reported, not replaced.
  ASSERT_EQ(read.issues.size(), 1U);
  EXPECT_EQ(read.issues[0].kind, IssueKind::invalid_text);
  EXPECT_EQ(code_of([&] { rows("t", {{"charsets", {{"t.id", "utf8mb4"}}}}); }), "config.charset");
  EXPECT_EQ(code_of([&] { rows("t", {{"charsets", {{"t.x", "utf8mb4"}}}}); }), "config.charset");
  EXPECT_EQ(code_of([&] { rows("t", {{"charsets", {{"t.u", "x' y"}}}}); }), "config.charset");
}

TEST_F(MysqlText, Pitfall35_EnumsAndSetsArriveAsLabels) {
  sql("SET sql_mode = '';"
      "CREATE TABLE t (id int PRIMARY KEY, e enum('a','it''s','back\\\\slash','ünï',''), s "
      "set('x','y z','q\"uo''te','b\\\\s') NULL, f enum('1','2'));"
      "INSERT INTO t VALUES (1, 'it''s', 'x,q\"uo''te', 2), (2, 'back\\\\slash', '', '2'), "
      "(3, '', 'b\\\\s,y z', 'bad'), (4, 'ünï', NULL, NULL)");
  OpenSource source(server_, database_);
  EXPECT_EQ(source.table("t").fields[1].type.labels,
            (std::vector<std::string>{"a", "it's", "back\\slash", "ünï", ""}));
  const ReadResult read = source.read({.table = "t"});
  EXPECT_EQ(read.rows,
            (std::vector<std::string>{"1|it's|{x,\"q\\\"uo'te\"}|2", "2|back\\slash|{}|2",
                                      "3||{\"y z\",\"b\\\\s\"}|", "4|ünï|NULL|NULL"}));
  // Where '' is a label it is one; else it stands for a value that was refused.
  ASSERT_EQ(read.issues.size(), 1U);
  EXPECT_EQ(read.issues[0].column, 3);
  EXPECT_EQ(read.issues[0].kind, IssueKind::invalid_value);
  EXPECT_EQ(source.read({.table = "t", .types = {{"s", "string"}, {"e", "string"}}}).rows.at(2),
            "3||y z,b\\s|");
}

TEST_F(MysqlText, Pitfall38_DocumentsKeepTheirTextAndNullIsNotMissing) {
  sql("CREATE TABLE t (id int PRIMARY KEY, j json);"
      "INSERT INTO t VALUES (1, 'null'), (2, NULL), (3, '[12345678901234567890123, 1.50]')");
  OpenSource source(server_, database_);
  EXPECT_EQ(to_text(source.table("t").fields[1].type), "json");
  EXPECT_EQ(source.table("t").fields[1].native_type, "json");
  EXPECT_TRUE(source.table("t").checks.empty());
  const auto got = source.read({.table = "t"}).rows;
  EXPECT_EQ(got[0], "1|null");
  EXPECT_EQ(got[1], "2|NULL");
  if (!PrivateMariadb::is_mysql()) {
    EXPECT_EQ(got[2], "3|[12345678901234567890123, 1.50]");
  }
}

TEST_F(MysqlText, PaddingAndEveryByteAreKept) {
  sql("CREATE TABLE t (id int PRIMARY KEY, c char(5), v varchar(5), b binary(4), w varbinary(4), "
      "n varchar(9));"
      "INSERT INTO t VALUES (1, 'ab', 'ab  ', X'61', X'00610A', 'a\\0b\\n\\t')");
  using namespace std::string_literals;
  EXPECT_EQ(rows("t"), (std::vector<std::string>{"1|ab|ab  |\\x61000000|\\x00610a|a\0b\n\t"s}));
}

TEST_F(MysqlText, LargeValuesOfEveryTextAndBlob) {
  sql("CREATE TABLE t (id int PRIMARY KEY, a tinytext, b text, c mediumtext, d longblob);"
      "INSERT INTO t VALUES (1, repeat('a',255), repeat('b',65535), repeat('c',300000), "
      "repeat('d',20000000)), (2, repeat('a',250), repeat('b',251), repeat('c',65536), ''),"
      "(3, repeat('a',251), repeat('b',252), '', NULL)");
  OpenSource source(server_, database_);
  const auto got = source.read({.table = "t", .memory_bytes = std::size_t{256} << 20}).rows;
  const auto text = [](char c, std::size_t count) { return std::string(count, c); };
  std::string blob = "\\x";
  for (int i = 0; i < 20'000'000; ++i) blob += "64";
  ASSERT_EQ(got.size(), 3U);
  EXPECT_TRUE(got[0] == "1|" + text('a', 255) + "|" + text('b', 65535) + "|" + text('c', 300'000) +
                            "|" + blob);
  EXPECT_TRUE(got[1] ==
              "2|" + text('a', 250) + "|" + text('b', 251) + "|" + text('c', 65536) + "|\\x");
  EXPECT_TRUE(got[2] == "3|" + text('a', 251) + "|" + text('b', 252) + "||NULL");
}

TEST_F(MysqlText, BytesSaidToBeTextAreCheckedAndTextCanBeReadAsBytes) {
  sql("CREATE TABLE t (id int PRIMARY KEY, b varbinary(9), l varchar(9) CHARACTER SET latin1);"
      "INSERT INTO t VALUES (1, 'plain', 'é'), (2, X'FF', 'x')");
  OpenSource source(server_, database_);
  const ReadResult read = source.read({.table = "t", .types = {{"b", "string"}, {"l", "binary"}}});
  EXPECT_EQ(read.rows.at(0), "1|plain|\\xe9");
  ASSERT_EQ(read.issues.size(), 1U);
  EXPECT_EQ(read.issues[0].row, 1);
}

}  // namespace
}  // namespace penstock::testing
