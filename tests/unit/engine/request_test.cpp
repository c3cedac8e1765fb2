// Requests and options: every wrong member is refused by name, and nothing secret is kept.
#include "engine/request.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

Registry registry() {
  Registry out;
  out.add(SourceEntry{.name = "pear",
                      .aliases = {"birne"},
                      .spec = ConfigSpec({{.name = "host", .required = true},
                                          {.name = "password", .kind = FieldKind::secret}})});
  out.add(DestinationEntry{
      .name = "apple",
      .spec = ConfigSpec({{.name = "path"}}),
      .options =
          ConfigSpec({{.name = "engine", .kind = FieldKind::choice, .choices = {"a", "b"}}})});
  return out;
}

json::object good() {
  return {{"source_type", "pear"},
          {"dest_type", "apple"},
          {"source", {{"host", "h"}, {"password", "hunter2"}}},
          {"destination", json::object()}};
}

Error refused(const json::value& body) {
  const Registry all = registry();
  return error_of([&] { parse_request(body, all); });
}

Error refused_with(std::string_view member, const json::value& value) {
  json::object body = good();
  body[member] = value;
  return refused(body);
}

Error option_refused(std::string_view name, const json::value& value) {
  return refused_with("options", json::object{{name, value}});
}

TEST(Request, TheSmallestRequestGetsEveryDefault) {
  const Registry all = registry();
  const MigrationRequest request = parse_request(good(), all);
  EXPECT_EQ(request.source_entry->name, "pear");
  EXPECT_GE(request.options.parallel, 1);
  EXPECT_EQ(request.options.memory_bytes, limits::memory_bytes_default);
  EXPECT_EQ(request.options.if_exists, IfExists::fail);
  EXPECT_EQ(request.options.on_error, OnError::fail);
  EXPECT_EQ(request.options.max_rejects, 1000);
  EXPECT_TRUE(request.tables.empty());
}

TEST(Request, EveryMemberOfAWrongTypeIsRefusedByName) {
  const std::vector<std::pair<std::string, std::vector<json::value>>> wrong = {
      {"source_type", {1, true, json::array(), json::object(), nullptr}},
      {"dest_type", {1, json::array(), nullptr}},
      {"source", {1, "text", json::array(), nullptr}},
      {"destination", {1, "text", json::array(), nullptr}},
      {"operation_type", {1, json::array(), "ful", ""}},
      {"tables", {1, "t", json::object(), json::array{1}, json::array{""}, json::array{nullptr}}},
      {"options", {1, "text", json::array()}},
      {"async", {1, "yes", json::array()}},
      {"last_sync_time", {"2024-01-01"}},
  };
  for (const auto& [member, values] : wrong) {
    for (const json::value& value : values) {
      const Error error = refused_with(member, value);
      EXPECT_TRUE(error.code().starts_with("config.")) << member << " " << json::serialize(value);
      EXPECT_NE(error.message().find(member), std::string::npos) << error.message();
      EXPECT_EQ(error.side(), Side::config);
    }
  }
  for (const json::value& body :
       {json::value(1), json::value("x"), json::value(json::array()), json::value(nullptr)}) {
    EXPECT_EQ(refused(body).code(), "config.body");
  }
}

TEST(Request, UnknownMembersAreRefusedWithTheNearest) {
  EXPECT_NE(refused_with("tabels", json::array()).message().find("'tables'"), std::string::npos);
  EXPECT_EQ(refused_with("source_type", "peer").code(), "config.adapter.unknown");
  EXPECT_NE(refused_with("source_type", "peer").message().find("'pear'"), std::string::npos);
  EXPECT_NE(option_refused("paralel", 2).message().find("'parallel'"), std::string::npos);
}

TEST(Request, IncrementalIsRefusedAsUnavailable) {
  EXPECT_EQ(refused_with("operation_type", "incremental").code(), "config.option.unavailable");
  EXPECT_EQ(option_refused("deletes", true).code(), "config.option.unavailable");
  EXPECT_EQ(option_refused("verify", "full").code(), "config.option.unavailable");
}

TEST(Request, SecretsAreMaskedAndNotPartOfTheFingerprint) {
  const Registry all = registry();
  const MigrationRequest request = parse_request(good(), all);
  EXPECT_EQ(json::serialize(request.redacted).find("hunter2"), std::string::npos);
  EXPECT_EQ(request.source.text("password"), "hunter2");
  json::object other = good();
  other["source"].as_object()["password"] = "another";
  EXPECT_EQ(parse_request(other, all).fingerprint, request.fingerprint);
}

