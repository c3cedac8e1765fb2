// The records API against zoho.md 4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

using ::testing::HasSubstr;

class ZohoRecords : public ::testing::Test {
 protected:
  LocalZoho zoho{{.records = 1'200}};

  // Walks with page tokens; `path` has its parameters but the token.
  std::vector<json::object> walk(const std::string& path) const {
    std::vector<json::object> records;
    std::string token;
    for (;;) {
      const HttpAnswer answer = zoho.get(path + (token.empty() ? "" : "&page_token=" + token));
      if (answer.status == 204) return records;
      EXPECT_EQ(answer.status, 200) << answer.body;
      const json::value body = answer.json();
      for (const json::value& record : body.at("data").as_array()) {
        records.push_back(record.as_object());
      }
      const json::value& next = body.at("info").at("next_page_token");
      EXPECT_EQ(body.at("info").at("more_records").as_bool(), next.is_string());
      if (!next.is_string()) return records;
      token = std::string(next.as_string());
    }
  }
  static std::set<std::string> ids(const std::vector<json::object>& records) {
    std::set<std::string> found;
    for (const json::object& record : records) found.emplace(record.at("id").as_string());
    return found;
  }
  std::string code(const std::string& path) const { return zoho.get(path).code(); }
};

TEST_F(ZohoRecords, AWalkYieldsEachUnconvertedLeadOnce) {
  const auto records = walk("/crm/v8/Leads?fields=Last_Name,Converted__s");
  const auto all = ids(records);
  EXPECT_EQ(all.size(), records.size());
  std::set<std::string> expected;
  std::size_t converted = 0;
  for (const json::object& lead : zoho.dump("Leads")) {
    if (lead.at("Converted__s").as_bool())
      ++converted;
    else
      expected.emplace(lead.at("id").as_string());
  }
  EXPECT_EQ(all, expected);
  EXPECT_GT(converted, 50U);
  EXPECT_EQ(walk("/crm/v8/Leads?fields=Last_Name&converted=both").size(), 1'200U);
  EXPECT_EQ(walk("/crm/v8/Leads?fields=Last_Name&converted=true").size(), converted);
}

TEST_F(ZohoRecords, EveryOrderIsCompleteAlsoWithOffsetTokens) {
  for (const bool offsets : {false, true}) {
    zoho.command("settings", {{"offset_tokens", offsets}});
    for (const char* by : {"id", "Created_Time", "Modified_Time"}) {
      for (const char* order : {"asc", "desc"}) {
        const std::string path = std::string("/crm/v8/Deals?fields=Modified_Time&sort_by=") + by +
                                 "&sort_order=" + order + "&per_page=150";
        EXPECT_EQ(ids(walk(path)).size(), 1'200U) << path;
      }
    }
  }
}

TEST_F(ZohoRecords, FieldsAreNeededAndFiftyAtMost) {
  const HttpAnswer missing = zoho.get("/crm/v8/Leads");
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.body,
            R"({"code":"REQUIRED_PARAM_MISSING","details":{"param_name":"fields"},)"
            R"("message":"One of the expected parameter is missing","status":"error"})");
  std::string fields = "Last_Name";
  for (int i = 0; i < 49; ++i) fields += ",Extra_" + std::to_string(100 + i);
  EXPECT_EQ(zoho.get("/crm/v8/Leads?per_page=1&fields=" + fields).status, 200);
  EXPECT_EQ(code("/crm/v8/Leads?per_page=1&fields=" + fields + ",Email"), "LIMIT_EXCEEDED");
  // Names that don't exist are left out.
  const HttpAnswer unknown = zoho.get("/crm/v8/Deals?per_page=1&fields=Nothing,Stage");
  EXPECT_EQ(unknown.json().at("data").at(0).as_object().size(), 2U);
}

TEST_F(ZohoRecords, PagesEndAtTwoThousandRecordsAndTokensAtTheirOwnWall) {
  EXPECT_EQ(zoho.get("/crm/v8/Deals?fields=Stage&page=6").status, 200);
  const HttpAnswer wall = zoho.get("/crm/v8/Deals?fields=Stage&page=11");
  EXPECT_EQ(wall.status, 400);
  EXPECT_EQ(wall.body,
            R"({"code":"DISCRETE_PAGINATION_LIMIT_EXCEEDED","details":{"limit":2000},"message":)"
            R"("You can only get the first 2000 records without using page_token param",)"
            R"("status":"error"})");
  EXPECT_EQ(code("/crm/v8/Deals?fields=Stage&per_page=201"), "LIMIT_EXCEEDED");
  zoho.command("settings", {{"token_wall", 400}});
  const std::string path = "/crm/v8/Deals?fields=Stage&page_token=";
  std::string token;
  for (int page = 0; page < 2; ++page) {
    const HttpAnswer answer = zoho.get(token.empty() ? "/crm/v8/Deals?fields=Stage" : path + token);
    token = std::string(answer.json().at("info").at("next_page_token").as_string());
  }
  EXPECT_EQ(code(path + token), "PAGINATION_LIMIT_EXCEEDED");
}

TEST_F(ZohoRecords, ATokenIsBoundToItsQueryUserAndDay) {
  zoho.command("clock", {{"stop_at", "2025-01-01T00:00:00Z"}});
  const HttpAnswer first = zoho.get("/crm/v8/Deals?fields=Stage&per_page=10");
  const std::string token(first.json().at("info").at("next_page_token").as_string());
  const std::string good = "/crm/v8/Deals?per_page=10&fields=Stage&page_token=" + token;
  EXPECT_EQ(zoho.get(good).status, 200);
  for (const std::string& other :
       {"/crm/v8/Deals?fields=Stage,Amount&per_page=10&page_token=" + token,
        "/crm/v8/Deals?fields=Stage&per_page=20&page_token=" + token,
        "/crm/v8/Deals?fields=Stage&page_token=" + token,
        "/crm/v8/Tasks?fields=Stage&per_page=10&page_token=" + token}) {
    EXPECT_EQ(code(other), "TOKEN_BOUND_DATA_MISMATCH") << other;
  }
  EXPECT_EQ(code(good + "&page=2"), "AMBIGUITY_DURING_PROCESSING");
  EXPECT_EQ(code("/crm/v8/Deals?fields=Stage&page_token=abc"), "INVALID_DATA");
  const json::value grant = zoho.command("grants", {{"scope", "ZohoCRM.modules.ALL"}});
  zoho.set_token(zoho.access_token(std::string(grant.at("refresh_token").as_string())));
  EXPECT_EQ(code(good), "INVALID_DATA");
  zoho.command("clock", {{"advance", 25 * 3600}});
  zoho.set_token(zoho.access_token());
  EXPECT_EQ(code(good), "EXPIRED_VALUE");
}

TEST_F(ZohoRecords, NothingIsAnEmptyAnswer) {
  const HttpAnswer none = zoho.get("/crm/v8/Solutions?fields=id");
  EXPECT_EQ(none.status, 204);
  EXPECT_EQ(none.body, "");
  EXPECT_EQ(zoho.get("/crm/v8/Deals/4870040009902175001").status, 204);
  EXPECT_EQ(zoho.get("/crm/v8/Deals/abc").code(), "INVALID_DATA");
  const HttpAnswer old = http_call({.url = zoho.url() + "/crm/v8/Deals?fields=Stage",
                                    .body = "",
                                    .headers = {"Authorization: Bearer " + zoho.access_token(),
                                                "If-Modified-Since: 2030-01-01T00:00:00+02:00"}});
  EXPECT_EQ(old.status, 304);
  EXPECT_EQ(old.body, "");
}

TEST_F(ZohoRecords, ModulesThatCannotBeReadSayWhy) {
  EXPECT_EQ(code("/crm/v8/Nothing?fields=id"), "INVALID_MODULE");
  EXPECT_THAT(zoho.get("/crm/v8/Home?fields=id").body, HasSubstr("not supported in API"));
  EXPECT_EQ(code("/crm/v8/Price_Books?fields=id"), "FEATURE_NOT_ENABLED");
  EXPECT_EQ(zoho.get("/crm/v8/Appointments__s?fields=id").status, 403);
  EXPECT_EQ(code("/crm/v8/Purchase_Orders?fields=id"), "NOT_SUPPORTED");
  EXPECT_EQ(code("/crm/v8/Email_Sentiment?fields=id"), "INVALID_MODULE");
  zoho.command("settings", {{"wrap_errors", true}});
  const HttpAnswer wrapped = zoho.get("/crm/v8/Nothing?fields=id");
  EXPECT_EQ(wrapped.json().at("data").at(0).at("code").as_string(), "INVALID_MODULE");
}

TEST_F(ZohoRecords, OneRecordCarriesItsSubformAndListsDoNot) {
  const HttpAnswer list = zoho.get("/crm/v8/Quotes?fields=Subject,Quoted_Items&per_page=1");
  const json::value listed = list.json();
  const json::object& quote = listed.at("data").at(0).as_object();
  EXPECT_FALSE(quote.contains("Quoted_Items"));
  const std::string id(quote.at("id").as_string());
  const json::value whole = zoho.get("/crm/v8/Quotes/" + id).json();
  const json::object& one = whole.at("data").at(0).as_object();
  EXPECT_EQ(one.at("Quoted_Items").as_array().size(), 3U);
  EXPECT_FALSE(one.at("$has_more").at("Quoted_Items").as_bool());
  EXPECT_EQ(walk("/crm/v8/Quoted_Items?fields=Parent_Id").size(), 3U * 240);
}

TEST_F(ZohoRecords, RichTextIsCutInListsAndWholeOnDemand) {
  const auto whole = zoho.dump("Every_Type");
  std::string id, text;
  for (const json::object& record : whole) {
    if (record.at("Rich").is_null() || record.at("Rich").as_string().size() < 600) continue;
    id = std::string(record.at("id").as_string());
    text = std::string(record.at("Rich").as_string());
  }
  ASSERT_NE(id, "");
  const json::value listed = zoho.get("/crm/v8/Every_Type?fields=Rich&ids=" + id).json();
  const std::string cut(listed.at("data").at(0).at("Rich").as_string());
  EXPECT_LT(cut.size(), text.size());
  EXPECT_TRUE(text.starts_with(cut));
  const std::string full = "/crm/v8/Every_Type/actions/fetch_full_data?fields=Rich&ids=" + id;
  EXPECT_EQ(zoho.get(full).json().at("data").at(0).at("Rich").as_string(), text);
  EXPECT_EQ(zoho.get("/crm/v8/Every_Type/" + id + "/actions/fetch_full_data?fields=Rich").status,
            200);
  EXPECT_EQ(code("/crm/v8/Every_Type/actions/fetch_full_data?ids=" + id), "REQUIRED_PARAM_MISSING");
  EXPECT_EQ(code("/crm/v8/Every_Type/actions/fetch_full_data?fields=Name&ids=" + id),
            "INVALID_DATA");
}

TEST_F(ZohoRecords, TimesAreLocalWithSummerTime) {
  std::set<std::string> offsets;
  for (const json::object& deal : walk("/crm/v8/Deals?fields=Created_Time")) {
    offsets.emplace(deal.at("Created_Time").as_string().subview(19));
  }
  EXPECT_EQ(offsets, (std::set<std::string>{"+02:00", "+03:00"}));
}

TEST_F(ZohoRecords, CountLeavesConvertedLeadsOut) {
  EXPECT_EQ(zoho.get("/crm/v8/Deals/actions/count").json().at("count"), 1'200);
  const json::value leads = zoho.get("/crm/v8/Leads/actions/count").json();
  EXPECT_LT(leads.at("count").as_int64(), 1'200);
}

}  // namespace
}  // namespace penstock::zoho_sim
