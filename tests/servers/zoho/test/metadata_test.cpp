// Modules, fields, users and the org against zoho.md 2, 3 and 8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

class ZohoMetadata : public ::testing::Test {
 protected:
  static LocalZoho& zoho() {
    static LocalZoho shared;
    return shared;
  }
  static json::array list(const std::string& path, const char* key) {
    const HttpAnswer answer = zoho().get(path);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().at(key).as_array();
  }
};

TEST_F(ZohoMetadata, ModulesOfEveryGroupAreListed) {
  std::set<std::string> kinds, states;
  std::size_t readable = 0;
  for (const json::value& module : list("/crm/v8/settings/modules", "modules")) {
    kinds.emplace(module.at("generated_type").as_string());
    states.emplace(module.at("status").as_string());
    if (!module.at("api_supported").as_bool() || !module.at("viewable").as_bool()) continue;
    const std::string name(module.at("api_name").as_string());
    const HttpAnswer answer = zoho().get("/crm/v8/" + name + "?fields=id&per_page=1");
    if (answer.status < 300) ++readable;
  }
  EXPECT_GE(readable, 20U);
  EXPECT_EQ(kinds,
            (std::set<std::string>{"custom", "default", "field_tracker", "linking", "subform"}));
  EXPECT_TRUE(states.contains("system_hidden") && states.contains("user_hidden"));
  EXPECT_EQ(list("/crm/v8/settings/modules?status=user_hidden", "modules").size(), 1U);
  EXPECT_EQ(zoho().get("/crm/v8/settings/modules?status=gone").code(), "INVALID_DATA");
}

TEST_F(ZohoMetadata, OneModuleIsFoundByNameAndId) {
  const json::array one = list("/crm/v8/settings/modules/Events", "modules");
  EXPECT_EQ(one[0].at("module_name").as_string(), "Meetings");
  EXPECT_FALSE(one[0].at("fields").as_array().empty());
  const std::string id(one[0].at("id").as_string());
  EXPECT_EQ(list("/crm/v8/settings/modules/" + id, "modules")[0].at("api_name").as_string(),
            "Events");
  const HttpAnswer unknown = zoho().get("/crm/v8/settings/modules/Nothing");
  EXPECT_EQ(unknown.code(), "INVALID_MODULE");
  EXPECT_EQ(unknown.json().at("details").at("resource_path_index"), 2);
  EXPECT_EQ(zoho().get("/crm/v8/settings/modules/Home").status, 204);
}

TEST_F(ZohoMetadata, FieldsCarryEveryTypeAndTheOddOnes) {
  std::set<std::string> types;
  std::size_t without_json_type = 0;
  for (const json::value& field : list("/crm/v8/settings/fields?module=Every_Type", "fields")) {
    types.emplace(field.at("data_type").as_string());
    without_json_type += field.as_object().contains("json_type") ? 0 : 1;
  }
  EXPECT_GE(types.size(), 36U);
  EXPECT_TRUE(types.contains("quantum_field"));
  EXPECT_EQ(without_json_type, 1U);
  EXPECT_GT(list("/crm/v8/settings/fields?module=Site_Surveys", "fields").size(), 200U);
  EXPECT_EQ(zoho().get("/crm/v8/settings/fields?module=Actions_Performed").status, 204);
  EXPECT_EQ(zoho().get("/crm/v8/settings/fields").code(), "REQUIRED_PARAM_MISSING");
  EXPECT_EQ(zoho().get("/crm/v8/settings/fields?module=leads").code(), "INVALID_MODULE");
}

TEST_F(ZohoMetadata, ASubformNamesItsModuleAndThatItsParent) {
  for (const json::value& field : list("/crm/v8/settings/fields?module=Quotes", "fields")) {
    if (field.at("data_type").as_string() != "subform") continue;
    EXPECT_EQ(field.at("associated_module").at("module").as_string(), "Quoted_Items");
  }
  const json::array module = list("/crm/v8/settings/modules/Quoted_Items", "modules");
  EXPECT_EQ(module[0].at("parent_module").at("api_name").as_string(), "Quotes");
}

TEST_F(ZohoMetadata, UsersOfEveryStateAndTheOrg) {
  EXPECT_EQ(list("/crm/v8/users?type=AllUsers", "users").size(), users().size());
  EXPECT_EQ(list("/crm/v8/users?type=DeletedUsers", "users").size(), 1U);
  EXPECT_EQ(zoho().get("/crm/v8/users?type=NotConfirmedUsers").status, 204);
  EXPECT_EQ(list("/crm/v8/users?per_page=5&page=3", "users").size(), users().size() - 10);
  const json::array org = list("/crm/v8/org", "org");
  EXPECT_EQ(org[0].at("license_details").at("paid_type").as_string(), "enterprise");
}

TEST_F(ZohoMetadata, WrongPathsAndMethodsAreTold) {
  EXPECT_EQ(zoho().get("/crm/v8").status, 404);
  EXPECT_EQ(zoho().get("/crm/v9/org").code(), "INVALID_URL_PATTERN");
  EXPECT_EQ(zoho().get("/crm/v8/settings/nonsense").code(), "INVALID_URL_PATTERN");
  EXPECT_EQ(zoho().get("/crm/v8/coql").code(), "INVALID_REQUEST_METHOD");
  EXPECT_EQ(zoho().post("/crm/v8/org", json::object{}).code(), "INVALID_REQUEST_METHOD");
  EXPECT_EQ(zoho().get("/crm/v3/org").status, 200);
}

}  // namespace
}  // namespace penstock::zoho_sim
