// zoho.md 7.3: each code has its action.
#include "adapters/systems/zoho/error_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::zoho {
namespace {

using ::testing::HasSubstr;

ApiFailure failure(long status, const std::string& code) {
  return parse_failure(status,
                       R"({"code":")" + code + R"(","details":{},"message":"m","status":"error"})");
}

TEST(ZohoErrors, BothEnvelopesAndGatewaysAreUnderstood) {
  EXPECT_EQ(failure(400, "INVALID_MODULE").code, "INVALID_MODULE");
  EXPECT_EQ(parse_failure(400, R"({"data":[{"code":"X","message":"m"}]})").code, "X");
  EXPECT_EQ(parse_failure(502, "<html>Bad gateway</html>").code, "");
  EXPECT_EQ(parse_failure(500, "").code, "");
  EXPECT_THAT(parse_failure(400, R"({"code":"X","details":{"param_name":"f"}})").details,
              HasSubstr("param_name"));
}

TEST(ZohoErrors, ReactionsFollowTheCode) {
  EXPECT_EQ(reaction_to(failure(401, "INVALID_TOKEN")), Reaction::refresh);
  EXPECT_EQ(reaction_to(failure(401, "AUTHENTICATION_FAILURE")), Reaction::refresh);
  EXPECT_EQ(reaction_to(failure(401, "OAUTH_SCOPE_MISMATCH")), Reaction::fail);
  EXPECT_EQ(reaction_to(failure(429, "TOO_MANY_REQUESTS")), Reaction::back_off);
  EXPECT_EQ(reaction_to(failure(500, "INTERNAL_ERROR")), Reaction::retry);
  EXPECT_EQ(reaction_to(parse_failure(503, "<html>")), Reaction::retry);
  EXPECT_EQ(reaction_to(failure(400, "INVALID_DATA")), Reaction::fail);
}

TEST(ZohoErrors, ACodeSaysWhatToDo) {
  const auto error = [](long status, const char* code) {
    return api_error(failure(status, code), "reading", "ZohoCRM.modules.READ");
  };
  EXPECT_THAT(error(401, "OAUTH_SCOPE_MISMATCH").hint(), HasSubstr("ZohoCRM.modules.READ"));
  EXPECT_EQ(error(400, "EXPIRED_VALUE").code(), "source.walk_expired");
  EXPECT_TRUE(error(400, "EXPIRED_VALUE").retryable());
  EXPECT_EQ(error(400, "PAGINATION_LIMIT_EXCEEDED").code(), "source.too_large");
  EXPECT_EQ(error(429, "TOO_MANY_REQUESTS").code(), "source.rate_limit");
  EXPECT_EQ(error(400, "SYNTAX_ERROR").code(), "source.query");
  EXPECT_EQ(error(400, "SYNTAX_ERROR").native(), "SYNTAX_ERROR");
  for (const auto& [status, code] :
       std::vector<std::pair<long, const char*>>{{400, "INVALID_MODULE"},
                                                 {400, "NOT_SUPPORTED"},
                                                 {400, "FEATURE_NOT_ENABLED"},
                                                 {400, "FEATURE_NOT_SUPPORTED"},
                                                 {400, "INVALID_QUERY"},
                                                 {401, "OAUTH_SCOPE_MISMATCH"},
                                                 {403, "NO_PERMISSION"},
                                                 {403, "NOT_SUPPORTED"},
                                                 {403, "SOMETHING"}}) {
    EXPECT_TRUE(means_unreadable(error(status, code))) << code;
  }
  for (const auto& [status, code] : std::vector<std::pair<long, const char*>>{
           {429, "TOO_MANY_REQUESTS"}, {500, "INTERNAL_ERROR"}, {401, "INVALID_TOKEN"}}) {
    EXPECT_FALSE(means_unreadable(error(status, code))) << code;
  }
}

}  // namespace
}  // namespace penstock::zoho
