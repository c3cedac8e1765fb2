#include <gtest/gtest.h>

#include <cstdlib>

#include "service/service_config.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

class ServiceConfigTest : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* name :
         {"PENSTOCK_HOST", "PENSTOCK_PORT", "PENSTOCK_ALLOWED_HOSTS",
          "UNIVERSAL_MIGRATION_SERVICE_HOST", "UNIVERSAL_MIGRATION_SERVICE_PORT"}) {
      unsetenv(name);
    }
  }
};

TEST_F(ServiceConfigTest, ListensOnLoopback5011ByDefault) {
  const ServiceConfig config = from_environment();
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_EQ(config.port, 5011);
  check(config);
}

TEST_F(ServiceConfigTest, OldVariablesCountAndNewOnesCountMore) {
  setenv("UNIVERSAL_MIGRATION_SERVICE_PORT", "6000", 1);
  setenv("UNIVERSAL_MIGRATION_SERVICE_HOST", "::1", 1);
  EXPECT_EQ(from_environment().port, 6000);
  EXPECT_EQ(from_environment().host, "::1");
  setenv("PENSTOCK_PORT", "7000", 1);
  setenv("PENSTOCK_HOST", "localhost", 1);
  setenv("PENSTOCK_ALLOWED_HOSTS", " Mover.lan, ,other ", 1);
  EXPECT_EQ(from_environment().port, 7000);
  EXPECT_EQ(from_environment().host, "localhost");
  EXPECT_EQ(from_environment().allowed_hosts, (std::vector<std::string>{"mover.lan", "other"}));
}

TEST_F(ServiceConfigTest, APortThatIsNoneIsRefusedNamingTheVariable) {
  for (const char* port : {"x", "70000", "-1", "80 ", "0x50"}) {
    setenv("UNIVERSAL_MIGRATION_SERVICE_PORT", port, 1);
    const Error error = error_of([] { from_environment(); });
    EXPECT_EQ(error.code(), "config.service.port") << port;
    EXPECT_NE(error.message().find("UNIVERSAL_MIGRATION_SERVICE_PORT"), std::string::npos);
  }
}

TEST_F(ServiceConfigTest, AnAddressOthersCanReachNeedsTheFlagThatSaysNo) {
  for (const char* host : {"0.0.0.0", "::", "192.168.0.7"}) {
    ServiceConfig config;
    config.host = host;
    const Error error = error_of([&] { check(config); });
    EXPECT_EQ(error.code(), "config.service.no_auth") << host;
    EXPECT_NE(error.hint().find("--insecure-no-auth"), std::string::npos);
    config.insecure_no_auth = true;
    check(config);
  }
}

TEST_F(ServiceConfigTest, AHostThatIsNoAddressIsRefused) {
  ServiceConfig config;
  config.host = "some.name";
  EXPECT_EQ(error_of([&] { check(config); }).code(), "config.service.host");
}

}  // namespace
}  // namespace penstock
