// Shapes, names, failures and hygiene, asked of every destination.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "adapters/skeleton/skeleton.h"
#include "adapters/skeleton/table_file.h"
#include "conformance/suite.h"
#include "core/limits.h"

namespace penstock::testing {
namespace {

using std::chrono::steady_clock;

// A folder of tables as source, the destination under test wrapped for faults.
class DestinationSuite : public ::testing::TestWithParam<DestinationQuirks> {
 protected:
  void put(const std::string& name, const TableText& table) {
    write_table(folder_.path(), name, table);
  }
  Bench& bench() {
    if (bench_) return *bench_;
    SourceMeddling source;
    source.faults = source_faults_;
    source.split_bytes = split_bytes_;
    DestinationMeddling destination;
    destination.faults = destination_faults_;
    bench_ = std::make_unique<Bench>(meddle(skeleton_source(), source),
                                     json::object{{"path", folder_.path().string()}},
                                     meddle(GetParam().entry, destination), config());
    return *bench_;
  }
  const json::object& config() {
    if (config_.empty()) config_ = GetParam().fresh();
    return config_;
  }
  std::vector<std::string> objects() {
    auto names = GetParam().objects(config());
    std::ranges::sort(names);
    return names;
  }
  void expect_copied(const json::object& result, const std::string& name, const TableText& table) {
    ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
    const auto got = bench().read_back(name), wanted = sorted(table.rows);
    ASSERT_EQ(got.size(), wanted.size());
    EXPECT_TRUE(got == wanted);
  }

