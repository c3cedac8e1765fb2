#include <gtest/gtest.h>

#include "adapters/systems/clickhouse/sql.h"
#include "core/error.h"

namespace penstock::clickhouse {

TEST(Sql, QuotesNamesAndLiterals) {
  EXPECT_EQ(quote_name("a`b\\c\n"), "`a\\`b\\\\c\\n`");
  EXPECT_EQ(quote_name("d", "t"), "`d`.`t`");
  EXPECT_EQ(quote_literal("it's \\"), "'it\\'s \\\\'");
  EXPECT_EQ(quote_literal(std::string_view("\0", 1)), "'\\0'");
}

TEST(Sql, ReadsRowsBack) {
  const auto rows = parse_rows("a\\tb\tc\\\\\n\t\\'\n", 2);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"a\tb", "c\\"}));
  EXPECT_EQ(rows[1], (std::vector<std::string>{"", "'"}));
  EXPECT_THROW(parse_rows("a\tb\tc\n", 2), Error);
  EXPECT_THROW(parse_rows("a\tb", 2), Error);
}

TEST(Sql, ReadsCounts) {
  EXPECT_EQ(parse_count("42\n"), 42);
  EXPECT_THROW(parse_count(""), Error);
  EXPECT_THROW(parse_count("<html>"), Error);
}

}  // namespace penstock::clickhouse