TEST(Request, TheFingerprintTellsJobsApartButNotSpellings) {
  const Registry all = registry();
  const auto print = [&](const json::object& options) {
    json::object body = good();
    body["options"] = options;
    return parse_request(body, all).fingerprint;
  };
  const std::string plain = print({});
  EXPECT_EQ(print({{"parallel", 3}, {"memory", "64MiB"}}), plain);
  EXPECT_NE(print({{"on_error", "reject"}}), plain);
  EXPECT_EQ(print({{"on_error", "reject"}, {"views", true}}),
            print({{"views", true}, {"on_error", "reject"}}));
  EXPECT_EQ(print({{"where", {{"a", "x"}, {"b", "y"}}}}),
            print({{"where", {{"b", "y"}, {"a", "x"}}}}));
  json::object alias = good();
  alias["source_type"] = "Birne";
  EXPECT_EQ(parse_request(alias, all).fingerprint, plain);
  json::object tables = good();
  tables["tables"] = {"t"};
  EXPECT_NE(parse_request(tables, all).fingerprint, plain);
}

TEST(Options, SizesAreReadInAllSpellings) {
  EXPECT_EQ(parse_bytes("1048576", "m"), 1048576u);
  EXPECT_EQ(parse_bytes(" 256 MiB ", "m"), 256u << 20);
  EXPECT_EQ(parse_bytes("1.5GiB", "m"), 3u << 29);
  EXPECT_EQ(parse_bytes("1 GB", "m"), 1'000'000'000u);
  EXPECT_EQ(parse_bytes("2g", "m"), 2ull << 30);
  EXPECT_EQ(parse_bytes("64k", "m"), 65536u);
}

TEST(Options, BadSizesAreRefused) {
  for (const char* text : {"", "MiB", "-1MiB", "1XB", "nan", "inf", "NaN GB", "1e400", "1e300",
                           "999999999999GiB", "0x10", "1 2", "1MiBs"}) {
    EXPECT_EQ(error_of([&] { parse_bytes(text, "options.memory"); }).code(), "config.field.type")
        << text;
  }
  EXPECT_EQ(option_refused("memory", "1MiB").code(), "config.field.range");
  EXPECT_EQ(option_refused("memory", "abc").code(), "config.field.type");
}

TEST(Options, WrongValuesAreRefusedByName) {
  const std::vector<std::pair<std::string, json::value>> wrong = {
      {"parallel", -1},
      {"parallel", 65},
      {"parallel", "many"},
      {"parallel", 1.5},
      {"if_exists", "drop"},
      {"on_error", true},
      {"losses", "some"},
      {"max_rejects", -1},
      {"views", "maybe"},
      {"resume", "always"},
      {"types", "int8"},
      {"types", json::object{{"t.c", 1}}},
      {"types", json::object{{"t.c", "int46"}}},
      {"columns", json::object{{"t", "c"}}},
      {"columns", json::object{{"t", json::array{1}}}},
      {"where", json::object{{"t", 1}}},
      {"rename", json::object{{"t", nullptr}}},
      {"apple", 1},
      {"apple", json::object{{"engine", "c"}}},
      {"apple", json::object{{"engin", "a"}}}};
  for (const auto& [name, value] : wrong) {
    const Error error = option_refused(name, value);
    EXPECT_TRUE(error.code().starts_with("config.")) << name;
    EXPECT_NE(error.message().find("options." + name), std::string::npos) << error.message();
  }
}

TEST(Options, EveryOptionIsDescribedAndHasADefaultOrIsAMap) {
  for (const ConfigField& field : option_spec().fields()) {
    EXPECT_FALSE(field.description.empty()) << field.name;
    EXPECT_TRUE(field.fallback || field.kind == FieldKind::object) << field.name;
  }
}

TEST(Request, TheSchemaKnowsEveryMember) {
  const Registry all = registry();
  const json::object schema = request_schema(all);
  const json::object& properties = schema.at("properties").as_object();
  for (const char* name : {"source_type", "dest_type", "source", "destination", "operation_type",
                           "last_sync_time", "tables", "async", "options"}) {
    EXPECT_TRUE(properties.contains(name)) << name;
  }
  const json::object& options = properties.at("options").at("properties").as_object();
  for (const ConfigField& field : option_spec().fields()) {
    EXPECT_TRUE(options.contains(field.name)) << field.name;
  }
  EXPECT_TRUE(options.contains("apple"));
}

}  // namespace
}  // namespace penstock
