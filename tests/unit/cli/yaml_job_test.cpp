#include "cli/yaml_job.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace penstock {
namespace {

std::string failure(std::string_view yaml) {
  try {
    parse_yaml_job(yaml);
  } catch (const Error& error) {
    EXPECT_EQ(error.side(), Side::config);
    return error.code() + " " + error.message();
  }
  return "";
}

TEST(YamlJob, ReadsTheMembersOfARequest) {
  const json::object job = parse_yaml_job(R"(
# comment
source: postgresql://u@h/db
dest_type: clickhouse
destination: {path: ./warehouse}
tables: [public.*, "!public.audit"]
options:
  parallel: 4
  views: true
  where:
    public.events: id > 10
)");
  EXPECT_EQ(job,
            (json::object{
                {"source", "postgresql://u@h/db"},
                {"dest_type", "clickhouse"},
                {"destination", {{"path", "./warehouse"}}},
                {"tables", {"public.*", "!public.audit"}},
                {"options",
                 {{"parallel", 4}, {"views", true}, {"where", {{"public.events", "id > 10"}}}}}}));
}

TEST(YamlJob, KeepsTextThatOnlyLooksLikeANumber) {
  const json::object job = parse_yaml_job(
      "a: 0123\nb: 1e5\nc: '12'\nd: 12\ne: -7\nf: +7\ng: 0x10\nh: 99999999999999999999\n"
      "i: 1.50\nj: yes\nk: \"true\"\nl: ~\nm: 12:30\n");
  EXPECT_EQ(job, (json::object{{"a", "0123"},
                               {"b", "1e5"},
                               {"c", "12"},
                               {"d", 12},
                               {"e", -7},
                               {"f", "+7"},
                               {"g", "0x10"},
                               {"h", "99999999999999999999"},
                               {"i", "1.50"},
                               {"j", "yes"},
                               {"k", "true"},
                               {"l", nullptr},
                               {"m", "12:30"}}));
}

TEST(YamlJob, ReadsJsonToo) {
  EXPECT_EQ(parse_yaml_job(R"({"a":{"b":[1,"2",true,null]}})"),
            (json::object{{"a", {{"b", {1, "2", true, nullptr}}}}}));
}

TEST(YamlJob, FollowsAliasesButRefusesBombs) {
  EXPECT_EQ(parse_yaml_job("a: &x {h: 1}\nb: *x\n"),
            (json::object{{"a", {{"h", 1}}}, {"b", {{"h", 1}}}}));
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string former = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? "," : "") + former;
    bomb += "]\n";
  }
  EXPECT_TRUE(failure(bomb).starts_with("config.job_file.size")) << failure(bomb);
}

TEST(YamlJob, BoundsDepthAndSize) {
  const std::string deep = "a: " + std::string(30, '[') + std::string(30, ']');
  EXPECT_TRUE(failure(deep).starts_with("config.job_file.depth")) << failure(deep);
  const std::string deeper = std::string(100'000, '[');
  EXPECT_TRUE(failure(deeper).starts_with("config.job_file.")) << failure(deeper);
  EXPECT_TRUE(failure("a: " + std::string(2 << 20, 'x')).starts_with("config.job_file.size"));
  EXPECT_TRUE(failure("a: &r [*r]\n").starts_with("config.job_file.")) << failure("a: &r [*r]\n");
}

TEST(YamlJob, NamesLineAndColumnOfMistakesButNotTheContent) {
  const std::string unclosed = failure("source: x\npassword: [sekret\ntables: }\n");
  EXPECT_TRUE(unclosed.starts_with("config.job_file.syntax")) << unclosed;
  EXPECT_NE(unclosed.find("line"), std::string::npos) << unclosed;
  EXPECT_EQ(unclosed.find("sekret"), std::string::npos) << unclosed;
  EXPECT_NE(failure("a: 1\na: 2\n").find("'a' is given twice at line 2"), std::string::npos)
      << failure("a: 1\na: 2\n");
  EXPECT_TRUE(failure("").starts_with("config.job_file.syntax"));
  EXPECT_TRUE(failure("- a\n").starts_with("config.job_file.syntax"));
  EXPECT_TRUE(failure("just text").starts_with("config.job_file.syntax"));
  EXPECT_TRUE(failure("a: 1\n---\nb: 2\n").starts_with("config.job_file.syntax"));
  EXPECT_TRUE(failure("a: \xff\n").starts_with("config.job_file.syntax"));
  EXPECT_TRUE(failure("? [x]\n: 1\n").starts_with("config.job_file.key"));
}

TEST(YamlJob, NamesAFileThatCannotBeRead) {
  EXPECT_THROW(load_yaml_job("/nonexistent/job.yaml"), Error);
  EXPECT_THROW(load_yaml_job("/"), Error);
}

}  // namespace
}  // namespace penstock
