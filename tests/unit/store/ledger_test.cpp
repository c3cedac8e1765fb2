#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/limits.h"
#include "store/sqlite_ledger.h"
#include "unit/store/expect_error.h"
#include "unit/store/temporary_folder.h"

namespace penstock {
namespace {

class LedgerTest : public testing::Test {
 protected:
  JobRecord job(const std::string& id, std::vector<std::string> targets = {}) {
    return {.id = id,
            .fingerprint = "print-" + id,
            .request = R"({"source":"***"})",
            .created_ms = 1'700'000'000'000,
            .targets = std::move(targets)};
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "penstock.db";
  SqliteLedger ledger_{file_};
};

TEST_F(LedgerTest, KeepsAJobThroughItsLife) {
  ledger_.create_job(job("a1", {"ch://h/db.t1", "ch://h/db.t2"}));
  JobRecord found = ledger_.find_job("a1").value();
  EXPECT_EQ(found.state, JobState::queued);
  EXPECT_EQ(found.fingerprint, "print-a1");
  EXPECT_EQ(found.request, R"({"source":"***"})");
  EXPECT_EQ(found.created_ms, 1'700'000'000'000);
  EXPECT_EQ(found.started_ms, 0);
  EXPECT_EQ(found.targets, (std::vector<std::string>{"ch://h/db.t1", "ch://h/db.t2"}));

  ledger_.start_job("a1");
  found = ledger_.find_job("a1").value();
  EXPECT_EQ(found.state, JobState::running);
  EXPECT_GT(found.started_ms, 1'700'000'000'000);
  EXPECT_EQ(found.finished_ms, 0);

  ledger_.finish_job("a1", JobState::failed, R"({"success":false})");
  found = ledger_.find_job("a1").value();
  EXPECT_EQ(found.state, JobState::failed);
  EXPECT_EQ(found.result, R"({"success":false})");
  EXPECT_GE(found.finished_ms, found.started_ms);
  EXPECT_EQ(found.targets.size(), 2U) << "what it wrote stays known after the leases are gone";
}

TEST_F(LedgerTest, SaysSoWhenAJobIsUnknown) {
  EXPECT_FALSE(ledger_.find_job("nope"));
  EXPECT_EQ(error_of([&] { ledger_.start_job("nope"); }).code(), "engine.store.unknown_job");
  EXPECT_EQ(error_of([&] { ledger_.finish_job("nope", JobState::failed, ""); }).code(),
            "engine.store.unknown_job");
  EXPECT_EQ(error_of([&] { ledger_.put_tables("nope", {}); }).code(), "engine.store.unknown_job");
  EXPECT_EQ(error_of([&] { ledger_.add_rejects("nope", {}); }).code(), "engine.store.unknown_job");
  EXPECT_TRUE(ledger_.tables("nope").empty());
}

TEST_F(LedgerTest, ListsNewestFirstByOrderOfCreationNotByClock) {
  JobRecord late = job("first");
  late.created_ms += 1'000'000;  // the clock was set back afterwards
  ledger_.create_job(late);
  ledger_.create_job(job("second"));
  ledger_.create_job(job("third"));
  const std::vector<JobRecord> two = ledger_.list_jobs(2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].id, "third");
  EXPECT_EQ(two[1].id, "second");
  EXPECT_TRUE(ledger_.list_jobs(0).empty());
  EXPECT_TRUE(ledger_.list_jobs(-1).empty());
}

TEST_F(LedgerTest, KeepsTablesInOrderAndReplacesTheirState) {
  ledger_.create_job(job("a"));
  ledger_.put_tables("a", {{.table = "public.z", .target = "z"}, {.table = "public.a"}});
  ledger_.put_table("a", {.table = "public.z",
                          .target = "z_1",
                          .state = TableState::done,
                          .rows_read = 5,
                          .rows_written = 4,
                          .rows_rejected = 1,
                          .bytes = INT64_MAX,
                          .error = R"({"error":"x"})"});
  const std::vector<TableRecord> tables = ledger_.tables("a");
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].table, "public.z");
  EXPECT_EQ(tables[0].target, "z_1");
  EXPECT_EQ(tables[0].state, TableState::done);
  EXPECT_EQ(tables[0].rows_read, 5);
  EXPECT_EQ(tables[0].rows_written, 4);
  EXPECT_EQ(tables[0].rows_rejected, 1);
  EXPECT_EQ(tables[0].bytes, INT64_MAX);
  EXPECT_EQ(tables[0].error, R"({"error":"x"})");
  EXPECT_EQ(tables[1].state, TableState::pending);
}

