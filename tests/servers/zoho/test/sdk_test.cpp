// Zoho's own SDK reads the simulator: what it understands is what the real service would have sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "servers/process.h"
#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

using testing::check_program;
using testing::require_program;

std::string sdk_folder() {
  const char* const named = std::getenv("PENSTOCK_ZOHO_SDK");
  const std::string folder = named != nullptr ? named
                                              : PENSTOCK_SOURCE_DIR
                                 "/build/deps/zoho/node_modules/@zohocrm/typescript-sdk-8.0";
  if (!std::filesystem::exists(folder)) {
    throw std::runtime_error("this test needs Zoho's SDK, but there is no " + folder +
                             ": run ./test --install, or set PENSTOCK_ZOHO_SDK to its folder");
  }
  return folder;
}

class ZohoSdk : public ::testing::Test {
 protected:
  static constexpr int kDeleted = 3;

  static void SetUpTestSuite() {
    crm_ = new LocalZoho({.records = 120});
    json::array ids;
    for (const json::object& deal : crm_->dump("Deals")) {
      if (ids.size() < kDeleted) ids.push_back(deal.at("id"));
    }
    crm_->command("records", {{"module", "Deals"}, {"delete", std::move(ids)}});
    dir_ = new testing::TempDir;
    const std::string out = check_program(
        {.argv = {require_program("node", "nodejs"),
                  PENSTOCK_SOURCE_DIR "/tests/servers/zoho/sdk/judge.js", sdk_folder(),
                  json::serialize(crm_->source()), dir_->path().string(), "Deals"}});
    seen_ = new json::value(json::parse(out));
  }
  static void TearDownTestSuite() {
    delete seen_;
    delete dir_;
    delete crm_;
  }

  static const json::value& seen(const char* key) { return seen_->at(key); }
  static std::map<std::string, json::object> dump(const std::string& module) {
    std::map<std::string, json::object> records;
    for (json::object& record : crm_->dump(module)) {
      std::string id(record.at("id").as_string());
      records[std::move(id)] = std::move(record);
    }
    return records;
  }
  static std::string text(const json::value& value) { return std::string(value.as_string()); }

  static LocalZoho* crm_;
  static testing::TempDir* dir_;
  static json::value* seen_;
};

LocalZoho* ZohoSdk::crm_ = nullptr;
testing::TempDir* ZohoSdk::dir_ = nullptr;
json::value* ZohoSdk::seen_ = nullptr;

TEST_F(ZohoSdk, SeesEveryModuleFieldAndPicklistValue) {
  const json::value modules = crm_->get("/crm/v8/settings/modules").json();
  EXPECT_EQ(seen("modules").as_array().size(), modules.at("modules").as_array().size());
  for (const auto& [module, fields] : seen("fields").as_object()) {
    const json::value listed =
        crm_->get("/crm/v8/settings/fields?module=" + std::string(module)).json();
    const json::array& expected = listed.at("fields").as_array();
    ASSERT_EQ(fields.as_array().size(), expected.size()) << module;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const json::value& field = fields.at(i);
      EXPECT_EQ(field.at("api_name"), expected[i].at("api_name"));
      EXPECT_EQ(field.at("data_type"), expected[i].at("data_type"));
      EXPECT_EQ(field.at("picklist").as_array().size(),
                expected[i].at("pick_list_values").as_array().size());
    }
  }
}

TEST_F(ZohoSdk, ReadsAllRecordsByPageTokensWithTheirValues) {
  const auto all = dump("Leads");
  std::set<std::string> found;
  for (const json::value& lead : seen("leads").as_array()) {
    const json::object& expected = all.at(text(lead.at("id")));
    EXPECT_TRUE(found.emplace(text(lead.at("id"))).second);
    EXPECT_EQ(lead.at("Last_Name"), expected.at("Last_Name"));
    EXPECT_EQ(lead.at("Email_Opt_Out"), expected.at("Email_Opt_Out"));
    EXPECT_EQ(lead.at("Owner"), expected.at("Owner").at("id"));
    // The SDK's times are instants with milliseconds.
    EXPECT_EQ(text(lead.at("Created_Time")).substr(0, 19),
              text(expected.at("Created_Time")).substr(0, 19));
  }
  std::size_t unconverted = 0;
  for (const auto& [id, lead] : all) unconverted += lead.at("Converted__s").as_bool() ? 0 : 1;
  EXPECT_EQ(found.size(), unconverted);
}

