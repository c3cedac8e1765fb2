// What goes wrong between penstock and a PostgreSQL server: bad settings, lost connections,
// poolers, standbys, huge values, cancellation.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "integration/postgresql/source_harness.h"
#include "servers/fault_proxy.h"

namespace penstock::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::string open_code(const json::object& config) {
  return code_of([&] { OpenSource source(config); });
}

class PostgresqlFaults : public ::testing::Test {
 protected:
  PrivatePostgres& server_ = shared_postgres();
  std::string database_ = server_.fresh_database();

  void sql(const std::string& text) { server_.sql(text, database_); }
  void make_big_table() {
    sql("CREATE TABLE big (id int, v text); INSERT INTO big SELECT i, repeat('x', 1000) "
        "FROM generate_series(1, 100000) i");
  }
};

// One split of the whole table, started, with its first batch taken.
struct Started {
  OpenSource source;
  Snapshot snapshot;
  MemoryBudget budget{std::size_t{64} << 20};
  std::unique_ptr<SplitReader> reader;
  CancelToken cancel;

  explicit Started(const json::object& config) : source(config) {
    const TableSchema& table = source.table("public.big");
    snapshot = source.source().snapshot({}, source.cancel());
    const auto splits =
        source.source().plan_splits(table, "", {.bytes_target = 1 << 30}, source.cancel());
    reader = source.source().open_reader(cancel);
    reader->start(OpenSource::spec_for(table, snapshot.token), splits.at(0),
                  {1 << 20, 65'536, &budget});
    EXPECT_NE(reader->next(), nullptr);
  }
  void read_on() {
    while (reader->next()) continue;
  }
};

TEST_F(PostgresqlFaults, BadSettingsAreToldApart) {
  const json::object good = OpenSource::endpoint(server_, database_);
  const auto with = [&](const std::string& name, const json::value& value) {
    json::object config = good;
    config[name] = value;
    return open_code(config);
  };
  EXPECT_EQ(with("port", 1), "source.connection");
  EXPECT_EQ(with("host", "no-such-host.invalid"), "source.host.unknown");
  EXPECT_EQ(with("database", "no_such_database"), "source.database.missing");
  EXPECT_EQ(with("username", "nobody_here"), "source.auth");
  EXPECT_EQ(with("sslmode", "require"), "source.tls");
  EXPECT_EQ(with("database", "host=elsewhere dbname=x"), "source.database.missing");
}

TEST(PostgresqlPasswords, Pitfall71_EveryCharacterIsAllowedAndNoneIsShown) {
  const std::string password = "p@ss:w&rd%20/?#='\" \\";
  PrivatePostgres server({.auth = "scram-sha-256", .password = "other", .tls = true});
  server.sql("CREATE ROLE odd LOGIN PASSWORD 'p@ss:w&rd%20/?#=''\" \\'");
  const json::object good = OpenSource::endpoint(server, "postgres",
                                                 {{"username", "odd"},
                                                  {"password", password},
                                                  {"sslmode", "verify-full"},
                                                  {"sslrootcert", server.certificate()}});
  json::object here = good;
  here["host"] = "localhost";
  EXPECT_EQ(open_code(here), "none");
  json::object wrong = here;
  wrong["password"] = "wr0ng-s3cret";
  try {
    OpenSource source(wrong);
    FAIL() << "a wrong password was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.auth");
    EXPECT_EQ(error.describe().find("wr0ng"), std::string::npos);
  }
}

TEST_F(PostgresqlFaults, CancellationEndsACopyWithinTwoSeconds) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  const auto start = Clock::now();
  started.cancel.request();
  EXPECT_EQ(code_of([&] { started.read_on(); }), "engine.cancelled");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds{2});
  EXPECT_EQ(started.budget.bytes_used(), 0U);
}

TEST_F(PostgresqlFaults, CancellationEndsASilentSearchAndStopsItAtTheServer) {
  make_big_table();
  OpenSource source(server_, database_);
  const TableSchema& table = source.table("public.big");
  const Snapshot snapshot = source.source().snapshot({}, source.cancel());
  const auto splits = source.source().plan_splits(table, "", {}, source.cancel());
  CancelToken cancel;
  const auto reader = source.source().open_reader(cancel);
  ReadSpec spec = OpenSource::spec_for(table, snapshot.token);
  spec.where = "pg_sleep(1) IS NULL";
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    cancel.request();
  });
  MemoryBudget budget(std::size_t{64} << 20);
  const auto start = Clock::now();
  EXPECT_EQ(code_of([&] {
              reader->start(spec, splits.at(0), {1 << 20, 65'536, &budget});
              reader->next();
            }),
            "engine.cancelled");
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds{2300});
  later.join();
  EXPECT_EQ(server_.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                        "AND query LIKE 'COPY%'"),
            "0");
}

