// The command line: everything behind `penstock VERB …`. app gives it what it may not know itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/registry.h"
#include "core/ledger.h"
#include "engine/job_manager.h"

namespace penstock {

// Exit codes, also in every --help and in docs/cli.md.
enum ExitCode : int {
  exit_done = 0,
  exit_failed = 1,
  exit_usage = 2,         // the command line, job file or request is wrong; nothing was changed
  exit_with_rejects = 3,  // done, but rows were rejected and kept
  exit_cancelled = 130,
};

// What the flags of `penstock serve` say; whatever they leave out comes from the environment and
// the service's own defaults.
struct ServeSettings {
  std::optional<std::string> host;
  std::optional<int> port;
  bool insecure_no_auth = false;
};

struct CliParts {
  const Registry& registry;
  std::string version;
  // Opens the state store; an empty path means the default one.
  std::function<std::unique_ptr<Ledger>(const std::string& path)> open_ledger;
  // Serves until SIGINT or SIGTERM, which it handles itself.
  std::function<void(JobManager& manager, const ServeSettings& settings)> serve;
};

// Runs one command line (without the program's name) and returns the exit code. Results go to
// standard output; progress, warnings and errors to standard error. Throws nothing.
int run_cli(const CliParts& parts, const std::vector<std::string>& arguments);

}  // namespace penstock
