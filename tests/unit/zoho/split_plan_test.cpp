#include "adapters/systems/zoho/split_plan.h"

#include <gtest/gtest.h>

#include "adapters/systems/zoho/columns.h"

namespace penstock::zoho {
namespace {

// A module of `rows` with `plain` fields that COQL gives, and `beside` that it doesn't.
std::vector<SplitNote> notes(std::int64_t rows, int plain, int beside, bool coql = true) {
  ModuleInfo module{.api_name = "M"};
  for (int i = 0; i < plain; ++i) {
    module.fields.push_back({.api_name = "P" + std::to_string(i), .data_type = "text"});
  }
  for (int i = 0; i < beside; ++i) {
    module.fields.push_back({.api_name = "B" + std::to_string(i), .data_type = "linetax"});
  }
  TableSchema table;
  table.fields = columns_of(module, {}).fields;
  table.payload =
      TableNote{.module = "M", .coql = coql, .rows = rows, .low = 1'000, .high = 1'000'000}.text();
  std::vector<SplitNote> out;
  for (const Split& split : plan(table, {})) out.push_back(SplitNote::parse(split.payload));
  return out;
}

TEST(ZohoSplits, TheCheapestCompleteWayIsChosen) {
  EXPECT_EQ(notes(100'000, 40, 0)[0].way, Way::coql);
  EXPECT_EQ(notes(5'000, 10, 5)[0].way, Way::lists);  // 25 calls, not 3 · 3 + 50
  EXPECT_EQ(notes(5'000, 200, 5)[0].way, Way::coql);  // 9 + 50 credits, not 25 + 200
  EXPECT_EQ(notes(95'000, 10, 5)[0].way, Way::coql);  // lists end at 100,000
  EXPECT_EQ(notes(5'000, 10, 0, false)[0].way, Way::lists);
  EXPECT_EQ(notes(-1, 10, 0)[0].way, Way::coql);
}

TEST(ZohoSplits, PartsCoverAllIdsOnceAndAreOpenAtBothEnds) {
  const auto parts = notes(1'000'000, 40, 0);
  ASSERT_EQ(parts.size(), 25U);
  EXPECT_EQ(parts.front().low, 0);
  EXPECT_EQ(parts.back().high, 0);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].low, parts[i - 1].high);
    EXPECT_GT(parts[i].low, parts[i - 1].low);
  }
  EXPECT_EQ(notes(0, 40, 0).size(), 1U);
}

TEST(ZohoSplits, CreditsAreThoseOfZoho) {
  EXPECT_EQ(coql_credits(200, 0), 1);
  EXPECT_EQ(coql_credits(1'000, 0), 2);
  EXPECT_EQ(coql_credits(2'001, 0), 6);
  EXPECT_EQ(coql_credits(2'000, 51), 3 + 2 * 20);
  EXPECT_EQ(list_credits(0, 10), 1);
  EXPECT_EQ(list_credits(2'000, 50), 10);
  EXPECT_EQ(list_credits(2'000, 51), 10 + 20);
}

}  // namespace
}  // namespace penstock::zoho