TEST_F(PostgresqlFaults, AKilledSessionInMidCopyIsRetryableAndTheReaderRecovers) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%'");
  try {
    started.read_on();
    FAIL() << "the end of the session went unnoticed";
  } catch (const Error& error) {
    EXPECT_TRUE(error.retryable()) << error.describe();
    EXPECT_EQ(error.place().table, "public.big");
  }
  const TableSchema& table = started.source.table("public.big");
  const auto splits = started.source.source().plan_splits(table, "", {.bytes_target = 1 << 30},
                                                          started.source.cancel());
  std::int64_t rows = 0;
  started.reader->start(OpenSource::spec_for(table, started.snapshot.token), splits.at(0),
                        {1 << 20, 65'536, &started.budget});
  while (const BatchPtr batch = started.reader->next()) rows += batch->rows;
  EXPECT_EQ(rows, 100'000);
}

TEST_F(PostgresqlFaults, ACutConnectionInMidCopyIsRetryable) {
  make_big_table();
  FaultProxy proxy(server_.port());
  json::object config = OpenSource::endpoint(server_, database_);
  config["port"] = proxy.port();
  Started started(config);
  proxy.cut_all();
  try {
    started.read_on();
    FAIL() << "the cut went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.connection");
    EXPECT_TRUE(error.retryable());
  }
}

TEST_F(PostgresqlFaults, Pitfall63_ALostSnapshotIsNamedAndCanBeTakenAgain) {
  make_big_table();
  Started started(OpenSource::endpoint(server_, database_));
  started.reader->stop();
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
      "'penstock' AND datname = '" +
      database_ + "'");
  const TableSchema& table = started.source.table("public.big");
  Source& source = started.source.source();
  MemoryBudget budget(std::size_t{64} << 20);
  const Split split{.table = table.id, .payload = R"({"v":1,"parts":[]})"};
  const ReadSpec spec = OpenSource::spec_for(table, started.snapshot.token);
  const auto reader = source.open_reader(started.source.cancel());
  EXPECT_EQ(code_of([&] {
              reader->start(spec, split, {1 << 20, 65'536, &budget});
            }),
            "source.snapshot.lost");
  EXPECT_EQ(source.snapshot({}, started.source.cancel()).consistency, Consistency::point_in_time);
}

TEST_F(PostgresqlFaults, Pitfall44_AHugeValueIsRefusedWithItsNameOrReadWithinTheBudget) {
  sql("CREATE TABLE huge (id int, small text, picture bytea);"
      "ALTER TABLE huge ALTER picture SET STORAGE EXTERNAL;"
      "INSERT INTO huge VALUES (1, 'x', decode(repeat('00', 314572800), 'hex')), (2, 'y', "
      "'\\x01')");
  OpenSource source(server_, database_);
  try {
    source.read({.table = "public.huge", .keep_rows = false});
    FAIL() << "the value was read beyond the budget";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "source.row.too_large");
    EXPECT_EQ(error.place().table, "public.huge");
    EXPECT_EQ(error.place().column, "picture");
    EXPECT_NE(error.hint().find("memory"), std::string::npos);
  }
  EXPECT_EQ(source.read({.table = "public.huge", .where = "id = 2"}).rows,
            (std::vector<std::string>{"2|y|\\x01"}));
  const ReadResult read = source.read(
      {.table = "public.huge", .memory_bytes = std::size_t{1} << 30, .keep_rows = false});
  EXPECT_EQ(read.row_count, 2);
}

TEST_F(PostgresqlFaults, Pitfall64_ATransactionPoolerServesOneSnapshotAndKeepsNoSettings) {
  make_big_table();
  PrivatePgbouncer pooler(server_);
  json::object config{{"host", pooler.host()},
                      {"port", pooler.port()},
                      {"database", database_},
                      {"username", "postgres"}};
  {
    Started started(config);
    EXPECT_EQ(started.snapshot.consistency, Consistency::point_in_time);
    EXPECT_FALSE(started.source.info().warnings.empty());
    started.read_on();
  }
  // The pooled session goes to others as it was, once the pooler has seen its client go.
  const auto in_transaction = [this] {
    return server_.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'");
  };
  for (int i = 0; i < 100 && in_transaction() != "0"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(in_transaction(), "0");
}

TEST_F(PostgresqlFaults, Pitfall64_WithoutTheRightToExportTheLowerLevelIsStated) {
  make_big_table();
  sql("CREATE ROLE plain_" + database_ + " LOGIN; GRANT SELECT ON big TO plain_" + database_ +
      "; REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC");
  OpenSource source(server_, database_, {{"username", "plain_" + database_}});
  const Snapshot snapshot = source.source().snapshot({}, source.cancel());
  EXPECT_EQ(snapshot.consistency, Consistency::per_table);
  EXPECT_TRUE(snapshot.token.empty());
  const ReadResult read =
      source.read({.table = "public.big", .goal = {.bytes_target = 1 << 20}, .keep_rows = false});
  EXPECT_EQ(read.splits, 1U);
  EXPECT_EQ(read.row_count, 100'000);
}

TEST(PostgresqlStandby, Pitfall65_AStandbyExportsASnapshotAndRefusesUnloggedTables) {
  PrivatePostgres primary;
  primary.sql(
      "CREATE TABLE big (id int, v text); INSERT INTO big SELECT i, repeat('x', 100) "
      "FROM generate_series(1, 5000) i; CREATE UNLOGGED TABLE volatile (id int)");
  PrivatePostgres standby({.standby_of = &primary});
  OpenSource source(standby, "postgres");
  EXPECT_FALSE(source.info().warnings.empty());
  EXPECT_NE(source.table("public.volatile").refusal.find("standby"), std::string::npos);
  EXPECT_EQ(source.read({.table = "public.big"}).row_count, 5000);
}

}  // namespace
}  // namespace penstock::testing
