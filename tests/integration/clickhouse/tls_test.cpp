// ClickHouse over TLS: a server with a self-signed certificate for the name localhost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "integration/clickhouse/rig.h"

namespace penstock::testing {

namespace {

using ::testing::HasSubstr;

class ClickHouseTls : public ::testing::Test {
 protected:
  static PrivateClickHouse& server() {
    static PrivateClickHouse server({.password = "s3cret", .tls = true});
    return server;
  }

  // `more` over a configuration that works.
  static json::object config(const json::object& more = {}) {
    json::object config{{"host", "localhost"},
                        {"port", server().https_port()},
                        {"password", "s3cret"},
                        {"secure", true},
                        {"ca_file", server().certificate()}};
    for (const auto& [name, value] : more) config[name] = value;
    return config;
  }

  static Error open_error(const json::object& more) {
    const DestinationEntry entry = clickhouse_destination();
    try {
      entry.make(entry.spec.parse(config(more), "destination"))->open(CancelToken());
    } catch (const Error& error) {
      return error;
    }
    return {Side::engine, "no error", ""};
  }

  // Every failure of TLS: named as such, not retried, with what to do, and without the password.
  static void expect_refused(const json::object& more, const std::string& message,
                             const std::string& hint, const std::string& code = "destination.tls") {
    const Error error = open_error(more);
    EXPECT_EQ(error.code(), code) << error.describe();
    // A handshake that is not answered may be one that comes too late.
    EXPECT_EQ(error.retryable(), error.native() == "curl 28") << error.describe();
    EXPECT_THAT(error.message(), HasSubstr(message));
    EXPECT_THAT(error.hint(), HasSubstr(hint));
    EXPECT_THAT(error.describe(), ::testing::Not(HasSubstr("s3cret")));
  }
};

TEST_F(ClickHouseTls, AWholeTableArrivesOverIt) {
  Rig rig({.host = "localhost",
           .port = server().https_port(),
           .query = [](const std::string& sql) { return server().query(sql); },
           .more = config()});
  rig.set_table("t", numbers(70'000));
  EXPECT_EQ(rig.migrate(3).rows, 70'000);
  EXPECT_EQ(rig.read_back(), rig.expected());
  EXPECT_TRUE(rig.staging().empty());
}

TEST_F(ClickHouseTls, AnUnknownCertificateIsRefused) {
  const TempDir dir;
  make_certificate("DNS:localhost", dir / "other.key", dir / "other.crt");
  expect_refused({{"ca_file", (dir / "other.crt").string()}}, "certificate", "ca_file");
  expect_refused({{"ca_file", ""}}, "certificate", "ca_file");
}

TEST_F(ClickHouseTls, AFileThatHoldsNoCertificatesIsNamed) {
  const TempDir dir;
  write_file(dir / "empty.crt", "nothing\n");
  expect_refused({{"ca_file", (dir / "empty.crt").string()}}, "empty.crt", "PEM", "config.ca_file");
  expect_refused({{"ca_file", (dir / "missing.crt").string()}}, "missing.crt", "PEM",
                 "config.ca_file");
}

TEST_F(ClickHouseTls, AnotherHostNameIsRefused) {
  expect_refused({{"host", "127.0.0.1"}}, "127.0.0.1", "name");
}

TEST_F(ClickHouseTls, UncheckedCertificatesAreTakenOnRequest) {
  EXPECT_EQ(open_error({{"ca_file", ""}, {"verify_certificate", false}}).code(), "no error");
  EXPECT_EQ(open_error({{"host", "127.0.0.1"}, {"verify_certificate", false}}).code(), "no error");
}

TEST_F(ClickHouseTls, TlsToAPlainPortSaysSo) {
  expect_refused({{"port", server().port()}}, "TLS", "8443");
}

TEST_F(ClickHouseTls, PlainHttpToATlsPortSaysSo) {
  expect_refused({{"secure", false}}, "TLS", "secure");
}

}  // namespace

}  // namespace penstock::testing
