// Opening the state file: where it is, its modes and versions, and files that are something else.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "store/sqlite_ledger.h"
#include "store/sqlite_open.h"
#include "store/state_path.h"
#include "unit/store/expect_error.h"
#include "unit/store/temporary_folder.h"

namespace penstock {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

void run_sql(const std::filesystem::path& file, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
}

class OpenTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "deep" / "er" / "penstock.db";
};

TEST_F(OpenTest, MakesFolderAndFilesForTheUserAlone) {
  SqliteLedger ledger(file_);
  ledger.create_job({.id = "a"});
  EXPECT_EQ(mode_of(file_.parent_path()), 0700U);
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_EQ(mode_of(file_.string() + "-wal"), 0600U);
  EXPECT_EQ(mode_of(file_.string() + "-shm"), 0600U);
}

TEST_F(OpenTest, KeepsWhatWasWrittenBefore) {
  { SqliteLedger(file_).create_job({.id = "a"}); }
  EXPECT_TRUE(SqliteLedger(file_).find_job("a"));
}

TEST_F(OpenTest, AFileThatIsNoDatabaseIsRefusedAndLeftAsItIs) {
  make_state_folder(file_.parent_path());
  const std::string text(5'000, 'x');
  std::ofstream(file_) << text;
  const Error error = error_of([&] { SqliteLedger{file_}; });
  EXPECT_EQ(error.code(), "engine.store.corrupt");
  EXPECT_NE(error.message().find(file_.string()), std::string::npos);
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(std::filesystem::file_size(file_), text.size());
}

TEST_F(OpenTest, AnotherProgramsDatabaseIsRefused) {
  make_state_folder(file_.parent_path());
  run_sql(file_, "CREATE TABLE cookies (a)");
  EXPECT_EQ(error_of([&] { SqliteLedger{file_}; }).code(), "engine.store.foreign");
}

TEST_F(OpenTest, ANewerVersionsDatabaseIsRefused) {
  { SqliteLedger ledger(file_); }
  run_sql(file_, "PRAGMA user_version = 99");
  const Error error = error_of([&] { SqliteLedger{file_}; });
  EXPECT_EQ(error.code(), "engine.store.version");
  EXPECT_NE(error.message().find("99"), std::string::npos);
}

TEST_F(OpenTest, AFolderInPlaceOfTheFileOrAFileInPlaceOfTheFolderIsRefused) {
  std::filesystem::create_directories(file_);
  EXPECT_EQ(error_of([&] { SqliteLedger{file_}; }).code(), "engine.store.open");
  std::ofstream(folder_.path() / "plain") << "x";
  EXPECT_EQ(error_of([&] { SqliteLedger{folder_.path() / "plain" / "penstock.db"}; }).code(),
            "engine.store.open");
}

TEST_F(OpenTest, MigrationsRunOnceInOrderAndAllOrNothing) {
  make_state_folder(file_.parent_path());
  SqliteConnection connection(file_);
  const std::string_view first[] = {"CREATE TABLE a (x)"};
  migrate_state(connection, first);
  migrate_state(connection, first);
  const std::string_view broken[] = {first[0], "CREATE TABLE b (x)", "CREATE TABLE nonsense"};
  EXPECT_EQ(error_of([&] { migrate_state(connection, broken); }).code(), "engine.store.failed");
  const std::string_view good[] = {first[0], "CREATE TABLE b (x)", "INSERT INTO b VALUES (7)"};
  migrate_state(connection, good);
  SqliteQuery query = connection.query("SELECT x FROM b");
  ASSERT_TRUE(query.step());
  EXPECT_EQ(query.integer(0), 7);
  EXPECT_FALSE(query.step());
}

// Runs in a child, for limits and user of a process cannot be taken back.
int status_of_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      status = work();
    } catch (const std::exception& error) {
      static_cast<void>(std::fprintf(stderr, "child: %s\n", error.what()));
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// RLIMIT_FSIZE makes write() fail as a full disk does, without needing a file system of our own.
TEST_F(OpenTest, AWriteThatDoesNotFitIsAClearErrorAndTheLedgerStaysUsable) {
  const int status = status_of_child([&] {
    SqliteLedger ledger(file_);
    ledger.create_job({.id = "a"});
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = 512 << 10, .rlim_max = RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &small) != 0) return 1;
    const Error error = error_of(
        [&] { ledger.add_rejects("a", {{.table = "t", .row = std::string(2 << 20, 'x')}}); });
    if (error.code() != "engine.store.full" && error.code() != "engine.store.io") return 2;
    if (!ledger.rejects("a", 1).empty()) return 3;
    const rlimit large{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &large) != 0) return 4;
    ledger.finish_job("a", JobState::failed, "{}");
    return ledger.find_job("a")->state == JobState::failed ? 0 : 5;
  });
  EXPECT_EQ(status, 0);
}

TEST_F(OpenTest, AFileOfAnotherUserIsAClearError) {
  if (getuid() != 0) GTEST_SKIP() << "needs root to become another user";
  { SqliteLedger(file_).create_job({.id = "a"}); }
  for (const auto& path :
       {folder_.path(), file_.parent_path().parent_path(), file_.parent_path()}) {
    chmod(path.c_str(), 0755);
  }
  chmod(file_.c_str(), 0644);
  const int status = status_of_child([&] {
    if (setuid(65'534) != 0) return 1;
    const Error error = error_of([&] { SqliteLedger(file_).create_job({.id = "b"}); });
    return error.code() == "engine.store.readonly" || error.code() == "engine.store.open" ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
}

class StatePathTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"PENSTOCK_STATE", "XDG_STATE_HOME", "HOME"}) {
      const char* const text = std::getenv(name);
      before_.emplace_back(name, text == nullptr ? "" : text);
      unsetenv(name);
    }
  }
  void TearDown() override {
    for (const auto& [name, text] : before_) setenv(name.c_str(), text.c_str(), 1);
  }
  std::vector<std::pair<std::string, std::string>> before_;
};

TEST_F(StatePathTest, FollowsTheEnvironmentInOrder) {
  setenv("HOME", "/home/u", 1);
  EXPECT_EQ(default_state_path(), "/home/u/.local/state/penstock/penstock.db");
  setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(default_state_path(), "/home/u/.local/state/penstock/penstock.db");
  setenv("XDG_STATE_HOME", "/x", 1);
  EXPECT_EQ(default_state_path(), "/x/penstock/penstock.db");
  setenv("PENSTOCK_STATE", "/p", 1);
  EXPECT_EQ(default_state_path(), "/p/penstock.db");
}

TEST_F(StatePathTest, WithoutHomeTheUsersEntryCounts) {
  EXPECT_TRUE(default_state_path().is_absolute());
}

}  // namespace
}  // namespace penstock
