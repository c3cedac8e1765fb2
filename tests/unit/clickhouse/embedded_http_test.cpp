#include <gtest/gtest.h>

#include "adapters/systems/clickhouse/embedded_http.h"

namespace penstock::clickhouse {

TEST(EmbeddedHttp, PartsSettingsFromWhatHttpKnows) {
  const EmbeddedRequest request = parse_target(
      "/?database=a%20b&query=SELECT+1%2C%272%27&default_format=CSV&query_id=x&max_threads=2");
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.database, "a b");
  EXPECT_EQ(request.query, "SELECT 1,'2'");
  EXPECT_EQ(request.format, "CSV");
  EXPECT_EQ(request.settings, (std::map<std::string, std::string>{{"max_threads", "2"}}));
}

TEST(EmbeddedHttp, TakesOddTargetsAsTheyAre) {
  EXPECT_EQ(parse_target("/ping").path, "/ping");
  EXPECT_EQ(parse_target("/?").settings.size(), 0U);
  EXPECT_EQ(parse_target("/?query=%").query, "%");
  EXPECT_EQ(parse_target("/?query=%4").query, "%4");
  EXPECT_EQ(parse_target("/?a").settings.at("a"), "");
}

TEST(EmbeddedHttp, FindsTheFormatOfAnInsert) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(split_insert("INSERT INTO t FORMAT Native"), Pair("INSERT INTO t", "Native"));
  EXPECT_EQ(split_insert(" insert into `a b` (`format`) format CSV ;"),
            Pair("insert into `a b` (`format`)", "CSV"));
  EXPECT_EQ(split_insert("INSERT INTO t VALUES (1)"), Pair());
  EXPECT_EQ(split_insert("INSERT INTO t SELECT 1"), Pair());
  EXPECT_EQ(split_insert("SELECT 1 FORMAT Native"), Pair());
  EXPECT_EQ(split_insert(""), Pair());
}

}  // namespace penstock::clickhouse
