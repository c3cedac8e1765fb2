// A MySQL source that is cut off, killed or altered half-way, and penstock killed or cancelled.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "integration/pairs/mysql_rig.h"
#include "servers/fault_proxy.h"

namespace penstock::testing {
namespace {

using Clock = std::chrono::steady_clock;

class MysqlPairFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    rig_.my(
        "CREATE TABLE t (id bigint PRIMARY KEY, v text);"
        "INSERT INTO t SELECT seq, concat(repeat('v', 90), seq) FROM seq_1_to_100000;"
        "ANALYZE TABLE t");
  }
  void expect_whole() {
    EXPECT_EQ(rig_.ch("SELECT count(), uniqExact(id), sum(id) FROM t"),
              "100000\t100000\t5000050000");
    EXPECT_EQ(rig_.leftovers(), "");
  }
  // Does it to what `ids` finds, as often as said, in the background until `done_`.
  std::thread killer(const std::string& how, const std::string& ids, int times) {
    return std::thread([this, how, ids, times] {
      while (!done_ && killed_ < times) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        const std::string id = rig_.my(ids);
        if (id.empty()) continue;
        try {
          rig_.my(how + id);
          ++killed_;
        } catch (const std::runtime_error&) {
          // It ended just before.
        }
      }
    });
  }
  std::string reading() const {
    return "SELECT id FROM information_schema.processlist WHERE db = '" + rig_.source_database() +
           "' AND info LIKE 'SELECT `id`,%' LIMIT 1";
  }
  // The leader connects first; then the readers, both in the snapshot once one of them reads.
  std::string in_snapshot() const {
    return "SELECT max(id) FROM information_schema.processlist WHERE db = '" +
           rig_.source_database() +
           "' AND id <> CONNECTION_ID() HAVING count(*) >= 3 AND max(time_ms) > 300";
  }

  MysqlRig rig_;
  FaultProxy to_mysql_{shared_mariadb().port()};
  FaultProxy to_clickhouse_{shared_clickhouse().port()};
  std::atomic<int> killed_{0};
  std::atomic<bool> done_{false};
  std::vector<std::string> flags_{"--split-size", "1MiB", "--parallel", "2"};
};

