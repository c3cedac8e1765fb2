// penstock-zoho-sim: a simulated Zoho CRM to try jobs without an account.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "servers/zoho/http_front.h"

namespace {

using namespace penstock::zoho_sim;

struct Options {
  CrmOptions crm;
  std::uint16_t port = 9443;
  std::int64_t latency_ms = 0;
  std::string edition = "enterprise";
  std::vector<std::string> modules;  // "Leads=100000"
};

int parse(int argc, char** argv, Options& options) {
  CLI::App app(
      "A simulated Zoho CRM on 127.0.0.1. Its first line of output is the object "
      "\"source\" of a request to penstock.");
  app.add_option("--port", options.port, "0: any free one")->capture_default_str();
  app.add_option("--records", options.crm.records, "of Leads; other modules have a share of it")
      ->capture_default_str()
      ->check(CLI::Range(0, 20'000'000));
  app.add_option("--module", options.modules, "Name=records, over --records; may be repeated");
  app.add_option("--seed", options.crm.seed, "another one is another CRM")->capture_default_str();
  app.add_option("--zone", options.crm.zone, "of the times it shows")->capture_default_str();
  app.add_option("--edition", options.edition, "decides credits and parallel calls")
      ->capture_default_str()
      ->check(CLI::IsMember({"free", "standard", "professional", "enterprise", "ultimate"}));
  app.add_option("--latency", options.latency_ms, "milliseconds that each call takes at least")
      ->capture_default_str()
      ->check(CLI::Range(0, 60'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  for (const std::string& text : options.modules) {
    const std::size_t at = text.find('=');
    try {
      options.crm.module_records[text.substr(0, at)] =
          static_cast<std::uint32_t>(std::stoul(text.substr(at + 1)));
    } catch (const std::exception&) {
      std::cerr << "--module takes Name=records, not " << text << '\n';
      return 2;
    }
  }
  return -1;
}

int serve(const Options& options, const sigset_t& ends) {
  Simulator simulator(options.crm);
  simulator.settings().update({{"latency_ms", options.latency_ms}, {"edition", options.edition}});
  const HttpFront front(simulator, options.port);
  std::cout << boost::json::serialize(simulator.source_json()) << '\n' << std::flush;
  int received = 0;
  sigwait(&ends, &received);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const int status = parse(argc, argv, options);
  if (status >= 0) return status;
  // Blocked before any thread starts, so that all of them leave the signals to sigwait.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return serve(options, ends);
  } catch (const std::exception& error) {
    std::cerr << "penstock-zoho-sim: " << error.what() << '\n';
    return 1;
  }
}
