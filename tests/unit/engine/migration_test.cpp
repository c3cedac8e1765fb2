// Jobs from end to end: the skeleton pair through the real engine and ledger.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/limits.h"
#include "doubles/workshop.h"

namespace penstock {
namespace {

using namespace penstock::testing;
using std::chrono::steady_clock;

// Many small splits, so that a table of some thousand rows has several workers.
SourceMeddling many_splits(std::int64_t split_bytes = 20'000, std::int64_t batch_rows = 300) {
  SourceMeddling meddling;
  meddling.split_bytes = split_bytes;
  meddling.rows_max = batch_rows;
  return meddling;
}

bool succeeded(const json::object& result) {
  EXPECT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  return result.at("success").as_bool();
}

TEST(Migration, CopiesTablesOfManySplitsExactly) {
  Workshop shop(many_splits());
  const TableText big = numbered_rows(10'000), small = numbered_rows(3);
  shop.put("big", big);
  shop.put("small", small);
  shop.put("empty", numbered_rows(0));
  const json::object result = shop.run();
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(records_of(result), 10'003);
  EXPECT_EQ(result.at("total_tables").to_number<int>(), 3);
  EXPECT_EQ(result.at("consistency").as_string(), "per_table");
  EXPECT_EQ(shop.got("big").rows, sorted(big.rows));
  EXPECT_EQ(shop.got("big").types, big.types);
  EXPECT_EQ(shop.got("small").rows, small.rows);
  EXPECT_TRUE(shop.got("empty").rows.empty());
  EXPECT_TRUE(shop.leftovers().empty());
  EXPECT_GT(shop.destination_faults().count("destination.commit_split"), 10);
}

TEST(Migration, ASecondRunReplacesWhatTheFirstMade) {
  Workshop shop;
  shop.put("t", numbered_rows(100));
  ASSERT_TRUE(succeeded(shop.run()));
  shop.put("t", numbered_rows(40, 1000));
  ASSERT_TRUE(succeeded(shop.run()));
  EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(40, 1000).rows));
}

TEST(Migration, AForeignTableIsTouchedOnlyWhenTold) {
  Workshop shop;
  shop.put("t", numbered_rows(5));
  const TableText foreign = numbered_rows(2, 900);
  write_table(shop.to(), "t", foreign);
  const json::object refused = shop.run();
  EXPECT_FALSE(refused.at("success").as_bool());
  EXPECT_EQ(error_type_of(refused), "destination.table.exists");
  EXPECT_EQ(shop.got("t").rows, foreign.rows);

  ASSERT_TRUE(succeeded(shop.run(shop.request({{"if_exists", "append"}}))));
  EXPECT_EQ(shop.got("t").rows.size(), 7u);
  ASSERT_TRUE(succeeded(shop.run(shop.request({{"if_exists", "replace"}}))));
  EXPECT_EQ(shop.got("t").rows, numbered_rows(5).rows);
}

TEST(Migration, AppendingToATableOfAnotherShapeIsRefused) {
  Workshop shop;
  shop.put("t", numbered_rows(5));
  write_table(shop.to(), "t", {{"id"}, {"int64 key"}, {{"1"}}});
  const json::object refused = shop.run(shop.request({{"if_exists", "append"}}));
  EXPECT_EQ(error_type_of(refused), "destination.table.mismatch");
}

TEST(Migration, Pitfall58_ADyingSourceLeavesTheOldTableAsItWas) {
  SourceMeddling meddling = many_splits();
  Workshop shop(meddling);
  const TableText old = numbered_rows(50);
  shop.put("t", old);
  ASSERT_TRUE(succeeded(shop.run()));

  shop.put("t", numbered_rows(5'000, 7'000));
  const int reads = meddling.faults->count("source.next");
  meddling.faults->at("source.next", reads + 9, 1'000'000, When::before,
                      fail_for_good(Side::source));
  const json::object result = shop.run();
  EXPECT_FALSE(result.at("success").as_bool());
  EXPECT_EQ(error_type_of(result), "test.broken");
  EXPECT_EQ(shop.got("t").rows, sorted(old.rows));
  EXPECT_TRUE(shop.leftovers().empty());
}

TEST(Migration, Pitfall59_RowsMissingInStagingAreNeverCommitted) {
  Workshop shop;
  shop.put("t", numbered_rows(100));
  // Cuts the staged file behind the writer's back, before the table is finished.
  shop.destination_faults().at("destination.finish_table", 1, [&] {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(shop.to() / ".penstock")) {
      if (!entry.path().filename().string().starts_with("committed-")) continue;
      const auto size = std::filesystem::file_size(entry.path());
      std::filesystem::resize_file(entry.path(),
                                   size - std::string("100\tname 100\t100.25\n").size());
    }
  });
  const json::object result = shop.run();
  EXPECT_EQ(error_type_of(result), "destination.rows.mismatch");
  EXPECT_FALSE(std::filesystem::exists(shop.to() / "t.tsv"));
  EXPECT_TRUE(shop.leftovers().empty());
}

TEST(Migration, APassingFailureIsRetriedAndCountsStayExact) {
  for (const char* call : {"source.open_reader", "source.start", "source.next"}) {
    SourceMeddling meddling = many_splits();
    Workshop shop(meddling);
    shop.put("t", numbered_rows(3'000));
    meddling.faults->at(call, 2, fail_retryable(Side::source));
    meddling.faults->at(call, 5, fail_retryable(Side::source));
    const json::object result = shop.run();
    ASSERT_TRUE(succeeded(result)) << call;
    EXPECT_EQ(records_of(result), 3'000) << call;
    const json::object table = result.at("tables_migrated").at(0).as_object();
    EXPECT_EQ(table.at("rows_read").to_number<int>(), 3'000) << call;
    EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(3'000).rows)) << call;
  }
  for (const char* call : {"destination.open_session", "destination.begin_table",
                           "destination.open_split", "destination.write", "destination.finish",
                           "destination.commit_split", "destination.finish_table"}) {
    for (const When when : {When::before, When::after}) {
      Workshop shop(many_splits());
      shop.put("t", numbered_rows(3'000));
      shop.destination_faults().at(call, 1, 1, when, fail_retryable(Side::destination));
      shop.destination_faults().at(call, 3, 3, when, fail_retryable(Side::destination));
      const json::object result = shop.run();
      ASSERT_TRUE(succeeded(result)) << call;
      EXPECT_EQ(records_of(result), 3'000) << call;
      EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(3'000).rows)) << call;
      EXPECT_TRUE(shop.leftovers().empty()) << call;
    }
  }
}

TEST(Migration, ALostCommitAnswerBringsNoDuplicate) {
  Workshop shop(many_splits());
  shop.put("t", numbered_rows(3'000));
  Faults& faults = shop.destination_faults();
  faults.lose_answer("destination.commit_split", 1, fail_retryable(Side::destination));
  faults.lose_answer("destination.commit_split", 2, fail_retryable(Side::destination));
  faults.lose_answer("destination.finish_table", 1, fail_retryable(Side::destination));
  ASSERT_TRUE(succeeded(shop.run()));
  EXPECT_EQ(faults.count("destination.split_committed"), 2);
  EXPECT_EQ(shop.got("t").rows, sorted(numbered_rows(3'000).rows));
}

TEST(Migration, StagingWhoseBeginningFailedHalfWayIsRemoved) {
  Workshop shop;
  shop.put("t", numbered_rows(10));
  shop.destination_faults().lose_answer("destination.begin_table", 1,
                                        fail_for_good(Side::destination));
  EXPECT_EQ(error_type_of(shop.run()), "test.broken");
  EXPECT_TRUE(shop.leftovers().empty());
}

TEST(Migration, ACommitWhoseOutcomeStaysUnknownFailsTheTableRatherThanReadingAgain) {
  Workshop shop;
  shop.put("t", numbered_rows(10));
  Faults& faults = shop.destination_faults();
  faults.at("destination.commit_split", 1, 99, When::after, fail_retryable(Side::destination));
  faults.at("destination.split_committed", 1, 99, When::before, fail_retryable(Side::destination));
  const json::object result = shop.run();
  EXPECT_FALSE(result.at("success").as_bool());
  EXPECT_EQ(faults.count("destination.open_split"), 1);
  EXPECT_FALSE(std::filesystem::exists(shop.to() / "t.tsv"));
}

TEST(Migration, AFailureThatPersistsEndsAfterItsAttempts) {
  Workshop shop;
  shop.put("bad", numbered_rows(10));
  shop.source_faults().at("source.start", 1, 99, When::before, fail_retryable(Side::source));
  const json::object result = shop.run();
  EXPECT_EQ(error_type_of(result), "test.retryable");
  EXPECT_EQ(shop.source_faults().count("source.start"), limits::split_attempts_max);
}

TEST(Migration, OneFailedTableLeavesTheOthersAlone) {
  Workshop shop({}, {.map = [](TargetTable& table) {
                  if (table.name == "bad") table.columns.at(1).rule.nullable = false;
                  table.columns.at(1).rule.always_fits = false;
                }});
  shop.put("bad", numbered_rows(10));
  shop.put("good", numbered_rows(10));
  const json::object result = shop.run();
  EXPECT_FALSE(result.at("success").as_bool());
  ASSERT_EQ(result.at("tables_failed").as_array().size(), 1u);
  const json::object failed = result.at("tables_failed").at(0).as_object();
  EXPECT_EQ(failed.at("table").as_string(), "bad");
  EXPECT_EQ(failed.at("error_type").as_string(), "value.missing_value");
  EXPECT_EQ(failed.at("column").as_string(), "name");
  EXPECT_EQ(failed.at("row").as_string(), "id=7");
  EXPECT_EQ(shop.got("good").rows, sorted(numbered_rows(10).rows));
  EXPECT_FALSE(std::filesystem::exists(shop.to() / "bad.tsv"));
}

TEST(Migration, ALostSnapshotStartsUnfinishedTablesAgain) {
  SourceMeddling meddling = many_splits();
  Workshop shop(meddling);
  shop.put("a", numbered_rows(4'000));
  shop.put("b", numbered_rows(2'000, 9'000));
  meddling.faults->at("source.next", 12, lose_snapshot());
  const json::object result = shop.run();
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(meddling.faults->count("source.snapshot"), 2);
  EXPECT_EQ(records_of(result), 6'000);
  EXPECT_EQ(shop.got("a").rows, sorted(numbered_rows(4'000).rows));
  EXPECT_EQ(shop.got("b").rows, sorted(numbered_rows(2'000, 9'000).rows));
  EXPECT_NE(json::serialize(result.at("warnings")).find("snapshot was lost"), std::string::npos);
  EXPECT_TRUE(shop.leftovers().empty());
}

TEST(Migration, ASnapshotLostAgainAndAgainEndsTheJob) {
  Workshop shop;
  shop.put("t", numbered_rows(10));
  shop.source_faults().at("source.next", 1, 99, When::before, lose_snapshot());
  const json::object result = shop.run();
  EXPECT_EQ(error_type_of(result), "source.snapshot.lost");
  EXPECT_EQ(shop.source_faults().count("source.snapshot"), limits::snapshot_attempts_max);
  EXPECT_TRUE(shop.leftovers().empty());
}

// Pitfall 68: hangs. Whatever blocks, cancelling ends the job in time and leaves nothing.
TEST(Migration, Pitfall68_CancellationEndsAJobWithinTwoSeconds) {
  for (const char* call : {"source.next", "destination.write", "destination.finish"}) {
    SourceMeddling source = many_splits();
    Workshop shop(source);
    shop.put("t", numbered_rows(3'000));
    Blocker blocker;
    Faults& faults =
        std::string_view(call).starts_with("source") ? *source.faults : shop.destination_faults();
    faults.at(call, 4, 999'999, When::before, blocker.action());
    const auto job = shop.start(shop.request());
    blocker.set(job);
    blocker.wait_reached();
    const auto begin = steady_clock::now();
    job->cancel();
    job->wait();
    EXPECT_LT(steady_clock::now() - begin, limits::cancel_deadline) << call;
    EXPECT_EQ(job->state(), JobState::cancelled) << call;
    const json::object result = job->result();
    EXPECT_EQ(result.at("records").to_number<int>(), 0) << call;
    EXPECT_FALSE(std::filesystem::exists(shop.to() / "t.tsv")) << call;
    EXPECT_TRUE(shop.leftovers().empty()) << call;
  }
}

TEST(Migration, CancellingWhileEverythingWaitsForMemoryEndsInTime) {
  Workshop shop(many_splits());
  shop.put("t", numbered_rows(3'000));
  std::atomic<bool> stop{false};
  shop.destination_faults().at("destination.write", 1, 999'999, When::before, [&] {
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  const auto job = shop.start(shop.request({{"memory", "16MiB"}, {"parallel", 8}}));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  job->cancel();
  stop = true;
  const auto begin = steady_clock::now();
  job->wait();
  EXPECT_LT(steady_clock::now() - begin, limits::cancel_deadline);
  EXPECT_EQ(job->state(), JobState::cancelled);
}

TEST(Migration, Pitfall67_BatchesAreBoundedByBytesNotRows) {
  Workshop shop;
  TableText wide{{"id", "body"}, {"int32 key", "string"}, {}};
  const std::string body(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) wide.rows.push_back({std::to_string(i), body});
  shop.put("wide", wide);
  const json::object result =
      shop.run(shop.request({{"memory", "16MiB"}, {"split_size", "8MiB"}, {"parallel", 4}}));
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(records_of(result), 40);
  EXPECT_LE(result.at("memory").at("batches_peak_bytes").to_number<std::int64_t>(), 24 << 20);
}

TEST(Migration, ARowLargerThanTheBudgetIsRefusedClearly) {
  Workshop shop;
  shop.put("t", {{"body"}, {"string"}, {{std::string(17 << 20, 'x')}}});
  const json::object result = shop.run(shop.request({{"memory", "16MiB"}}));
  EXPECT_EQ(error_type_of(result), "source.row.too_large");
}

TEST(Migration, Pitfall74_OneBadRowIsSetAsideWhenAskedForAndKept) {
  Workshop shop;
  TableText table = numbered_rows(1'000);
  table.rows[4][2] = "not a number";
  shop.put("t", table);
  const json::object failed = shop.run();
  EXPECT_EQ(error_type_of(failed), "value.invalid_value");

  const json::object result = shop.run(shop.request({{"on_error", "reject"}}));
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(records_of(result), 999);
  EXPECT_EQ(result.at("rows_rejected").to_number<int>(), 1);
  const std::string id(result.at("job_id").as_string());
  const std::vector<RejectRecord> rejects = shop.ledger().rejects(id, 10);
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(rejects[0].table, "t");
  EXPECT_EQ(rejects[0].column, "amount");
  EXPECT_EQ(rejects[0].reason, "invalid_value");
  EXPECT_EQ(rejects[0].key, "id=5");
  EXPECT_NE(rejects[0].row.find("name 5"), std::string::npos);
  EXPECT_EQ(shop.got("t").rows.size(), 999u);
}

TEST(Migration, Pitfall74_TooManyRejectsFailTheTable) {
  Workshop shop(many_splits());
  TableText table = numbered_rows(1'000);
  for (std::size_t i = 0; i < 20; ++i) table.rows[i * 50][2] = "?";
  shop.put("t", table);
  const json::object exceeded =
      shop.run(shop.request({{"on_error", "reject"}, {"max_rejects", 19}}));
  EXPECT_EQ(error_type_of(exceeded), "config.rejects.exceeded");
  EXPECT_FALSE(std::filesystem::exists(shop.to() / "t.tsv"));
  const json::object enough = shop.run(shop.request({{"on_error", "reject"}, {"max_rejects", 20}}));
  ASSERT_TRUE(succeeded(enough));
  EXPECT_EQ(records_of(enough), 980);
}

TEST(Migration, RetriedSplitsCountTheirRejectsOnce) {
  Workshop shop(many_splits());
  TableText table = numbered_rows(1'000);
  for (std::size_t i = 0; i < 20; ++i) table.rows[i * 50][2] = "?";
  shop.put("t", table);
  for (const int call : {1, 3, 5}) {
    shop.destination_faults().at("destination.finish", call, fail_retryable(Side::destination));
  }
  const json::object result = shop.run(shop.request({{"on_error", "reject"}, {"max_rejects", 20}}));
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(result.at("rows_rejected").to_number<int>(), 20);
  EXPECT_EQ(shop.ledger().rejects(std::string(result.at("job_id").as_string()), 99).size(), 20u);
}

TEST(Migration, ALostRoundGivesItsRejectsBack) {
  SourceMeddling meddling = many_splits();
  Workshop shop(meddling);
  TableText table = numbered_rows(2'000);
  for (std::size_t i = 0; i < 20; ++i) table.rows[i * 10][2] = "?";
  shop.put("t", table);
  meddling.faults->at("source.next", 9, lose_snapshot());
  const json::object result =
      shop.run(shop.request({{"on_error", "reject"}, {"max_rejects", 20}, {"parallel", 1}}));
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(result.at("rows_rejected").to_number<int>(), 20);
}

TEST(Migration, AnInterruptedJobKeepsItsFinishedTables) {
  Workshop shop;
  shop.put("a", numbered_rows(10));
  shop.put("b", numbered_rows(20));
  ASSERT_TRUE(succeeded(shop.run(shop.request({}, {"a"}))));
  // What a killed process leaves in the ledger: table a done, the job never finished.
  const MigrationRequest request = shop.parsed(shop.request());
  // A second ledger in a child process that dies plays the killed one.
  const pid_t child = fork();
  if (child == 0) {
    SqliteLedger ledger(shop.state());
    ledger.create_job({.id = "dead", .fingerprint = request.fingerprint, .targets = {"x"}});
    ledger.start_job("dead");
    ledger.put_tables("dead", {{.table = "a",
                                .target = "to.a",
                                .state = TableState::done,
                                .rows_read = 10,
                                .rows_written = 10},
                               {.table = "b", .target = "to.b"}});
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const json::object result = shop.run();
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(result.at("resumed_from").as_string(), "dead");
  EXPECT_EQ(records_of(result), 30);
  EXPECT_EQ(shop.destination_faults().count("destination.finish_table"), 2);  // a, then b
  EXPECT_EQ(shop.got("b").rows, sorted(numbered_rows(20).rows));
}

}  // namespace
}  // namespace penstock
