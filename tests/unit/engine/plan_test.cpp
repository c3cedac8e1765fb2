// Plans and the job manager, over the skeleton pair.
#include <gtest/gtest.h>

#include <thread>

#include "core/limits.h"
#include "doubles/workshop.h"

namespace penstock {
namespace {

using namespace penstock::testing;

json::object plan_of(Workshop& shop, const json::object& request) {
  return shop.manager().plan(shop.parsed(request), {});
}

std::vector<std::string> codes(const json::object& plan) {
  std::vector<std::string> out;
  for (const json::value& problem : plan.at("problems").as_array()) {
    out.emplace_back(problem.at("error_type").as_string());
  }
  for (const json::value& table : plan.at("tables").as_array()) {
    for (const json::value& problem : table.at("problems").as_array()) {
      out.emplace_back(problem.at("error_type").as_string());
    }
  }
  std::ranges::sort(out);
  return out;
}

TEST(Plan, SaysWhatWouldHappenAndChangesNothing) {
  Workshop shop;
  shop.put("small", numbered_rows(3));
  shop.put("large", numbered_rows(3'000));
  const json::object plan = plan_of(shop, shop.request());
  EXPECT_TRUE(plan.at("possible").as_bool());
  EXPECT_EQ(plan.at("total_tables").to_number<int>(), 2);
  const json::object first = plan.at("tables").at(0).as_object();
  EXPECT_EQ(first.at("table").as_string(), "large") << "largest first";
  EXPECT_EQ(first.at("target").as_string(), "to.large");
  EXPECT_EQ(first.at("key").at(0).as_string(), "id");
  EXPECT_EQ(first.at("columns").at(2).at("logical").as_string(), "decimal(12,2)");
  EXPECT_FALSE(first.at("ddl").as_array().empty());
  EXPECT_FALSE(std::filesystem::exists(shop.to())) << "planning makes nothing";
}

TEST(Plan, EveryProblemIsReportedTogether) {
  SourceMeddling source;
  source.catalog = [](std::vector<TableSchema>& tables) {
    for (TableSchema& table : tables) {
      if (table.id.name == "secret") table.refusal = "no SELECT privilege";
    }
  };
  Workshop shop(source, {.map = [](TargetTable& table) {
                  if (table.name == "odd") table.problems.push_back("cannot be made");
                }});
  for (const char* name : {"a", "b", "secret", "odd", "taken"}) shop.put(name, numbered_rows(1));
  write_table(shop.to(), "taken", numbered_rows(1));
  const json::object request =
      shop.request({{"types", {{"a.amount", "int8"}, {"a.nothing", "string"}}},
                    {"columns", {{"b", {"idd"}}, {"zz", {"*"}}}},
                    {"rename", {{"a", "same"}, {"b", "same"}}},
                    {"where", {{"nowhere", "1=1"}}}},
                   {"*", "missing"});
  const json::object plan = plan_of(shop, request);
  EXPECT_FALSE(plan.at("possible").as_bool());
  EXPECT_EQ(codes(plan),
            (std::vector<std::string>{
                "config.columns.none", "config.columns.unmatched", "config.option.unmatched",
                "config.option.unmatched", "config.option.unmatched", "config.rename.collision",
                "config.tables.unmatched", "config.types.unreadable", "destination.table.exists",
                "destination.table.unmappable", "source.table.refused"}));
  // The job reports all of them too, and touches nothing.
  const json::object result = shop.run(request);
  EXPECT_FALSE(result.at("success").as_bool());
  EXPECT_GE(result.at("errors").as_array().size(), 11u);
  EXPECT_FALSE(std::filesystem::exists(shop.to() / "same.tsv"));
  EXPECT_EQ(shop.destination_faults().count("destination.prepare"), 0);
}

TEST(Plan, ColumnsCanBeChosenAndReadAsText) {
  Workshop shop;
  shop.put("t", numbered_rows(3));
  shop.put("dotted", {{"id", "a.b"}, {"int64 key", "int32"}, {{"1", "7"}}});
  const json::object result =
      shop.run(shop.request({{"columns", {{"t", {"*", "!name"}}}},
                             {"types", {{"t.amount", "string"}, {"dotted.a.b", "string"}}}}));
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(shop.got("t").names, (std::vector<std::string>{"id", "amount"}));
  EXPECT_EQ(shop.got("t").types, (std::vector<std::string>{"int64 key", "string"}));
  EXPECT_EQ(shop.got("t").rows[0][1], "1.25");
  EXPECT_EQ(shop.got("dotted").types[1], "string");
}

TEST(Plan, Pitfall26_LongTwinsAreToldApartBeforeAnythingIsMade) {
  Workshop shop({}, {.capabilities = [](Capabilities& c) { c.identifier_bytes_max = 63; }});
  const std::string stem(63, 'c');
  shop.put("t",
           {{"id", stem + "1", stem + "2"}, {"int64 key", "int32", "int32"}, {{"1", "10", "20"}}});
  const json::object plan = plan_of(shop, shop.request());
  EXPECT_TRUE(plan.at("possible").as_bool());
  const json::array& columns = plan.at("tables").at(0).at("columns").as_array();
  EXPECT_NE(columns.at(1).at("target"), columns.at(2).at("target"));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool());
  EXPECT_EQ(shop.got("t").rows, (std::vector<std::vector<std::string>>{{"1", "10", "20"}}));
}

TEST(Plan, Pitfall28_AColumnNamedLikeOneOfOursIsCarried) {
  Workshop shop;
  shop.put(
      "t",
      {{"id", "_version", "is_deleted"}, {"int64 key", "int64", "bool"}, {{"1", "5", "true"}}});
  ASSERT_TRUE(shop.run().at("success").as_bool());
  EXPECT_EQ(shop.got("t").names, (std::vector<std::string>{"id", "_version", "is_deleted"}));
}

TEST(Plan, CaseTwinsAreToldApartWhereCaseFolds) {
  Workshop shop({}, {.capabilities = [](Capabilities& c) { c.identifiers_fold_case = true; }});
  shop.put("Users", numbered_rows(1));
  shop.put("users", numbered_rows(2));
  const json::object result = shop.run();
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);
  EXPECT_EQ(shop.got("Users").rows.size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(shop.to() / "users.tsv"));
}

TEST(Plan, AConditionASourceCannotRunEndsTheJob) {
  Workshop shop;
  shop.put("t", numbered_rows(3));
  const json::object result = shop.run(shop.request({{"where", {{"t", "id > 1"}}}}));
  EXPECT_EQ(error_type_of(result), "config.where.unsupported");
}

TEST(JobManager, Pitfall76_TheSameJobTwiceIsRefusedWhileItRuns) {
  Workshop shop;
  shop.put("t", numbered_rows(5));
  std::atomic<bool> release{false};
  shop.source_faults().at("source.next", 1, [&] {
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const auto first = shop.start(shop.request());
  try {
    shop.start(shop.request());
    ADD_FAILURE() << "the same job was started twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "config.target.busy");
  }
  release = true;
  first->wait();
  EXPECT_EQ(first->state(), JobState::succeeded);
  EXPECT_TRUE(shop.run().at("success").as_bool()) << "afterwards it may run again";
}

TEST(JobManager, TwentyJobsAtOnceEachWithItsOwnEvents) {
  Workshop shop;
  for (int i = 0; i < 20; ++i) shop.put("t" + std::to_string(i), numbered_rows(200, i * 1'000));
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back(shop.start(shop.request({}, {"t" + std::to_string(i)})));
  }
  for (int i = 0; i < 20; ++i) {
    const auto& job = jobs[static_cast<std::size_t>(i)];
    job->wait();
    EXPECT_EQ(job->state(), JobState::succeeded) << json::serialize(job->result());
    EXPECT_EQ(records_of(job->result()), 200);
    EXPECT_EQ(shop.got("t" + std::to_string(i)).rows, sorted(numbered_rows(200, i * 1'000).rows));
    EXPECT_EQ(shop.manager().find(job->id()), job);
  }
  EXPECT_EQ(shop.manager().jobs().size(), 20u);
  EXPECT_EQ(shop.manager().find("nope"), nullptr);
}

TEST(JobManager, AJobTellsItsStory) {
  Workshop shop;
  shop.put("t", numbered_rows(5));
  const auto job = shop.start(shop.request());
  job->wait();
  while (!job->events().ended()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::string story;
  for (const Event& event : job->events().after(0)) {
    EXPECT_EQ(event.data.at("job").as_string(), job->id());
    if (event.type != "progress" && event.type != "phase") story += event.type + " ";
  }
  EXPECT_EQ(story, "queued started planned table_started table_finished finished ");
  const auto record = shop.ledger().find_job(job->id());
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, JobState::succeeded);
  EXPECT_TRUE(json::parse(record->result).at("success").as_bool());
}

TEST(JobManager, ClosingCancelsWhatRunsAndWaits) {
  Blocker blocker;
  std::shared_ptr<Job> job;
  {
    Workshop shop;
    shop.put("t", numbered_rows(5));
    shop.source_faults().at("source.next", 1, blocker.action());
    job = shop.start(shop.request());
    blocker.set(job);
    blocker.wait_reached();
  }
  EXPECT_EQ(job->state(), JobState::cancelled);
}

TEST(JobManager, AFailedConnectionIsTheJobsResult) {
  Workshop shop;
  json::object request = shop.request();
  request["source"] = {{"path", "/nonexistent/folder"}};
  const json::object result = shop.run(request);
  EXPECT_FALSE(result.at("success").as_bool());
  EXPECT_EQ(error_type_of(result), "source.folder.missing");
  EXPECT_EQ(result.at("state").as_string(), "failed");
}

TEST(JobManager, DiscoversAndTestsConnections) {
  Workshop shop;
  shop.put("t", numbered_rows(5));
  const MigrationRequest request = shop.parsed(shop.request());
  const json::object found =
      shop.manager().discover(*request.source_entry, request.source, false, {});
  EXPECT_EQ(found.at("tables").at(0).at("table").as_string(), "t");
  EXPECT_EQ(found.at("tables").at(0).at("columns").as_array().size(), 3u);
  EXPECT_NO_THROW(shop.manager().test_source(*request.source_entry, request.source, {}));
  EXPECT_NO_THROW(
      shop.manager().test_destination(*request.destination_entry, request.destination, {}));
}

}  // namespace
}  // namespace penstock
