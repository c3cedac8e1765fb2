// Exit codes and what goes to which stream, with adapters that fail in known ways.
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/cli.h"
#include "engine/request.h"
#include "store/sqlite_ledger.h"
#include "unit/cli/test_registry.h"

namespace penstock {
namespace {

class FailingSource final : public Source {
 public:
  explicit FailingSource(Error error) : error_(std::move(error)) {}
  SourceInfo open(const CancelToken& /*cancel*/) override { throw error_; }
  std::vector<TableSchema> discover(const DiscoverOptions& /*options*/,
                                    const CancelToken& /*cancel*/) override {
    throw error_;
  }
  std::optional<std::string> cannot_read_as(const Field& /*field*/,
                                            const Type& /*type*/) const override {
    return std::nullopt;
  }
  Snapshot snapshot(const SnapshotRequest& /*request*/, const CancelToken& /*cancel*/) override {
    throw error_;
  }
  std::vector<Split> plan_splits(const TableSchema& /*table*/, const std::string& /*where*/,
                                 const SplitGoal& /*goal*/,
                                 const CancelToken& /*cancel*/) override {
    throw error_;
  }
  std::unique_ptr<SplitReader> open_reader(const CancelToken& /*cancel*/) override { throw error_; }

 private:
  Error error_;
};

struct Outcome {
  int code = 0;
  std::string out, err;
};

// The result of a job that a service would run.
json::object run_job(JobManager& manager) {
  const json::object request{{"source_type", "postgresql"},
                             {"source", {{"database", "d"}}},
                             {"dest_type", "clickhouse"},
                             {"destination", {{"path", "w"}}}};
  const auto job = manager.start(parse_request(request, manager.registry()));
  job->wait();
  return job->result();
}

Outcome run(const std::vector<std::string>& arguments,
            Error source_error = Error(Side::source, "source.connect", "connection refused"),
            ServeSettings* served = nullptr, json::object* served_job = nullptr) {
  Registry registry;
  const Registry declared = test_registry();
  for (SourceEntry entry : declared.sources()) {
    entry.make = [source_error](const Config&) {
      return std::make_unique<FailingSource>(source_error);
    };
    registry.add(std::move(entry));
  }
  for (DestinationEntry entry : declared.destinations()) {
    entry.make = [](const Config&) -> std::unique_ptr<Destination> {
      throw Error(Side::destination, "destination.connect", "no such host");
    };
    entry.query = [](const Config&, const std::string& sql, const CancelToken&) {
      return "result of " + sql + "\n";
    };
    registry.add(std::move(entry));
  }
  const std::filesystem::path folder =
      ::testing::TempDir() + "penstock_run_cli_" + std::to_string(getpid());
  const CliParts parts{.registry = registry,
                       .version = "9.9.9",
                       .open_ledger = [&](const std::string& path) -> std::unique_ptr<Ledger> {
                         return std::make_unique<SqliteLedger>(
                             path.empty() ? folder / "penstock.db" : std::filesystem::path(path));
                       },
                       .serve =
                           [&](JobManager& manager, const ServeSettings& settings) {
                             if (served != nullptr) *served = settings;
                             if (served_job != nullptr) *served_job = run_job(manager);
                           }};
  Outcome outcome;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.code = run_cli(parts, arguments);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  std::filesystem::remove_all(folder);
  return outcome;
}

TEST(RunCli, UsageErrorsExitWith2AndSpeakOnStandardError) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"mirgate"},
           {"plan", "postgresql://h/d"},
           {"plan", "postgresql://h/d", "clickhouse:./w", "--nonsense"},
           {"plan", "postgresql://h:x/d", "clickhouse:./w"},
           {"discover"},
           {"discover", "mysq://h"},
           {"test", "nothing"},
           {"test", "unknown://h"},
           {"query", "clickhouse:./w"},
           {"serve", "--port", "70000"},
           {"serve", "--memory", "1MiB"},
           {"serve", "--memory", "much"},
           {"jobs", "nosuchjob"},
           {"adapters", "nosuch"},
           {"verify", "a", "b"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("penstock: ")) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(RunCli, FailuresExitWith1) {
  EXPECT_EQ(run({"test", "postgresql://h/d"}).code, 1);
  EXPECT_EQ(run({"test", "clickhouse://h/d"}).code, 1);
  EXPECT_EQ(run({"discover", "postgresql://h/d"}).code, 1);
  EXPECT_EQ(run({"plan", "postgresql://h/d", "clickhouse:./w"}).code, 1);
  EXPECT_EQ(run({"migrate", "postgresql://h/d", "clickhouse:./w", "--progress", "none"}).code, 1);
}

TEST(RunCli, MigrateGivesItsResultAsJsonAlsoWhenItNeverStarted) {
  const Outcome failed = run({"migrate", "postgresql://h/d", "clickhouse://h/d"});
  const json::object result = json::parse(failed.out).as_object();
  EXPECT_EQ(result.at("success"), json::value(false));
  EXPECT_EQ(result.at("state"), json::value("failed"));
  EXPECT_FALSE(result.at("errors").as_array().empty());
  EXPECT_NE(failed.err.find("penstock: no such host"), std::string::npos) << failed.err;
  const Outcome usage = run({"migrate", "postgresql://h/d", "clickhouse://h/d", "--parallel", "x"});
  EXPECT_EQ(usage.code, 2);
  EXPECT_EQ(json::parse(usage.out).as_object().at("error_type"), json::value("config.field.type"));
}

TEST(RunCli, CancellationExitsWith130) {
  EXPECT_EQ(run({"discover", "postgresql://h/d"}, cancelled_error()).code, 130);
}

TEST(RunCli, JobsAreListedAfterwards) {
  EXPECT_EQ(run({"jobs"}).out, "No jobs yet.\n");
  const std::string state =
      ::testing::TempDir() + "penstock_jobs_" + std::to_string(getpid()) + "/p.db";
  run({"migrate", "postgresql://u:sekret@h/d", "clickhouse:./w", "--state", state});
  const Outcome list = run({"jobs", "--json", "--state", state});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_EQ(list.out.find("sekret"), std::string::npos);
  const json::object job = json::parse(list.out).at("jobs").at(0).as_object();
  EXPECT_EQ(job.at("state"), json::value("failed"));
  const std::string id(job.at("job_id").as_string());
  const Outcome one = run({"jobs", id.substr(0, id.size() - 1), "--state", state});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NE(one.out.find("postgresql://u@h:5432/d"), std::string::npos) << one.out;
  std::filesystem::remove_all(std::filesystem::path(state).parent_path());
}

TEST(RunCli, ProgressAsJsonIsOneEventPerLine) {
  const Outcome outcome =
      run({"migrate", "postgresql://h/d", "clickhouse://h/d", "--progress", "json"});
  std::istringstream lines(outcome.err);
  std::vector<std::string> types;
  for (std::string line; std::getline(lines, line);) {
    types.emplace_back(json::parse(line).at("type").as_string());
  }
  ASSERT_FALSE(types.empty());
  EXPECT_EQ(types.front(), "queued");
  EXPECT_EQ(types.back(), "finished");
}

TEST(RunCli, QueryPrintsWhatTheDestinationAnswers) {
  const Outcome outcome = run({"query", "clickhouse:./w", "SELECT 1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "result of SELECT 1\n");
}

TEST(RunCli, ServeHandsOnOnlyWhatTheFlagsSay) {
  ServeSettings settings;
  EXPECT_EQ(run({"serve"}, cancelled_error(), &settings).code, 0);
  EXPECT_FALSE(settings.host || settings.port || settings.insecure_no_auth);
  EXPECT_EQ(run({"serve", "--port", "7", "--host", "::1", "--insecure-no-auth"}, cancelled_error(),
                &settings)
                .code,
            0);
  EXPECT_EQ(settings.host, "::1");
  EXPECT_EQ(settings.port, 7);
  EXPECT_TRUE(settings.insecure_no_auth);
}

TEST(RunCli, ServeBoundsTheMemoryOfAllJobsTogether) {
  const auto budget = [](const std::vector<std::string>& arguments) {
    json::object job;
    EXPECT_EQ(run(arguments, cancelled_error(), nullptr, &job).code, 0);
    return job.at("memory").at("budget_bytes").to_number<std::int64_t>();
  };
  EXPECT_EQ(budget({"serve", "--memory", "64MiB"}), 64 << 20);
  EXPECT_EQ(budget({"serve", "--memory", "1GiB"}), 256 << 20);  // the job's own
  EXPECT_EQ(budget({"serve"}), 256 << 20);
}

TEST(RunCli, HelpAndVersionExitWith0) {
  EXPECT_EQ(run({"--version"}).out, "penstock 9.9.9\n");
  EXPECT_EQ(run({"--help"}).code, 0);
  EXPECT_EQ(run({"migrate", "--help"}).code, 0);
  EXPECT_EQ(run({"adapters"}).code, 0);
  EXPECT_TRUE(json::parse(run({"adapters", "--json"}).out).is_object());
}

}  // namespace
}  // namespace penstock
