// What happens after a table's rows: steps, links, and rows that a destination lost.
#include <gtest/gtest.h>

#include "doubles/workshop.h"

namespace penstock {
namespace {

using namespace penstock::testing;

SourceMeddling small_splits() {
  SourceMeddling meddling;
  meddling.split_bytes = 20'000;
  meddling.rows_max = 300;
  return meddling;
}

DestinationMeddling with_steps() {
  DestinationMeddling meddling;
  meddling.steps = {{"index b", 2, ""}, {"primary key", 1, ""}, {"index a", 2, ""}};
  return meddling;
}

const json::object& migrated(const json::object& result, std::size_t i = 0) {
  return result.at("tables_migrated").at(i).as_object();
}

TEST(Completion, StepsAreBuiltOncePerTableInTheOrderOfTheirGroups) {
  DestinationMeddling meddling = with_steps();
  // Nothing of the second group before the first one is done.
  meddling.faults->at("destination.build", 1, [faults = meddling.faults.get()] {
    EXPECT_EQ(faults->count("build index a") + faults->count("build index b"), 0);
    EXPECT_EQ(faults->count("destination.finish_table"), 0);
  });
  meddling.faults->at("destination.finish_table", 1, [faults = meddling.faults.get()] {
    EXPECT_EQ(faults->count("destination.build"), 3);
  });
  Workshop shop(small_splits(), meddling);
  shop.put("t", numbered_rows(3'000));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(meddling.faults->count("build primary key"), 1);
  EXPECT_EQ(meddling.faults->count("build index a"), 1);
  EXPECT_EQ(meddling.faults->count("build index b"), 1);
  EXPECT_FALSE(migrated(result).contains("not_built"));
  EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(3'000).rows));
}

TEST(Completion, AStepThatFailsIsReportedAndTheRowsStay) {
  DestinationMeddling meddling = with_steps();
  meddling.faults->at("destination.build", 1, fail_for_good(Side::destination));
  Workshop shop(small_splits(), meddling);
  shop.put("t", numbered_rows(500));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  const json::array& missing = migrated(result).at("not_built").as_array();
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].at("what").as_string(), "primary key");
  EXPECT_EQ(missing[0].at("error_type").as_string(), "test.broken");
  EXPECT_EQ(meddling.faults->count("destination.build"), 3);
  EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(500).rows));
}

TEST(Completion, APassingFailureOfAStepIsRepeated) {
  DestinationMeddling meddling = with_steps();
  meddling.faults->at("destination.build", 1, fail_retryable(Side::destination));
  Workshop shop(small_splits(), meddling);
  shop.put("t", numbered_rows(50));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(meddling.faults->count("destination.build"), 4);
  EXPECT_FALSE(migrated(result).contains("not_built"));
}

TEST(Completion, LinksAreMadeAfterAllTables) {
  DestinationMeddling meddling;
  meddling.links = {{"validate", 2, ""}, {"foreign key", 1, ""}};
  meddling.faults->at("destination.link", 1, [faults = meddling.faults.get()] {
    EXPECT_EQ(faults->count("destination.finish_table"), 3);
  });
  meddling.faults->at("destination.link", 2, fail_for_good(Side::destination));
  Workshop shop(small_splits(), meddling);
  for (const std::string name : {"a", "b", "c"}) shop.put(name, numbered_rows(10));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(meddling.faults->count("destination.link"), 6);
  int not_built = 0;
  for (std::size_t i = 0; i < 3; ++i)
    not_built += migrated(result, i).contains("not_built") ? 1 : 0;
  EXPECT_EQ(not_built, 1);
}

TEST(Completion, CancellingDuringAStepLeavesNothing) {
  DestinationMeddling meddling = with_steps();
  Blocker blocker;
  meddling.faults->at("destination.build", 1, blocker.action());
  Workshop shop(small_splits(), meddling);
  shop.put("t", numbered_rows(50));
  const auto job = shop.start(shop.request());
  blocker.set(job);
  blocker.wait_reached();
  job->cancel();
  job->wait();
  EXPECT_EQ(job->state(), JobState::cancelled);
  EXPECT_TRUE(shop.leftovers().empty());
}

// Rows that went with the session that held them are read again; rows that may have been committed
// never are.
TEST(Completion, ASplitThatTheDestinationLostIsReadAgain) {
  DestinationMeddling meddling;
  meddling.faults->at("destination.commit_split", 2, [] {
    throw Error(Side::destination, "destination.split.lost", "gone with its session")
        .retryable(true);
  });
  Workshop shop(small_splits(), meddling);
  shop.put("t", numbered_rows(3'000));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(records_of(result), 3'000);
  EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(3'000).rows));
}

}  // namespace
}  // namespace penstock
