// Credits, parallel calls and faults against zoho.md 7.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

constexpr const char* kList = "/crm/v8/Deals?fields=Stage&per_page=200";

class ZohoLimits : public ::testing::Test {
 protected:
  LocalZoho zoho;

  // Statuses of `count` calls at once.
  std::map<long, int> together(int count, const std::string& path) {
    zoho.get("/crm/v8/org");  // so that there is a token
    std::map<long, int> statuses;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        const long status = zoho.get(path).status;
        const std::lock_guard lock(mutex);
        ++statuses[status];
      });
    }
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }
  void fault(const json::object& fault) const { zoho.command("faults", fault); }
};

TEST_F(ZohoLimits, TheEditionBoundsParallelCalls) {
  zoho.command("settings", {{"edition", "free"}, {"latency_ms", 400}});
  auto statuses = together(12, kList);
  EXPECT_EQ(statuses[200], 5);
  EXPECT_EQ(statuses[429], 7);
  EXPECT_EQ(zoho.stats().at("in_flight_max"), 5);
  EXPECT_EQ(zoho.stats().at("over_limit"), 7);
}

TEST_F(ZohoLimits, SortedListsAndCoqlHaveALowerBound) {
  zoho.command("settings", {{"latency_ms", 0}, {"sub_concurrency", 0}});
  EXPECT_EQ(zoho.get(std::string(kList) + "&sort_by=id").status, 429);
  EXPECT_EQ(zoho.coql("select id from Deals where id is not null").code(), "TOO_MANY_REQUESTS");
  EXPECT_EQ(zoho.get(kList).status, 200);
}

TEST_F(ZohoLimits, CreditsAreCountedShownAndRunOut) {
  zoho.command("clock", {{"stop_at", "2025-01-01T00:00:00Z"}});
  zoho.command("settings", {{"credits", 10}});
  for (int i = 1; i <= 10; ++i) {
    const HttpAnswer answer = zoho.get(kList);
    EXPECT_EQ(answer.status, 200);
    const auto left = answer.headers.find("x-api-credits-remaining");
    ASSERT_EQ(left != answer.headers.end(), i >= 5) << i;
    if (i < 5) continue;
    EXPECT_EQ(left->second, std::to_string(10 - i));
  }
  EXPECT_EQ(zoho.get(kList).code(), "TOO_MANY_REQUESTS");
  zoho.command("clock", {{"advance", 86'400 + 60}});
  zoho.set_token(zoho.access_token());
  EXPECT_EQ(zoho.get(kList).status, 200);
}

TEST_F(ZohoLimits, FaultsStrikeAsCommanded) {
  fault({{"kind", "status"}, {"status", 500}, {"path", "/Deals"}, {"skip", 1}});
  EXPECT_EQ(zoho.get(kList).status, 200);
  EXPECT_EQ(zoho.get("/crm/v8/org").status, 200);
  EXPECT_EQ(zoho.get(kList).code(), "INTERNAL_ERROR");
  EXPECT_EQ(zoho.get(kList).status, 200);
  fault({{"kind", "status"}, {"status", 502}, {"path", "/Deals"}});
  const HttpAnswer html = zoho.get(kList);
  EXPECT_EQ(html.headers.at("content-type"), "text/html");
  fault({{"kind", "reset"}, {"path", "/Deals"}});
  EXPECT_EQ(zoho.get(kList).status, 0);
  fault({{"kind", "truncate"}, {"path", "/Deals"}});
  EXPECT_EQ(zoho.get(kList).status, 0);
  fault({{"kind", "expire"}, {"path", "/Deals"}});
  EXPECT_EQ(zoho.get(kList).code(), "INVALID_TOKEN");
  zoho.set_token(zoho.access_token());
  fault({{"kind", "slow"}, {"ms", 20}, {"path", "/Deals"}});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(zoho.get(kList).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(100));
  EXPECT_EQ(zoho.stats().at("faults_struck"), 6);
  EXPECT_THROW(fault({{"kind", "nonsense"}}), std::runtime_error);
}

TEST_F(ZohoLimits, AnswersArePackedWhenAskedFor) {
  const HttpAnswer packed = http_call(
      {.url = zoho.url() + kList,
       .body = "",
       .headers = {"Authorization: Bearer " + zoho.access_token(), "Accept-Encoding: gzip"}});
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
  EXPECT_FALSE(zoho.get(kList).headers.contains("content-encoding"));
}

TEST_F(ZohoLimits, SettingsAreChecked) {
  EXPECT_THROW(zoho.command("settings", {{"nonsense", 1}}), std::runtime_error);
  EXPECT_THROW(zoho.command("settings", {{"credits", "many"}}), std::runtime_error);
  EXPECT_EQ(zoho.command("settings").at("list_wall"), 2'000);
}

}  // namespace
}  // namespace penstock::zoho_sim
