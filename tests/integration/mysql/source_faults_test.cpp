// What goes wrong between penstock and a MySQL server: bad settings, lost connections, time-outs,
// huge values, cancellation.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "integration/mysql/source_harness.h"
#include "servers/fault_proxy.h"

namespace penstock::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::string open_code(const json::object& config) {
  return code_of([&] { OpenSource source(config); });
}

class MysqlFaults : public ::testing::Test {
 protected:
  PrivateMariadb& server_ = shared_mariadb();
  std::string database_ = server_.fresh_database();

  void sql(const std::string& text) { server_.sql(text, database_); }
  void make_big_table() {
    sql("CREATE TABLE big (id int PRIMARY KEY, v varchar(1000));"
        "INSERT INTO big SELECT seq, repeat('x', 1000) FROM seq_1_to_60000; ANALYZE TABLE big");
  }
  // Ends the server's side of whatever reads the table.
  void kill_readers(const std::string& how = "KILL ") {
    for (const std::string& id : ids("info LIKE 'SELECT `id`%'")) server_.sql(how + id);
  }
  std::vector<std::string> ids(const std::string& condition) {
    std::vector<std::string> out;
    std::string text = server_.sql(
        "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = '" +
        database_ + "' AND " + condition);
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      out.push_back(text.substr(0, end));
      text = end == std::string::npos ? "" : text.substr(end + 1);
    }
    return out;
  }
};

// One split of the whole table, started, with its first batch taken.
struct Started {
  OpenSource source;
  Snapshot snapshot;
  std::vector<Split> splits;
  MemoryBudget budget{std::size_t{64} << 20};
  std::unique_ptr<SplitReader> reader;
  CancelToken cancel;

  explicit Started(const json::object& config) : source(config) {
    const TableSchema& table = source.table("big");
    snapshot = source.take_snapshot("big");
    splits = source.source().plan_splits(table, "", {.bytes_target = 1 << 30}, source.cancel());
    reader = source.source().open_reader(cancel);
    start();
    EXPECT_NE(reader->next(), nullptr);
  }
  void start() {
    reader->start(OpenSource::spec_for(source.table("big"), snapshot.token), splits.at(0),
                  {1 << 20, 65'536, &budget});
  }
  std::int64_t read_on() {
    std::int64_t rows = 0;
    while (const BatchPtr batch = reader->next()) rows += batch->rows;
    return rows;
  }
};

TEST_F(MysqlFaults, BadSettingsAreToldApart) {
  sql("CREATE USER IF NOT EXISTS 'known'@'%' IDENTIFIED BY 'right'");
  const json::object good = OpenSource::endpoint(server_, database_);
  const auto with = [&](const std::string& name, const json::value& value) {
    json::object config = good;
    config[name] = value;
    return open_code(config);
  };
  EXPECT_EQ(open_code(good), "none");
  EXPECT_EQ(with("port", 1), "source.connection");
  EXPECT_EQ(with("host", "no-such-host.invalid"), "source.host.unknown");
  EXPECT_EQ(with("database", "no_such_database"), "source.database.missing");
  EXPECT_EQ(with("username", "nobody_here"), "source.auth");
  EXPECT_EQ(with("username", "known"), "source.auth");
  EXPECT_EQ(with("ssl_mode", "required"), "source.tls");
  EXPECT_EQ(with("ssl_ca", "/no/such/file"), "none") << "preferred trusts whatever it meets";
  EXPECT_EQ(with("host", json::value(server_.socket())), "none");
}

TEST(MysqlTls, CertificateAndNameAreCheckedAsAskedFor) {
  PrivateMariadb server({.password = "p@ss:w&rd%20/?#='\" \\", .tls = true});
  PrivateMariadb stranger({.tls = true});
  const std::string database = server.fresh_database();
  const auto with = [&](const std::string& host, const std::string& mode, const std::string& ca) {
    json::object config = OpenSource::endpoint(server, database, {{"ssl_mode", mode}});
    config["host"] = host;
    if (!ca.empty()) config["ssl_ca"] = ca;
    return open_code(config);
  };
  const std::string good = server.certificate(), bad = stranger.certificate();
  EXPECT_EQ(with("127.0.0.1", "disabled", ""), "none");
  EXPECT_EQ(with("127.0.0.1", "preferred", ""), "none");
  EXPECT_EQ(with("127.0.0.1", "required", ""), "none");
  EXPECT_EQ(with("127.0.0.1", "verify_ca", good), "none");
  EXPECT_EQ(with("127.0.0.1", "verify_identity", good), "none");
  EXPECT_EQ(with("127.0.0.1", "verify_ca", bad), "source.tls");
  EXPECT_EQ(with("127.0.0.1", "verify_identity", bad), "source.tls");
  EXPECT_EQ(with("127.0.0.1", "verify_ca", ""), "source.tls");
  EXPECT_EQ(with("127.0.0.1", "verify_identity", ""), "source.tls");
  EXPECT_EQ(with("127.0.0.2", "verify_ca", good), "source.connection")
      << "the server listens on 127.0.0.1 alone";
}

TEST(MysqlTls, ANameThatTheCertificateLacksIsRefused) {
  // Reached through a proxy under another of loopback's names.
  PrivateMariadb server({.tls = true});
  const std::string database = server.fresh_database();
  FaultProxy proxy(server.port());
  json::object config = OpenSource::endpoint(server, database, {{"ssl_ca", server.certificate()}});
  config["port"] = proxy.port();
  config["ssl_mode"] = "verify_identity";
  config["host"] = "ip6-localhost.invalid";
  EXPECT_EQ(open_code(config), "source.host.unknown");
  config["host"] = "localhost";
  EXPECT_EQ(open_code(config), "none");
}

TEST(MysqlTls, RowsArriveAndJobsCancelOverTls) {
  PrivateMariadb server({.tls = true});
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE big (id int PRIMARY KEY, v varchar(1000));"
      "INSERT INTO big SELECT seq, repeat('x', 1000) FROM seq_1_to_60000",
      database);
  Started started(OpenSource::endpoint(server, database, {{"ssl_mode", "required"}}));
  EXPECT_GT(started.read_on(), 0);
  ReadSpec spec = OpenSource::spec_for(started.source.table("big"), started.snapshot.token);
  spec.where = "SLEEP(20) = 0";
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    started.cancel.request();
  });
  const auto start = Clock::now();
  EXPECT_EQ(code_of([&] {
              started.reader->start(spec, started.splits.at(0), {1 << 20, 65'536, &started.budget});
              started.read_on();
            }),
            "engine.cancelled");
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds{2300});
  later.join();
}

