#include <gtest/gtest.h>

#include "adapters/systems/postgresql/error_map.h"
#include "adapters/systems/postgresql/splits.h"
#include "adapters/systems/postgresql/sql_text.h"

namespace penstock::postgresql {
namespace {

TEST(PostgresqlSql, Pitfall27_IdentifiersAndLiteralsAreQuoted) {
  EXPECT_EQ(quote_identifier("select"), "\"select\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_literal("o'clock"), "'o''clock'");
  EXPECT_EQ(quote_literal("a\\'b"), " E'a\\\\''b'");
  EXPECT_EQ(quote_table({.schema = "My Schema", .name = "t"}), "\"My Schema\".\"t\"");
}

TEST(PostgresqlSplits, PartsSurviveSerialisation) {
  SplitPart blocks{.relation = {.schema = "s", .name = "t\"x"}, .block_low = 10};
  blocks.out_of_line = true;
  SplitPart keys{.relation = {.schema = "s", .name = "u"}, .only = false, .key = "id"};
  keys.key_low = INT64_MIN;
  keys.key_high = INT64_MAX;
  const std::vector<SplitPart> parts = {blocks, keys};
  const std::vector<SplitPart> back = parts_from_json(parts_to_json(parts));
  ASSERT_EQ(back.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(back[i].from_where(""), parts[i].from_where(""));
    EXPECT_EQ(back[i].out_of_line, parts[i].out_of_line);
  }
}

TEST(PostgresqlSplits, SqlNamesRangeAndCondition) {
  SplitPart part{.relation = {.schema = "s", .name = "t"}, .block_low = 10, .block_high = 20};
  EXPECT_EQ(part.from_where("x > 1 -- mine"),
            " FROM ONLY \"s\".\"t\" WHERE ctid >= '(10,0)'::pg_catalog.tid AND "
            "ctid < '(20,0)'::pg_catalog.tid AND (x > 1 -- mine\n)");
}

TEST(PostgresqlErrors, ServerCodesGetAMeaning) {
  const auto code = [](const std::string& state, const std::string& message) {
    return server_error(Side::source, {state, message, "", ""}, "reading").code();
  };
  EXPECT_EQ(code("28P01", "password authentication failed"), "source.auth");
  EXPECT_EQ(code("42501", "permission denied for table t"), "source.permission");
  EXPECT_EQ(code("57P01", "terminating connection"), "source.server.restarting");
  EXPECT_EQ(code("22023", "invalid snapshot identifier: \"x\""), "source.snapshot.lost");
  EXPECT_EQ(code("22023", "something else"), "source.query");
  EXPECT_EQ(code("08006", "x"), "source.connection");
}

TEST(PostgresqlErrors, Pitfall65_RecoveryConflictsAreRetryableAndSayWhatToDo) {
  const Error error = server_error(
      Side::source, {"40001", "canceling statement due to conflict with recovery", "", ""}, "");
  EXPECT_EQ(error.code(), "source.recovery_conflict");
  EXPECT_TRUE(error.retryable());
  EXPECT_NE(error.hint().find("hot_standby_feedback"), std::string::npos);
}

TEST(PostgresqlErrors, ConnectFailuresAreToldApart) {
  const Error auth = connect_error(
      Side::destination,
      "connection to server at \"x\" (1.2.3.4), port 5432 failed: FATAL:  28P01: password "
      "authentication failed for user \"u\"\nLOCATION:  auth_failed, auth.c:338\n",
      "x:5432/d");
  EXPECT_EQ(auth.code(), "destination.auth");
  EXPECT_EQ(auth.native(), "28P01");
  EXPECT_EQ(auth.message().find("LOCATION"), std::string::npos);
  EXPECT_FALSE(auth.retryable());
  const Error refused =
      connect_error(Side::source, "connection to server failed: Connection refused", "x:1/d");
  EXPECT_EQ(refused.code(), "source.connection");
  EXPECT_TRUE(refused.retryable());
  EXPECT_EQ(connect_error(Side::source, "could not translate host name \"x\"", "x").code(),
            "source.host.unknown");
}

}  // namespace
}  // namespace penstock::postgresql
