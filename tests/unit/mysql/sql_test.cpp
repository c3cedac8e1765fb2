#include <gtest/gtest.h>

#include "adapters/systems/mysql/error_map.h"
#include "adapters/systems/mysql/splits.h"
#include "adapters/systems/mysql/sql_text.h"
#include "core/error.h"

namespace penstock::mysql {
namespace {

TEST(MysqlSql, Pitfall27_IdentifiersAndLiteralsAreQuoted) {
  EXPECT_EQ(quote_identifier("select"), "`select`");
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_table({.schema = "My Schema", .name = "t"}), "`My Schema`.`t`");
  EXPECT_EQ(quote_literal("2024-01-01 12:00:00"), "'2024-01-01 12:00:00'");
  // Whatever sql_mode and character set the session has.
  EXPECT_EQ(quote_literal("o'clock"), "_utf8mb4 X'6f27636c6f636b'");
  EXPECT_EQ(quote_literal("\\"), "_utf8mb4 X'5c'");
}

TEST(MysqlSql, RawBytesAreComparedAsTheirColumn) {
  EXPECT_EQ(quote_raw("\xE9", "latin1_bin"), "_latin1 X'e9' COLLATE latin1_bin");
  EXPECT_EQ(quote_raw("a", ""), "X'61'");
  EXPECT_EQ(quote_raw("a", "binary"), "X'61'");
  EXPECT_THROW(quote_raw("a", "latin1_bin; DROP TABLE t"), Error);
  EXPECT_EQ(charset_of("utf8mb4_0900_ai_ci"), "utf8mb4");
}

TEST(MysqlSql, LiteralsAreTakenApart) {
  const auto take = [](std::string_view sql) {
    const auto text = take_literal(sql);
    return text ? *text + "|" + std::string(sql) : "none|" + std::string(sql);
  };
  EXPECT_EQ(take("'a''b','c'"), "a'b|,'c'");
  EXPECT_EQ(take("'a\\'b\\\\'"), "a'b\\|");
  EXPECT_EQ(take("'\\n\\t\\q'"), "\n\tq|");
  EXPECT_EQ(take("''"), "|");
  EXPECT_EQ(take("'open"), "none|'open");
  EXPECT_EQ(take("'open\\'"), "none|'open\\'");
  EXPECT_EQ(take("plain"), "none|plain");
}

TEST(MysqlSplits, PartsSurviveSerialisation) {
  SplitPart range{.table = {.schema = "s", .name = "t`x"}};
  range.index = "PRIMARY";
  range.columns = {"a", "b"};
  range.low = {"1", "_latin1 X'e9' COLLATE latin1_bin"};
  range.high = {"5", "''"};
  SplitPart first{.table = {.schema = "s", .name = "u"}};
  first.index = "k";
  first.columns = {"a"};
  first.high = {"7"};
  first.with_nulls = true;
  SplitPart partitions{.table = {.schema = "s", .name = "p"}};
  partitions.partitions = {"p0", "p`1"};
  for (const SplitPart& part : {range, first, partitions, SplitPart{.table = {"s", "whole"}}}) {
    EXPECT_EQ(SplitPart::from_json(part.to_json()).from_where("x"), part.from_where("x"));
  }
  EXPECT_EQ(first.from_where("x > 1 -- mine"),
            " FROM `s`.`u` FORCE INDEX (`k`) WHERE (`a` < 7 OR `a` IS NULL) AND (x > 1 -- mine\n)");
  EXPECT_EQ(partitions.from_where(""), " FROM `s`.`p` PARTITION (`p0`,`p``1`)");
}

TEST(MysqlErrors, ServerNumbersGetAMeaning) {
  const auto error = [](unsigned number, std::string_view message = "said so") {
    return server_error(Side::source, {number, "HY000", message}, "reading");
  };
  EXPECT_EQ(error(1045).code(), "source.auth");
  EXPECT_FALSE(error(1045).retryable());
  EXPECT_EQ(error(1213).code(), "source.deadlock");
  EXPECT_TRUE(error(1213).retryable());
  EXPECT_EQ(error(1412).code(), "source.snapshot.lost");
  EXPECT_EQ(error(2013).code(), "source.connection");
  EXPECT_TRUE(error(2013).retryable());
  EXPECT_EQ(error(2020).code(), "source.row.too_large");
  EXPECT_EQ(error(1064).code(), "source.query");
  EXPECT_EQ(error(1064).native(), "1064");
  EXPECT_NE(error(1064).message().find("said so"), std::string::npos);
  EXPECT_FALSE(error(2013, "").message().empty());
  EXPECT_TRUE(breaks_connection(2006));
  EXPECT_FALSE(breaks_connection(1213));
  EXPECT_TRUE(lacks_privilege(1227));
  EXPECT_TRUE(lock_timed_out(1205));
  EXPECT_EQ(server_error(Side::destination, {1045, "", ""}, "").code(), "destination.auth");
}

}  // namespace
}  // namespace penstock::mysql
