// Which requests are refused by their heads alone.
#include <gtest/gtest.h>

#include "service/request_checks.h"

namespace penstock {
namespace {

std::string code_of(const RequestHead& head, const ServiceConfig& config = {},
                    const std::string& bound = "127.0.0.1") {
  const std::optional<Error> error = refuse_head(head, config, bound);
  return error ? error->code() : "";
}

std::string host_code(const std::string& host, const ServiceConfig& config = {},
                      const std::string& bound = "127.0.0.1") {
  return code_of({.host = host}, config, bound);
}

TEST(RequestChecksTest, LoopbackNamesAndAddressesAreWelcome) {
  for (const char* host : {"localhost", "localhost:5011", "LOCALHOST", "localhost.",
                           "127.0.0.1:5011", "127.8.9.1", "[::1]", "[::1]:5011"}) {
    EXPECT_EQ(host_code(host), "") << host;
  }
}

TEST(RequestChecksTest, NamesThatADnsServerCouldPointHereAreNot) {
  for (const char* host :
       {"evil.example", "evil.example:5011", "localhost.evil.example", "127.0.0.1.evil.example",
        "192.168.0.7:5011", "", "[::2]", "localhost evil", "evil@localhost", "[::1].evil"}) {
    EXPECT_EQ(host_code(host), "config.http.host") << host;
  }
}

TEST(RequestChecksTest, AnOpenAddressAnswersToAddressesAndListedNames) {
  ServiceConfig config;
  EXPECT_EQ(host_code("192.168.0.7:5011", config, "0.0.0.0"), "");
  EXPECT_EQ(host_code("localhost", config, "0.0.0.0"), "");
  EXPECT_EQ(host_code("mover.lan", config, "0.0.0.0"), "config.http.host");
  config.allowed_hosts = {"mover.lan"};
  EXPECT_EQ(host_code("Mover.lan:5011", config, "0.0.0.0"), "");
  EXPECT_EQ(host_code("other.lan", config, "0.0.0.0"), "config.http.host");
  config.allowed_hosts = {"*"};
  EXPECT_EQ(host_code("other.lan", config, "0.0.0.0"), "");
}

TEST(RequestChecksTest, OnlyHttp10MayLackAHost) {
  EXPECT_EQ(code_of({.version = 10}), "");
  EXPECT_EQ(code_of({.version = 11}), "config.http.malformed");
}

TEST(RequestChecksTest, PagesOfOtherSitesAreRefused) {
  RequestHead head{.host = "localhost:5011", .origin = "http://localhost:5011"};
  EXPECT_EQ(code_of(head), "");
  head.origin = "https://localhost:5011";  // the same page behind a proxy with TLS
  EXPECT_EQ(code_of(head), "");
  for (const char* origin : {"http://evil.example", "null", "http://localhost:80", "",
                             "http://localhost:5011.evil.example"}) {
    head.origin = origin;
    EXPECT_EQ(code_of(head), "config.http.cross_site") << origin;
  }
  EXPECT_EQ(code_of({.host = "localhost", .fetch_site = "cross-site"}), "config.http.cross_site");
  EXPECT_EQ(code_of({.host = "localhost", .fetch_site = "same-site"}), "config.http.cross_site");
  EXPECT_EQ(code_of({.host = "localhost", .fetch_site = "none"}), "");
}

TEST(RequestChecksTest, BodiesThatBrowsersSendUnaskedAreRefused) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "text/json; x",
                           "multipart/form-data; boundary=application/json"}) {
    EXPECT_EQ(code_of({.host = "localhost", .content_type = type, .post = true}),
              "config.http.media_type")
        << type;
  }
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"}) {
    EXPECT_EQ(code_of({.host = "localhost", .content_type = type, .post = true}), "") << type;
  }
  EXPECT_EQ(code_of({.host = "localhost", .post = true}), "") << "old callers send none";
}

}  // namespace
}  // namespace penstock