TEST_F(LedgerTest, KeepsSplitsPerTableAndReplacesThemAsAWhole) {
  ledger_.create_job(job("a"));
  const TableId orders{.database = "", .schema = "public", .name = "orders"};
  const TableId same_text{.database = "public", .schema = "", .name = "orders"};
  ledger_.put_splits("a", orders,
                     {{.table = orders, .index = 0, .count = 2, .payload = "{\"x\":1}"},
                      {.table = orders, .index = 1, .count = 2}});
  ledger_.put_splits("a", same_text, {{.table = same_text}});
  ledger_.put_split("a", {.split = {.table = orders,
                                    .index = 1,
                                    .count = 2,
                                    .payload = "p",
                                    .rows_estimate = 7,
                                    .bytes_estimate = 8},
                          .state = SplitState::committing,
                          .rows = 100,
                          .rows_before = 50});
  std::vector<SplitRecord> splits = ledger_.splits("a", orders);
  ASSERT_EQ(splits.size(), 2U);
  EXPECT_EQ(splits[0].split.payload, "{\"x\":1}");
  EXPECT_EQ(splits[0].state, SplitState::pending);
  EXPECT_EQ(splits[1].split.table, orders);
  EXPECT_EQ(splits[1].split.count, 2);
  EXPECT_EQ(splits[1].split.rows_estimate, 7);
  EXPECT_EQ(splits[1].split.bytes_estimate, 8);
  EXPECT_EQ(splits[1].state, SplitState::committing);
  EXPECT_EQ(splits[1].rows, 100);
  EXPECT_EQ(splits[1].rows_before, 50);

  ledger_.put_splits("a", orders, {{.table = orders, .payload = "again"}});
  splits = ledger_.splits("a", orders);
  ASSERT_EQ(splits.size(), 1U);
  EXPECT_EQ(splits[0].state, SplitState::pending);
  EXPECT_EQ(ledger_.splits("a", same_text).size(), 1U);
}

TEST_F(LedgerTest, CarriesAnyTextUnchanged) {
  const std::string odd("a\0b'\"\xff\xf0\x9f\x98\x80;--", 14);
  ledger_.create_job(job("a", {odd, ""}));
  ledger_.put_tables("a", {{.table = odd, .target = odd}});
  ledger_.add_rejects("a", {{.table = odd, .row = odd}});
  EXPECT_EQ(ledger_.find_job("a")->targets, (std::vector<std::string>{odd, ""}));
  EXPECT_EQ(ledger_.tables("a").at(0).table, odd);
  EXPECT_EQ(ledger_.rejects("a", 10).at(0).row, odd);
}

TEST_F(LedgerTest, KeepsRejectsInOrder) {
  ledger_.create_job(job("a"));
  ledger_.add_rejects("a", {{.table = "t", .column = "c", .reason = "r", .key = "1", .row = "{}"}});
  ledger_.add_rejects("a", {{.table = "t", .key = "2"}, {.table = "t", .key = "3"}});
  const std::vector<RejectRecord> rejects = ledger_.rejects("a", 2);
  ASSERT_EQ(rejects.size(), 2U);
  EXPECT_EQ(rejects[0].column, "c");
  EXPECT_EQ(rejects[0].reason, "r");
  EXPECT_EQ(rejects[1].key, "2");
}

TEST_F(LedgerTest, RefusesMoreRejectsThanItKeepsInsteadOfDroppingThem) {
  ledger_.create_job(job("a"));
  ledger_.add_rejects("a", {{.table = "t", .key = "kept"}});
  const std::string big(std::size_t{64} << 20, 'x');
  for (int i = 0; i < 3; ++i) ledger_.add_rejects("a", {{.table = "t", .row = big}});
  const Error error = error_of([&] { ledger_.add_rejects("a", {{.table = "t", .row = big}}); });
  EXPECT_EQ(error.code(), "engine.store.rejects_full");
  EXPECT_EQ(ledger_.rejects("a", 100).size(), 4U) << "the refused call left nothing behind";
  ledger_.add_rejects("a", {{.table = "t", .key = "small ones still fit"}});
}

TEST_F(LedgerTest, ForgetsTheOldestEndedJobsWithTheirRecordsButNoLivingOne) {
  ledger_.create_job(job("living"));
  ledger_.create_job(job("oldest"));
  ledger_.put_tables("oldest", {{.table = "t"}});
  ledger_.finish_job("oldest", JobState::succeeded, "{}");
  for (int i = 0; i < limits::jobs_kept_max - 1; ++i) {
    const std::string id = "n" + std::to_string(i);
    ledger_.create_job(job(id));
    ledger_.finish_job(id, JobState::succeeded, "{}");
  }
  EXPECT_TRUE(ledger_.find_job("oldest"));
  ledger_.create_job(job("one more"));
  EXPECT_FALSE(ledger_.find_job("oldest"));
  EXPECT_TRUE(ledger_.tables("oldest").empty());
  EXPECT_TRUE(ledger_.find_job("living"));
}

TEST_F(LedgerTest, ThousandsOfRecordsTakeNoTimeWorthMentioning) {
  const auto start = std::chrono::steady_clock::now();
  ledger_.create_job(job("a"));
  for (int i = 0; i < 2'000; ++i) {
    const TableId table{.database = "", .schema = "s", .name = "t" + std::to_string(i)};
    ledger_.put_splits("a", table, {{.table = table}});
    ledger_.put_split("a", {.split = {.table = table}, .state = SplitState::committed});
    ledger_.put_table("a", {.table = table.display(), .state = TableState::done});
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  // 6,000 syncs would take a minute on a hard disk; the bound leaves room for a loaded machine.
  EXPECT_LT(seconds.count(), 10.0);
  RecordProperty("seconds", std::to_string(seconds.count()));
}

TEST_F(LedgerTest, ServesManyThreadsAndConnectionsAtOnce) {
  ledger_.create_job(job("a"));
  SqliteLedger second(file_);
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&, number] {
      Ledger& mine = number % 2 == 0 ? static_cast<Ledger&>(ledger_) : second;
      for (int i = 0; i < 50; ++i) {
        mine.put_table("a", {.table = "t" + std::to_string(number), .rows_read = i});
        mine.list_jobs(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger_.tables("a").size(), 8U);
  for (const TableRecord& table : ledger_.tables("a")) EXPECT_EQ(table.rows_read, 49);
}

}  // namespace
}  // namespace penstock
