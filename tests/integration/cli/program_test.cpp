// The program against real servers: what a user sees of mistakes, and the exit codes.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "servers/private_servers.h"
#include "servers/process.h"

namespace penstock::testing {
namespace {

namespace json = boost::json;

const std::string& state_folder() {
  static const TempDir folder;
  static const std::string path = folder.path();
  return path;
}

ProcessOptions command(std::vector<std::string> arguments,
                       std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), PENSTOCK_PROGRAM);
  environment.push_back("PENSTOCK_STATE=" + state_folder());
  return {.argv = std::move(arguments), .environment = std::move(environment)};
}

ProgramResult penstock(std::vector<std::string> arguments,
                       std::vector<std::string> environment = {}) {
  return run_program(command(std::move(arguments), std::move(environment)));
}

// A source with one table, behind a password.
struct Shop {
  PrivatePostgres server{PostgresOptions{.auth = "scram-sha-256", .password = "s3kr@t:/?#%&"}};
  std::string database = server.fresh_database();

  Shop() {
    server.sql(
        "CREATE TABLE orders (id bigint PRIMARY KEY, note text);"
        "INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 1000) i;"
        "ANALYZE orders",
        database);
  }
  std::string url(const std::string& password = "s3kr%40t%3A%2F%3F%23%25%26") const {
    return "postgresql://postgres:" + password + "@127.0.0.1:" + std::to_string(server.port()) +
           "/" + database;
  }
};

Shop& shop() {
  static Shop one;
  return one;
}

std::string clickhouse(const std::string& database) {
  return "clickhouse://127.0.0.1:" + std::to_string(shared_clickhouse().port()) + "/" + database;
}

void expect_refused(const ProgramResult& result, int status, const std::string& part) {
  EXPECT_EQ(result.status, status) << result.err;
  EXPECT_NE((result.out + result.err).find(part), std::string::npos) << "expected: " << part << "\n"
                                                                     << result.out << result.err;
  for (const std::string& text : {result.out, result.err}) {
    EXPECT_EQ(text.find("s3kr"), std::string::npos) << text;
    EXPECT_EQ(text.find("Sanitizer"), std::string::npos) << text;
  }
}

TEST(Program, Pitfall71_APasswordOfSeparatorsLogsIn) {
  const ProgramResult result = penstock({"test", shop().url()});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("ok: the source postgresql://postgres@127.0.0.1:"))
      << result.out;
  const std::string bare =
      "postgresql://postgres@127.0.0.1:" + std::to_string(shop().server.port()) + "/" +
      shop().database;
  EXPECT_EQ(penstock({"test", bare}, {"PENSTOCK_SOURCE_PASSWORD=s3kr@t:/?#%&"}).status, 0);
  EXPECT_EQ(penstock({"test", bare + "?password_env=MINE"}, {"MINE=s3kr@t:/?#%&"}).status, 0);
}

TEST(Program, WrongPasswordUnknownHostClosedPortAndMissingDatabaseExitWith1) {
  expect_refused(penstock({"test", shop().url("wr0ng")}), 1, "password");
  EXPECT_EQ(penstock({"test", shop().url("wr0ng")}).err.find("wr0ng"), std::string::npos);
  expect_refused(penstock({"test", "postgresql://u:s3kr@no-such-host.invalid/d"}), 1,
                 "no-such-host.invalid");
  const std::string closed = std::to_string(free_port());
  expect_refused(penstock({"test", "postgresql://u:s3kr@127.0.0.1:" + closed + "/d"}), 1, closed);
  expect_refused(penstock({"test", "clickhouse://u:s3kr@127.0.0.1:" + closed + "/d"}), 1, closed);
  expect_refused(penstock({"test", "postgresql://postgres:s3kr%40t%3A%2F%3F%23%25%26@127.0.0.1:" +
                                       std::to_string(shop().server.port()) + "/no_such_db"}),
                 1, "no_such_db");
}