TEST_F(ZohoSdk, UnderstandsTheValuesOfTypedFields) {
  const auto all = dump("Every_Type");
  ASSERT_EQ(seen("specimens").as_array().size(), all.size());
  for (const json::value& one : seen("specimens").as_array()) {
    const json::object& expected = all.at(text(one.at("id")));
    for (const char* same : {"Name", "Choice", "Choices", "Whole", "Flag"}) {
      EXPECT_EQ(one.at(same), expected.at(same)) << same;
    }
    // The SDK makes a number of the digits, and loses zeros in front.
    const json::value& digits = expected.at("Long_Digits");
    EXPECT_EQ(one.at("Long_Digits").is_null(), digits.is_null());
    if (digits.is_string()) {
      EXPECT_EQ(std::stoll(text(one.at("Long_Digits"))), std::stoll(text(digits)));
    }
    for (const char* number : {"Real", "Money"}) {
      ASSERT_EQ(one.at(number).is_null(), expected.at(number).is_null());
      if (one.at(number).is_null()) continue;
      EXPECT_DOUBLE_EQ(one.at(number).to_number<double>(), expected.at(number).to_number<double>());
    }
    for (const char* time : {"Day", "Instant"}) {
      ASSERT_EQ(one.at(time).is_null(), expected.at(time).is_null());
      if (one.at(time).is_null()) continue;
      EXPECT_TRUE(text(one.at(time)).starts_with(text(expected.at(time)).substr(0, 10)));
    }
  }
}

TEST_F(ZohoSdk, ReadsASubformWithinItsRecord) {
  EXPECT_EQ(seen("quote").at("Quoted_Items").as_array().size(), 3U);
  const auto items = dump("Quoted_Items");
  for (const json::value& id : seen("quote").at("Quoted_Items").as_array()) {
    EXPECT_EQ(items.at(text(id)).at("Parent_Id").at("id"), seen("quote").at("id"));
  }
}

TEST_F(ZohoSdk, RunsCoqlAndListsDeletedRecordsUsersAndTheOrg) {
  const auto deals = dump("Deals");
  std::size_t expected = 0;
  for (const auto& [id, deal] : deals) {
    expected += deal.at("Stage").is_string() && deal.at("Stage").as_string() == "Proposal" ? 1 : 0;
  }
  EXPECT_EQ(seen("coql").as_array().size(), expected);
  for (const json::value& row : seen("coql").as_array()) {
    EXPECT_EQ(row.at("Deal_Name"), deals.at(text(row.at("id"))).at("Deal_Name"));
  }
  EXPECT_EQ(seen("deleted").as_array().size(), std::size_t{kDeleted});
  EXPECT_EQ(seen("deleted").at(0).at("type").as_string(), "recycle");
  EXPECT_EQ(seen("users").as_array().size(), users().size());
  EXPECT_EQ(seen("org").as_string(), "Simulated Ltd");
}

TEST_F(ZohoSdk, MakesABulkJobAndDownloadsItsZip) {
  EXPECT_EQ(seen("bulk").at("count"), 120 - kDeleted);
  EXPECT_FALSE(seen("bulk").at("more").as_bool());
  const std::string lines = check_program(
      {.argv = {require_program("python3", "python3"), "-c",
                "import csv,io,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\n"
                "t=z.read(z.namelist()[0]).decode()\nprint(len(list(csv.reader(io.StringIO(t)))))",
                (*dir_ / "bulk.zip").string()}});
  EXPECT_EQ(std::stoi(lines), 121 - kDeleted);
}

}  // namespace
}  // namespace penstock::zoho_sim
