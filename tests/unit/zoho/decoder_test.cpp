// The type table played out, and records as Zoho sends them at its worst.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "adapters/systems/zoho/columns.h"
#include "adapters/systems/zoho/page.h"
#include "adapters/systems/zoho/record_decoder.h"
#include "contract/type_map.h"
#include "core/error.h"
#include "core/value_text.h"

namespace penstock::zoho {
namespace {

struct Decoded {
  std::map<std::string, std::string> texts;
  std::vector<ValueIssue> issues;
};

// Decodes one record of a module with these fields.
Decoded decode(const std::vector<FieldInfo>& fields, const std::string& record,
               const std::vector<std::string>& extras = {}, const Emails* emails = nullptr) {
  ModuleInfo module{.api_name = "M", .fields = fields};
  const Columns columns = columns_of(module, {});
  std::vector<ReadColumn> read;
  for (const Field& field : columns.fields) read.push_back({&field, field.type});
  RecordDecoder decoder(read, emails);
  std::vector<std::string> padded;
  for (const std::string& text : extras) padded.push_back(text + std::string(64, ' '));
  std::vector<std::string_view> views;
  for (std::size_t i = 0; i < extras.size(); ++i) {
    views.push_back(std::string_view(padded[i]).substr(0, extras[i].size()));
  }
  const std::string with_padding = record + std::string(64, ' ');
  Batch batch(decoder.types());
  decoder.decode(std::string_view(with_padding).substr(0, record.size()), views, batch);
  Decoded out{.issues = std::move(batch.issues)};
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    EXPECT_EQ(batch.columns[i].length, 1) << columns.fields[i].name;
    out.texts[columns.fields[i].name] =
        batch.columns[i].valid(0) ? value_text(batch.columns[i], 0) : "\\N";
  }
  return out;
}

FieldInfo field(const std::string& type, int places = 0) {
  return {.api_name = "F", .data_type = type, .decimal_places = places};
}

std::string unescaped(std::string text) {
  for (std::size_t at; (at = text.find("\\n")) != std::string::npos;) text.replace(at, 2, "\n");
  return text;
}

TEST(ZohoDecoder, TheTypeTableIsTrue) {
  std::ifstream in(PENSTOCK_SOURCE_DIR "/data/types/zoho.tsv");
  std::stringstream tsv;
  tsv << in.rdbuf();
  int checked = 0;
  for (const TypeRow& row : parse_type_table(tsv.str())) {
    for (const std::string prefix : {"", "low", "high"}) {
      const std::string json = row.at(prefix.empty() ? "example" : prefix);
      if (json.empty()) continue;
      const auto expect = row.find(prefix.empty() ? "expect" : prefix + "_expect");
      const bool id = row.at("native") == "id";
      FieldInfo one = field(row.at("native"), 2);
      if (id) one = {.api_name = "id", .data_type = "bigint"};
      const Decoded got = decode({one}, "{\"" + one.api_name + "\":" + json + "}");
      EXPECT_EQ(got.texts.at(id ? "id" : "f"), expect == row.end() ? "" : unescaped(expect->second))
          << row.at("native");
      EXPECT_TRUE(got.issues.empty()) << row.at("native");
      ++checked;
    }
  }
  EXPECT_GT(checked, 30);
}

TEST(ZohoDecoder, TheJsonDecidesBeforeTheType) {
  // Whole numbers of doubles, numbers as texts, texts that hold something else.
  EXPECT_EQ(decode({field("double")}, R"({"F":333})").texts.at("f"), "333");
  EXPECT_EQ(decode({field("integer")}, R"({"F":5.0})").texts.at("f"), "5");
  EXPECT_EQ(decode({field("integer")}, R"({"F":"12"})").texts.at("f"), "12");
  EXPECT_EQ(decode({field("boolean")}, R"({"F":"true"})").texts.at("f"), "true");
  EXPECT_EQ(decode({field("text")}, R"({"F":[{"a":1}]})").texts.at("f"), R"([{"a":1}])");
  EXPECT_EQ(decode({field("text")}, R"({"F":12.50})").texts.at("f"), "12.50");
  EXPECT_EQ(decode({field("picklist")}, R"({"F":true})").texts.at("f"), "true");
  EXPECT_EQ(decode({field("lookup")}, R"({"F":"4870000000000000001"})").texts.at("f_id"),
            "4870000000000000001");
}

TEST(ZohoDecoder, WhatContradictsATypeIsAnIssueWithTheValue) {
  const auto issue = [](const std::string& type, const std::string& json) {
    const Decoded got = decode({field(type, 2)}, "{\"F\":" + json + "}");
    return got.issues.size() == 1
               ? std::string(to_text(got.issues[0].kind)) + " " + got.issues[0].text
               : std::to_string(got.issues.size()) + " issues";
  };
  EXPECT_EQ(issue("integer", "\"many\""), "invalid_value many");
  EXPECT_EQ(issue("integer", "99999999999999999999"), "out_of_range 99999999999999999999");
  EXPECT_EQ(issue("integer", "1.5"), "out_of_range 1.5");
  EXPECT_EQ(issue("currency", "1.005"), "precision 1.005");
  EXPECT_EQ(issue("currency", "1e30"), "out_of_range 1e30");
  EXPECT_EQ(issue("double", "1.2345678901234567891"), "precision 1.2345678901234567891");
  EXPECT_EQ(issue("date", "\"soon\""), "invalid_value soon");
  EXPECT_EQ(issue("datetime", "\"2024-05-01T10:00:00.25Z\""), "precision 2024-05-01T10:00:00.25Z");
  EXPECT_EQ(issue("boolean", "1"), "invalid_value 1");
  EXPECT_EQ(issue("multiselectpicklist", "\"a;b\""), "invalid_value a;b");
  EXPECT_EQ(issue("lookup", "[1]"), "invalid_value [1]");
}

TEST(ZohoDecoder, ReferencesBecomeColumns) {
  const Emails emails = {{7, "seven@example.test"}};
  const Decoded got =
      decode({{.api_name = "Owner", .data_type = "ownerlookup"},
              {.api_name = "What_Id", .data_type = "lookup"},
              {.api_name = "Any", .data_type = "multi_module_lookup"},
              {.api_name = "By", .data_type = "userlookup"},
              {.api_name = "Nobody", .data_type = "lookup"}},
             R"({"Any":{"module":{"api_name":"Deals","id":"1"},"name":"D","id":"3"},)"
             R"("Owner":{"email":"o@example.test","name":"O \"x\"","id":"2"},"id":"1",)"
             R"("What_Id":{"id":"4","name":null},"By":{"name":"B","id":"7"},"Nobody":null})",
             {}, &emails);
  EXPECT_EQ(got.texts.at("owner_id"), "2");
  EXPECT_EQ(got.texts.at("owner_name"), "O \"x\"");
  EXPECT_EQ(got.texts.at("owner_email"), "o@example.test");
  EXPECT_EQ(got.texts.at("what_id"), "4");
  EXPECT_EQ(got.texts.at("what_name"), "\\N");
  EXPECT_EQ(got.texts.at("any_module"), "Deals");
  EXPECT_EQ(got.texts.at("by_email"), "seven@example.test");
  EXPECT_EQ(got.texts.at("nobody_id"), "\\N");
}

