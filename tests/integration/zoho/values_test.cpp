// Every field of every module, value by value against the simulator's own data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "integration/zoho/zoho_harness.h"

namespace penstock::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using zoho_sim::LocalZoho;

const std::vector<std::string> kModules = {"Leads",
                                           "Contacts",
                                           "Accounts",
                                           "Deals",
                                           "Tasks",
                                           "Events",
                                           "Calls",
                                           "Products",
                                           "Vendors",
                                           "Campaigns",
                                           "Cases",
                                           "Quotes",
                                           "Quoted_Items",
                                           "Invoices",
                                           "Notes",
                                           "DealHistory",
                                           "Contacts_X_Products",
                                           "Every_Type",
                                           "Specimen_Lines",
                                           "Site_Surveys"};

TEST(ZohoValues, EveryModuleArrivesCompleteAndExact) {
  const LocalZoho crm({.records = 700});
  const ReadResult result = read_zoho(crm);
  for (const std::string& module : kModules) expect_equal(crm, module, result);
  EXPECT_EQ(result.issues, 0);
  EXPECT_EQ(result.tables.at("zoho_users").size(), zoho_sim::users().size());
  EXPECT_EQ(result.tables.at("zoho_org").size(), 1U);
  EXPECT_EQ(result.tables.at("zoho_solutions").size(), 0U);
  EXPECT_EQ(crm.stats().at("over_limit"), 0);
  EXPECT_EQ(crm.stats().at("tokens_issued"), 2);  // the other one is the test's own
}

TEST(ZohoValues, ListsGiveTheSameWhereCoqlIsNotGranted) {
  const LocalZoho crm({.records = 300});
  const json::value grant =
      crm.command("grants", {{"scope",
                              "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.users.READ,"
                              "ZohoCRM.org.READ"}});
  const ReadResult result =
      read_zoho(crm, {}, {.config = {{"refresh_token", grant.at("refresh_token")}}});
  for (const std::string& module : kModules) expect_equal(crm, module, result);
  EXPECT_EQ(crm.stats().at("calls").as_object().contains("bulk create"), false);
}

TEST(ZohoValues, SmallBatchesAndManyReadersGiveTheSame) {
  const LocalZoho crm({.records = 500});
  const ReadResult result = read_zoho(crm, {}, {.rows_max = 7, .readers = 4});
  for (const std::string& module : kModules) expect_equal(crm, module, result);
}

TEST(ZohoValues, OffsetTokensGiveTheSame) {
  const LocalZoho crm({.records = 500});
  crm.command("settings", {{"offset_tokens", true}});
  const ReadResult result = read_zoho(crm, {"zoho_every_type", "zoho_tasks", "zoho_notes"});
  for (const char* module : {"Every_Type", "Tasks", "Notes"}) expect_equal(crm, module, result);
}

// peers.md 77 and 78: the walls of 2,000 and 100,000 records, and of 50 fields.
TEST(ZohoValues, NoWallLosesARecordOrAField) {
  const LocalZoho crm(
      {.records = 0,
       .module_records = {
           {"Leads", 2'300}, {"Every_Type", 900}, {"Site_Surveys", 260}, {"Quotes", 1}}});
  crm.command("settings",
              {{"token_wall", 400}, {"list_wall", 200}, {"coql_columns", 60}, {"coql_limit", 200}});
  const ReadResult result = read_zoho(crm, {"zoho_leads", "zoho_site_surveys"}, {.readers = 2});
  expect_equal(crm, "Leads", result);
  expect_equal(crm, "Site_Surveys", result);
}

TEST(ZohoValues, ALargeModuleIsReadInPartsByIds) {
  const LocalZoho crm({.records = 0, .module_records = {{"DealHistory", 130'000}, {"Deals", 10}}});
  const ReadResult result = read_zoho(crm, {"zoho_dealhistory"}, {.readers = 3});
  EXPECT_EQ(result.splits.at("zoho_dealhistory"), 3U);
  EXPECT_EQ(result.tables.at("zoho_dealhistory").size(), 130'000U);
  // 65 full pages of 3 credits would be the least.
  const std::int64_t calls = crm.stats().at("calls").at("coql").as_int64();
  EXPECT_LE(calls, 65 + 3 + 30);
}

TEST(ZohoValues, ModulesThatCannotBeReadAreLeftOutAndNamed) {
  const LocalZoho crm({.records = 20});
  const ReadResult result = read_zoho(crm);
  EXPECT_FALSE(result.schemas.contains("zoho_price_books"));
  EXPECT_THAT(result.info.warnings, Contains(HasSubstr("FEATURE_NOT_ENABLED")));
  EXPECT_THAT(result.info.warnings, Contains(HasSubstr("NO_PERMISSION")));
  EXPECT_THAT(result.info.warnings, Contains(HasSubstr("Dashboards")));
  EXPECT_THAT(result.schemas.at("zoho_quotes").notes, Contains(HasSubstr("zoho_quoted_items")));
}

TEST(ZohoValues, AMissingScopeLeavesOneModuleOutAndIsNamed) {
  const LocalZoho crm({.records = 50});
  const json::value grant = crm.command(
      "grants", {{"scope", "ZohoCRM.modules.deals.READ,ZohoCRM.settings.ALL,ZohoCRM.coql.READ"}});
  const ReadResult result =
      read_zoho(crm, {}, {.config = {{"refresh_token", grant.at("refresh_token")}}});
  EXPECT_EQ(result.schemas.size(), 1U);
  EXPECT_EQ(result.tables.at("zoho_deals").size(), 50U);
  EXPECT_THAT(result.info.warnings, Contains(HasSubstr("ZohoCRM.modules.Leads.READ")));
  EXPECT_THAT(result.info.warnings, Contains(HasSubstr("ZohoCRM.users.READ")));
}

TEST(ZohoValues, AValueAgainstItsTypeIsAnIssueAndTextKeepsIt) {
  const LocalZoho crm({.records = 20});
  // Calls.Reminder is a picklist that holds times.
  const ReadResult result = read_zoho(crm, {"zoho_calls"});
  expect_equal(crm, "Calls", result);
  EXPECT_EQ(result.issues, 0);
}

TEST(ZohoValues, ChangesWhileReadingNeitherRepeatNorLoseTheOthers) {
  const LocalZoho crm({.records = 3'000});
  std::thread meddler([&] {
    const auto deals = crm.dump("Deals");
    for (std::size_t i = 0; i < 60; ++i) {
      crm.command("records", {{"module", "Deals"},
                              {"delete", json::array{deals[i * 37].at("id")}},
                              {"insert", json::array{json::object{{"Deal_Name", "new"}}}}});
    }
    crm.command("fields", {{"module", "Deals"}, {"line", "Fresh text len=20"}});
  });
  const ReadResult result = read_zoho(crm, {"zoho_deals"}, {.rows_max = 50});
  meddler.join();
  std::size_t kept = 0, found = 0;
  for (const json::object& deal : crm.dump("Deals")) {
    if (!deal.at("Deal_Name").is_string() || deal.at("Deal_Name").as_string() == "new") continue;
    ++kept;
    found +=
        result.tables.at("zoho_deals").contains(std::string(deal.at("id").as_string())) ? 1 : 0;
  }
  EXPECT_EQ(found, kept);
}

}  // namespace
}  // namespace penstock::testing
