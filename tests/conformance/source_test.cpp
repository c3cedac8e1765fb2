// Every source's own tables, into the skeleton destination.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "adapters/skeleton/skeleton.h"
#include "conformance/suite.h"
#include "core/limits.h"

namespace penstock::testing {
namespace {

using std::chrono::steady_clock;

class SourceSuite : public ::testing::TestWithParam<SourceQuirks> {
 protected:
  SourceSuite() : config_(GetParam().fill(tables_)) {}

  Bench make_bench(const std::string& to) {
    SourceMeddling meddling;
    meddling.faults = faults_;
    meddling.rows_max = rows_max_;
    return {meddle(GetParam().entry, meddling), config_, skeleton_destination(),
            json::object{{"path", (folder_.path() / to).string()}}};
  }
  void compare(const std::string& to) {
    for (const SourceTable& table : tables_) compare(to, table);
  }
  void compare(const std::string& to, const SourceTable& table) {
    const TableText got = read_table(folder_.path() / to, table.table);
    if (table.count >= 0) {
      EXPECT_EQ(static_cast<std::int64_t>(got.rows.size()), table.count) << table.table;
      return;
    }
    ASSERT_EQ(got.names, table.columns) << table.table;
    const auto wanted = sorted(table.rows);
    ASSERT_EQ(got.rows.size(), wanted.size()) << table.table;
    for (std::size_t i = 0; i < got.names.size(); ++i) {
      const auto waiver = GetParam().waivers.find(table.table + "." + got.names[i]);
      bool fine = got.types[i] == table.types[i];
      std::string difference = fine ? "" : "type " + got.types[i] + ", not " + table.types[i];
      for (std::size_t row = 0; row < wanted.size(); ++row) {
        if (got.rows[row][i] == wanted[row][i]) continue;
        fine = false;
        difference += "\n  " + got.rows[row][i] + ", not " + wanted[row][i];
      }
      if (waiver == GetParam().waivers.end()) {
        EXPECT_TRUE(fine) << table.table << "." << got.names[i] << ": " << difference;
      } else {
        EXPECT_FALSE(fine) << "the waiver of " << waiver->first << " is no longer needed";
      }
    }
  }

  TemporaryFolder folder_;
  std::vector<SourceTable> tables_;
  json::object config_;
  std::int64_t rows_max_ = 0;
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
};

TEST_P(SourceSuite, OwnTypesArriveAsTheTypeTableSays) {
  Bench bench = make_bench("to");
  const json::object result = bench.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(result.at("tables_migrated").as_array().size(), tables_.size());
  compare("to");
}

TEST_P(SourceSuite, ManyWorkersReadEveryRowOnce) {
  rows_max_ = 100;
  Bench bench = make_bench("to");
  const json::object result = bench.run(bench.request({{"parallel", 4}, {"split_size", "1MiB"}}));
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  compare("to");
}

TEST_P(SourceSuite, APassingFailureInMidSplitIsRetried) {
  rows_max_ = 100;
  Bench bench = make_bench("to");
  faults_->at("source.next", 2, fail_retryable(Side::source));
  faults_->at("source.next", 6, fail_retryable(Side::source));
  faults_->at("source.start", 2, fail_retryable(Side::source));
  const json::object result = bench.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  compare("to");
}

TEST_P(SourceSuite, ALostSnapshotIsTakenAnew) {
  rows_max_ = 100;
  Bench bench = make_bench("to");
  faults_->at("source.next", 5, lose_snapshot());
  const json::object result = bench.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(faults_->count("source.snapshot"), 2);
  compare("to");
}

TEST_P(SourceSuite, CancellationEndsTheJobInTime) {
  rows_max_ = 10;
  Bench bench = make_bench("to");
  std::atomic<bool> reached{false};
  faults_->at("source.next", 3, 999'999, When::before, [&] {
    reached = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  });
  const auto job = bench.start(bench.request());
  while (!reached) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto begin = steady_clock::now();
  job->cancel();
  job->wait();
  EXPECT_LT(steady_clock::now() - begin, limits::cancel_deadline);
  EXPECT_EQ(job->state(), JobState::cancelled);
}

TEST_P(SourceSuite, ATableThatIsNotThereIsNamed) {
  Bench bench = make_bench("to");
  const json::object result = bench.run(bench.request({}, {"no_such_table"}));
  EXPECT_EQ(error_type_of(result), "config.tables.unmatched");
  EXPECT_NE(json::serialize(result).find("no_such_table"), std::string::npos);
}

TEST_P(SourceSuite, EveryFieldIsDescribedAndRequiredOnesAreRefusedByName) {
  for (const ConfigField& field : GetParam().entry.spec.fields()) {
    EXPECT_FALSE(field.description.empty()) << field.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Conformance, SourceSuite, ::testing::ValuesIn(sources_under_test()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace penstock::testing
