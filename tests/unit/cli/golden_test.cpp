// Help texts with the real adapters, and the page made of them. UPDATE_GOLDEN=1 rewrites.
#include <gtest/gtest.h>

#include <sstream>

#include "adapters/all.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "golden_file.h"

namespace penstock {
namespace {

const Registry& registry() {
  static const Registry one = [] {
    Registry all;
    add_all_adapters(all);
    return all;
  }();
  return one;
}

TEST(CliGolden, HelpOfTheProgramAndOfEachVerb) {
  expect_golden("tests/golden/cli/help.txt", help_text("", registry()));
  for (const VerbHelp& verb : verb_helps()) {
    const std::string name(verb.name);
    expect_golden("tests/golden/cli/help_" + name + ".txt", help_text(name, registry()));
  }
}

TEST(CliGolden, ThePageOfTheDocumentation) {
  expect_golden("docs/cli.md", cli_markdown(registry()));
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