TEST(Program, MistakesInTheCommandExitWith2AndOfferTheNearestName) {
  const std::string to = clickhouse("default");
  expect_refused(penstock({"test", "postgresq://u:s3kr@h/d"}), 2, "postgresq");
  expect_refused(penstock({"migrate", "postgresq://u:s3kr@h/d", to}), 2, "'postgresql'");
  expect_refused(penstock({"migrate", shop().url() + "?sslmod=require", to}), 2, "unknown field");
  expect_refused(penstock({"migrate", shop().url(), to, "--tabels", "x"}), 2, "'--tables'");
  expect_refused(penstock({"migrate", shop().url(), to, "--on-error", "ignor"}), 2, "reject");
  expect_refused(penstock({"migrate", shop().url(), to, "--types", "orders.id=strng"}), 2,
                 "'string'");
  expect_refused(penstock({"migrate", "/nonexistent.yaml"}), 2, "cannot read");
  expect_refused(penstock({"migrate", shop().url(), to, "--incremental"}), 2, "not available");
  expect_refused(penstock({"nonsense"}), 2, "unknown verb");
}

TEST(Program, NoTableMatchedIsRefusedWithTheNearestName) {
  const std::string database = shared_clickhouse().fresh_database();
  expect_refused(penstock({"migrate", shop().url(), clickhouse(database), "--tables", "ordres"}), 2,
                 "ordres");
  EXPECT_EQ(shared_clickhouse().query("SELECT count() FROM system.tables WHERE database = '" +
                                      database + "'"),
            "0");
}

TEST(Program, MigratesPlansAndQueries) {
  const std::string database = shared_clickhouse().fresh_database();
  const ProgramResult plan = penstock({"plan", shop().url(), clickhouse(database)});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_NE(plan.out.find("public.orders"), std::string::npos) << plan.out;
  EXPECT_EQ(shared_clickhouse().query("EXISTS TABLE orders", database), "0");

  const ProgramResult run =
      penstock({"migrate", shop().url(), clickhouse(database), "--progress", "json"});
  EXPECT_EQ(run.status, 0) << run.err;
  const json::object result = json::parse(run.out).as_object();
  EXPECT_EQ(result.at("success"), json::value(true));
  EXPECT_EQ(result.at("records"), json::value(1000));
  EXPECT_NE(run.err.find(R"("type":"finished")"), std::string::npos) << run.err;

  const ProgramResult query =
      penstock({"query", clickhouse(database), "SELECT count() AS n, max(id) AS m FROM orders"});
  EXPECT_EQ(query.status, 0) << query.err;
  EXPECT_NE(query.out.find("1000"), std::string::npos) << query.out;
  EXPECT_EQ(query.out.find('\x1b'), std::string::npos);
  expect_refused(penstock({"query", clickhouse(database), "DROP TABLE orders"}), 1, "readonly");
  EXPECT_EQ(shared_clickhouse().query("SELECT count() FROM orders", database), "1000");

  const std::string id(result.at("job_id").as_string());
  const ProgramResult job = penstock({"jobs", id, "--json"});
  EXPECT_EQ(json::parse(job.out).at("tables").at(0).at("rows_written"), json::value(1000))
      << job.out;
}

TEST(Program, ATableOfSomebodyElseStaysAsItIs) {
  const std::string database = shared_clickhouse().fresh_database();
  shared_clickhouse().query("CREATE TABLE orders (x UInt8) ENGINE = MergeTree ORDER BY x",
                            database);
  shared_clickhouse().query("INSERT INTO orders VALUES (7)", database);
  const ProgramResult plan = penstock({"plan", shop().url(), clickhouse(database)});
  expect_refused(plan, 1, "destination.table.exists");
  const ProgramResult run = penstock({"migrate", shop().url(), clickhouse(database)});
  expect_refused(run, 1, "--if-exists");
  EXPECT_EQ(json::parse(run.out).at("tables_failed").at(0).at("error_type"),
            json::value("destination.table.exists"));
  EXPECT_EQ(shared_clickhouse().query("SELECT x FROM orders", database), "7");
}

