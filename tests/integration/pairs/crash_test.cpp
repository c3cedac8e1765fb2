// peers.md §7a.1: the program killed at random instants, and the same command again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "integration/pairs/pair_rig.h"

namespace penstock::testing {
namespace {

// ./test kills a few times; PENSTOCK_TEST_KILLS=100 does it as long as one likes.
int kills_wanted(int few) {
  const char* const wish = std::getenv("PENSTOCK_TEST_KILLS");
  return wish == nullptr ? few : std::atoi(wish);
}

constexpr auto kTables =
    "CREATE TABLE big (id bigint PRIMARY KEY, v int, t text);"
    "INSERT INTO big SELECT i, i % 1000, repeat('x', 40) || i FROM generate_series(1, 150000) i;"
    "CREATE TABLE keyless (a int, b text);"
    "INSERT INTO keyless SELECT i, 'row ' || i FROM generate_series(1, 40000) i;"
    "CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small VALUES (1), (2), (3);"
    "CREATE TABLE empty (id int PRIMARY KEY); ANALYZE";

void expect_equal_to_source(const PairRig& rig) {
  EXPECT_EQ(
      rig.ch("SELECT count(), uniqExact(id), sum(id), sum(v), sum(length(t)) FROM big"),
      rig.pg("SELECT count(*), count(DISTINCT id), sum(id), sum(v), sum(length(t)) FROM big"));
  EXPECT_EQ(rig.ch("SELECT count(), sum(a), sum(length(b)) FROM keyless"),
            rig.pg("SELECT count(*), sum(a), sum(length(b)) FROM keyless"));
  EXPECT_EQ(rig.ch("SELECT count(), sum(id) FROM small_current"), "3\t6");
  EXPECT_EQ(rig.ch("SELECT count() FROM empty"), "0");
  EXPECT_EQ(rig.leftovers(), "");
}

void kill_and_repeat(bool embedded) {
  PairRig rig(embedded);
  rig.pg(kTables);
  const std::vector<std::string> flags = {"--split-size", "1MiB", "--parallel", "3"};
  std::minstd_rand random(::testing::UnitTest::GetInstance()->random_seed() + 17);
  int killed = 0;
  for (int i = 0; i < kills_wanted(6); ++i) {
    ChildProcess child(rig.migrate_command(flags));
    const int delay = std::uniform_int_distribution<int>(20, 1500)(random);
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    if (child.running()) ++killed;
    child.signal(SIGKILL);
    child.wait(std::chrono::seconds(10));
    if (i % 3 == 2) {
      SCOPED_TRACE("after kill " + std::to_string(i) + " at " + std::to_string(delay) + " ms");
      rig.migrate_well(flags);
      expect_equal_to_source(rig);
    }
  }
  EXPECT_GT(killed, 0) << "no run was long enough to be killed";
  rig.migrate_well(flags);
  expect_equal_to_source(rig);
}

TEST(Crash, KilledAnywhereAndRepeatedTheRowsAreTheSources_18_16) {
  kill_and_repeat(false);
}

TEST(Crash, KilledAnywhereAndRepeatedTheRowsAreTheSources_Current) {
  kill_and_repeat(true);
}

TEST(Crash, TablesThatWereFinishedAreKeptByTheSameCommand) {
  PairRig rig;
  rig.pg(
      "CREATE TABLE slow (id int PRIMARY KEY, t text);"
      "INSERT INTO slow SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i;"
      "CREATE TABLE quick (id int PRIMARY KEY); INSERT INTO quick VALUES (1); ANALYZE");
  // Two workers: `quick` ends while `slow`, which goes first and sleeps at every row, is under way.
  const std::vector<std::string> flags = {"--parallel", "2", "--where",
                                          "slow=pg_sleep(0.00005) IS NOT NULL"};
  {
    ChildProcess child(rig.migrate_command(flags));
    for (int i = 0; i < 500 && rig.ch("EXISTS TABLE quick") != "1"; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    child.signal(SIGKILL);
    child.wait(std::chrono::seconds(10));
  }
  ASSERT_EQ(rig.ch("EXISTS TABLE slow"), "0") << "the job was too quick to be killed";
  rig.pg("INSERT INTO quick VALUES (2)");
  const json::object result = rig.migrate_well(flags);
  EXPECT_EQ(rig.ch("SELECT count() FROM slow"), "3000");
  EXPECT_EQ(rig.ch("SELECT count() FROM quick"), "1") << "a finished table is kept as it was";
  EXPECT_TRUE(result.contains("resumed_from"));
  EXPECT_EQ(result.at("consistency").as_string(), "per_table");

  rig.migrate_well(flags);
  EXPECT_EQ(rig.ch("SELECT count() FROM quick"), "2") << "a job that ended is not continued";
}

// peers.md §7a.2: what a parallel snapshot shows is one point in time.
TEST(Snapshot, TransfersBetweenAccountsNeverShowHalf) {
  PairRig rig;
  rig.pg(
      "CREATE TABLE account (id int PRIMARY KEY, balance bigint, filler text);"
      "INSERT INTO account SELECT i, 1000, repeat('x', 200) FROM generate_series(1, 50000) i;"
      "ANALYZE");
  std::atomic<bool> stop{false};
  std::thread bank([&] {
    while (!stop) {
      rig.pg(
          "UPDATE account SET balance = balance + CASE WHEN id <= 500 THEN -7 ELSE 7 END "
          "WHERE id <= 500 OR id > 49500; INSERT INTO account SELECT max(id) + 1, 0, '' "
          "FROM account; DELETE FROM account WHERE balance = 0 AND id = (SELECT max(id) FROM "
          "account)");
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
