// The test servers themselves: what other tests rely on holds.
#include "servers/private_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace penstock::testing {
namespace {

bool process_exists(pid_t pid) {
  // A killed child of a dead parent may stay a zombie where nobody reaps; that counts as gone.
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const auto end = text.rfind(')');
  return end != std::string::npos && text.substr(end + 2, 1) != "Z";
}

TEST(PrivatePostgres, AnswersOverItsSocketInUtc) {
  auto& server = shared_postgres();
  EXPECT_EQ(server.sql("SELECT 1, NULL, 'a' UNION ALL SELECT 2, 'x', 'b'"), "1\t\\N\ta\n2\tx\tb");
  EXPECT_EQ(server.sql("SHOW timezone"), "UTC");
  EXPECT_EQ(server.sql("SHOW listen_addresses"), "127.0.0.1");
  EXPECT_THROW(server.sql("SELECT nonsense"), std::runtime_error);
}

TEST(PrivatePostgres, GivesEachCallerAnEmptyDatabase) {
  auto& server = shared_postgres();
  const auto first = server.fresh_database(), second = server.fresh_database();
  EXPECT_NE(first, second);
  server.sql("CREATE TABLE t (a int)", first);
  EXPECT_THROW(server.sql("SELECT * FROM t", second), std::runtime_error);
}

TEST(PrivatePostgres, KeepsDataAndPortOverACrash) {
  PrivatePostgres server;
  server.sql("CREATE TABLE t AS SELECT 7 AS a");
  const int port = server.port();
  server.stop(true);
  EXPECT_THROW(server.sql("SELECT 1"), std::runtime_error);
  server.start();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(server.sql("SELECT a FROM t"), "7");
}

std::string client(const std::string& uri, const std::vector<std::string>& environment) {
  const auto psql = require_program("psql", "postgresql-client-15");
  const auto result =
      run_program({.argv = {psql, "-XAtc", "SELECT 'in'", uri}, .environment = environment});
  return result.status == 0 ? result.out : result.err;
}

TEST(PrivatePostgres, AsksForThePasswordAndSpeaksTls) {
  const PrivatePostgres server({.auth = "scram-sha-256", .password = "s3cret", .tls = true});
  EXPECT_EQ(client(server.uri() + "?sslmode=verify-full&sslrootcert=" + server.certificate(), {}),
            "in\n");
  const auto refused =
      client("postgresql://postgres@127.0.0.1:" + std::to_string(server.port()) + "/postgres",
             {"PGPASSWORD=wrong"});
  EXPECT_NE(refused.find("password authentication failed"), std::string::npos) << refused;
}

TEST(PrivatePostgres, HasStandbysAndPoolers) {
  PrivatePostgres primary;
  primary.sql("CREATE TABLE t AS SELECT 5 AS a");
  const PrivatePostgres standby({.standby_of = &primary});
  EXPECT_EQ(standby.sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(standby.sql("SELECT a FROM t"), "5");
  const PrivatePgbouncer pooler(primary);
  EXPECT_EQ(client(pooler.uri(), {}), "in\n");
}

TEST(PrivateClickHouse, AnswersOnLoopbackAndAsksForPasswords) {
  PrivateClickHouse server({.password = "pw&<", .users = {{.name = "reader", .read_only = true}}});
  EXPECT_EQ(server.query("SELECT 1, 'a'"), "1\ta");
  EXPECT_THAT(server.query("SELECT timezone()"), ::testing::EndsWith("UTC"));
  EXPECT_THROW(server.query("SELECT nonsense"), std::runtime_error);
  const auto curl = require_program("curl", "curl");
  const auto wrong = check_program({.argv = {curl, "-s", server.url() + "/?query=SELECT%201"}});
  EXPECT_NE(wrong.find("default"), std::string::npos) << wrong;
  const auto reader =
      check_program({.argv = {curl, "-s", server.url() + "/?user=reader&query=SELECT%2042"}});
  EXPECT_EQ(reader, "42\n");
}

TEST(PrivateClickHouse, KeepsDataAndPortOverAKill) {
  auto& server = shared_clickhouse();
  const auto database = server.fresh_database();
  server.query("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a", database);
  server.query("INSERT INTO t VALUES (3)", database);
  server.stop(true);
  EXPECT_THROW(server.query("SELECT 1"), std::runtime_error);
  server.start();
  EXPECT_EQ(server.query("SELECT a FROM t", database), "3");
}

// Not a test of its own: the program that the next test kills.
TEST(TestServers, DISABLED_StartsAServerAndWaits) {
  const PrivatePostgres server;
  write_file(std::getenv("PENSTOCK_TEST_PID_FILE"), std::to_string(server.pid()) + "\n");
  std::this_thread::sleep_for(std::chrono::seconds(60));
}

TEST(TestServers, EndWithTheirTestProgram) {
  const TempDir dir;
  const std::string pid_file = dir / "pid";
  ChildProcess program({.argv = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                 "--gtest_also_run_disabled_tests",
                                 "--gtest_filter=TestServers.DISABLED_StartsAServerAndWaits"},
                        .environment = {"PENSTOCK_TEST_PID_FILE=" + pid_file}});
  while (!file_text(pid_file).ends_with('\n') && program.running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const pid_t server = std::atoi(file_text(pid_file).c_str());
  ASSERT_GT(server, 0);
  ASSERT_TRUE(process_exists(server));
  program.stop(SIGKILL);
  for (int i = 0; i < 500 && process_exists(server); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_FALSE(process_exists(server));
}

TEST(ChildProcess, OutlivesTheThreadThatStartedItButNotItsOwner) {
  const auto sleep = require_program("sleep", "coreutils");
  std::unique_ptr<ChildProcess> child;
  std::thread([&] {
    child = std::make_unique<ChildProcess>(ProcessOptions{.argv = {sleep, "600"}});
  }).join();
  EXPECT_FALSE(child->wait(std::chrono::milliseconds(200)));
  const pid_t pid = child->pid();
  child.reset();
  EXPECT_FALSE(process_exists(pid));
}

TEST(ChildProcess, TellsStatusOutputAndTimeouts) {
  const auto sh = require_program("sh", "dash");
  const auto result = run_program({.argv = {sh, "-c", "echo out; echo err >&2; exit 3"}});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(run_program({.argv = {sh, "-c", "kill -9 $$"}}).status, 137);
  EXPECT_THROW(run_program({.argv = {sh, "-c", "sleep 60"}}, std::chrono::milliseconds(100)),
               std::runtime_error);
}

TEST(ChildProcess, SaysWhichPackageIsMissing) {
  try {
    require_program("no-such-program-here", "some-package");
    FAIL() << "found a program that can't exist";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("apt-get install some-package"), std::string::npos);
  }
}

}  // namespace
}  // namespace penstock::testing
