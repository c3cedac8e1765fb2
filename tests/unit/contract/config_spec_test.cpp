#include "contract/config_spec.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "unit/store/expect_error.h"
#include "unit/store/temporary_folder.h"

namespace penstock {
namespace {

ConfigSpec spec() {
  return ConfigSpec({
      {.name = "host", .required = true, .aliases = {"server"}},
      {.name = "port", .kind = FieldKind::integer, .fallback = 5432, .min = 1, .max = 65535},
      {.name = "secure", .kind = FieldKind::boolean, .fallback = false},
      {.name = "mode", .kind = FieldKind::choice, .choices = {"prefer", "require"}},
      {.name = "password", .kind = FieldKind::secret},
      {.name = "names", .kind = FieldKind::text_list},
      {.name = "extra", .kind = FieldKind::object},
  });
}

Config parse(const json::object& object) {
  return spec().parse(object, "source");
}

Error refused(const json::object& object) {
  return error_of([&] { parse(object); });
}

TEST(ConfigSpec, ReadsEveryKindAndFillsDefaults) {
  const Config config = parse({{"server", "h"},
                               {"port", "15432"},
                               {"secure", "yes"},
                               {"mode", "Require"},
                               {"password", 12345},
                               {"names", "a, b,"},
                               {"extra", {{"k", 1}}}});
  EXPECT_EQ(config.text("host"), "h");
  EXPECT_EQ(config.integer("port"), 15432);
  EXPECT_TRUE(config.boolean("secure"));
  EXPECT_EQ(config.text("mode"), "require");
  EXPECT_EQ(config.text("password"), "12345");
  EXPECT_EQ(config.list("names"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.object("extra").at("k").to_number<int>(), 1);

  const Config plain = parse({{"host", "h"}, {"mode", nullptr}});
  EXPECT_EQ(plain.integer("port"), 5432);
  EXPECT_FALSE(plain.boolean("secure"));
  EXPECT_FALSE(plain.has("mode"));
  EXPECT_EQ(plain.text("mode"), "");
  EXPECT_EQ(error_of([&] { plain.text("undeclared"); }).code(), "engine.internal");
}

TEST(ConfigSpec, RefusesWhatIsMissingUnknownOrTwice) {
  EXPECT_EQ(refused({}).code(), "config.field.missing");
  EXPECT_NE(refused({}).message().find("source.host"), std::string::npos);
  const Error unknown = refused({{"hots", "h"}});
  EXPECT_EQ(unknown.code(), "config.field.unknown");
  EXPECT_NE(unknown.message().find("did you mean 'host'"), std::string::npos);
  EXPECT_EQ(refused({{"host", "h"}, {"server", "h"}}).code(), "config.field.twice");
}

TEST(ConfigSpec, RefusesEveryWrongTypeNamingTheField) {
  const std::vector<std::pair<std::string, std::vector<json::value>>> wrong = {
      {"host", {true, 1.5, json::array(), json::object(), json::string("a\0b", 3)}},
      {"port", {true, "x", 1.5, "1.5", 0, 65536, json::array(), 18446744073709551615ULL}},
      {"secure", {1, "maybe", json::array()}},
      {"mode", {1, "requier", ""}},
      {"password",
       {true, json::array(), json::object(), json::object{{"envv", "X"}}, json::object{{"env", 1}},
        json::object{{"env", "A"}, {"file", "b"}}}},
      {"names", {1, json::array{1}, json::object()}},
      {"extra", {1, "text", json::array()}},
  };
  for (const auto& [name, values] : wrong) {
    for (const json::value& value : values) {
      json::object object{{"host", "h"}};
      object[name] = value;
      const Error error = refused(object);
      EXPECT_TRUE(error.code().starts_with("config.field.")) << name << json::serialize(value);
      EXPECT_NE(error.message().find("source." + name), std::string::npos) << error.message();
    }
  }
  json::object near{{"host", "h"}, {"mode", "requier"}};
  EXPECT_NE(refused(near).message().find("did you mean 'require'"), std::string::npos);
}

TEST(Secrets, ComeFromTheEnvironmentOrAFile) {
  ::setenv("PENSTOCK_TEST_SECRET", "from env", 1);
  EXPECT_EQ(
      parse({{"host", "h"}, {"password", {{"env", "PENSTOCK_TEST_SECRET"}}}}).text("password"),
      "from env");
  ::unsetenv("PENSTOCK_TEST_SECRET");
  const Error unset = refused({{"host", "h"}, {"password", {{"env", "PENSTOCK_TEST_SECRET"}}}});
  EXPECT_EQ(unset.code(), "config.field.secret");
  EXPECT_NE(unset.message().find("PENSTOCK_TEST_SECRET"), std::string::npos);

  const TemporaryFolder folder;
  const auto file = folder.path() / "password";
  const auto from_file = [&] {
    return parse({{"host", "h"}, {"password", {{"file", file.string()}}}}).text("password");
  };
  EXPECT_EQ(error_of(from_file).code(), "config.field.secret") << "no such file";
  std::ofstream(file) << "from file\r\n";
  EXPECT_EQ(from_file(), "from file");
  std::ofstream(file) << "";
  EXPECT_EQ(from_file(), "");
  std::ofstream(file) << std::string(65'536, 'x');
  EXPECT_EQ(from_file().size(), 65'536u);
  std::ofstream(file) << std::string(65'537, 'x');
  EXPECT_EQ(error_of(from_file).code(), "config.field.secret") << "cutting it would be silent";
  EXPECT_EQ(error_of([&] {
              parse({{"host", "h"}, {"password", {{"file", folder.path().string()}}}});
            }).code(),
            "config.field.secret")
      << "a folder";
}

TEST(Secrets, NeverAppearInErrorsOrInWhatIsKept) {
  const std::string secret = "hunter2";
  const Config config = parse({{"host", "h"}, {"password", secret}});
  EXPECT_EQ(json::serialize(config.redacted()).find(secret), std::string::npos);
  EXPECT_EQ(config.redacted().at("password").as_string(), "***");
  EXPECT_EQ(config.identity().find(secret), std::string::npos);
  const std::vector<json::object> bad = {
      {{"password", secret}},
      {{"host", "h"}, {"password", json::array{secret}}},
      {{"host", "h"}, {"password", {{"value", secret}}}},
      {{"host", "h"}, {"passwort", secret}},
      {{"host", "h"}, {"password", json::string("hunter2\0", 8)}},
      {{"host", "h"}, {"password", secret}, {"port", "x"}}};
  for (const json::object& object : bad) {
    EXPECT_EQ(refused(object).describe().find(secret), std::string::npos);
  }
}

TEST(ConfigSpec, IdentityIsEqualForEqualEndpoints) {
  const std::string one = parse({{"host", "h"}, {"port", 1}, {"password", "a"}}).identity();
  EXPECT_EQ(parse({{"port", "1"}, {"server", "h"}, {"password", "b"}}).identity(), one);
  EXPECT_NE(parse({{"host", "h"}, {"port", 2}}).identity(), one);
}

TEST(ConfigSpec, JsonSchemaSaysTheSame) {
  const json::object schema = spec().json_schema();
  EXPECT_EQ(schema.at("additionalProperties").as_bool(), false);
  EXPECT_EQ(schema.at("required").at(0).as_string(), "host");
  const json::object& properties = schema.at("properties").as_object();
  EXPECT_EQ(properties.size(), spec().fields().size());
  EXPECT_EQ(properties.at("port").at("maximum").to_number<int>(), 65535);
  EXPECT_EQ(properties.at("port").at("default").to_number<int>(), 5432);
  EXPECT_EQ(properties.at("mode").at("enum").as_array().size(), 2u);
}

}  // namespace
}  // namespace penstock
