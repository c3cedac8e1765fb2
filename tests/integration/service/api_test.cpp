// The contract: every call, and what it answers.
#include <thread>

#include "integration/service/service_fixture.h"

namespace penstock {
namespace {

class ApiTest : public ServiceTest {};

TEST_F(ApiTest, HealthNamesTheServiceAndItsAdapters) {
  const Answer answer = get(port(), "/health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  const json::value body = answer.json();
  EXPECT_EQ(body.at("status"), "healthy");
  EXPECT_EQ(body.at("service"), "universal_migration_service");
  EXPECT_EQ(body.at("available_sources"), (json::array{json::value("gated")}));
  EXPECT_EQ(body.at("available_destinations"), (json::array{json::value("skeleton")}));
  EXPECT_TRUE(body.at("version").is_string());
}

TEST_F(ApiTest, AdaptersCarryTheirFields) {
  const json::value body = get(port(), "/adapters").json();
  const json::value& source = body.at("sources").at(0);
  EXPECT_EQ(source.at("name"), "gated");
  EXPECT_EQ(source.at("config").at("properties").at("port").at("type"), "integer");
  EXPECT_TRUE(body.at("destinations").at(0).at("options").is_object());
}

TEST_F(ApiTest, OpenApiIsServed) {
  EXPECT_EQ(get(port(), "/openapi.json").json().at("openapi"), "3.1.0");
}

TEST_F(ApiTest, MigrateWaitsAndTellsWhatArrived) {
  const Answer answer =
      post(port(), "/migrate", request("to", {{"rows", 12}}, {{"operation_type", "full"}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value body = answer.json();
  EXPECT_EQ(body.at("success"), true);
  EXPECT_EQ(body.at("total_tables"), 1);
  EXPECT_EQ(body.at("tables_migrated").at(0).at("table"), "numbers");
  EXPECT_EQ(body.at("tables_migrated").at(0).at("records"), 12);
  EXPECT_TRUE(body.at("tables_failed").as_array().empty());
  EXPECT_TRUE(body.at("errors").as_array().empty());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "to" / "numbers.tsv"));
  EXPECT_EQ(answer.headers.at("location"), "/jobs/" + std::string(body.at("job_id").as_string()));
}

TEST_F(ApiTest, AFailedMigrationIs500WithTheWholeResult) {
  const Answer answer = post(port(), "/migrate", request("to", {{"host", "unreachable"}}));
  EXPECT_EQ(answer.status, 500);
  const json::value body = answer.json();
  EXPECT_EQ(body.at("success"), false);
  EXPECT_EQ(body.at("error_type"), "source.connect");
  EXPECT_TRUE(body.at("error").is_string());
  EXPECT_FALSE(body.at("errors").as_array().empty());
}

TEST_F(ApiTest, AsyncAnswersAtOnceWithTheJobsPlace) {
  gate_->close();
  for (const bool by_header : {true, false}) {
    const std::string to = by_header ? "one" : "two";
    const Answer answer =
        by_header ? post(port(), "/migrate", request(to), "Prefer: wait=5, respond-async\r\n")
                  : post(port(), "/migrate", request(to, {}, {{"async", true}}));
    ASSERT_EQ(answer.status, 202) << answer.body;
    const std::string id(answer.json().at("job_id").as_string());
    EXPECT_EQ(answer.headers.at("location"), "/jobs/" + id);
    EXPECT_EQ(answer.json().at("location").as_string(), std::string_view("/jobs/" + id));
  }
}

TEST_F(ApiTest, ASecondJobOnOneTargetIs409) {
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  const Answer same = post(port(), "/migrate", request("to"));
  EXPECT_EQ(same.status, 409) << same.body;
  EXPECT_EQ(same.json().at("error_type"), "config.target.busy");
  EXPECT_NE(same.body.find(id), std::string::npos);
  const Answer other = post(port(), "/migrate", request("to", {{"rows", 3}}));
  EXPECT_EQ(other.status, 409) << "another job, one table in common: " << other.body;
}

TEST_F(ApiTest, AClientThatGoesAwayLeavesItsJobRunning) {
  gate_->close();
  {
    RawClient client(port());
    client.send(post_text("/migrate", request("to")));
    ASSERT_TRUE(gate_->await_waiting());
    client.reset();
  }
  const json::value jobs = get(port(), "/jobs").json();
  const std::string id(jobs.at("jobs").at(0).at("job_id").as_string());
  EXPECT_EQ(jobs.at("jobs").at(0).at("state"), "running");
  gate_->open();
  EXPECT_EQ(await_state(id, "succeeded"), "succeeded");
}

TEST_F(ApiTest, AJobShowsItsStateItsTablesAndLaterItsResult) {
  gate_->close();
  const std::string id = start_job("to", {{"password", "s3cret"}});
  ASSERT_TRUE(gate_->await_waiting());
  Answer answer = get(port(), "/jobs/" + id);
  json::value job = answer.json();
  EXPECT_EQ(job.at("state"), "running");
  EXPECT_EQ(job.at("tables").at(0).at("table"), "numbers");
  EXPECT_TRUE(job.at("started_at").is_string());
  EXPECT_TRUE(job.at("finished_at").is_null());
  EXPECT_FALSE(job.as_object().contains("result"));
  EXPECT_EQ(answer.body.find("s3cret"), std::string::npos);
  gate_->open();
  EXPECT_EQ(await_state(id, "succeeded"), "succeeded");
  job = get(port(), "/jobs/" + id).json();
  EXPECT_EQ(job.at("result").at("success"), true);
  EXPECT_EQ(job.at("tables").at(0).at("rows_written"), 10);
  EXPECT_TRUE(job.at("finished_at").is_string());
}

TEST_F(ApiTest, JobsOfAnEarlierProcessComeFromTheLedger) {
  ledger_->create_job({.id = "old", .request = R"({"source_type":"gated"})"});
  ledger_->finish_job("old", JobState::failed, R"({"success":false})");
  const json::value job = get(port(), "/jobs/old").json();
  EXPECT_EQ(job.at("state"), "failed");
  EXPECT_EQ(job.at("source_type"), "gated");
  EXPECT_EQ(job.at("result").at("success"), false);
  EXPECT_EQ(post(port(), "/jobs/old/cancel", "").status, 200);
  const std::string events = [&] {
    RawClient client(port());
    client.send(get_text("/jobs/old/events"));
    return client.read_to_close();
  }();
  EXPECT_NE(events.find("event: finished\ndata: {\"job\":\"old\",\"state\":\"failed\""),
            std::string::npos)
      << events;
}

TEST_F(ApiTest, JobsAreListedNewestFirstAndLimited) {
  for (int i = 0; i < 3; ++i) {
    ledger_->create_job({.id = "j" + std::to_string(i), .request = "{}"});
    ledger_->finish_job("j" + std::to_string(i), JobState::succeeded, "{}");
  }
  const json::value jobs = get(port(), "/jobs?limit=2").json();
  ASSERT_EQ(jobs.at("jobs").as_array().size(), 2U);
  EXPECT_EQ(jobs.at("jobs").at(0).at("job_id"), "j2");
  EXPECT_EQ(jobs.at("jobs").at(0).at("location"), "/jobs/j2");
  for (const char* limit : {"0", "1001", "x", "-1", "1x"}) {
    const Answer answer = get(port(), std::string("/jobs?limit=") + limit);
    EXPECT_EQ(answer.status, 400) << limit;
    EXPECT_NE(answer.body.find("limit"), std::string::npos);
  }
}

TEST_F(ApiTest, CancelEndsAJobWithinItsBound) {
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  const auto start = std::chrono::steady_clock::now();
  const Answer answer = post(port(), "/jobs/" + id + "/cancel", "");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(await_state(id, "cancelled"), "cancelled");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(post(port(), "/jobs/" + id + "/cancel", "").status, 200) << "nothing left to cancel";
  EXPECT_EQ(post(port(), "/jobs/none/cancel", "").status, 404);
}

TEST_F(ApiTest, PlanTellsWhatWouldHappenAndDoesNothing) {
  const Answer answer = post(port(), "/plan", request("to"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("numbers"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "to" / "numbers.tsv"));
  EXPECT_TRUE(get(port(), "/jobs").json().at("jobs").as_array().empty());
  const Answer failed = post(port(), "/plan", request("to", {{"host", "unreachable"}}));
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.json().at("error_type"), "source.connect");
}

TEST_F(ApiTest, TestConnectionSaysValidOrWhyNot) {
  const auto test = [this](const char* body) { return post(port(), "/test-connection", body); };
  Answer answer = test(R"({"type":"source","adapter_type":"gated","config":{}})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json(), (json::object{{"valid", true}}));
  answer = test(R"({"type":"source","adapter_type":"gated","config":{"host":"unreachable"}})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json().at("valid"), false);
  EXPECT_EQ(answer.json().at("error_type"), "source.connect");
  EXPECT_TRUE(answer.json().at("error").is_string());
}

TEST_F(ApiTest, TenJobsAtOnceEachWithItsEventsWatched) {
  gate_->close();
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(start_job("to" + std::to_string(i)));
  std::vector<std::string> streams(ids.size());
  std::vector<std::thread> watchers;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    watchers.emplace_back([&, i] {
      RawClient client(port());
      client.send(get_text("/jobs/" + ids[i] + "/events"));
      streams[i] = client.read_to_close();
    });
  }
  gate_->open();
  for (std::thread& watcher : watchers) watcher.join();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_NE(streams[i].find("\"state\":\"succeeded\""), std::string::npos) << streams[i];
    EXPECT_NE(streams[i].find("event: planned"), std::string::npos);
  }
}

}  // namespace
}  // namespace penstock
