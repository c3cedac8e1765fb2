// Bulk read against zoho.md 6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "servers/process.h"
#include "servers/zoho/local_server.h"

namespace penstock::zoho_sim {
namespace {

using ::testing::HasSubstr;

class ZohoBulk : public ::testing::Test {
 protected:
  LocalZoho zoho{{.records = 300}};

  std::string create(const json::object& query) const {
    const HttpAnswer answer = zoho.post("/crm/bulk/v8/read", json::object{{"query", query}});
    EXPECT_EQ(answer.status, 201) << answer.body;
    return std::string(answer.json().at("data").at(0).at("details").at("id").as_string());
  }
  json::value wait(const std::string& id) const {
    for (int i = 0; i < 1'000; ++i) {
      const json::value job = zoho.get("/crm/bulk/v8/read/" + id).json().at("data").at(0);
      states.emplace_back(job.at("state").as_string());
      if (states.back() == "COMPLETED" || states.back() == "FAILURE") return job;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "the job doesn't end";
    return {};
  }
  // The CSV, unpacked by a program that isn't ours.
  std::string csv(const std::string& id) const {
    const HttpAnswer answer = zoho.get("/crm/bulk/v8/read/" + id + "/result");
    EXPECT_EQ(answer.status, 200);
    const testing::TempDir dir;
    testing::write_file(dir / "a.zip", answer.body);
    return testing::check_program(
        {.argv = {testing::require_program("python3", "python3"), "-c",
                  "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is "
                  "None\nsys.stdout.buffer.write(z.read(z.namelist()[0]))",
                  (dir / "a.zip").string()}});
  }
  std::string code(const json::object& query) const {
    return zoho.post("/crm/bulk/v8/read", json::object{{"query", query}}).code();
  }
  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  mutable std::vector<std::string> states;
};

TEST_F(ZohoBulk, AJobGoesThroughItsStatesToACsv) {
  const std::string id = create({{"module", json::object{{"api_name", "Leads"}}},
                                 {"fields", json::array{"Last_Name", "Owner", "Languages"}}});
  const json::value job = wait(id);
  EXPECT_EQ(states[0], "QUEUED");
  EXPECT_EQ(states[1], "IN PROGRESS");
  EXPECT_EQ(job.at("result").at("count"), 300);
  EXPECT_FALSE(job.at("result").at("more_records").as_bool());
  const std::string text = csv(id);
  EXPECT_TRUE(text.starts_with("Id,Last_Name,Owner,Languages\n"));
  EXPECT_EQ(lines(text), 301U);
  EXPECT_THAT(text, HasSubstr(";"));
}

TEST_F(ZohoBulk, PagesContinueByToken) {
  zoho.command("settings", {{"bulk_rows", 120}});
  const json::object query{{"module", json::object{{"api_name", "Deals"}}},
                           {"fields", json::array{"Probability"}}};
  std::size_t rows = 0;
  std::string id = create(query);
  for (int page = 1;; ++page) {
    const json::value result = wait(id).at("result");
    EXPECT_EQ(result.at("page"), page);
    rows += lines(csv(id)) - 1;
    if (!result.at("more_records").as_bool()) break;
    id = create({{"page_token", result.at("next_page_token")}});
  }
  EXPECT_EQ(rows, 300U);
  json::object second = query;
  second["page"] = 3;
  EXPECT_EQ(wait(create(second)).at("result").at("count"), 60);
}

TEST_F(ZohoBulk, CriteriaFilter) {
  const auto leaf = [](const char* field, const char* how, const json::value& value) {
    return json::object{
        {"field", json::object{{"api_name", field}}}, {"comparator", how}, {"value", value}};
  };
  const std::string id =
      create({{"module", json::object{{"api_name", "Deals"}}},
              {"fields", json::array{"Stage"}},
              {"criteria", json::object{{"group_operator", "and"},
                                        {"group", json::array{leaf("Stage", "equal", "Proposal"),
                                                              leaf("Created_Time", "greater_equal",
                                                                   "2023-01-01T00:00:00Z")}}}}});
  std::int64_t expected = 0;
  for (const json::object& deal : zoho.dump("Deals")) {
    if (!deal.at("Stage").is_string() || deal.at("Stage").as_string() != "Proposal") continue;
    expected += deal.at("Created_Time").as_string() >= "2023-01-01T00:00:00Z" ? 1 : 0;
  }
  EXPECT_EQ(wait(id).at("result").at("count"), expected);
}

TEST_F(ZohoBulk, WhatIsWrongIsTold) {
  const json::object deals{{"api_name", "Deals"}};
  EXPECT_EQ(code({}), "MANDATORY_NOT_FOUND");
  EXPECT_EQ(code({{"module", json::object{{"api_name", "Nothing"}}}}), "MODULE_NOT_AVAILABLE");
  EXPECT_EQ(code({{"module", json::object{{"api_name", "Notes"}}}}), "MODULE_NOT_SUPPORTED");
  EXPECT_EQ(code({{"module", deals}, {"fields", json::array{"Nothing"}}}), "FIELD_NOT_AVAILABLE");
  EXPECT_EQ(code({{"module", json::object{{"api_name", "Quotes"}}},
                  {"fields", json::array{"Quoted_Items"}}}),
            "FIELD_NOT_SUPPORTED");
  EXPECT_EQ(code({{"module", deals}, {"page", 501}}), "PAGE_RANGE_EXCEEDED");
  const json::object bad{
      {"field", json::object{{"api_name", "Amount"}}}, {"comparator", "contains"}, {"value", "1"}};
  EXPECT_EQ(code({{"module", deals}, {"criteria", bad}}),
            "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE");
  const HttpAnswer unknown = zoho.get("/crm/bulk/v8/read/4870000000000000001");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "RESOURCE_NOT_FOUND");
  const HttpAnswer media = http_call({.method = "POST",
                                      .url = zoho.url() + "/crm/bulk/v8/read",
                                      .body = "{}",
                                      .headers = {"Authorization: Bearer " + zoho.access_token()}});
  EXPECT_EQ(media.status, 415);
}

TEST_F(ZohoBulk, AFailureAndTheEleventhDownload) {
  zoho.command("settings", {{"bulk_fail_next", true}});
  const json::object query{{"module", json::object{{"api_name", "Deals"}}},
                           {"fields", json::array{"Stage"}}};
  const json::value failed = wait(create(query));
  EXPECT_EQ(failed.at("state").as_string(), "FAILURE");
  EXPECT_EQ(failed.at("result").at("error_message").at("code").as_string(),
            "INTERNAL_SERVER_ERROR");
  zoho.command("clock", {{"stop_at", "2030-01-01T00:00:00Z"}});
  zoho.set_token(zoho.access_token());
  const std::string id = create(query);
  wait(id);
  for (int i = 0; i < 10; ++i) csv(id);
  EXPECT_EQ(zoho.get("/crm/bulk/v8/read/" + id + "/result").status, 429);
  zoho.command("clock", {{"advance", 61}});
  EXPECT_EQ(zoho.get("/crm/bulk/v8/read/" + id + "/result").status, 200);
}

TEST_F(ZohoBulk, TrackersLackTheRowsWithoutAParent) {
  const std::string id = create({{"module", json::object{{"api_name", "DealHistory"}}}});
  EXPECT_LT(wait(id).at("result").at("count").as_int64(), 600);
}

}  // namespace
}  // namespace penstock::zoho_sim