TEST(ZohoDecoder, UnknownAndMissingAndRepeatedKeysDoNoHarm) {
  const std::vector<FieldInfo> fields = {{.api_name = "A", .data_type = "text"},
                                         {.api_name = "B", .data_type = "integer"},
                                         {.api_name = "C", .data_type = "text"}};
  const Decoded got =
      decode(fields, R"({"$new":{"x":[1,2]},"C":"c","Other":1,"A":"first","A":"second"})");
  EXPECT_EQ(got.texts.at("a"), "first");
  EXPECT_EQ(got.texts.at("b"), "\\N");
  EXPECT_EQ(got.texts.at("c"), "c");
  const Decoded more = decode(fields, R"({"A":"cut","B":1})", {R"({"A":"whole","id":"1"})"});
  EXPECT_EQ(more.texts.at("a"), "whole");
  EXPECT_EQ(more.texts.at("b"), "1");
}

TEST(ZohoDecoder, WhatIsNotJsonIsRefused) {
  for (const char* record : {"", "{", "[1]", "{\"A\":}", "{\"A\":\"x}", "{\"A\" 1}", "nonsense"}) {
    EXPECT_THROW(decode({{.api_name = "A", .data_type = "text"}}, record), Error) << record;
  }
}

TEST(ZohoPage, RecordsAndTheirEndAreFound) {
  const auto page = [](std::string body) {
    body.reserve(body.size() + 64);
    return parse_page(std::move(body), "data", "reading");
  };
  const PagePtr two =
      page(R"({"info":{"count":2,"more_records":true,"next_page_token":"abc"},"data":[{"id":"1"},)"
           R"({"id":"4870000000000000001","a":[{}]} ]})");
  ASSERT_EQ(two->records.size(), 2U);
  EXPECT_TRUE(two->more);
  EXPECT_EQ(two->next_token, "abc");
  EXPECT_EQ(record_id(two->records[1]), 4'870'000'000'000'000'001);
  EXPECT_TRUE(page("")->records.empty());
  EXPECT_FALSE(page(R"({"data":[],"info":{"next_page_token":null,"more_records":false}})")->more);
  for (const char* wrong : {R"({"data":[{"id":"1"}],"info":{"count":2}})", R"({"data":[{"id")",
                            "<html></html>", R"({"data":7})"}) {
    try {
      page(wrong);
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "source.protocol");
      EXPECT_TRUE(error.retryable());
    }
  }
}

TEST(ZohoPage, TextThatMayBeCutIsSeen) {
  const auto cut = [](std::size_t length) {
    std::string record = "{\"R\":\"";
    for (std::size_t i = 0; i < length; ++i) record += "é";
    record += "\"}";
    const std::size_t size = record.size();
    record += std::string(64, ' ');
    return has_cut_text(std::string_view(record).substr(0, size), {"Q", "R"});
  };
  EXPECT_FALSE(cut(400));
  EXPECT_TRUE(cut(500));
}

}  // namespace
}  // namespace penstock::zoho