TEST_F(MysqlFaults, Pitfall71_PasswordsOfEveryCharacterWorkAndAreNotShown) {
  sql("CREATE USER 'odd" + database_ +
      "'@'%' IDENTIFIED BY 'p@:/?#&% \"w'; GRANT ALL ON *.* TO 'odd" + database_ + "'@'%'");
  json::object config = OpenSource::endpoint(server_, database_);
  config["username"] = "odd" + database_;
  config["password"] = "p@:/?#&% \"w";
  EXPECT_EQ(open_code(config), "none");
  config["password"] = "wr0ng-s3cret";
  try {
    OpenSource source(config);
    FAIL() << "a wrong password was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.auth");
    EXPECT_EQ(error.describe().find("wr0ng"), std::string::npos);
  }
}

TEST_F(MysqlFaults, CancellationEndsAStreamWithinTwoSeconds) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  const auto start = Clock::now();
  started.cancel.request();
  EXPECT_EQ(code_of([&] { started.read_on(); }), "engine.cancelled");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds{2});
  EXPECT_EQ(started.budget.bytes_used(), 0U);
}

TEST_F(MysqlFaults, CancellationEndsASilentSearchAndStopsItAtTheServer) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  started.read_on();
  ReadSpec spec = OpenSource::spec_for(started.source.table("big"), started.snapshot.token);
  spec.where = "SLEEP(20) = 1";
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    started.cancel.request();
  });
  const auto start = Clock::now();
  EXPECT_EQ(code_of([&] {
              started.reader->start(spec, started.splits.at(0), {1 << 20, 65'536, &started.budget});
              started.read_on();
            }),
            "engine.cancelled");
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds{2300});
  later.join();
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  EXPECT_EQ(ids("state LIKE 'User sleep%'").size(), 0U);
}

TEST_F(MysqlFaults, StoppingInMidStreamKeepsTheSnapshot) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  sql("DELETE FROM big WHERE id % 2 = 0");
  started.reader->stop();
  EXPECT_TRUE(started.reader->healthy());
  started.start();
  EXPECT_EQ(started.read_on(), 60'000) << "the rows of before";
  started.reader.reset();
  // Its connection serves the next reader.
  started.reader = started.source.source().open_reader(started.cancel);
  started.start();
  EXPECT_EQ(started.read_on(), 60'000);
}

TEST_F(MysqlFaults, Pitfall63_AConnectionThatDiesTakesTheSnapshotWithItAndSaysSo) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  kill_readers();
  EXPECT_EQ(code_of([&] { started.read_on(); }), "source.snapshot.lost");
  EXPECT_FALSE(started.reader->healthy());
  started.reader.reset();
  EXPECT_EQ(code_of([&] { started.source.source().open_reader(started.cancel); }),
            "source.snapshot.lost");
  // A new one can be taken.
  started.snapshot = started.source.take_snapshot("big");
  EXPECT_EQ(started.snapshot.consistency, Consistency::point_in_time);
  started.reader = started.source.source().open_reader(started.cancel);
  started.start();
  EXPECT_EQ(started.read_on(), 60'000);
}

TEST_F(MysqlFaults, AReaderThatLostItsSnapshotWhileIdleSaysSo) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  started.read_on();
  for (const std::string& id : ids("command = 'Sleep'")) server_.sql("KILL " + id);
  EXPECT_EQ(code_of([&] { started.start(); }), "source.snapshot.lost");
}

