// The composition root: the only file that knows everyone.
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/all.h"
#include "adapters/systems/clickhouse/embedded_server.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "service/http_server.h"
#include "store/sqlite_ledger.h"
#include "store/state_path.h"

namespace penstock {
namespace {

std::unique_ptr<Ledger> open_ledger(const std::string& path) {
  return std::make_unique<SqliteLedger>(path.empty() ? default_state_path()
                                                     : std::filesystem::path(path));
}

void serve(JobManager& manager, const ServeSettings& settings) {
  ServiceConfig config = from_environment();
  if (settings.host) config.host = *settings.host;
  if (settings.port) config.port = *settings.port;
  config.insecure_no_auth = settings.insecure_no_auth;
  run_service(manager, config, CancelToken());
}

int run(int argc, char** argv) {
  // A peer that goes away is an error of that connection, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // The embedded ClickHouse is this program again, as a child; its memory, signals and crashes stay
  // out of ours.
  if (argc > 1 && std::string_view(argv[1]) == "embedded-clickhouse") {
    return run_embedded_server(argc, argv);
  }
  std::vector<std::string> arguments = take_arguments(argc, argv);
  if (!arguments.empty()) arguments.erase(arguments.begin());
  Registry registry;
  add_all_adapters(registry);
  const CliParts parts{.registry = registry,
                       .version = PENSTOCK_VERSION,
                       .open_ledger = open_ledger,
                       .serve = serve};
  return run_cli(parts, arguments);
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  try {
    return penstock::run(argc, argv);
  } catch (...) {
    std::fprintf(stderr, "penstock: %s\n", penstock::current_error().describe().c_str());
    return penstock::exit_failed;
  }
}
