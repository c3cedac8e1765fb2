#include "cli/report.h"

#include <gtest/gtest.h>

#include "unit/cli/test_registry.h"

namespace penstock {
namespace {

json::object result() {
  return {{"state", "succeeded"},
          {"job_id", "abc"},
          {"total_tables", 2},
          {"records", 1500},
          {"rows_rejected", 2},
          {"seconds", 3.0},
          {"warnings", {"a standby is read"}},
          {"errors", {"broken [x.y]\n  What to do: mend it"}},
          {"tables_failed", {{{"table", "public.b"}, {"error", "broken"}}}},
          {"tables_migrated",
           {{{"table", "public.a"},
             {"target", "a"},
             {"records", 1500},
             {"rows_rejected", 2},
             {"seconds", 1.5},
             {"also", {"view a_current"}},
             {"losses",
              {{{"column", "d"},
                {"kind", "out_of_range"},
                {"action", "nearest"},
                {"count", 3},
                {"samples", {"0001-01-01"}}}}}}}}};
}

TEST(ReportResult, ShowsTablesLossesWarningsAndErrorsWithHints) {
  EXPECT_EQ(
      report_result(result()),
      "TABLE     TARGET   ROWS  REJECTED   TIME  ROWS/S\n"
      "public.a  a       1,500         2  1.5 s   1.0 k\n"
      "public.b  FAILED\n"
      "\n"
      "Also made: view a_current\n"
      "Values that could not be carried exactly:\n"
      "  - public.a.d: 3 values (out_of_range) written as the nearest possible value, such as "
      "0001-01-01\n"
      "Warnings:\n"
      "  - a standby is read\n"
      "Errors:\n"
      "  - broken [x.y]\n"
      "      What to do: mend it\n"
      "The rejected rows: penstock jobs abc --rejects\n"
      "succeeded: 1 of 2 tables, 1,500 rows in 3.0 s (500 rows/s), 2 rows rejected [job abc]\n");
}

TEST(ReportResult, TellsTablesThatWereNotReachedFromThoseThatFailed) {
  const std::string text =
      report_result({{"state", "cancelled"},
                     {"total_tables", 2},
                     {"tables_failed",
                      {{{"table", "a"}, {"error_type", "engine.table.not_copied"}},
                       {{"table", "b"}, {"error_type", "source.query"}}}}});
  EXPECT_NE(text.find("a      not copied\n"), std::string::npos) << text;
  EXPECT_NE(text.find("b      FAILED\n"), std::string::npos) << text;
}

TEST(ReportResult, SaysInWordsThatNullArraysBecameEmpty) {
  json::object with = result();
  with["tables_migrated"].as_array()[0].as_object()["losses"] =
      json::array{json::object{{"column", "tags"},
                               {"kind", "null_list"},
                               {"action", "nearest"},
                               {"count", 1},
                               {"samples", {"NULL written as []"}}}};
  EXPECT_NE(report_result(with).find("  - public.a.tags: 1 NULL array written as []\n"),
            std::string::npos);
}

TEST(ReportResult, SurvivesAJobThatNeverConnected) {
  EXPECT_EQ(report_result({{"state", "failed"}, {"job_id", "j"}, {"errors", {"no such host"}}}),
            "Errors:\n  - no such host\nfailed: nothing was copied [job j]\n");
}

TEST(ReportPlan, ShowsMappingLossesAndProblems) {
  const json::object plan{
      {"possible", false},
      {"source", {{"product", "PostgreSQL"}, {"version", "15.1"}, {"database", "shop"}}},
      {"destination", {{"product", "ClickHouse"}, {"version", "26.7"}, {"database", "w"}}},
      {"total_tables", 1},
      {"rows_estimate", 1200},
      {"bytes_estimate", -1},
      {"warnings", json::array{}},
      {"problems", json::array{}},
      {"tables",
       {{{"table", "public.a"},
         {"target", "a"},
         {"rows_estimate", 1200},
         {"bytes_estimate", 4096},
         {"key", {"id"}},
         {"columns",
          {{{"column", "id"}, {"type", "bigint"}, {"target", "id"}, {"target_type", "Int64"}},
           {{"target", "_version"}, {"target_type", "UInt64"}},
           {{"column", "x"},
            {"type", "xml"},
            {"target", "x"},
            {"target_type", "String"},
            {"losses", {"carried as text"}}}}},
         {"losses", {"index a_x is not carried"}},
         {"notes", {"2 partitions"}},
         {"problems",
          {{{"error", "a exists"},
            {"error_type", "destination.table.exists"},
            {"table", "public.a"},
            {"hint", "choose --if-exists"}}}},
         {"existing", {{"what", "a table"}, {"made_by_penstock", false}, {"action", "fail"}}}}}}};
  EXPECT_EQ(report_plan(plan),
            "From: PostgreSQL 15.1, database shop\n"
            "To:   ClickHouse 26.7, database w\n"
            "\n"
            "TABLE     TARGET    ROWS     SIZE  KEY  STATE\n"
            "public.a  a       ~1.2 k  4.0 KiB  id   PROBLEM\n"
            "\n"
            "public.a -> a\n"
            "  COLUMN  TYPE    TARGET    TARGET TYPE\n"
            "  id      bigint  id        Int64\n"
            "  -               _version  UInt64\n"
            "  x       xml     x         String\n"
            "    ! x: carried as text\n"
            "    ! index a_x is not carried\n"
            "    . 2 partitions\n"
            "\n"
            "Problems:\n"
            "  - a exists (table public.a) [destination.table.exists]\n"
            "      What to do: choose --if-exists\n"
            "1 table, ~1.2 k rows, ?. migrate would refuse this; nothing would be changed.\n");
}

TEST(ReportDiscovery, ListsTablesAndRefusals) {
  EXPECT_EQ(report_discovery({{"product", "PostgreSQL"},
                              {"version", "15.1"},
                              {"database", "shop"},
                              {"tables",
                               {{{"table", "public.a"},
                                 {"kind", "table"},
                                 {"rows_estimate", -1},
                                 {"bytes_estimate", 8192},
                                 {"key", {"x", "y"}},
                                 {"columns", {1, 2}},
                                 {"refusal", "no privilege"}}}}}),
            "PostgreSQL 15.1, database shop\n\n"
            "TABLE     KIND   ROWS     SIZE  COLUMNS  KEY\n"
            "public.a  table     ?  8.0 KiB        2  x, y\n"
            "\nCannot be read:\n  - public.a: no privilege\n");
}

TEST(ReportJobs, ShowsEndpointsWithoutSecrets) {
  EXPECT_EQ(report_jobs({}), "No jobs yet.\n");
  JobRecord job;
  job.id = "0abc";
  job.state = JobState::succeeded;
  job.started_ms = 1000;
  job.finished_ms = 3500;
  job.request = R"({"source_type":"postgresql","source":{"host":"h","port":5432,"database":"d",)"
                R"("password":"***"},)"
                R"("dest_type":"clickhouse","destination":{"path":"./w"}})";
  EXPECT_EQ(report_jobs({job}),
            "JOB   STATE      CREATED   TIME  FROM                   TO\n"
            "0abc  succeeded  -        2.5 s  postgresql://h:5432/d  clickhouse:./w\n");
  const std::string one = report_job(
      job, {{.table = "public.a", .target = "a", .state = TableState::done, .rows_read = 5}},
      {{.table = "public.a", .column = "c", .reason = "too big", .key = "7", .row = "{}"}});
  EXPECT_NE(one.find("public.a  a       done      5        0         0"), std::string::npos) << one;
  EXPECT_NE(one.find("public.a key 7 column c: too big"), std::string::npos) << one;
  EXPECT_EQ(job_json(job).at("request").at("source").at("host"), json::value("h"));
}

TEST(ReportAdapters, ListsFieldsAndOffersTheNearestName) {
  const Registry registry = test_registry();
  EXPECT_NE(report_adapters(registry, "").find("postgresql  PostgreSQL  source       12 to 18"),
            std::string::npos);
  EXPECT_NE(report_adapters(registry, "postgres").find("port (default 5432)"), std::string::npos);
  EXPECT_NE(report_adapters(registry, "clickhouse").find("Options under `clickhouse`"),
            std::string::npos);
  try {
    report_adapters(registry, "clickhose");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("did you mean 'clickhouse'"), std::string::npos);
  }
}

TEST(Pretty, RoundTrips) {
  const json::value value{{"a", {1, 2, json::object()}}, {"b", "x\n"}, {"c", json::array()}};
  EXPECT_EQ(json::parse(pretty(value)), value);
  EXPECT_EQ(pretty(json::value{{"a", {1}}}), "{\n  \"a\": [\n    1\n  ]\n}\n");
}

}  // namespace
}  // namespace penstock
