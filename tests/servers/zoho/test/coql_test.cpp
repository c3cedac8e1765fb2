// COQL against zoho.md 5.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

class ZohoCoql : public ::testing::Test {
 protected:
  static LocalZoho& zoho() {
    static LocalZoho shared({.records = 2'500});
    return shared;
  }
  static json::array rows(const std::string& query) {
    const HttpAnswer answer = zoho().coql(query);
    if (answer.status == 204) return {};
    EXPECT_EQ(answer.status, 200) << query << "\n" << answer.body;
    return answer.json().at("data").as_array();
  }
  static std::string code(const std::string& query) { return zoho().coql(query).code(); }
};

TEST_F(ZohoCoql, AKeysetByIdIsCompleteAndConvertedLeadsAreIncluded) {
  std::set<std::string> seen;
  std::string last = "0";
  for (;;) {
    const json::array page =
        rows("select Last_Name from Leads where id > " + last + " order by id asc limit 0, 700");
    for (const json::value& row : page) seen.emplace(row.at("id").as_string());
    if (page.empty()) break;
    last = std::string(page.back().at("id").as_string());
  }
  EXPECT_EQ(seen.size(), 2'500U);
}

TEST_F(ZohoCoql, AKeysetByModifiedTimeIsComplete) {
  std::set<std::string> seen;
  std::string time = "2000-01-01T00:00:00Z", id = "0";
  for (;;) {
    const std::string query = "select Modified_Time from Deals where (Modified_Time >= '" + time +
                              "' and (Modified_Time > '" + time + "' or id > " + id +
                              ")) order by Modified_Time asc, id asc limit 400";
    const json::array page = rows(query);
    for (const json::value& row : page) {
      EXPECT_TRUE(seen.emplace(row.at("id").as_string()).second);
    }
    if (page.empty()) break;
    time = std::string(page.back().at("Modified_Time").as_string());
    id = std::string(page.back().at("id").as_string());
  }
  EXPECT_EQ(seen.size(), 2'500U);
}

TEST_F(ZohoCoql, ConditionsHoldForEachRow) {
  for (const json::value& row :
       rows("select Stage, Amount from Deals where ((Stage = 'Proposal' and Amount > 1000.5) and "
            "Amount is not null) limit 2000")) {
    EXPECT_EQ(row.at("Stage").as_string(), "Proposal");
    EXPECT_GT(row.at("Amount").to_number<double>(), 1000.5);
  }
  EXPECT_FALSE(rows("select id from Deals where Stage in ('Proposal', 'Negotiation')").empty());
  EXPECT_FALSE(rows("select id from Deals where Deal_Name like 'a%'").empty());
  EXPECT_FALSE(rows("select id from Deals where Closing_Date between '2022-01-01' and "
                    "'2023-01-01'")
                   .empty());
  EXPECT_TRUE(rows("select id from Deals where Stage = 'Nothing'").empty());
}

TEST_F(ZohoCoql, JoinsOrdersAndAggregates) {
  const json::array joined = rows(
      "select Account_Name.Account_Name, Account_Name from Contacts where Account_Name is not null "
      "order by Account_Name.Account_Name desc limit 5");
  ASSERT_EQ(joined.size(), 5U);
  std::string before = "\xFF";
  for (const json::value& row : joined) {
    const std::string name(row.at("Account_Name.Account_Name").as_string());
    EXPECT_EQ(name, row.at("Account_Name").at("name").as_string());
    EXPECT_LE(name, before);
    before = name;
  }
  const json::array counted = rows("select COUNT(id) from Leads where id is not null");
  EXPECT_EQ(counted[0].at("COUNT(id)"), 2'500);
}

TEST_F(ZohoCoql, TheLimitDefaultsTo200AndEndsAt2000) {
  EXPECT_EQ(rows("select id from Deals where id is not null").size(), 200U);
  EXPECT_EQ(rows("select id from Deals where id is not null limit 2000").size(), 2'000U);
  EXPECT_EQ(rows("select id from Deals where id is not null limit 2000, 2000").size(), 500U);
  EXPECT_EQ(code("select id from Deals where id is not null limit 2001"), "LIMIT_EXCEEDED");
  EXPECT_EQ(code("select id from Deals where id is not null limit 99999, 200"), "LIMIT_EXCEEDED");
}

TEST_F(ZohoCoql, CreditsDependOnTheLimit) {
  const auto credits = [] { return zoho().stats().at("credits").as_int64(); };
  for (const auto& [limit, price] :
       std::vector<std::pair<int, int>>{{200, 1}, {1000, 2}, {2000, 3}}) {
    const std::int64_t before = credits();
    rows("select id from Deals where id is not null limit " + std::to_string(limit));
    EXPECT_EQ(credits() - before, price);
  }
}

TEST_F(ZohoCoql, WrongQueriesAreToldApart) {
  EXPECT_EQ(code("select id from Deals"), "SYNTAX_ERROR");
  EXPECT_EQ(code("selct id from Deals where id is not null"), "SYNTAX_ERROR");
  EXPECT_EQ(code("select id from Nothing where id is not null"), "INVALID_MODULE");
  EXPECT_EQ(code("select Nothing from Deals where id is not null"), "INVALID_QUERY");
  EXPECT_EQ(code("select Quoted_Items from Quotes where id is not null"), "INVALID_QUERY");
  EXPECT_EQ(code("select id from Deals where Description = 'a'"), "INVALID_QUERY");
  EXPECT_EQ(code("select id, id from Deals where id is not null"), "DUPLICATE_DATA");
  EXPECT_EQ(code("select id from Deals where Stage = 'a' and Amount = 1 and Amount = 2"),
            "SYNTAX_ERROR");
  EXPECT_EQ(code("select id from Deals where Amount like 'a%'"), "INVALID_QUERY");
  EXPECT_EQ(zoho().post("/crm/v8/coql", json::object{}).code(), "MANDATORY_NOT_FOUND");
}

}  // namespace
}  // namespace penstock::zoho_sim
