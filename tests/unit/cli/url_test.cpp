#include "cli/url.h"

#include <gtest/gtest.h>

#include <string>

#include "cli/terminal.h"
#include "unit/cli/test_registry.h"

namespace penstock {
namespace {

Endpoint source(std::string_view url) {
  static const Registry registry = test_registry();
  return parse_source_url(url, registry);
}

Endpoint destination(std::string_view url) {
  static const Registry registry = test_registry();
  return parse_destination_url(url, registry);
}

std::string encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

// The code of the error, which must not hold `secret` anywhere.
std::string failure(std::string_view url, std::string_view secret = "") {
  try {
    source(url);
  } catch (const Error& error) {
    if (!secret.empty()) {
      EXPECT_EQ(error.describe().find(secret), std::string::npos) << error.describe();
    }
    return error.code();
  }
  return "";
}

TEST(Url, FillsEveryField) {
  const Endpoint endpoint = source("postgresql://app:p%40ss@db.example:5433/shop?sslmode=require");
  EXPECT_EQ(endpoint.adapter, "postgresql");
  EXPECT_EQ(endpoint.config, (json::object{{"username", "app"},
                                           {"password", "p@ss"},
                                           {"host", "db.example"},
                                           {"port", 5433},
                                           {"database", "shop"},
                                           {"sslmode", "require"}}));
}

TEST(Url, LeavesMissingPartsToTheDefaults) {
  EXPECT_EQ(source("postgresql://").config, json::object());
  EXPECT_EQ(source("postgresql:///shop").config, (json::object{{"database", "shop"}}));
  EXPECT_EQ(source("postgresql://h").config, (json::object{{"host", "h"}}));
  EXPECT_EQ(source("postgresql://h/").config, (json::object{{"host", "h"}}));
  EXPECT_EQ(source("postgresql://h:/").config, (json::object{{"host", "h"}}));
  EXPECT_EQ(source("postgresql://u@").config, (json::object{{"username", "u"}}));
  EXPECT_EQ(source("postgresql://u:@h").config,
            (json::object{{"username", "u"}, {"password", ""}, {"host", "h"}}));
}

TEST(Url, Pitfall71_PasswordsWithEverySeparatorSurviveEncoding) {
  for (const std::string_view password :
       {"@", ":", "&", "%", "/", "?", "#", "a@b:c&d%e/f?g#h", "100%25", "p w+d", "=", "пароль€😀",
        "[::1]", "\\", "\"'`", "user:pw@host/db?x=1#y", "%", "%%41"}) {
    const Endpoint endpoint =
        source("postgresql://" + encode("us:er@x") + ":" + encode(password) + "@host:1/db");
    EXPECT_EQ(endpoint.config.at("password"), json::value(json::string(password)));
    EXPECT_EQ(endpoint.config.at("username"), json::value("us:er@x"));
    EXPECT_EQ(endpoint.config.at("host"), json::value("host"));
    const Endpoint query = source("postgresql://host/db?password=" + encode(password));
    EXPECT_EQ(query.config.at("password"), json::value(json::string(password)));
  }
}

TEST(Url, Pitfall71_UnencodedAtColonAmpersandAndPlusInPasswordsWork) {
  EXPECT_EQ(source("postgresql://u:a@b:c&d+e=f@host/db").config.at("password"),
            json::value("a@b:c&d+e=f"));
  EXPECT_EQ(source("postgresql://u:пароль@host/db").config.at("password"), json::value("пароль"));
}

TEST(Url, Pitfall71_OtherUnencodedCharactersAreRefusedWithoutShowingThePassword) {
  EXPECT_EQ(failure("postgresql://u:hunter/sekret@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:hunter?sekret@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:hunter?sekret=1@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:12/34sekret@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:sekret#x@host/db", "sekret"), "config.url.fragment");
  EXPECT_EQ(failure("postgresql://u:sekret%zz@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:sekret%2@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:sekret%00@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:sekret%ff@host/db", "sekret"), "config.url.encoding");
  EXPECT_EQ(failure("postgresql://u:p@host:sekret", "sekret"), "config.url.port");
  EXPECT_EQ(failure("postgresql://u:sekret", "sekret"), "config.url.port");  // the host forgotten
  EXPECT_EQ(failure("postgresql://h/db?sekret", "sekret"), "config.url.parameter");
  EXPECT_EQ(failure("postgresql://h/db?se kret=1", "kret"), "config.url.parameter");
}

TEST(Url, TakesIpv6HostsInBrackets) {
  const Endpoint endpoint = source("postgresql://u@[2001:db8::1]:5433/db");
  EXPECT_EQ(endpoint.config.at("host"), json::value("2001:db8::1"));
  EXPECT_EQ(endpoint.config.at("port"), json::value(5433));
  EXPECT_EQ(source("postgresql://[fe80::1%25eth0]").config.at("host"), json::value("fe80::1%eth0"));
  EXPECT_EQ(failure("postgresql://::1:5432/db"), "config.url.host");
  EXPECT_EQ(failure("postgresql://[::1/db"), "config.url.host");
  EXPECT_EQ(failure("postgresql://[::1]5432/db"), "config.url.host");
  EXPECT_EQ(display_endpoint(endpoint), "postgresql://u@[2001:db8::1]:5433/db");
}

TEST(Url, TakesSocketDirectories) {
  EXPECT_EQ(source("postgresql:///shop?host=/run/postgresql").config,
            (json::object{{"database", "shop"}, {"host", "/run/postgresql"}}));
  const Endpoint endpoint = source("postgresql://u@%2Frun%2Fpostgresql/shop");
  EXPECT_EQ(endpoint.config.at("host"), json::value("/run/postgresql"));
  EXPECT_EQ(display_endpoint(endpoint), "postgresql://u@/shop?host=/run/postgresql");
}

TEST(Url, TakesPathsWithoutSlashes) {
  EXPECT_EQ(destination("clickhouse:./warehouse").config, (json::object{{"path", "./warehouse"}}));
  EXPECT_EQ(destination("clickhouse:/abs/dir?database=x").config,
            (json::object{{"path", "/abs/dir"}, {"database", "x"}}));
  EXPECT_EQ(destination("clickhouse:my%20dir").config, (json::object{{"path", "my dir"}}));
  EXPECT_EQ(display_endpoint(destination("clickhouse:./w")), "clickhouse:./w");
  EXPECT_EQ(failure("postgresql:shop"), "config.url.scheme");
  EXPECT_THROW(destination("clickhouse:"), Error);
  EXPECT_THROW(destination("clickhouse://host/a/b"), Error);
}

TEST(Url, RefersToSecretsByNameOrFile) {
  EXPECT_EQ(source("postgresql://h/d?password_env=PW").config.at("password"),
            (json::value{{"env", "PW"}}));
  EXPECT_EQ(source("postgresql://h/d?password_file=/run/pw").config.at("password"),
            (json::value{{"file", "/run/pw"}}));
  EXPECT_EQ(failure("postgresql://u:p@h/d?password_env=PW"), "config.url.twice");
  // Only secrets have references: this stays an unknown field for the spec to refuse.
  EXPECT_TRUE(source("postgresql://h/d?host_env=X").config.contains("host_env"));
}

TEST(Url, RefusesWhatIsGivenTwiceAlsoUnderAnAlias) {
  EXPECT_EQ(failure("postgresql://h/d?host=x"), "config.url.twice");
  EXPECT_EQ(failure("postgresql://h/d?dbname=x"), "config.url.twice");
  EXPECT_EQ(failure("postgresql://h?sslmode=a&sslmode=b"), "config.url.twice");
}

TEST(Url, KnowsAliasesAndOffersTheNearestAdapter) {
  EXPECT_EQ(source("POSTGRES://h").adapter, "postgresql");
  try {
    source("postgresq://u:sekret@h");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "config.adapter.unknown");
    EXPECT_NE(error.message().find("did you mean 'postgresql'"), std::string::npos);
    EXPECT_EQ(error.describe().find("sekret"), std::string::npos);
  }
}

TEST(Url, RefusesPartsTheAdapterLacks) {
  EXPECT_EQ(failure("zoho://host"), "config.url.part");
  EXPECT_EQ(failure("zoho://user@"), "config.url.part");
  EXPECT_EQ(failure("zoho://:80"), "config.url.part");
  EXPECT_EQ(failure("zoho:///db"), "config.url.part");
  EXPECT_EQ(failure("zoho://?extra=1"), "config.url.parameter");
  EXPECT_EQ(source("zoho://?client_id=1").config, (json::object{{"client_id", "1"}}));
}

TEST(Url, RefusesWhatIsNoUrl) {
  EXPECT_EQ(failure("shop"), "config.url.scheme");
  EXPECT_EQ(failure(""), "config.url.scheme");
  EXPECT_EQ(failure("://h"), "config.url.scheme");
  EXPECT_EQ(failure("1a://h"), "config.url.scheme");
  EXPECT_EQ(failure("postgresql://" + std::string(9000, 'a')), "config.url.size");
  for (const std::string_view port : {"0", "65536", "-1", "+1", "1x", "99999999999999999999"}) {
    EXPECT_EQ(failure("postgresql://h:" + std::string(port)), "config.url.port") << port;
  }
}

TEST(MaskSecrets, HidesPasswordsAndSecretParameters) {
  EXPECT_EQ(mask_secrets("postgresql://u:p@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(mask_secrets("postgresql://u:a/b?c@d@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(mask_secrets("x://h/d?password=abc&a=b&client_secret=d"),
            "x://h/d?password=***&a=b&client_secret=***");
  EXPECT_EQ(mask_secrets("x://u:p@h/d?refresh_token=t"), "x://u:***@h/d?refresh_token=***");
  EXPECT_EQ(mask_secrets("x://h/d?password_env=PW"), "x://h/d?password_env=PW");
  EXPECT_EQ(mask_secrets("postgresql://u@h:1/d"), "postgresql://u@h:1/d");
  EXPECT_EQ(mask_secrets("--where=a.b=c > 1"), "--where=a.b=c > 1");
}

TEST(TakeArguments, OverwritesSecretsInPlace) {
  std::string program = "penstock", url = "postgresql://user:very-long-sekret@host/db",
              plain = "--x";
  std::string tiny = "x://u:p@h";
  char* argv[] = {program.data(), url.data(), plain.data(), tiny.data(), nullptr};
  const std::vector<std::string> copy = take_arguments(4, argv);
  EXPECT_EQ(copy[1], "postgresql://user:very-long-sekret@host/db");
  EXPECT_EQ(std::string(argv[1]), "postgresql://user:***@host/db");
  EXPECT_EQ(url.find("sekret"), std::string::npos);  // to the end of the buffer
  EXPECT_EQ(std::string(argv[2]), "--x");
  EXPECT_EQ(std::string(argv[3]), "x://u:***");  // cut, never longer than it was
}

}  // namespace
}  // namespace penstock
