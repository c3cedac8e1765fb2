// Commit, swap and clean-up: what is visible when, and that every step can be repeated.
#include <gtest/gtest.h>

#include "core/error.h"
#include "integration/clickhouse/rig.h"
#include "servers/fault_proxy.h"

namespace penstock::testing {

namespace {

const std::vector<std::string> kNothing;

std::string error_code(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return "no error";
}

class Swap : public ::testing::TestWithParam<bool> {
 protected:
  static Rig::Server server() { return GetParam() ? Rig::current_one() : Rig::old_one(); }
  std::string count(const std::string& where = "1") {
    return rig_.query("SELECT count() FROM " + rig_.visible() + " WHERE " + where);
  }
  Rig rig_{server()};
};

}  // namespace

TEST_P(Swap, Pitfall58_OldTableStaysReadableUntilTheNewOneIsComplete) {
  rig_.set_table("t", numbers(10, "old "));
  rig_.migrate();
  rig_.start_next_run();
  rig_.set_table("t", numbers(2'000, "new "));
  EXPECT_TRUE(rig_.inspect().ours);
  rig_.prepare();
  rig_.session().begin_table(rig_.target(), rig_.run(), 2);
  rig_.write_split(0, 2, 0, 1'000);
  rig_.commit(0, 2, 1'000, 0);
  EXPECT_EQ(count(), "10");
  rig_.write_split(1, 2, 1'000, 2'000);
  rig_.commit(1, 2, 1'000, 1'000);
  EXPECT_EQ(count("text LIKE 'old %'"), "8");
  rig_.finish();
  EXPECT_EQ(rig_.read_back(), rig_.expected());
  EXPECT_EQ(rig_.staging(), kNothing);
}

TEST_P(Swap, Pitfall59_RefusesToFinishWithMissingRows) {
  rig_.set_table("t", numbers(100));
  rig_.prepare();
  rig_.session().begin_table(rig_.target(), rig_.run(), 2);
  rig_.write_split(0, 2, 0, 50);
  rig_.commit(0, 2, 50, 0);
  EXPECT_EQ(error_code([&] { rig_.finish(); }), "destination.count_mismatch");
  EXPECT_FALSE(rig_.inspect().exists);
}

TEST_P(Swap, CommitsASplitOnce) {
  rig_.set_table("t", numbers(100));
  rig_.prepare();
  rig_.session().begin_table(rig_.target(), rig_.run(), 2);
  EXPECT_EQ(rig_.write_split(0, 2, 0, 60), 60);
  const SplitAccount first = rig_.account(0, 2, 60, 0);
  EXPECT_FALSE(rig_.session().split_committed(rig_.target(), rig_.run(), first));
  rig_.session().commit_split(rig_.target(), rig_.run(), first);
  EXPECT_TRUE(rig_.session().split_committed(rig_.target(), rig_.run(), first));
  rig_.session().commit_split(rig_.target(), rig_.run(), first);
  rig_.write_split(1, 2, 60, 100);
  rig_.commit(1, 2, 40, 60);
  rig_.finish();
  EXPECT_EQ(rig_.read_back(), rig_.expected());
}

TEST_P(Swap, TellsWhenStagingFitsNoAccount) {
  rig_.set_table("t", numbers(100));
  rig_.prepare();
  rig_.session().begin_table(rig_.target(), rig_.run(), 2);
  rig_.write_split(0, 2, 0, 60);
  rig_.commit(0, 2, 60, 0);
  const SplitAccount wrong = rig_.account(1, 2, 5, 10);
  const auto ask = [&] { rig_.session().split_committed(rig_.target(), rig_.run(), wrong); };
  EXPECT_EQ(error_code(ask), "destination.staging.inconsistent");
  const auto commit = [&] { rig_.session().commit_split(rig_.target(), rig_.run(), wrong); };
  EXPECT_EQ(error_code(commit), "destination.staging.inconsistent");
}

TEST_P(Swap, SendsASplitAgainAfterAnAbort) {
  rig_.set_table("t", numbers(100));
  rig_.prepare();
  for (const int splits : {1, 2}) {
    rig_.session().begin_table(rig_.target(), rig_.run(), splits);
    {
      const auto writer =
          rig_.session().open_split(rig_.target(), rig_.run(), rig_.split(0, splits));
      writer->write(*rig_.batch(0, 30));
    }
    EXPECT_EQ(rig_.write_split(0, splits, 0, 100), 100);
  }
}

TEST_P(Swap, FinishesTwice) {
  for (const int splits : {1, 3}) {
    for (int run = 0; run < 2; ++run) {
      rig_.set_table("t" + std::to_string(splits), numbers(50));
      rig_.migrate(splits);
      EXPECT_EQ(rig_.finish().rows, 50) << splits << " splits, run " << run;
      EXPECT_EQ(rig_.read_back(), rig_.expected());
      rig_.start_next_run();
    }
  }
  EXPECT_EQ(rig_.staging(), kNothing);
}

// Every statement that changes something loses its answer once; the step is then repeated.
TEST_P(Swap, Pitfall54_LostAnswersNeverDoubleRows) {
  const Rig::Server direct = server();
  for (const std::string statement : {"CREATE TABLE", "RENAME TABLE", "EXCHANGE TABLES",
                                      "PARTITION ID", "DROP TABLE", "CREATE VIEW"}) {
    FaultProxy proxy(direct.port);
    Rig rig({direct.host, proxy.port(), direct.query});
    rig.set_table("t", numbers(30, "old "));
    rig.migrate(2);
    rig.start_next_run();
    rig.set_table("t", numbers(90, "new "));
    rig.prepare();
    rig.session().begin_table(rig.target(), rig.run(), 2);
    rig.write_split(0, 2, 0, 50);
    rig.commit(0, 2, 50, 0);
    rig.write_split(1, 2, 50, 90);
    proxy.set({.when_sent = statement, .cut_after_received = 0, .times = 1});
    const SplitAccount last = rig.account(1, 2, 40, 50);
    const auto repeat = [&](const std::function<void()>& step) {
      for (int attempt = 0; attempt < 3; ++attempt) {
        try {
          step();
          return;
        } catch (const Error& error) {
          ASSERT_TRUE(error.retryable()) << statement << ": " << error.describe();
        }
      }
      FAIL() << statement;
    };
    repeat([&] { rig.session().commit_split(rig.target(), rig.run(), last); });
    repeat([&] { rig.finish(); });
    EXPECT_EQ(rig.read_back(), rig.expected()) << statement;
    EXPECT_EQ(rig.session().count(rig.target()), 90) << statement;
    EXPECT_EQ(rig.staging(), kNothing) << statement;
  }
}

TEST_P(Swap, DropsWhatDeadRunsLeft) {
  rig_.set_table("t", numbers(100));
  rig_.prepare();
  rig_.session().begin_table(rig_.target(), rig_.run(), 2);
  rig_.write_split(0, 2, 0, 60);
  EXPECT_EQ(rig_.staging().size(), 2U);
  rig_.start_next_run();
  rig_.prepare();
  EXPECT_EQ(rig_.staging(), kNothing);
}

TEST_P(Swap, UndoesASwapThatWasCutBetweenItsHalves) {
  rig_.set_table("t", numbers(5, "old "));
  rig_.migrate();
  std::string old = rig_.visible();
  old.replace(old.rfind("`t`"), 3, "`" + rig_.staging_name() + "_old`");
  rig_.query("RENAME TABLE " + rig_.visible() + " TO " + old);
  rig_.start_next_run();
  rig_.prepare();
  EXPECT_EQ(count(), "5");
  EXPECT_EQ(rig_.staging(), kNothing);
}

TEST_P(Swap, AbandonLeavesTheVisibleTableAlone) {
  rig_.set_table("t", numbers(5));
  rig_.migrate();
  rig_.start_next_run();
  rig_.prepare();
  rig_.session().begin_table(rig_.target(), rig_.run(), 2);
  rig_.write_split(0, 2, 0, 3);
  rig_.cancel().request();
  rig_.session().abandon_table(rig_.target(), rig_.run());
  EXPECT_EQ(count(), "5");
  EXPECT_EQ(rig_.staging(), kNothing);
}

TEST_P(Swap, KnowsItsOwnTables) {
  rig_.set_table("t", numbers(5));
  EXPECT_FALSE(rig_.inspect().exists);
  rig_.migrate();
  EXPECT_TRUE(rig_.inspect().ours);
  EXPECT_EQ(rig_.inspect().mismatch, kNothing);
  EXPECT_EQ(rig_.inspect().rows, 5);
  rig_.query("ALTER TABLE " + rig_.visible() + " ADD COLUMN more Int8");
  EXPECT_FALSE(rig_.inspect().ours);
  EXPECT_EQ(rig_.inspect().mismatch.size(), 1U);
}

TEST_P(Swap, ATableOfSomebodyElseIsNotOurs) {
  rig_.set_table("t", numbers(5));
  rig_.prepare();  // makes the database
  rig_.set_table("u", numbers(5));
  rig_.query("CREATE TABLE " + rig_.visible() + " (id Int64) ENGINE = MergeTree ORDER BY id");
  const ExistingTable found = rig_.inspect();
  EXPECT_TRUE(found.exists);
  EXPECT_FALSE(found.ours);
  EXPECT_EQ(found.mismatch.size(), 3U) << "text, _version and _deleted are missing";
  rig_.migrate();
  EXPECT_TRUE(rig_.inspect().ours) << "once replaced, it is penstock's";
}

TEST_P(Swap, AppendsToATableOfSomebodyElse) {
  rig_.set_table("t", numbers(100), {{"engine", "MergeTree"}});
  rig_.prepare();
  // Another sorting key and partitions: the rows cannot be moved as they are.
  const std::string columns = " (id Int64, text Nullable(String)) ENGINE = MergeTree ";
  rig_.set_table("sorted", numbers(100), {{"engine", "MergeTree"}});
  rig_.query("CREATE TABLE " + rig_.visible() + columns + "PARTITION BY id % 3 ORDER BY (id % 7)");
  rig_.set_table("same", numbers(100), {{"engine", "MergeTree"}});
  rig_.query("CREATE TABLE " + rig_.visible() + columns + "ORDER BY (id)");
  for (const std::string name : {"sorted", "same"}) {
    rig_.set_table(name, numbers(100), {{"engine", "MergeTree"}});
    rig_.query("INSERT INTO " + rig_.visible() + " VALUES (1000, 'mine')");
    EXPECT_EQ(rig_.inspect().mismatch, kNothing);
    rig_.migrate(2, IfExists::append);
    EXPECT_EQ(count(), "101") << name;
    EXPECT_EQ(count("text = 'mine'"), "1") << name;
    EXPECT_FALSE(rig_.inspect().ours);
  }
  EXPECT_EQ(rig_.staging(), kNothing);
}

TEST_P(Swap, TruncatesButKeepsTheDefinition) {
  rig_.set_table("t", numbers(100), {{"engine", "MergeTree"}});
  rig_.prepare();
  rig_.query("CREATE TABLE " + rig_.visible() +
             " (id Int64, text Nullable(String)) ENGINE = MergeTree PARTITION BY id % 3 ORDER BY "
             "(id) SETTINGS index_granularity = 1024");
  rig_.query("INSERT INTO " + rig_.visible() + " VALUES (1000, 'mine')");
  rig_.migrate(2, IfExists::truncate);
  EXPECT_EQ(rig_.read_back().size(), 100U);
  EXPECT_EQ(count("text = 'mine'"), "0");
  EXPECT_NE(rig_.query("SHOW CREATE TABLE " + rig_.visible()).find("1024"), std::string::npos);
  EXPECT_EQ(rig_.staging(), kNothing);
}

TEST_P(Swap, Pitfall28_NamesOfItsOwnMustBeFree) {
  std::vector<TestColumn> columns = numbers(1);
  columns.push_back({"_version", "int32", {"1"}});
  rig_.set_table("t", columns);
  EXPECT_EQ(rig_.target().problems.size(), 1U);
  rig_.set_table("t", columns, {{"version_column", "_v"}});
  EXPECT_EQ(rig_.target().problems, kNothing);
  rig_.migrate();
  EXPECT_EQ(rig_.read_back(), rig_.expected());
}

TEST_P(Swap, ATableUnderTheViewsNameIsNotTouched) {
  rig_.set_table("t_current", numbers(3), {{"view_suffix", ""}});
  rig_.migrate();
  rig_.start_next_run();
  rig_.set_table("t", numbers(3));
  EXPECT_EQ(error_code([&] { rig_.inspect(); }), "config.option.view_suffix");
}

TEST_P(Swap, TheViewFollowsChangedColumns) {
  rig_.set_table("t", numbers(3));
  rig_.migrate();
  rig_.start_next_run();
  std::vector<TestColumn> columns = numbers(3);
  columns.push_back({"more", "int32", {"7", "8", "9"}});
  rig_.set_table("t", columns);
  rig_.migrate();
  std::string view = rig_.visible();
  view.insert(view.size() - 1, "_current");
  EXPECT_EQ(rig_.query("SELECT sum(more) FROM " + view), "24");
}

INSTANTIATE_TEST_SUITE_P(ClickHouse, Swap, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "current" : "old"; });

}  // namespace penstock::testing
