// Zoho in trouble: every fault of the simulator, and what a wrong configuration is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "integration/zoho/zoho_harness.h"

namespace penstock::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using zoho_sim::LocalZoho;

Error open_error(const LocalZoho& crm, const json::object& more, zoho::Pacing pacing) {
  json::object config = crm.source();
  for (const auto& [key, value] : more) config[key] = value;
  const SourceEntry entry = zoho_source(pacing);
  try {
    entry.make(entry.spec.parse(config, "source"))->open(CancelToken());
  } catch (const Error& error) {
    const std::string secret(config.at("client_secret").as_string());
    EXPECT_THAT(error.describe(), Not(HasSubstr(secret)));
    return error;
  }
  return {Side::engine, "no error", ""};
}

TEST(ZohoFaults, OnePercentOfTroubleLosesNothing) {
  const LocalZoho crm({.records = 2'500});
  crm.command("settings", {{"tokens_per_10_minutes", 1'000}});
  for (const json::object& fault : {json::object{{"kind", "status"}, {"status", 429}},
                                    {{"kind", "status"}, {"status", 500}},
                                    {{"kind", "status"}, {"status", 502}},
                                    {{"kind", "reset"}},
                                    {{"kind", "truncate"}}}) {
    json::object wanted = fault;
    wanted["path"] = "/crm/";
    wanted["times"] = 0;
    wanted["per_mille"] = 20;
    crm.command("faults", wanted);
  }
  const ReadResult result = read_zoho(crm, {}, {.readers = 3});
  EXPECT_GT(crm.stats().at("faults_struck").as_int64(), 3);
  zoho_sim::http_call({.method = "DELETE", .url = crm.url() + "/__admin/faults", .body = ""});
  for (const char* module : {"Leads", "Deals", "Every_Type", "Quoted_Items", "Tasks"}) {
    expect_equal(crm, module, result);
  }
}

TEST(ZohoFaults, ATokenThatExpiresWithinAWalkIsRenewedOnce) {
  const LocalZoho crm({.records = 1'500});
  crm.command("faults", {{"kind", "expire"}, {"path", "/Tasks"}, {"skip", 2}});
  crm.command("faults", {{"kind", "expire"}, {"path", "/coql"}, {"skip", 30}});
  const ReadResult result = read_zoho(crm, {"zoho_tasks", "zoho_deals"});
  expect_equal(crm, "Tasks", result);
  expect_equal(crm, "Deals", result);
  EXPECT_LE(crm.stats().at("tokens_issued").as_int64(), 3);
}

TEST(ZohoFaults, ShortLivedTokensAreRenewedBeforeTheyEnd) {
  const LocalZoho crm({.records = 300});
  crm.command("settings", {{"token_seconds", 2}, {"latency_ms", 40}});
  const ReadResult result = read_zoho(crm, {"zoho_deals", "zoho_every_type"});
  expect_equal(crm, "Deals", result);
  EXPECT_LE(crm.stats().at("tokens_issued").as_int64(), 10);
  EXPECT_FALSE(crm.stats().at("statuses").as_object().contains("401"));
}

TEST(ZohoFaults, ManyReadersShareOneTokenAndKeepWithinTheEdition) {
  const LocalZoho crm({.records = 0, .module_records = {{"DealHistory", 200'000}, {"Deals", 5}}});
  crm.command("settings", {{"edition", "free"}, {"latency_ms", 20}});
  const ReadResult result = read_zoho(crm, {"zoho_dealhistory"}, {.readers = 8});
  EXPECT_EQ(result.rows, 200'000);
  EXPECT_EQ(crm.stats().at("tokens_issued"), 1);
  EXPECT_EQ(crm.stats().at("over_limit"), 0);
  EXPECT_LE(crm.stats().at("in_flight_max").as_int64(), 5);
}

TEST(ZohoFaults, AThrottledTokenCallIsWaitedFor) {
  const LocalZoho crm({.records = 10});
  for (const int status : {200, 400}) {
    crm.command("settings", {{"tokens_per_10_minutes", 0}, {"throttle_status", status}});
    const Error error = open_error(crm, {}, quick_pacing());
    EXPECT_EQ(error.code(), "source.rate_limit") << error.describe();
    EXPECT_TRUE(error.retryable());
  }
}

TEST(ZohoFaults, CreditsThatRunOutAreToldAfterWaiting) {
  const LocalZoho crm({.records = 200});
  crm.command("settings", {{"credits", 8}});
  zoho::Pacing pacing = quick_pacing();
  pacing.back_off_total = std::chrono::milliseconds(300);
  const Error error = open_error(crm, {}, pacing);
  EXPECT_EQ(error.code(), "source.rate_limit") << error.describe();
  EXPECT_THAT(error.hint(), HasSubstr("credits"));
}

TEST(ZohoFaults, AJobStaysWithinItsOwnBudget) {
  const LocalZoho crm({.records = 200});
  const Error error = open_error(crm, {{"max_credits", 6}}, quick_pacing());
  EXPECT_EQ(error.code(), "source.credits") << error.describe();
  EXPECT_LE(crm.stats().at("credits").as_int64(), 6);
}

TEST(ZohoFaults, LongTroubleIsToldAsZohos) {
  const LocalZoho crm({.records = 10});
  crm.command("faults", {{"kind", "status"}, {"status", 503}, {"path", "/crm/"}, {"times", 0}});
  const Error error = open_error(crm, {}, quick_pacing());
  EXPECT_EQ(error.code(), "source.unavailable") << error.describe();
  EXPECT_TRUE(error.retryable());
}

TEST(ZohoFaults, AWrongConfigurationIsToldApart) {
  const LocalZoho crm({.records = 10}), other({.seed = 9, .records = 10});
  const auto code = [&](const json::object& more) { return open_error(crm, more, quick_pacing()); };
  EXPECT_EQ(code({{"client_secret", "wrong"}}).native(), "invalid_client_secret");
  EXPECT_EQ(code({{"client_id", "1000.X"}}).native(), "invalid_client");
  const Error token = code({{"refresh_token", other.source().at("refresh_token")}});
  EXPECT_EQ(token.native(), "invalid_code");
  EXPECT_THAT(token.hint(), HasSubstr("data centre"));
  crm.command("settings", {{"api_domain", "https://www.zohoapis.eu"}});
  const Error region = code({});
  EXPECT_EQ(region.code(), "config.api_domain");
  EXPECT_THAT(region.hint(), HasSubstr("www.zohoapis.eu"));
}

TEST(ZohoFaults, CancellationEndsAWaitInTime) {
  const LocalZoho crm({.records = 10});
  crm.command("faults", {{"kind", "late"}, {"ms", 1'500}, {"path", "/crm/"}, {"times", 0}});
  const SourceEntry entry = zoho_source(quick_pacing());
  const auto source = entry.make(entry.spec.parse(crm.source(), "source"));
  const CancelToken cancel;
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel.request();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(source->open(cancel), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'000));
  later.join();
}

}  // namespace
}  // namespace penstock::testing
