// Leases between jobs, and what happens to them when a process dies. The processes are real ones.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "store/process_identity.h"
#include "store/sqlite_ledger.h"
#include "unit/store/expect_error.h"
#include "unit/store/temporary_folder.h"

namespace penstock {
namespace {

JobRecord job(const std::string& id, std::vector<std::string> targets) {
  return {.id = id, .fingerprint = "same", .request = "{}", .targets = std::move(targets)};
}

// A child process that runs `work`, says so, and then waits to be killed.
class Child {
 public:
  explicit Child(const std::function<void()>& work) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
    pid_ = fork();
    if (pid_ == 0) {
      try {
        work();
      } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "child: %s\n", error.what()));
        _exit(1);
      }
      static_cast<void>(!write(ends[1], "x", 1));
      for (;;) pause();
    }
    close(ends[1]);
    char done = 0;
    ready_ = read(ends[0], &done, 1) == 1;
    close(ends[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    end();
    reap();
  }
  bool ready() const { return ready_; }
  void end() const { kill(pid_, SIGKILL); }
  void reap() {
    if (reaped_) return;
    waitpid(pid_, nullptr, 0);
    reaped_ = true;
  }
  // Waits for the death but leaves the zombie.
  void await_zombie() const {
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  pid_t pid_ = 0;
  bool ready_ = false, reaped_ = false;
};

class LeaseTest : public testing::Test {
 protected:
  // Changes the file behind the ledger's back.
  void alter(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "penstock.db";
};

TEST_F(LeaseTest, SecondJobOnOneTargetIsRefusedNamingTargetAndJob) {
  SqliteLedger ledger(file_);
  ledger.create_job(job("first", {"db.a", "db.b"}));
  const Error error = error_of([&] { ledger.create_job(job("second", {"db.c", "db.b"})); });
  EXPECT_EQ(error.code(), "config.target.busy");
  EXPECT_NE(error.message().find("db.b"), std::string::npos);
  EXPECT_NE(error.message().find("first"), std::string::npos);
  EXPECT_FALSE(ledger.find_job("second")) << "the refused job left nothing behind";
  ledger.create_job(job("third", {"db.c"}));
}

TEST_F(LeaseTest, FurtherTargetsAreLeasedAllOrNone) {
  SqliteLedger ledger(file_);
  ledger.create_job(job("first", {"db.a"}));
  ledger.create_job(job("second", {"db.b"}));
  ledger.lease_targets("first", {"db.a", "db.c"});
  EXPECT_EQ(error_of([&] {
              ledger.lease_targets("second", {"db.d", "db.c"});
            }).code(),
            "config.target.busy");
  EXPECT_EQ(ledger.find_job("second")->targets, std::vector<std::string>{"db.b"});
  EXPECT_EQ(ledger.find_job("first")->targets, (std::vector<std::string>{"db.a", "db.c"}));
  ledger.finish_job("first", JobState::succeeded, "{}");
  ledger.lease_targets("second", {"db.d", "db.c"});
  EXPECT_EQ(error_of([&] { ledger.lease_targets("nope", {"x"}); }).code(),
            "engine.store.unknown_job");
}

TEST_F(LeaseTest, EveryEndReleasesTheTargets) {
  SqliteLedger ledger(file_);
  int number = 0;
  for (const JobState end : {JobState::succeeded, JobState::failed, JobState::cancelled}) {
    const std::string id = std::to_string(number++);
    ledger.create_job(job(id, {"db.a"}));
    ledger.start_job(id);
    ledger.finish_job(id, end, "{}");
  }
  ledger.create_job(job("last", {"db.a"}));
}

TEST_F(LeaseTest, OneJobMayNameATargetTwice) {
  SqliteLedger ledger(file_);
  ledger.create_job(job("a", {"db.a", "db.a"}));
  EXPECT_EQ(error_of([&] { ledger.create_job(job("b", {"db.a"})); }).code(), "config.target.busy");
}

TEST_F(LeaseTest, TargetsOfAnotherLivingProcessAreBusyUntilItDies) {
  Child child([&] {
    SqliteLedger ledger(file_);
    ledger.create_job(job("theirs", {"db.a"}));
    ledger.start_job("theirs");
  });
  ASSERT_TRUE(child.ready());
  SqliteLedger ledger(file_);
  EXPECT_EQ(error_of([&] { ledger.create_job(job("ours", {"db.a"})); }).code(),
            "config.target.busy");
  EXPECT_EQ(ledger.find_job("theirs")->state, JobState::running);
  EXPECT_FALSE(ledger.interrupted_job("same"));

  child.end();
  child.await_zombie();  // a zombie is as dead: its parent may never ask
  const std::optional<JobRecord> interrupted = ledger.interrupted_job("same");
  ASSERT_TRUE(interrupted);
  EXPECT_EQ(interrupted->id, "theirs");
  EXPECT_EQ(interrupted->state, JobState::interrupted);
  EXPECT_GT(interrupted->finished_ms, 0);
  child.reap();
  ledger.create_job(job("ours", {"db.a"}));
  EXPECT_TRUE(ledger.interrupted_job("same")) << "our own job asks, alive, what it may continue";
  ledger.finish_job("ours", JobState::cancelled, "{}");
  EXPECT_FALSE(ledger.interrupted_job("same")) << "a later one has ended otherwise";
}

TEST_F(LeaseTest, CreatingAJobSweepsAwayTheDeadOneInItsWay) {
  {
    Child child([&] { SqliteLedger(file_).create_job(job("theirs", {"db.a"})); });
    ASSERT_TRUE(child.ready());
  }
  SqliteLedger ledger(file_);
  ledger.create_job(job("ours", {"db.a"}));
  EXPECT_EQ(ledger.list_jobs(10).back().state, JobState::interrupted);
}

TEST_F(LeaseTest, AnotherProcessWithTheDeadOnesNumberIsNotMistakenForIt) {
  SqliteLedger ledger(file_);
  ledger.create_job(job("theirs", {"db.a"}));
  // Our own number lives, but this is what a job of its former bearer looks like.
  alter("UPDATE jobs SET owner_start = owner_start - 1");
  ledger.create_job(job("ours", {"db.a"}));
  EXPECT_EQ(ledger.find_job("theirs")->state, JobState::interrupted);
}

TEST_F(LeaseTest, JobsOfAnEarlierBootAreInterrupted) {
  SqliteLedger ledger(file_);
  ledger.create_job(job("theirs", {"db.a"}));
  alter("UPDATE jobs SET owner_boot = 'another'");
  EXPECT_EQ(ledger.find_job("theirs")->state, JobState::interrupted);
}

TEST_F(LeaseTest, ASecondLedgerOfThisProcessSeesItsJobsAlive) {
  SqliteLedger one(file_);
  one.create_job(job("a", {"db.a"}));
  SqliteLedger two(file_);
  EXPECT_EQ(two.find_job("a")->state, JobState::queued);
}

TEST_F(LeaseTest, OfManyProcessesAskingForOneTargetExactlyOneGetsIt) {
  constexpr int kProcesses = 8;
  std::vector<pid_t> children;
  for (int number = 0; number < kProcesses; ++number) {
    const pid_t child = fork();
    if (child == 0) {
      int status = 9;
      try {
        SqliteLedger ledger(file_);  // all make the file at the same time, too
        ledger.create_job(job(std::to_string(number), {"db.a"}));
        ledger.finish_job(std::to_string(number), JobState::succeeded, "{}");
        ledger.create_job(job(std::to_string(number) + "x", {"db.own" + std::to_string(number)}));
        status = 0;
      } catch (const Error& error) {
        status = error.code() == "config.target.busy" ? 1 : 2;
        if (status == 2) static_cast<void>(std::fprintf(stderr, "%s\n", error.what()));
      }
      _exit(status);
    }
    children.push_back(child);
  }
  int got = 0, busy = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    got += WEXITSTATUS(status) == 0 ? 1 : 0;
    busy += WEXITSTATUS(status) == 1 ? 1 : 0;
  }
  EXPECT_GE(got, 1);
  EXPECT_EQ(got + busy, kProcesses) << "no other failure";
}

TEST(ProcessIdentityTest, KnowsItselfAlive) {
  const ProcessIdentity self = ProcessIdentity::current();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_TRUE(self.alive());
  EXPECT_FALSE((ProcessIdentity{.pid = 1 << 30, .start_ticks = 1, .boot = self.boot}.alive()));
}

}  // namespace
}  // namespace penstock
