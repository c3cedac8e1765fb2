// Points in time: what readers share, what stands in the way, and what happens then.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "integration/mysql/source_harness.h"

namespace penstock::testing {
namespace {

using Clock = std::chrono::steady_clock;

class MysqlSnapshots : public ::testing::Test {
 protected:
  PrivateMariadb& server_ = shared_mariadb();
  std::string database_ = server_.fresh_database();

  void sql(const std::string& text) { server_.sql(text, database_); }
  // An account with no more than these privileges.
  json::object account(const std::string& grants) {
    const std::string user = "s" + database_;
    server_.sql("CREATE USER '" + user + "'@'%'; " + grants);
    return {{"username", user}};
  }
  std::string grant(const std::string& what, const std::string& on) {
    return "GRANT " + what + " ON " + on + " TO 's" + database_ + "'@'%';";
  }
};

// Sums column `v` over all splits of all tables, by as many readers as there are threads.
std::int64_t sum_in_parallel(OpenSource& source, const std::vector<const TableSchema*>& tables,
                             const Snapshot& snapshot, int threads) {
  struct Task {
    const TableSchema* table;
    Split split;
  };
  std::vector<Task> tasks;
  for (const TableSchema* table : tables) {
    for (Split& split :
         source.source().plan_splits(*table, "", {.bytes_target = 1 << 20}, source.cancel())) {
      tasks.push_back({table, std::move(split)});
    }
  }
  std::atomic<std::size_t> next{0};
  std::atomic<std::int64_t> sum{0};
  MemoryBudget budget(std::size_t{64} << 20);
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      const auto reader = source.source().open_reader(source.cancel());
      for (std::size_t at = next++; at < tasks.size(); at = next++) {
        ReadSpec spec = OpenSource::spec_for(*tasks[at].table, snapshot.token);
        std::erase_if(spec.columns, [](const ReadColumn& c) { return c.field->name != "v"; });
        reader->start(spec, tasks[at].split, {1 << 20, 1'000, &budget});
        while (const BatchPtr batch = reader->next()) {
          for (std::int64_t row = 0; row < batch->rows; ++row) {
            sum += batch->columns[0].value<std::int64_t>(row);
          }
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return sum;
}

// Money moves between two accounts of two tables, in transactions, for as long as this lives.
class BankTransfers {
 public:
  BankTransfers(PrivateMariadb& server, const std::string& database) {
    for (int i = 0; i < 2; ++i) {
      threads_.emplace_back([this, &server, database, i] {
        for (int n = i; !stop_; n += 2) {
          const std::string from = std::to_string(1 + n * 7919 % 20'000);
          const std::string to = std::to_string(1 + n * 104'729 % 20'000);
          server.sql("START TRANSACTION; UPDATE a SET v = v - 5 WHERE id = " + from +
                         "; UPDATE b SET v = v + 5 WHERE id = " + to + "; COMMIT",
                     database);
          ++count_;
        }
      });
    }
  }
  ~BankTransfers() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  int count() const { return count_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> count_{0};
  std::vector<std::thread> threads_;
};

constexpr std::int64_t kMoney = 2 * 20'000 * 1000;

void make_bank(PrivateMariadb& server, const std::string& database) {
  for (const std::string table : {"a", "b"}) {
    server.sql("CREATE TABLE " + table +
                   " (id int PRIMARY KEY, v bigint NOT NULL, pad char(200) NOT NULL);"
                   "INSERT INTO " +
                   table + " SELECT seq, 1000, 'x' FROM seq_1_to_20000; ANALYZE TABLE " + table,
               database);
  }
}

TEST_F(MysqlSnapshots, AllReadersSeeOnePointInTimeWhileMoneyMoves) {
  make_bank(server_, database_);
  const BankTransfers transfers(server_, database_);
  OpenSource source(server_, database_);
  const std::vector<const TableSchema*> tables = {&source.table("a"), &source.table("b")};
  for (int round = 0; round < 3; ++round) {
    const Snapshot snapshot =
        source.source().snapshot({.tables = tables, .readers = 4}, source.cancel());
    EXPECT_EQ(snapshot.consistency, Consistency::point_in_time) << snapshot.description;
    EXPECT_NE(snapshot.position.find("\"file\""), std::string::npos) << snapshot.position;
    const int before = transfers.count();
    while (transfers.count() < before + 50) std::this_thread::yield();
    EXPECT_EQ(sum_in_parallel(source, tables, snapshot, 4), kMoney);
  }
}

TEST_F(MysqlSnapshots, WithoutReloadTheTablesThemselvesAreLocked) {
  make_bank(server_, database_);
  const json::object user = account(grant("SELECT, LOCK TABLES", "`" + database_ + "`.*"));
  const BankTransfers transfers(server_, database_);
  OpenSource source(server_, database_, user);
  const std::vector<const TableSchema*> tables = {&source.table("a"), &source.table("b")};
  const Snapshot snapshot =
      source.source().snapshot({.tables = tables, .readers = 3}, source.cancel());
  EXPECT_EQ(snapshot.consistency, Consistency::point_in_time) << snapshot.description;
  EXPECT_NE(snapshot.description.find("LOCK TABLES"), std::string::npos);
  const int before = transfers.count();
  while (transfers.count() < before + 50) std::this_thread::yield();
  EXPECT_EQ(sum_in_parallel(source, tables, snapshot, 3), kMoney);
}

TEST_F(MysqlSnapshots, WithSelectAloneTheLowerLevelIsStated) {
  make_bank(server_, database_);
  const json::object user = account(grant("SELECT", "`" + database_ + "`.*"));
  OpenSource source(server_, database_, user);
  const Snapshot snapshot = source.take_snapshot("a", 2);
  EXPECT_EQ(snapshot.consistency, Consistency::per_table);
  EXPECT_TRUE(snapshot.token.empty());
  EXPECT_NE(snapshot.description.find("may not run"), std::string::npos) << snapshot.description;
  const ReadResult read = source.read({.table = "a", .goal = {.bytes_target = 1 << 20}});
  EXPECT_EQ(read.splits, 1U);
  EXPECT_EQ(read.row_count, 20'000);
}

TEST_F(MysqlSnapshots, ALowerLevelCanBeChosenAndThenSplitsAgain) {
  make_bank(server_, database_);
  OpenSource table(server_, database_, {{"consistency", "per_table"}});
  EXPECT_EQ(table.take_snapshot("a").consistency, Consistency::per_table);
  EXPECT_EQ(table.read({.table = "a", .goal = {.bytes_target = 1 << 20}}).splits, 1U);
  OpenSource split(server_, database_, {{"consistency", "per_split"}});
  EXPECT_EQ(split.take_snapshot("a").consistency, Consistency::per_split);
  const ReadResult read = split.read({.table = "a", .goal = {.bytes_target = 1 << 20}});
  EXPECT_GT(read.splits, 3U);
  EXPECT_EQ(read.row_count, 20'000);
}

// Runs a statement in the background until the end of the scope.
class Background {
 public:
  Background(PrivateMariadb& server, std::string statement, const std::string& database)
      : server_(server), mark_(std::move(statement)), thread_([this, database] {
          try {
            server_.sql(mark_, database);
          } catch (const std::runtime_error&) {
            // It was killed, as is meant.
          }
        }) {
    for (int i = 0; i < 500 && id().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }
  ~Background() {
    if (const std::string one = id(); !one.empty()) server_.sql("KILL " + one);
    thread_.join();
  }

 private:
  std::string id() const {
    return server_.sql(
        "SELECT id FROM information_schema.processlist WHERE state LIKE "
        "'User sleep%' LIMIT 1");
  }
  PrivateMariadb& server_;
  std::string mark_;
  std::thread thread_;
};

TEST_F(MysqlSnapshots, AWriterIsNeverBlockedForLongerThanTheLockMayWait) {
  make_bank(server_, database_);
  // An open transaction holds what LOCK TABLES would have to wait for.
  const json::object user = account(grant("SELECT, LOCK TABLES", "`" + database_ + "`.*"));
  const Background transaction(
      server_, "START TRANSACTION; UPDATE a SET v = v WHERE id = 1; DO SLEEP(60)", database_);
  json::object config = user;
  config["lock_timeout"] = 1;
  OpenSource source(server_, database_, config);
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> slowest_ms{0};
  std::thread writer([&] {
    while (!stop) {
      const auto start = Clock::now();
      server_.sql("UPDATE a SET v = v WHERE id = 2", database_);
      const auto took =
          std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
      slowest_ms = std::max<std::int64_t>(slowest_ms, took);
    }
  });
  const auto start = Clock::now();
  const Snapshot snapshot = source.take_snapshot("a", 2);
  const auto took = Clock::now() - start;
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  stop = true;
  writer.join();
  EXPECT_EQ(snapshot.consistency, Consistency::per_table);
  EXPECT_NE(snapshot.description.find("more than 1 s"), std::string::npos) << snapshot.description;
  EXPECT_LT(took, std::chrono::seconds{4});
  EXPECT_LT(slowest_ms, 3'000);
}

TEST_F(MysqlSnapshots, ALongQueryDoesNotStandInTheWayOfMariadbsLock) {
  if (PrivateMariadb::is_mysql()) return;
  make_bank(server_, database_);
  const Background query(server_, "SELECT SLEEP(60) FROM a LIMIT 1", database_);
  OpenSource source(server_, database_);
  const auto start = Clock::now();
  EXPECT_EQ(source.take_snapshot("a", 2).consistency, Consistency::point_in_time);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds{3});
}

TEST_F(MysqlSnapshots, NothingStaysLocked) {
  make_bank(server_, database_);
  OpenSource source(server_, database_);
  source.take_snapshot("a", 2);
  const auto start = Clock::now();
  sql("INSERT INTO a VALUES (100000, 1, 'y'); UPDATE b SET v = 2 WHERE id = 1");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds{2});
  // What came after the snapshot is not part of it.
  EXPECT_EQ(source.read({.table = "a"}).row_count, 20'001);
}

}  // namespace
}  // namespace penstock::testing
