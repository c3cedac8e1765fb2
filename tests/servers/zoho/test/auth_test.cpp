// OAuth of the simulator against zoho.md 1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

using ::testing::HasSubstr;

constexpr const char* kList = "/crm/v8/Leads?fields=Last_Name&per_page=1";

class ZohoAuth : public ::testing::Test {
 protected:
  std::string text(const char* name) const {
    return std::string(zoho.source().at(name).as_string());
  }
  HttpAnswer token_call(const std::string& body) const {
    return http_call({.method = "POST", .url = zoho.url() + "/oauth/v2/token", .body = body});
  }
  std::string credentials() const {
    return "grant_type=refresh_token&client_id=" + text("client_id") +
           "&client_secret=" + text("client_secret") + "&refresh_token=" + text("refresh_token");
  }
  HttpAnswer with_header(const std::string& header) const {
    return http_call({.url = zoho.url() + kList, .body = "", .headers = {header}});
  }

  LocalZoho zoho;
};

TEST_F(ZohoAuth, ATokenComesForFormAndQueryParameters) {
  const json::value form = token_call(credentials()).json();
  EXPECT_EQ(form.at("expires_in"), 3600);
  EXPECT_EQ(form.at("api_domain").as_string(), zoho.url());
  EXPECT_EQ(form.as_object().if_contains("refresh_token"), nullptr);
  const HttpAnswer query = http_call(
      {.method = "POST", .url = zoho.url() + "/oauth/v2/token?" + credentials(), .body = ""});
  EXPECT_NE(query.json().as_object().if_contains("access_token"), nullptr);
}

TEST_F(ZohoAuth, ErrorsComeWithStatus200) {
  const std::string good = credentials();
  const auto error_of = [&](const std::string& body) {
    const HttpAnswer answer = token_call(body);
    EXPECT_EQ(answer.status, 200);
    return std::string(answer.json().at("error").as_string());
  };
  EXPECT_EQ(error_of(good + "0"), "invalid_code");
  EXPECT_EQ(error_of("x" + good), "general_error");
  std::string other = good;
  other.replace(other.find("client_id=1000."), 15, "client_id=2000.");
  EXPECT_EQ(error_of(other), "invalid_client");
  other = good;
  other.replace(other.find("client_secret="), 14, "client_secret=0");
  EXPECT_EQ(error_of(other), "invalid_client_secret");
}

TEST_F(ZohoAuth, TheEleventhTokenWithinTenMinutesIsRefused) {
  zoho.command("clock", {{"stop_at", "2025-01-01T00:00:00Z"}});
  for (int i = 0; i < 10; ++i) zoho.access_token();
  const HttpAnswer refused = token_call(credentials());
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.json().at("error").as_string(), "Access Denied");
  zoho.command("settings", {{"throttle_status", 400}});
  EXPECT_EQ(token_call(credentials()).status, 400);
  zoho.command("clock", {{"advance", 601}});
  EXPECT_NE(zoho.access_token(), "");
}

TEST_F(ZohoAuth, TokensExpireAndTheOldestGoesFirst) {
  zoho.command("clock", {{"stop_at", "2025-01-01T00:00:00Z"}});
  zoho.command("settings", {{"tokens_per_10_minutes", 100}});
  const std::string first = zoho.access_token();
  const std::string header = "Authorization: Zoho-oauthtoken " + first;
  EXPECT_EQ(with_header(header).status, 200);
  EXPECT_EQ(with_header("Authorization: Bearer " + first).status, 200);
  for (int i = 0; i < 15; ++i) zoho.access_token();
  EXPECT_EQ(with_header(header).code(), "INVALID_TOKEN");
  const std::string last = "Authorization: Zoho-oauthtoken " + zoho.access_token();
  zoho.command("clock", {{"advance", 3599}});
  EXPECT_EQ(with_header(last).status, 200);
  zoho.command("clock", {{"advance", 1}});
  EXPECT_EQ(with_header(last).status, 401);
}

TEST_F(ZohoAuth, AMissingHeaderAndAnUnknownTokenAreTold) {
  const HttpAnswer none = http_call({.url = zoho.url() + kList});
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.code(), "AUTHENTICATION_FAILURE");
  const HttpAnswer unknown = with_header("Authorization: Zoho-oauthtoken 1000.a.b");
  EXPECT_EQ(unknown.body, R"({"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token",)"
                          R"("status":"error"})");
}

TEST_F(ZohoAuth, EachCallNeedsItsScope) {
  const json::value grant = zoho.command(
      "grants", {{"scope", "ZohoCRM.modules.leads.READ,ZohoCRM.settings.modules.READ"}});
  zoho.set_token(zoho.access_token(std::string(grant.at("refresh_token").as_string())));
  EXPECT_EQ(zoho.get(kList).status, 200);
  EXPECT_EQ(zoho.get("/crm/v8/settings/modules").status, 200);
  for (const char* path : {"/crm/v8/Deals?fields=Stage", "/crm/v8/settings/fields?module=Leads",
                           "/crm/v8/users", "/crm/v8/org", "/crm/v8/Leads/actions/count"}) {
    const HttpAnswer answer = zoho.get(path);
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_EQ(answer.code(), "OAUTH_SCOPE_MISMATCH") << path;
  }
  EXPECT_EQ(zoho.coql("select id from Leads where id is not null").code(), "OAUTH_SCOPE_MISMATCH");
  EXPECT_EQ(zoho.post("/crm/bulk/v8/read", json::object{}).code(), "OAUTH_SCOPE_MISMATCH");
}

TEST_F(ZohoAuth, AUserWithoutApiAccessOrAdministrationIsToldSo) {
  const std::string all = "ZohoCRM.modules.ALL";
  const auto token_of = [&](const json::object& more) {
    json::object wanted{{"scope", all}};
    for (const auto& [name, value] : more) wanted[name] = value;
    const json::value grant = zoho.command("grants", wanted);
    return zoho.access_token(std::string(grant.at("refresh_token").as_string()));
  };
  zoho.set_token(token_of({{"api_access", false}}));
  EXPECT_EQ(zoho.get(kList).status, 403);
  EXPECT_THAT(zoho.get(kList).body, HasSubstr("Crm_Implied_Api_Access"));
  zoho.set_token(token_of({{"admin", false}}));
  EXPECT_EQ(zoho.get(kList).status, 200);
  EXPECT_EQ(zoho.get("/crm/v8/Notes?fields=Note_Title").code(), "NOT_SUPPORTED");
}

TEST_F(ZohoAuth, ARevokedRefreshTokenIsGone) {
  EXPECT_EQ(zoho.get(kList).status, 200);
  const std::string revoke = zoho.url() + "/oauth/v2/token/revoke?token=";
  EXPECT_EQ(http_call({.method = "POST", .url = revoke + "nonsense", .body = ""}).status, 400);
  EXPECT_EQ(http_call({.method = "POST", .url = revoke + text("refresh_token"), .body = ""}).status,
            200);
  EXPECT_EQ(zoho.get(kList).code(), "INVALID_TOKEN");
  EXPECT_EQ(token_call(credentials()).json().at("error").as_string(), "invalid_code");
}

}  // namespace
}  // namespace penstock::zoho_sim