  TemporaryFolder folder_;
  json::object config_;
  std::int64_t split_bytes_ = 20'000;  // set before bench() is called first
  std::shared_ptr<Faults> source_faults_ = std::make_shared<Faults>();
  std::shared_ptr<Faults> destination_faults_ = std::make_shared<Faults>();
  std::unique_ptr<Bench> bench_;
};

TEST_P(DestinationSuite, EmptyAndSingleRowTables) {
  put("empty", numbered_rows(0));
  put("one", numbered_rows(1));
  const json::object result = bench().run();
  expect_copied(result, "empty", numbered_rows(0));
  expect_copied(result, "one", numbered_rows(1));
}

TEST_P(DestinationSuite, BatchesOfAllSizesAroundTheLimit) {
  split_bytes_ = 64 << 20;
  for (const std::int64_t rows :
       {limits::batch_rows_max - 1, limits::batch_rows_max, limits::batch_rows_max + 1}) {
    TableText table{{"id"}, {"int64 key"}, {}};
    for (std::int64_t id = 0; id < rows; ++id) table.rows.push_back({std::to_string(id)});
    put("rows", table);
    const json::object result = bench().run();
    expect_copied(result, "rows", table);
  }
}

TEST_P(DestinationSuite, TablesWithoutAKeyKeepTheirDuplicateRows) {
  TableText table{{"a", "b"}, {"int32", "string"}, {}};
  for (int i = 0; i < 300; ++i) table.rows.push_back({std::to_string(i % 3), "same"});
  put("heap", table);
  expect_copied(bench().run(), "heap", table);
}

TEST_P(DestinationSuite, ThousandColumns) {
  TableText table{{"id"}, {"int64 key"}, {}};
  std::vector<std::string> row = {"1"};
  for (int i = 0; i < 999; ++i) {
    table.names.push_back("column_" + std::to_string(i));
    table.types.push_back(i % 2 == 0 ? "int32" : "string");
    row.push_back(i % 5 == 0 ? "\\N" : std::to_string(i));
  }
  for (int i = 1; i <= 20; ++i) {
    row[0] = std::to_string(i);
    table.rows.push_back(row);
  }
  put("wide", table);
  expect_copied(bench().run(), "wide", table);
}

TEST_P(DestinationSuite, OneValueLargerThanANetworkBuffer) {
  std::string body;
  while (body.size() < (20U << 20)) body += "0123456789abcdef";
  const TableText table{{"id", "body"}, {"int64 key", "string"}, {{"1", body}, {"2", "small"}}};
  put("large", table);
  split_bytes_ = 64 << 20;
  expect_copied(bench().run(), "large", table);
}

TEST_P(DestinationSuite, NulAndTextOfAllKinds) {
  const TableText table{{"id", "v", "b"},
                        {"int64 key", "string", "binary"},
                        {{"1", std::string("a\0b", 3), "\\\\x00"}, {"2", "", "\\\\x"}}};
  put("nul", table);
  const json::object result = bench().run();
  const bool waived = GetParam().waivers.contains("nul");
  if (!result.at("success").as_bool()) {
    EXPECT_TRUE(waived) << json::serialize(result);
    EXPECT_EQ(error_type_of(result), "value.nul_character");
    return;
  }
  EXPECT_FALSE(waived) << "the waiver of nul is no longer needed";
  expect_copied(result, "nul", table);
}

// Pitfall 27: names are quoted, always. A dot or slash is a character like any other.
TEST_P(DestinationSuite, Pitfall27_NamesOfEveryKind) {
  const std::vector<std::string> names = {"select",
                                          "Order",
                                          "order",
                                          "with space",
                                          "quo\"te",
                                          "back`tick",
                                          "apos'trophe",
                                          "dot.ted",
                                          "hy-phen",
                                          "1st",
                                          "grüße",
                                          "表",
                                          "slash/ed",
                                          "%41",
                                          "dollar$",
                                          "table",
                                          "_version",
                                          "\xF0\x9F\x98\x80",
                                          "semi;colon",
                                          "{brace}",
                                          "question?",
                                          "index",
                                          "group",
                                          "back\\\\slash",
                                          std::string(60, 'n')};
  TableText table{{"id"}, {"int64 key"}, {{"1"}}};
  for (const std::string& name : names) {
    if (name == "_version") continue;  // as a column's name: Pitfall28
    table.names.push_back(name);
    table.types.emplace_back("int32");
    table.rows[0].push_back("7");
  }
  put("columns", table);
  for (const std::string& name : names) {
    if (name.find('\\') == std::string::npos) put(name, numbered_rows(2));
  }
  const json::object result = bench().run();
  expect_copied(result, "columns", table);
  EXPECT_EQ(result.at("tables_migrated").as_array().size(), names.size());
  expect_copied(result, "quo\"te", numbered_rows(2));
  expect_copied(result, "slash/ed", numbered_rows(2));
}

// Pitfall 28: the source has a column named like one a destination adds.
TEST_P(DestinationSuite, Pitfall28_AColumnNamedLikeOneOfOursIsCarriedOrRefusedByName) {
  const TableText table{{"id", "_version"}, {"int64 key", "int64"}, {{"1", "77"}, {"2", "\\N"}}};
  put("t", table);
  const json::object result = bench().run();
  if (result.at("success").as_bool()) return expect_copied(result, "t", table);
  EXPECT_EQ(error_type_of(result), "destination.table.unmappable");
  EXPECT_NE(json::serialize(result.at("errors")).find("_version"), std::string::npos);
}

TEST_P(DestinationSuite, RunningAgainChangesNothing) {
  put("t", numbered_rows(2'000));
  ASSERT_TRUE(bench().run().at("success").as_bool());
  const auto before = objects();
  expect_copied(bench().run(), "t", numbered_rows(2'000));
  EXPECT_EQ(objects(), before);
}

TEST_P(DestinationSuite, FinishingAFinishedTableAgainChangesNothing) {
  put("t", numbered_rows(500));
  destination_faults_->lose_answer("destination.finish_table", 1,
                                   fail_retryable(Side::destination));
  expect_copied(bench().run(), "t", numbered_rows(500));
  EXPECT_EQ(destination_faults_->count("destination.finish_table"), 2);
}

TEST_P(DestinationSuite, AFailedSplitLeavesNothingBehind) {
  put("t", numbered_rows(3'000));
  ASSERT_TRUE(bench().run().at("success").as_bool());
  const auto before = objects();
  put("t", numbered_rows(4'000, 10'000));
  const int reads = source_faults_->count("source.next");
  source_faults_->at("source.next", reads + 4, 999'999, When::before, fail_for_good(Side::source));
  const json::object result = bench().run();
  EXPECT_EQ(error_type_of(result), "test.broken");
  EXPECT_EQ(objects(), before);
}

// Pitfall 58 and acceptance test 8: a full refresh whose source dies at half.
TEST_P(DestinationSuite, Pitfall58_ASourceDyingAtHalfLeavesTheOldRows) {
  put("t", numbered_rows(1'000));
  ASSERT_TRUE(bench().run().at("success").as_bool());
  put("t", numbered_rows(5'000, 100'000));
  const int reads = source_faults_->count("source.next");
  source_faults_->at("source.next", reads + 5, 999'999, When::before, fail_for_good(Side::source));
  EXPECT_FALSE(bench().run().at("success").as_bool());
  // Planning the old table needs the old file's columns only, which are the same.
  EXPECT_TRUE(bench().read_back("t") == sorted(numbered_rows(1'000).rows));
}

TEST_P(DestinationSuite, RetriesInMidSplitKeepCountsExact) {
  put("t", numbered_rows(3'000));
  source_faults_->at("source.next", 2, fail_retryable(Side::source));
  destination_faults_->at("destination.write", 3, fail_retryable(Side::destination));
  destination_faults_->at("destination.finish", 2, fail_retryable(Side::destination));
  destination_faults_->lose_answer("destination.finish", 4, fail_retryable(Side::destination));
  const json::object result = bench().run();
  expect_copied(result, "t", numbered_rows(3'000));
  EXPECT_EQ(records_of(result), 3'000);
}

TEST_P(DestinationSuite, ACommitWhoseAnswerIsLostBringsNoDuplicate) {
  put("t", numbered_rows(3'000));
  destination_faults_->lose_answer("destination.commit_split", 1,
                                   fail_retryable(Side::destination));
  destination_faults_->lose_answer("destination.commit_split", 3,
                                   fail_retryable(Side::destination));
  destination_faults_->at("destination.commit_split", 4, fail_retryable(Side::destination));
  const json::object result = bench().run();
  expect_copied(result, "t", numbered_rows(3'000));
  EXPECT_GE(destination_faults_->count("destination.split_committed"), 2);
}

TEST_P(DestinationSuite, ALostSnapshotStartsUnfinishedTablesAgain) {
  put("t", numbered_rows(3'000));
  source_faults_->at("source.next", 5, lose_snapshot());
  const json::object result = bench().run();
  expect_copied(result, "t", numbered_rows(3'000));
  EXPECT_EQ(source_faults_->count("source.snapshot"), 2);
}

TEST_P(DestinationSuite, TwoJobsAtOnceIntoDifferentTablesDoNotDisturbEachOther) {
  put("a", numbered_rows(3'000));
  put("b", numbered_rows(2'000, 50'000));
  const auto first = bench().start(bench().request({}, {"a"}));
  const auto second = bench().start(bench().request({}, {"b"}));
  first->wait();
  second->wait();
  expect_copied(first->result(), "a", numbered_rows(3'000));
  expect_copied(second->result(), "b", numbered_rows(2'000, 50'000));
}

TEST_P(DestinationSuite, Pitfall76_ASecondJobIntoOneTargetIsToldItIsBusy) {
  put("t", numbered_rows(1'000));
  std::atomic<bool> release{false};
  source_faults_->at("source.next", 1, [&] {
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const auto first = bench().start(bench().request());
  while (source_faults_->count("source.next") == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  // Another request for the same table: not the same job, the same target.
  const auto second = bench().start(bench().request({{"on_error", "reject"}}, {"t*"}));
  second->wait();
  EXPECT_EQ(error_type_of(second->result()), "config.target.busy");
  release = true;
  first->wait();
  expect_copied(first->result(), "t", numbered_rows(1'000));
}

TEST_P(DestinationSuite, CancellationEndsTheJobInTimeAndLeavesNothing) {
  put("warm", numbered_rows(5));
  ASSERT_TRUE(bench().run().at("success").as_bool());
  const auto before = objects();
  put("t", numbered_rows(5'000));
  Blocker blocker;
  source_faults_->at("source.next", source_faults_->count("source.next") + 4, 999'999, When::before,
                     blocker.action());
  const auto job = bench().start(bench().request({}, {"t"}));
  blocker.set(job);
  blocker.wait_reached();
  const auto begin = steady_clock::now();
  job->cancel();
  job->wait();
  EXPECT_LT(steady_clock::now() - begin, limits::cancel_deadline);
  EXPECT_EQ(job->state(), JobState::cancelled);
  EXPECT_EQ(objects(), before);
}

TEST_P(DestinationSuite, RequiredFieldsAreRefusedByNameAndDefaultsAccepted) {
  const ConfigSpec& spec = GetParam().entry.spec;
  for (const ConfigField& field : spec.fields()) {
    EXPECT_FALSE(field.description.empty()) << field.name;
    if (!field.required) continue;
    try {
      spec.parse({}, "destination");
      ADD_FAILURE() << field.name << " is required";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "config.field.missing");
    }
  }
  EXPECT_NO_THROW(GetParam().entry.options.parse({}, "options"));
}

INSTANTIATE_TEST_SUITE_P(Conformance, DestinationSuite,
                         ::testing::ValuesIn(destinations_under_test()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace penstock::testing
