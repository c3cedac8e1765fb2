#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/job_request.h"
#include "engine/request.h"
#include "unit/cli/test_registry.h"

namespace penstock {
namespace {

const Registry& registry() {
  static const Registry one = test_registry();
  return one;
}

CommandLine parse(const std::vector<std::string>& arguments) {
  return parse_command_line(arguments, registry(), "1.2.3");
}

json::object request(const std::vector<std::string>& arguments, const AskPassword& ask = {}) {
  return build_request(parse(arguments), registry(), ask);
}

Error failure(const std::vector<std::string>& arguments) {
  try {
    parse_request(request(arguments), registry());
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return config_error("none", "");
}

struct Variable {
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  const char* name_;
};

struct JobFile {
  explicit JobFile(const std::string& text)
      : path(::testing::TempDir() + "penstock_job_" + std::to_string(getpid()) + ".yaml") {
    std::ofstream(path) << text;
  }
  ~JobFile() { std::filesystem::remove(path); }
  JobFile(const JobFile&) = delete;
  JobFile& operator=(const JobFile&) = delete;
  std::string path;
};

TEST(CommandLine, UrlsBecomeARequest) {
  EXPECT_EQ(
      request({"migrate", "postgresql://u:p@h/db", "clickhouse:./w"}),
      (json::object{
          {"source_type", "postgresql"},
          {"source", {{"username", "u"}, {"password", "p"}, {"host", "h"}, {"database", "db"}}},
          {"dest_type", "clickhouse"},
          {"destination", {{"path", "./w"}}}}));
}

TEST(CommandLine, FlagsBecomeTheOptionsOfTheHttpApi) {
  const json::object body = request({"migrate",
                                     "postgresql://h/db",
                                     "clickhouse:./w",
                                     "--if-exists",
                                     "replace",
                                     "--on-error=reject",
                                     "--max-rejects",
                                     "5",
                                     "--parallel",
                                     "3",
                                     "--memory",
                                     "64MiB",
                                     "--losses",
                                     "null",
                                     "--verify",
                                     "none",
                                     "--views",
                                     "--split-size",
                                     "1MiB",
                                     "--types",
                                     "public.t.c=decimal(38,10)",
                                     "--types",
                                     "public.t.d=string",
                                     "--columns",
                                     "public.t=*,!secret",
                                     "--where",
                                     "public.t=a = 1 AND b<>2",
                                     "--rename",
                                     "public.t=u",
                                     "--clickhouse.engine",
                                     "MergeTree",
                                     "--clickhouse.order-by",
                                     "public.t=a,b",
                                     "--no-clickhouse.current-views",
                                     "--restart"});
  EXPECT_EQ(body.at("options"),
            (json::value{{"if_exists", "replace"},
                         {"on_error", "reject"},
                         {"max_rejects", "5"},
                         {"parallel", "3"},
                         {"memory", "64MiB"},
                         {"losses", "null"},
                         {"verify", "none"},
                         {"views", "true"},
                         {"split_size", "1MiB"},
                         {"types", {{"public.t.c", "decimal(38,10)"}, {"public.t.d", "string"}}},
                         {"columns", {{"public.t", {"*", "!secret"}}}},
                         {"where", {{"public.t", "a = 1 AND b<>2"}}},
                         {"rename", {{"public.t", "u"}}},
                         {"clickhouse",
                          {{"engine", "MergeTree"},
                           {"order_by", {{"public.t", {"a", "b"}}}},
                           {"current_views", "false"}}},
                         {"resume", "never"}}));
  const MigrationRequest checked = parse_request(body, registry());
  EXPECT_EQ(checked.options.parallel, 3);
  EXPECT_EQ(checked.options.if_exists, IfExists::replace);
  EXPECT_FALSE(checked.options.resume);
  EXPECT_TRUE(checked.options.views);
}

TEST(CommandLine, NoFlagMeansNoOption) {
  EXPECT_FALSE(request({"plan", "postgresql://h/db", "clickhouse:./w"}).contains("options"));
}

TEST(CommandLine, TablesRepeatAndTakeCommasAndLeaveArgumentsAlone) {
  const std::vector<std::string> expected = {"public.*", "!public.a", "b"};
  const json::value tables = json::value_from(expected);
  EXPECT_EQ(request({"migrate", "--tables", "public.*,!public.a", "postgresql://h/db", "--tables",
                     "b", "clickhouse:./w"})
                .at("tables"),
            tables);
  EXPECT_EQ(
      request({"plan", "postgresql://h/db", "clickhouse:./w", "--tables=public.*,!public.a,b"})
          .at("tables"),
      tables);
}

TEST(CommandLine, JobFilesAreRequestsAndFlagsWin) {
  const JobFile file(
      "source: postgresql://u:p%40@h/db\ndest_type: clickhouse\ndestination: {host: c, port: "
      "8123}\n"
      "tables: [a]\noptions: {parallel: 2, if_exists: replace, where: {t: x=1, u: y=2}}\n");
  EXPECT_EQ(
      request({"migrate", file.path, "--parallel", "7", "--where", "t=z=3"}),
      (json::object{
          {"source", {{"username", "u"}, {"password", "p@"}, {"host", "h"}, {"database", "db"}}},
          {"dest_type", "clickhouse"},
          {"destination", {{"host", "c"}, {"port", 8123}}},
          {"tables", {"a"}},
          {"options",
           {{"parallel", "7"}, {"if_exists", "replace"}, {"where", {{"t", "z=3"}, {"u", "y=2"}}}}},
          {"source_type", "postgresql"}}));
}

TEST(CommandLine, JobFilesWithMistakesAreRefusedLikeRequests) {
  const JobFile unknown("source: postgresql://h/db\ndestination: clickhouse:./w\ntabels: [a]\n");
  const Error error = failure({"migrate", unknown.path});
  EXPECT_EQ(error.code(), "config.field.unknown");
  EXPECT_NE(error.message().find("did you mean 'tables'"), std::string::npos) << error.message();
  const JobFile conflict(
      "source_type: zoho\nsource: postgresql://h/db\ndestination: clickhouse:./w\n");
  EXPECT_EQ(failure({"migrate", conflict.path}).code(), "config.usage.conflict");
  const JobFile listed("source_type: postgresql\nsource: [x]\ndestination: clickhouse:./w\n");
  EXPECT_EQ(failure({"migrate", listed.path}).code(), "config.field.type");
  const JobFile empty("tables: [a]\n");
  EXPECT_EQ(failure({"migrate", empty.path}).code(), "config.field.missing");
}

TEST(CommandLine, PasswordsComeFromTheEnvironment) {
  const Variable source("PENSTOCK_SOURCE_PASSWORD", "from-env");
  const Variable destination("PENSTOCK_DESTINATION_PASSWORD", "dest-env");
  const json::object body = request({"migrate", "postgresql://u@h/db", "clickhouse://h/db"});
  EXPECT_EQ(body.at("source").at("password"), (json::value{{"env", "PENSTOCK_SOURCE_PASSWORD"}}));
  EXPECT_EQ(parse_request(body, registry()).destination.text("password"), "dest-env");
  // What the URL says wins, and a folder has nobody to log in to.
  EXPECT_EQ(
      request({"migrate", "postgresql://u:p@h/db", "clickhouse:./w"}).at("source").at("password"),
      json::value("p"));
  EXPECT_EQ(request({"migrate", "postgresql://u@h/db", "clickhouse:./w"}).at("destination"),
            (json::value{{"path", "./w"}}));
}

TEST(CommandLine, PasswordsAreAskedForOnlyWhereNoneIsGiven) {
  std::vector<std::string> questions;
  const AskPassword ask = [&](const std::string& question) {
    questions.push_back(question);
    return std::string("typed");
  };
  const json::object body =
      request({"migrate", "postgresql://u@h/db", "clickhouse://u:p@h/db", "--ask-password"}, ask);
  EXPECT_EQ(questions, std::vector<std::string>{"Password of the source postgresql://u@h/db:"});
  EXPECT_EQ(body.at("source").at("password"), json::value("typed"));
}

TEST(CommandLine, OffersTheNearestNames) {
  EXPECT_NE(failure({"migrat", "a", "b"}).message().find("did you mean 'migrate'"),
            std::string::npos);
  EXPECT_NE(failure({"migrate", "postgresql://h/d", "clickhouse:./w", "--paralell", "2"})
                .message()
                .find("did you mean '--parallel'"),
            std::string::npos);
  EXPECT_NE(failure({"migrate", "postgresql://h/d", "clickhouse:./w", "--if-exists", "replase"})
                .message()
                .find("did you mean 'replace'"),
            std::string::npos);
  EXPECT_NE(failure({"migrate", "postgresql://h/d?sslmod=require", "clickhouse:./w"})
                .message()
                .find("did you mean 'sslmode'"),
            std::string::npos);
  EXPECT_NE(failure({"migrate", "postgresql://h/d", "clickhose:./w"})
                .message()
                .find("did you mean 'clickhouse'"),
            std::string::npos);
}

TEST(CommandLine, RefusesWhatDoesNotFit) {
  const std::string from = "postgresql://h/d", to = "clickhouse:./w";
  EXPECT_EQ(failure({}).code(), "config.usage.verb");
  EXPECT_EQ(failure({"migrate", from, to, "third"}).code(), "config.usage.extra");
  EXPECT_EQ(failure({"migrate", from}).code(), "config.usage.missing");
  EXPECT_EQ(failure({"migrate", from, to, "--parallel"}).code(), "config.usage.flag");
  EXPECT_EQ(failure({"migrate", from, to, "--parallel", "2", "--parallel", "3"}).code(),
            "config.usage.flag");
  EXPECT_EQ(failure({"migrate", from, to, "--parallel", "many"}).code(), "config.field.type");
  EXPECT_EQ(failure({"migrate", from, to, "--parallel", "-1"}).code(), "config.field.range");
  EXPECT_EQ(failure({"migrate", from, to, "--where", "nothing"}).code(), "config.usage.pair");
  EXPECT_EQ(failure({"migrate", from, to, "--rename", "a=b", "--rename", "a=c"}).code(),
            "config.usage.twice");
  EXPECT_EQ(failure({"migrate", from, to, "--types", "a.b=strin"}).side(), Side::config);
  EXPECT_EQ(failure({"migrate", from, to, "--incremental"}).code(), "config.option.unavailable");
  EXPECT_EQ(failure({"verify", from, to}).code(), "config.option.unavailable");
  EXPECT_EQ(failure({"jobs", "--limit", "0"}).code(), "config.usage.flag");
}

TEST(CommandLine, ErrorsHideSecretsInStrayArguments) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"postgresql://u:sekret@h/d", "clickhouse:./w"},
           {"migrate", "postgresql://h/d", "clickhouse:./w", "postgresql://u:sekret@h/d"},
           {"migrate", "postgresql://u:sekret@h/d"},
           {"migrate", "postgresql://h/d", "clickhouse:./w", "--postgresql://u:sekret@h/d"}}) {
    EXPECT_EQ(failure(arguments).describe().find("sekret"), std::string::npos)
        << failure(arguments).describe();
  }
}

