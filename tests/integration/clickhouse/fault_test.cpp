// What goes wrong between penstock and ClickHouse: wrong settings, dying and stalled servers, and
// the embedded child's life.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/error.h"
#include "integration/clickhouse/rig.h"

namespace penstock::testing {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

Error open_error(const json::object& config) {
  const DestinationEntry entry = clickhouse_destination();
  try {
    entry.make(entry.spec.parse(config, "destination"))->open(CancelToken());
  } catch (const Error& error) {
    return error;
  }
  return {Side::engine, "no error", ""};
}

json::object old_server_with(json::object more) {
  json::object config{{"host", "127.0.0.1"}, {"port", old_server().port()}};
  for (const auto& [name, value] : more) config[name] = value;
  return config;
}

// Batches that keep a server busy for a while.
std::vector<TestColumn> wide_rows() {
  std::vector<TestColumn> columns = numbers(1'000);
  for (std::string& text : columns[1].values) text = std::string(4'000, 'x');
  return columns;
}

}  // namespace

TEST(Connecting, Pitfall71_AwkwardPasswordsWork) {
  const json::object config = old_server_with({{"user", "secret"}, {"password", "p@s:s%& /'"}});
  EXPECT_EQ(open_error(config).code(), "no error");
}

TEST(Connecting, WrongPasswordIsNamedAndNotShown) {
  const Error error = open_error(old_server_with({{"user", "secret"}, {"password", "hunter2"}}));
  EXPECT_EQ(error.code(), "destination.auth");
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(error.describe().find("hunter2"), std::string::npos);
}

TEST(Connecting, ClosedPortSaysWhatToCheck) {
  const Error error = open_error({{"host", "127.0.0.1"}, {"port", 1}});
  EXPECT_EQ(error.code(), "destination.unreachable");
  EXPECT_NE(error.hint().find("8123"), std::string::npos);
}

TEST(Connecting, UnknownHostIsNamed) {
  EXPECT_EQ(open_error({{"host", "no-such-host.invalid"}}).code(), "destination.host_unknown");
}

TEST(Connecting, TheNativePortIsRecognised) {
  const Error error = open_error(old_server_with({{"port", old_server().tcp_port()}}));
  EXPECT_TRUE(error.code() == "destination.not_clickhouse" || error.code() == "destination.network")
      << error.describe();
}

TEST(Connecting, TlsToAPlainPortIsATlsError) {
  EXPECT_EQ(open_error(old_server_with({{"secure", true}})).code(), "destination.tls");
}

TEST(Connecting, HostAndPathExcludeEachOther) {
  EXPECT_EQ(open_error({{"host", "x"}, {"path", "y"}}).side(), Side::config);
  EXPECT_EQ(open_error(json::object{}).side(), Side::config);
}

TEST(Connecting, AReadOnlyUserIsTold) {
  const DestinationEntry entry = clickhouse_destination();
  const auto destination = entry.make(entry.spec.parse(
      old_server_with({{"user", "reader"}, {"database", "nowhere"}}), "destination"));
  destination->open(CancelToken());
  try {
    destination->prepare({}, {"ab", 1}, CancelToken());
    FAIL() << "a read-only user made a database";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "destination.readonly");
  }
}

TEST(Faults, AKilledServerIsARetryableError) {
  PrivateClickHouse server;
  Rig rig({server.host(), server.port(), [&](const auto& sql) { return server.query(sql); }});
  rig.set_table("t", wide_rows());
  rig.prepare();
  rig.session().begin_table(rig.target(), rig.run(), 1);
  const BatchPtr batch = rig.batch(0, 1'000);
  try {
    const auto writer = rig.session().open_split(rig.target(), rig.run(), rig.split(0, 1));
    writer->write(*batch);
    server.stop(true);
    for (int i = 0; i < 100; ++i) writer->write(*batch);
    writer->finish();
    FAIL() << "wrote to a dead server";
  } catch (const Error& error) {
    EXPECT_TRUE(error.retryable()) << error.describe();
    EXPECT_EQ(error.side(), Side::destination);
  }
  server.start();
  rig.session().begin_table(rig.target(), rig.run(), 1);
  EXPECT_EQ(rig.write_split(0, 1, 0, 1'000), 1'000);
  EXPECT_EQ(rig.finish().rows, 1'000);
}

TEST(Faults, AnInsertIntoADroppedTableFails) {
  Rig rig(Rig::old_one());
  rig.set_table("t", wide_rows());
  rig.prepare();
  rig.session().begin_table(rig.target(), rig.run(), 1);
  std::string staging = rig.visible();
  staging.replace(staging.rfind("`t`"), 3, "`" + rig.staging_name() + "`");
  rig.query("DROP TABLE " + staging);
  EXPECT_THROW(rig.write_split(0, 1, 0, 1'000), Error);
}

TEST(Faults, CancelEndsAWriteToAStalledServerWithinTwoSeconds) {
  PrivateClickHouse server;
  Rig rig({server.host(), server.port(), [&](const auto& sql) { return server.query(sql); }});
  rig.set_table("t", wide_rows());
  rig.prepare();
  rig.session().begin_table(rig.target(), rig.run(), 1);
  const BatchPtr batch = rig.batch(0, 1'000);
  const auto writer = rig.session().open_split(rig.target(), rig.run(), rig.split(0, 1));
  writer->write(*batch);
  ::kill(server.pid(), SIGSTOP);
  Clock::time_point requested;
  std::thread canceller([&] {
    std::this_thread::sleep_for(500ms);
    requested = Clock::now();
    rig.cancel().request();
  });
  std::string code;
  try {
    for (int i = 0; i < 1'000; ++i) writer->write(*batch);
  } catch (const Error& error) {
    code = error.code();
  }
  const auto ended = Clock::now();
  canceller.join();
  ::kill(server.pid(), SIGCONT);
  EXPECT_EQ(code, "engine.cancelled");
  EXPECT_LT(ended - requested, 2s);
}

TEST(Embedded, StartsServesAndEndsByItself) {
  const std::string program = current_server().path();  // makes sure that there is a library
  ::setenv("PENSTOCK_LIBCHDB", EmbeddedClickHouse::library().c_str(), 1);
  if (const char* const self = std::getenv("PENSTOCK_EMBEDDED_PROGRAM")) {
    ::setenv("PENSTOCK_SELF", self, 1);
  } else {
    ::setenv("PENSTOCK_SELF", (std::string(PENSTOCK_BINARY_DIR) + "/penstock").c_str(), 1);
  }
  TempDir folder;
  ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
  const std::string path = folder / "warehouse";
  const DestinationEntry entry = clickhouse_destination();
  const Config config = entry.spec.parse({{"path", path}, {"database", "db"}}, "destination");
  const auto socket_count = [&] {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder.path() / "penstock")) {
      if (file.path().extension() == ".sock") ++count;
    }
    return count;
  };
  for (int round = 0; round < 2; ++round) {
    const auto destination = entry.make(config);
    EXPECT_EQ(destination->open(CancelToken()).product, "ClickHouse");
    // A second one shares the child; two engines could not open one folder.
    const auto other = entry.make(config);
    other->open(CancelToken());
    destination->prepare({}, {"ab", 1}, CancelToken());
    EXPECT_EQ(socket_count(), 1);
  }
  EXPECT_EQ(
      entry.query(config, "SELECT 40 + 2 AS answer", CancelToken()).find("42") == std::string::npos,
      false);
  const auto until = Clock::now() + 20s;
  while (socket_count() != 0 && Clock::now() < until) std::this_thread::sleep_for(100ms);
  EXPECT_EQ(socket_count(), 0) << "the child lingers";
}

TEST(Embedded, AMissingLibrarySaysHowToInstallIt) {
  const Error error = open_error({{"path", "/tmp/x"}, {"library", "/nowhere/libchdb.so"}});
  EXPECT_EQ(error.code(), "destination.embedded.library");
  EXPECT_NE(error.hint().find("quickstart"), std::string::npos);
}

// A body that ends before its last chunk must leave no row.
TEST(Embedded, ACutUploadIsNotStored) {
  Rig rig(Rig::current_one());
  rig.set_table("t", wide_rows());
  rig.prepare();
  rig.session().begin_table(rig.target(), rig.run(), 1);
  {
    const auto writer = rig.session().open_split(rig.target(), rig.run(), rig.split(0, 1));
    writer->write(*rig.batch(0, 500));
    writer->write(*rig.batch(500, 1'000));
  }
  std::this_thread::sleep_for(500ms);
  std::string staging = rig.visible();
  staging.replace(staging.rfind("`t`"), 3, "`" + rig.staging_name() + "`");
  EXPECT_EQ(rig.query("SELECT count() FROM " + staging), "0");
}

}  // namespace penstock::testing
