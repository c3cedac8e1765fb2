// Help texts with the real adapters, and the page made of them. UPDATE_GOLDEN=1 rewrites.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/all.h"
#include "cli/command_line.h"
#include "cli/help.h"

namespace penstock {
namespace {

void expect_file(const std::string& name, const std::string& text) {
  const std::filesystem::path path = std::filesystem::path(PENSTOCK_SOURCE_DIR) / name;
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing: run this test with UPDATE_GOLDEN=1";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), text) << path << " differs: run this test with UPDATE_GOLDEN=1";
}

const Registry& registry() {
  static const Registry one = [] {
    Registry all;
    add_all_adapters(all);
    return all;
  }();
  return one;
}

TEST(CliGolden, HelpOfTheProgramAndOfEachVerb) {
  expect_file("tests/golden/cli/help.txt", help_text("", registry()));
  for (const VerbHelp& verb : verb_helps()) {
    const std::string name(verb.name);
    expect_file("tests/golden/cli/help_" + name + ".txt", help_text(name, registry()));
  }
}

TEST(CliGolden, ThePageOfTheDocumentation) {
  expect_file("docs/cli.md", cli_markdown(registry()));
}

TEST(CliGolden, HelpFitsAHundredColumns) {
  for (const VerbHelp& verb : verb_helps()) {
    std::istringstream lines(help_text(std::string(verb.name), registry()));
    for (std::string line; std::getline(lines, line);) {
      const bool example = line.starts_with("  penstock ") || line.starts_with("  curl ");
      EXPECT_TRUE(example || line.size() <= 100) << line;
    }
  }
}

}  // namespace
}  // namespace penstock
