// The verbs, their flags and their help. Flags for a job's options are made from option_spec() and
// from the destinations' own option specs, so that the command line and the HTTP API cannot differ.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "contract/registry.h"
#include "core/error.h"

namespace penstock {

// One command line, parsed but not yet checked against the adapters.
struct CommandLine {
  std::string verb;
  std::optional<std::string> help;  // text to print instead of running the verb

  std::string from;  // migrate, plan: source URL or job file; else the one URL
  std::string to;    // empty: `from` is a job file
  std::vector<std::string> tables;
  json::object options;  // as in POST /migrate
  bool incremental = false;

  std::string id;    // jobs
  std::string name;  // adapters
  std::string sql;   // query
  std::string progress = "auto";
  std::string state;               // path of the state store; empty: the default
  std::string host, port, memory;  // serve
  int count_max = 20;
  bool json = false, ask_password = false, views = false, as_destination = false;
  bool rejects = false, insecure_no_auth = false;
};

// Throws config_error "config.usage.*", unknown verbs and flags with the nearest known one.
CommandLine parse_command_line(const std::vector<std::string>& arguments, const Registry& registry,
                               const std::string& version);

// Help of the whole program (verb empty) or of one verb.
std::string help_text(const std::string& verb, const Registry& registry);

// docs/cli.md, made of the same help texts; a test compares the two.
std::string cli_markdown(const Registry& registry);

}  // namespace penstock