TEST_F(MysqlFaults, WithoutASharedSnapshotALostConnectionIsRetriedOnANewOne) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_, {{"consistency", "per_split"}}));
  kill_readers();
  try {
    started.read_on();
    FAIL() << "the end of the session went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.connection");
    EXPECT_TRUE(error.retryable()) << error.describe();
    EXPECT_EQ(error.place().table, database_ + ".big");
  }
  started.start();
  EXPECT_EQ(started.read_on(), 60'000);
}

TEST_F(MysqlFaults, AKilledStatementIsRetryableWithinTheSnapshot) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  kill_readers("KILL QUERY ");
  try {
    started.read_on();
    FAIL() << "the end of the statement went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.cancelled");
    EXPECT_TRUE(error.retryable()) << error.describe();
  }
  EXPECT_TRUE(started.reader->healthy());
  started.start();
  EXPECT_EQ(started.read_on(), 60'000);
}

TEST_F(MysqlFaults, ACutConnectionIsNoticed) {
  make_big_table();
  FaultProxy proxy(server_.port());
  json::object config = OpenSource::endpoint(server_, database_, {{"consistency", "per_table"}});
  config["port"] = proxy.port();
  Started started(config);
  proxy.cut_all();
  EXPECT_EQ(code_of([&] { started.read_on(); }), "source.connection");
}

TEST(MysqlTimeouts, Pitfall66_SlowReadersOutliveTheServersTimeouts) {
  // A server that hangs up on whoever is slow or silent for a second.
  PrivateMariadb server(
      {.config = {"net-write-timeout = 1", "net-read-timeout = 1", "wait-timeout = 1",
                  "interactive-timeout = 1", "max-statement-time = 1",
                  "idle-transaction-timeout = 1", "idle-readonly-transaction-timeout = 1"}});
  const std::string database = server.fresh_database();
  server.sql(
      "CREATE TABLE big (id int PRIMARY KEY, v varchar(1000));"
      "SET max_statement_time = 0;"
      "INSERT INTO big SELECT seq, repeat('x', 1000) FROM seq_1_to_60000",
      database);
  Started started(OpenSource::endpoint(server, database));
  std::this_thread::sleep_for(std::chrono::seconds{4});
  EXPECT_GT(started.read_on(), 0);
  std::this_thread::sleep_for(std::chrono::seconds{3});
  started.start();
  EXPECT_EQ(started.read_on(), 60'000);
}

TEST_F(MysqlFaults, Pitfall44_AHugeValueIsRefusedOrReadWithinTheBudget) {
  sql("CREATE TABLE huge (id int PRIMARY KEY, picture longblob);"
      "INSERT INTO huge VALUES (1, repeat('x', 100000000)), (2, 'y')");
  OpenSource source(server_, database_);
  try {
    source.read({.table = "huge", .keep_rows = false});
    FAIL() << "the value was read beyond the budget";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.row.too_large");
    EXPECT_FALSE(error.retryable());
    EXPECT_NE(error.hint().find("memory"), std::string::npos);
  }
  EXPECT_EQ(source.read({.table = "huge", .where = "id = 2"}).rows,
            (std::vector<std::string>{"2|\\x79"}));
  const ReadResult read =
      source.read({.table = "huge", .memory_bytes = std::size_t{1} << 30, .keep_rows = false});
  EXPECT_EQ(read.row_count, 2);
}

TEST_F(MysqlFaults, ATableThatChangedItsTypesIsNotMisread) {
  sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 2)");
  const auto code_after = [&](const std::string& change) {
    // A snapshot that has read a table holds back changes of it: each has a source of its own.
    OpenSource source(server_, database_);
    sql(change);
    return code_of([&] { source.read({.table = "t"}); });
  };
  EXPECT_EQ(code_after("ALTER TABLE t MODIFY v varchar(20)"), "source.changed");
  EXPECT_EQ(code_after("ALTER TABLE t DROP COLUMN v"), "source.changed");
  EXPECT_EQ(code_after("DROP TABLE t"), "source.changed");
}

TEST_F(MysqlFaults, DdlDuringASnapshotMakesItWorthless) {
  make_big_table();
  OpenSource source(server_, database_);
  const Snapshot snapshot = source.take_snapshot("big");
  sql("ALTER TABLE big ADD COLUMN w int DEFAULT 5, FORCE");
  const auto reader = source.source().open_reader(source.cancel());
  MemoryBudget budget(std::size_t{64} << 20);
  const Split split{.table = source.table("big").id,
                    .payload = R"({"v":1,"schema":")" + database_ + R"(","name":"big"})"};
  EXPECT_EQ(code_of([&] {
              reader->start(OpenSource::spec_for(source.table("big"), snapshot.token), split,
                            {1 << 20, 65'536, &budget});
              reader->next();
            }),
            "source.snapshot.lost");
}

}  // namespace
}  // namespace penstock::testing
