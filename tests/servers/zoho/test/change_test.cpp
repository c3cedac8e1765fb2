// Changes on command, deleted records, and that a seed means the same CRM again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

class ZohoChanges : public ::testing::Test {
 protected:
  ZohoChanges() { zoho.command("clock", {{"stop_at", "2025-01-01T00:00:00Z"}}); }

  json::value change(const json::object& body) const { return zoho.command("records", body); }
  std::string first_id(const std::string& module) const {
    return std::string(zoho.dump(module).at(0).at("id").as_string());
  }
  json::object record(const std::string& module, const std::string& id) const {
    return zoho.get("/crm/v8/" + module + "/" + id).json().at("data").at(0).as_object();
  }

  LocalZoho zoho;
};

TEST_F(ZohoChanges, InsertsAndUpdatesShowEverywhere) {
  const json::value made =
      change({{"module", "Deals"},
              {"insert", json::array{json::object{{"Deal_Name", "A new one"}, {"Amount", 12.5}}}}});
  const std::string id(made.at("inserted").at(0).as_string());
  EXPECT_EQ(record("Deals", id).at("Deal_Name").as_string(), "A new one");
  EXPECT_EQ(record("Deals", id).at("Modified_Time").as_string(), "2025-01-01T02:00:00+02:00");
  zoho.command("clock", {{"advance", 5}});
  change({{"module", "Deals"}, {"update", json::array{json::object{{"id", id}, {"Amount", 13}}}}});
  EXPECT_EQ(record("Deals", id).at("Amount"), 13);
  const HttpAnswer rows =
      zoho.coql("select Amount from Deals where Modified_Time >= '2025-01-01T00:00:05Z'");
  EXPECT_EQ(rows.json().at("data").as_array().size(), 1U);
  EXPECT_THROW(change({{"module", "Deals"},
                       {"update", json::array{json::object{{"id", id}, {"Amount", "x"}}}}}),
               std::runtime_error);
}

TEST_F(ZohoChanges, DeletedRecordsAreListedUntilTheyAreRestored) {
  EXPECT_EQ(zoho.get("/crm/v8/Deals/deleted").status, 204);
  const std::string id = first_id("Deals");
  change({{"module", "Deals"}, {"delete", json::array{id}}});
  EXPECT_EQ(zoho.get("/crm/v8/Deals/" + id).status, 204);
  const json::value listed = zoho.get("/crm/v8/Deals/deleted").json();
  EXPECT_EQ(listed.at("data").at(0).at("id").as_string(), id);
  EXPECT_EQ(listed.at("data").at(0).at("type").as_string(), "recycle");
  change({{"module", "Deals"}, {"restore", json::array{id}}});
  EXPECT_EQ(zoho.get("/crm/v8/Deals/" + id).status, 200);
  change({{"module", "Deals"}, {"delete", json::array{id}}, {"permanent", true}});
  const json::value gone = zoho.get("/crm/v8/Deals/deleted?type=permanent").json();
  EXPECT_TRUE(gone.at("data").at(0).at("display_name").is_null());
  EXPECT_EQ(zoho.get("/crm/v8/Deals/deleted?type=recycle").status, 204);
  EXPECT_EQ(zoho.get("/crm/v8/Deals/deleted?type=other").code(), "PATTERN_NOT_MATCHED");
}

TEST_F(ZohoChanges, TheBinForgetsAfterSixtyDaysAndTheListAfterOneHundredTwenty) {
  change({{"module", "Deals"}, {"delete", json::array{first_id("Deals")}}});
  zoho.command("clock", {{"advance", 61 * 86'400}});
  zoho.set_token(zoho.access_token());
  const json::value listed = zoho.get("/crm/v8/Deals/deleted").json();
  EXPECT_EQ(listed.at("data").at(0).at("type").as_string(), "permanent");
  zoho.command("clock", {{"advance", 60 * 86'400}});
  zoho.set_token(zoho.access_token());
  EXPECT_EQ(zoho.get("/crm/v8/Deals/deleted").status, 204);
}

TEST_F(ZohoChanges, ARecalculationLeavesModifiedTimeAlone) {
  const auto before = zoho.dump("Accounts");
  change({{"module", "Accounts"}, {"recalculate", true}});
  const auto after = zoho.dump("Accounts");
  std::size_t changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].at("Modified_Time"), after[i].at("Modified_Time"));
    changed += before[i].at("Open_Deals") != after[i].at("Open_Deals") ? 1 : 0;
  }
  EXPECT_GT(changed, 0U);
}

TEST_F(ZohoChanges, NewFieldsAndPicklistValuesAppear) {
  zoho.command("fields", {{"module", "Deals"}, {"line", "Fresh text len=20 null=0 custom"}});
  const std::string id = first_id("Deals");
  EXPECT_TRUE(record("Deals", id).at("Fresh").is_null());
  change(
      {{"module", "Deals"}, {"update", json::array{json::object{{"id", id}, {"Fresh", "now"}}}}});
  EXPECT_EQ(record("Deals", id).at("Fresh").as_string(), "now");
  zoho.command("picklists", {{"module", "Deals"}, {"field", "Stage"}, {"value", "Paused"}});
  EXPECT_THAT(zoho.get("/crm/v8/settings/fields?module=Deals").body,
              ::testing::HasSubstr("\"Paused\""));
  EXPECT_THROW(zoho.command("fields", {{"module", "Deals"}, {"line", "Fresh text"}}),
               std::runtime_error);
}

TEST_F(ZohoChanges, ARecordDeletedWithinAWalkDoesNotShiftIt) {
  const HttpAnswer first = zoho.get("/crm/v8/Deals?fields=Stage&per_page=50");
  const json::value body = first.json();
  std::set<std::string> seen;
  for (const json::value& one : body.at("data").as_array()) {
    seen.emplace(one.at("id").as_string());
  }
  change({{"module", "Deals"}, {"delete", json::array{*seen.begin()}}});
  std::string token(body.at("info").at("next_page_token").as_string());
  while (!token.empty()) {
    const json::value page =
        zoho.get("/crm/v8/Deals?fields=Stage&per_page=50&page_token=" + token).json();
    for (const json::value& one : page.at("data").as_array()) {
      EXPECT_TRUE(seen.emplace(one.at("id").as_string()).second);
    }
    const json::value& next = page.at("info").at("next_page_token");
    token = next.is_string() ? std::string(next.as_string()) : "";
  }
  EXPECT_EQ(seen.size(), 200U);
}

TEST(ZohoSeed, MeansTheSameDataAndAnotherOneOtherData) {
  const LocalZoho one({.seed = 5, .records = 50}), same({.seed = 5, .records = 50}),
      other({.seed = 6, .records = 50});
  EXPECT_EQ(one.dump("Every_Type"), same.dump("Every_Type"));
  EXPECT_NE(one.dump("Every_Type"), other.dump("Every_Type"));
  EXPECT_NE(one.source().at("refresh_token"), other.source().at("refresh_token"));
}

}  // namespace
}  // namespace penstock::zoho_sim