TEST(CommandLine, HelpAndVersionNeedNothingElse) {
  EXPECT_EQ(parse({"--version"}).help, "penstock 1.2.3\n");
  EXPECT_TRUE(parse({"--help"}).help->starts_with("penstock: "));
  EXPECT_EQ(parse({"help", "migrate"}).help, parse({"migrate", "--help"}).help);
  EXPECT_EQ(parse({"migrate", "-h"}).help, help_text("migrate", registry()));
  EXPECT_NE(help_text("migrate", registry()).find("--clickhouse.order-by KEY=VALUE"),
            std::string::npos);
  EXPECT_EQ(help_text("migrate", registry()).find("--incremental"), std::string::npos);
}

TEST(CommandLine, OtherVerbsTakeTheirArguments) {
  const CommandLine query = parse({"query", "clickhouse:./w", "SELECT -1"});
  EXPECT_EQ(query.from, "clickhouse:./w");
  EXPECT_EQ(query.sql, "SELECT -1");
  const CommandLine serve = parse({"serve", "--port", "0", "--host", "::1", "--insecure-no-auth"});
  EXPECT_EQ(serve.port, "0");
  EXPECT_EQ(serve.host, "::1");
  EXPECT_TRUE(serve.insecure_no_auth);
  const CommandLine jobs = parse({"jobs", "abc", "--rejects", "--json", "--limit", "7"});
  EXPECT_EQ(jobs.id, "abc");
  EXPECT_TRUE(jobs.rejects && jobs.json);
  EXPECT_EQ(jobs.count_max, 7);
}

}  // namespace
}  // namespace penstock