TEST_F(MysqlPairFaults, Pitfall63_ReadersCutInMidSplitStartUnderANewSnapshot) {
  to_mysql_.set({.when_sent = "SELECT `id`", .cut_after_received = 300'000, .times = 1});
  const json::object result = rig_.migrate_well(flags_, to_mysql_.port());
  EXPECT_GT(to_mysql_.befallen(), 0);
  EXPECT_EQ(result.at("consistency").as_string(), "per_table") << "of two snapshots";
  expect_whole();
}

TEST_F(MysqlPairFaults, Pitfall66_WithoutASharedSnapshotOnlyTheSplitIsReadAgain) {
  rig_.set_parameters("consistency=per_split");
  to_mysql_.set({.when_sent = "SELECT `id`", .cut_after_received = 300'000, .times = 4});
  const json::object result = rig_.migrate_well(flags_, to_mysql_.port());
  EXPECT_EQ(to_mysql_.befallen(), 4);
  EXPECT_EQ(result.at("consistency").as_string(), "per_split");
  expect_whole();
}

TEST_F(MysqlPairFaults, AConnectionThatDiesWhilePlanningIsMadeAgain) {
  // The search for key ranges sees no snapshot: it only estimates.
  to_mysql_.set({.when_sent = "FORCE INDEX", .cut_after_received = 0, .times = 1});
  const json::object result = rig_.migrate_well(flags_, to_mysql_.port());
  EXPECT_EQ(to_mysql_.befallen(), 1);
  EXPECT_EQ(result.at("consistency").as_string(), "point_in_time");
  expect_whole();
}

TEST_F(MysqlPairFaults, StatementsKilledAtTheServerAreRepeatedWithinTheSnapshot) {
  to_clickhouse_.set({.delay = std::chrono::milliseconds(10)});
  std::thread thread = killer("KILL QUERY ", reading(), 2);
  // In one split, whose statement runs for as long as the destination takes.
  const json::object result = rig_.migrate_well({"--parallel", "2"}, 0, to_clickhouse_.port());
  done_ = true;
  thread.join();
  EXPECT_GT(killed_, 0);
  EXPECT_EQ(result.at("consistency").as_string(), "point_in_time");
  expect_whole();
}

TEST_F(MysqlPairFaults, Pitfall64_AKilledSessionTakesTheSnapshotWithItAndANewOneIsTaken) {
  to_clickhouse_.set({.delay = std::chrono::milliseconds(10)});
  std::thread thread = killer("KILL ", in_snapshot(), 1);
  rig_.migrate_well(flags_, 0, to_clickhouse_.port());
  done_ = true;
  thread.join();
  EXPECT_EQ(killed_, 1);
  expect_whole();
}

TEST_F(MysqlPairFaults, Pitfall58_ASourceThatDiesLeavesTheOldTableUntouched) {
  rig_.migrate_well(flags_);
  rig_.my("INSERT INTO t SELECT seq, 'new' FROM seq_100001_to_100500");
  to_mysql_.set({.when_sent = "SELECT `id`", .cut_after_received = 200'000});
  std::thread refuser([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    to_mysql_.set({.refuse = true});
    to_mysql_.cut_all();
  });
  const json::object result = rig_.migrate(flags_, to_mysql_.port());
  refuser.join();
  EXPECT_EQ(result.at("success"), false);
  EXPECT_FALSE(result.at("errors").as_array().empty());
  expect_whole();
}

TEST_F(MysqlPairFaults, ATableThatIsAlteredMeanwhileIsNeverHalfOldHalfNew) {
  to_clickhouse_.set({.delay = std::chrono::milliseconds(10)});
  ChildProcess child(rig_.migrate_command(flags_, 0, to_clickhouse_.port()));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  // It waits for the readers of a table that is being read; else they find out.
  std::thread ddl(
      [this] { rig_.my("SET lock_wait_timeout = 60; ALTER TABLE t ADD w int, FORCE"); });
  const auto status = child.wait(std::chrono::minutes(2));
  ddl.join();
  ASSERT_TRUE(status.has_value());
  if (*status == 0) {
    expect_whole();
  } else {
    EXPECT_EQ(rig_.ch("EXISTS TABLE t"), "0");
    EXPECT_EQ(rig_.leftovers(), "");
  }
}

TEST_F(MysqlPairFaults, CtrlCEndsWithinTwoSecondsAndLeavesNothing) {
  to_clickhouse_.set({.delay = std::chrono::milliseconds(20)});
  ChildProcess child(rig_.migrate_command(flags_, 0, to_clickhouse_.port()));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'000));
  ASSERT_TRUE(child.running());
  const auto before = Clock::now();
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(std::chrono::seconds(20)), 130);
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(3));
  EXPECT_EQ(rig_.leftovers(), "");
  EXPECT_EQ(rig_.ch("EXISTS TABLE t"), "0");
  EXPECT_EQ(rig_.my("SELECT count(*) FROM information_schema.processlist WHERE db = '" +
                    rig_.source_database() + "' AND id <> CONNECTION_ID()"),
            "0");
}

TEST_F(MysqlPairFaults, CtrlCEndsASilentSearchAtTheServerToo) {
  std::vector<std::string> flags = flags_;
  flags.insert(flags.end(), {"--where", "t=SLEEP(0.01) = 1"});
  ChildProcess child(rig_.migrate_command(flags));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'000));
  ASSERT_TRUE(child.running());
  const auto before = Clock::now();
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(std::chrono::seconds(20)), 130);
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(3));
  // MariaDB's KILL itself may take two seconds when several sessions sleep.
  std::string left;
  for (int i = 0; i < 50 && left != "0"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    left = rig_.my(
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT `id`%'");
  }
  EXPECT_EQ(left, "0");
}

// ---- penstock killed, and the same command again

int kills_wanted(int few) {
  const char* const wish = std::getenv("PENSTOCK_TEST_KILLS");
  return wish == nullptr ? few : std::atoi(wish);
}

void kill_and_repeat(bool embedded) {
  MysqlRig rig(embedded);
  rig.my(
      "CREATE TABLE big (id bigint PRIMARY KEY, v int, t text);"
      "INSERT INTO big SELECT seq, seq % 1000, concat(repeat('x', 40), seq) FROM seq_1_to_150000;"
      "CREATE TABLE keyless (a int, b text);"
      "INSERT INTO keyless SELECT seq, concat('row ', seq) FROM seq_1_to_40000;"
      "CREATE TABLE empty (id int PRIMARY KEY); ANALYZE TABLE big, keyless");
  const std::vector<std::string> flags = {"--split-size", "1MiB", "--parallel", "3"};
  const auto expect_equal = [&] {
    EXPECT_EQ(
        rig.ch("SELECT count(), uniqExact(id), sum(id), sum(v), sum(length(t)) FROM big"),
        rig.my("SELECT count(*), count(DISTINCT id), sum(id), sum(v), sum(length(t)) FROM big"));
    EXPECT_EQ(rig.ch("SELECT count(), sum(a), sum(length(b)) FROM keyless"),
              rig.my("SELECT count(*), sum(a), sum(length(b)) FROM keyless"));
    EXPECT_EQ(rig.ch("SELECT count() FROM empty"), "0");
    EXPECT_EQ(rig.leftovers(), "");
  };
  std::minstd_rand random(::testing::UnitTest::GetInstance()->random_seed() + 17);
  int killed = 0;
  for (int i = 0; i < kills_wanted(4); ++i) {
    ChildProcess child(rig.migrate_command(flags));
    const int delay = std::uniform_int_distribution<int>(20, 1'200)(random);
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    if (child.running()) ++killed;
    child.signal(SIGKILL);
    child.wait(std::chrono::seconds(10));
    if (i % 2 == 0) continue;
    SCOPED_TRACE("after kill " + std::to_string(i) + " at " + std::to_string(delay) + " ms");
    rig.migrate_well(flags);
    expect_equal();
  }
  EXPECT_GT(killed, 0) << "no run was long enough to be killed";
}

TEST(MysqlCrash, KilledAnywhereAndRepeatedTheRowsAreTheSources_18_16) {
  kill_and_repeat(false);
}

TEST(MysqlCrash, KilledAnywhereAndRepeatedTheRowsAreTheSources_Current) {
  kill_and_repeat(true);
}

TEST(MysqlCrash, AServerThatIsKilledAndComesBackLosesNothing) {
  PrivateMariadb server;
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE t (id bigint PRIMARY KEY, v text);"
      "INSERT INTO t SELECT seq, repeat('v', 100) FROM seq_1_to_100000; ANALYZE TABLE t",
      database);
  MysqlRig rig;
  ProcessOptions command = rig.migrate_command({"--split-size", "1MiB", "--parallel", "2"});
  command.argv[2] = server.url(database);
  ChildProcess child(command);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  server.stop(true);
  server.start();
  const auto status = child.wait(std::chrono::minutes(2));
  ASSERT_TRUE(status.has_value());
  // Giving up is allowed while the server is away, losing rows is not.
  if (*status != 0) {
    EXPECT_EQ(run_program(command, std::chrono::minutes(2)).status, 0);
  }
  EXPECT_EQ(rig.ch("SELECT count(), uniqExact(id), sum(id) FROM t"), "100000\t100000\t5000050000");
  EXPECT_EQ(rig.leftovers(), "");
}

// peers.md §7a.2: what parallel readers show is one point in time.
TEST(MysqlSnapshot, TransfersBetweenAccountsNeverShowHalf) {
  MysqlRig rig;
  rig.my(
      "CREATE TABLE account (id int PRIMARY KEY, balance bigint, filler text);"
      "INSERT INTO account SELECT seq, 1000, repeat('x', 200) FROM seq_1_to_50000;"
      "ANALYZE TABLE account");
  std::atomic<bool> stop{false};
  std::thread bank([&] {
    while (!stop) {
      rig.my(
          "UPDATE account SET balance = balance + IF(id <= 500, -7, 7) WHERE id <= 500 OR id > "
          "49500");
    }
  });
  for (int i = 0; i < 3; ++i) {
    const json::object result = rig.migrate_well({"--split-size", "1MiB", "--parallel", "4"});
    EXPECT_EQ(result.at("consistency").as_string(), "point_in_time");
    EXPECT_EQ(rig.ch("SELECT sum(balance) FROM account"), "50000000");
  }
  stop = true;
  bank.join();
}

}  // namespace
}  // namespace penstock::testing