TEST(Program, RejectedRowsExitWith3AndAreKept) {
  const std::string source = shop().server.fresh_database();
  shop().server.sql(
      "CREATE TABLE days (id int PRIMARY KEY, day date);"
      "INSERT INTO days VALUES (1, '2024-01-01'), (2, '0001-01-01'), (3, NULL)",
      source);
  const std::string from =
      "postgresql://postgres@127.0.0.1:" + std::to_string(shop().server.port()) + "/" + source;
  const std::string database = shared_clickhouse().fresh_database();
  const ProgramResult run =
      penstock({"migrate", from, clickhouse(database), "--on-error", "reject"},
               {"PENSTOCK_SOURCE_PASSWORD=s3kr@t:/?#%&"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  const std::string id(json::parse(run.out).at("job_id").as_string());
  const ProgramResult job = penstock({"jobs", id, "--rejects", "--json"});
  EXPECT_EQ(json::parse(job.out).at("rejects").as_array().size(), 1U) << job.out;
  EXPECT_EQ(shared_clickhouse().query("SELECT count() FROM days", database), "2");
}

TEST(Program, JobFilesRun) {
  const TempDir folder;
  const std::string database = shared_clickhouse().fresh_database();
  std::ofstream(folder / "job.yaml")
      << "source: " << shop().url() << "\n"
      << "dest_type: clickhouse\n"
      << "destination:\n  host: 127.0.0.1\n  port: " << shared_clickhouse().port()
      << "\n  database: " << database << "\ntables: [orders]\noptions: {parallel: 2}\n";
  const ProgramResult run = penstock({"migrate", folder / "job.yaml"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(shared_clickhouse().query("SELECT count() FROM orders", database), "1000");
}

// A job that would take minutes: a view that sleeps for each row.
std::string slow_source() {
  const std::string source = shop().server.fresh_database();
  shop().server.sql(
      "CREATE VIEW slow AS SELECT i AS id, pg_sleep(0.05)::text AS s "
      "FROM generate_series(1, 100000) i",
      source);
  return "postgresql://postgres:s3kr%40t%3A%2F%3F%23%25%26@127.0.0.1:" +
         std::to_string(shop().server.port()) + "/" + source;
}

TEST(Program, TheFirstInterruptCancelsWithin2SecondsAndPsNeverShowsThePassword) {
  const TempDir folder;
  const std::string database = shared_clickhouse().fresh_database();
  ProcessOptions options =
      command({"migrate", slow_source(), clickhouse(database), "--views", "--progress", "json"});
  options.stdout_path = folder / "out";
  options.stderr_path = folder / "err";
  ChildProcess child(options);
  const auto copying = [&] {
    return file_text(folder / "err").find(R"("type":"table_started")") != std::string::npos;
  };
  for (int i = 0; i < 600 && !copying() && child.running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_TRUE(copying()) << file_text(folder / "out") << file_text(folder / "err");
  const std::string shown = file_text("/proc/" + std::to_string(child.pid()) + "/cmdline");
  EXPECT_NE(shown.find("***"), std::string::npos);
  EXPECT_EQ(shown.find("s3kr"), std::string::npos);

  const auto asked = std::chrono::steady_clock::now();
  child.signal(SIGINT);
  const auto status = child.wait(std::chrono::seconds(20));
  const auto took = std::chrono::steady_clock::now() - asked;
  EXPECT_EQ(status, 130) << file_text(folder / "out") << file_text(folder / "err");
  EXPECT_LT(took, std::chrono::seconds(6));  // 2 s are promised; machines that build are slow
  EXPECT_EQ(json::parse(file_text(folder / "out")).at("state"), json::value("cancelled"));
  EXPECT_EQ(shared_clickhouse().query("EXISTS TABLE slow", database), "0");
}

TEST(Program, VersionAndHelpExitWith0) {
  EXPECT_EQ(penstock({"--version"}).status, 0);
  EXPECT_TRUE(penstock({"--version"}).out.starts_with("penstock "));
  EXPECT_EQ(penstock({"help", "migrate"}).status, 0);
}

TEST(Program, ServeRefusesAnAddressThatOthersReach) {
  expect_refused(penstock({"serve", "--host", "0.0.0.0", "--port", "0"}), 2, "0.0.0.0");
}

}  // namespace
}  // namespace penstock::testing
