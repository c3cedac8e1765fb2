// Help texts: written once here and in the flags' descriptions, shown by --help, compared with
// docs/cli.md by a test.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>

namespace penstock {

struct VerbHelp {
  std::string_view name, summary;
  std::string_view usage;     // lines, without "penstock"
  std::string_view text;      // paragraphs; empty: none
  std::string_view examples;  // lines
};

std::span<const VerbHelp> verb_helps();
// Throws Error "engine.internal" for a name that is not there: the verbs are ours.
const VerbHelp& verb_help(std::string_view name);

// The help of a verb's CLI::App.
std::string format_verb(const CLI::App& app, const VerbHelp& verb);
// The help of the program.
std::string format_program();

}  // namespace penstock
