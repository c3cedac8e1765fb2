#include "cli/cli.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "cli/command_line.h"
#include "cli/empty_ledger.h"
#include "cli/job_request.h"
#include "cli/progress_display.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "core/limits.h"
#include "core/text.h"
#include "engine/options.h"

namespace penstock {

namespace {

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(Side::engine, "engine.output", "cannot write to standard output")
        .hint("is the disk full, or did the reader of the pipe end?");
  }
}

void print_json(const json::value& value) {
  print(is_terminal(STDOUT_FILENO) ? pretty(value) : json::serialize(value) + "\n");
}

AskPassword asker(const CommandLine& line) {
  if (!line.ask_password) return {};
  return [](const std::string& question) { return prompt_password(question); };
}

void need(const std::string& value, std::string_view name, const CommandLine& line) {
  if (!value.empty()) return;
  throw config_error("config.usage.missing", std::string(name) + " is missing")
      .hint("see penstock " + line.verb + " --help");
}

int exit_code(const Error& error) {
  if (error.code() == "engine.cancelled") return exit_cancelled;
  // Another job holds the target: nothing is wrong with the command line, and later it will work.
  if (error.code() == "config.target.busy") return exit_failed;
  return error.side() == Side::config ? exit_usage : exit_failed;
}

int exit_code(const json::object& result, JobState state) {
  if (state == JobState::cancelled) return exit_cancelled;
  if (state == JobState::succeeded) {
    const json::value* const rejected = result.if_contains("rows_rejected");
    const bool some =
        rejected != nullptr && rejected->is_number() && rejected->to_number<std::int64_t>() > 0;
    return some ? exit_with_rejects : exit_done;
  }
  const json::value* const type = result.if_contains("error_type");
  const json::value* const migrated = result.if_contains("tables_migrated");
  const bool untouched =
      migrated == nullptr || !migrated->is_array() || migrated->get_array().empty();
  const std::string_view code =
      type != nullptr && type->is_string() ? std::string_view(type->get_string()) : "";
  const bool usage = code.starts_with("config.") && code != "config.target.busy";
  return usage && untouched ? exit_usage : exit_failed;
}

// The result's errors on standard error; the rest of many is in the result.
void complain(const json::object& result) {
  constexpr std::size_t errors_shown_max = 10;
  const json::value* const errors = result.if_contains("errors");
  if (errors == nullptr || !errors->is_array()) return;
  std::size_t shown = 0;
  for (const json::value& error : errors->get_array()) {
    if (!error.is_string() || shown++ == errors_shown_max) break;
    const std::string text = "penstock: " + std::string(error.get_string()) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
}

// The verbs. Each checks its arguments, does its work and prints the result.
class Verbs {
 public:
  Verbs(const CliParts& parts, const CommandLine& line) : parts_(parts), line_(line) {}

  int run() {
    if (line_.verb == "migrate") return migrate();
    if (line_.verb == "plan") return plan();
    if (line_.verb == "discover") return discover();
    if (line_.verb == "test") return test();
    if (line_.verb == "query") return query();
    if (line_.verb == "jobs") return jobs();
    if (line_.verb == "adapters") return adapters();
    if (line_.verb == "serve") return serve();
    throw Error(Side::engine, "engine.internal", "no code for the verb " + line_.verb);
  }

 private:
  int migrate();
  int plan();
  int discover();
  int test();
  int query();
  int jobs();
  int adapters();
  int serve();
  bool is_destination(const std::string& url) const;

  const CliParts& parts_;
  const CommandLine& line_;
};

int Verbs::migrate() {
  need(line_.from, "FROM", line_);
  const ProgressMode mode = parse_progress_mode(line_.progress);
  MigrationRequest request =
      parse_request(build_request(line_, parts_.registry, asker(line_)), parts_.registry);
  const auto ledger = parts_.open_ledger(line_.state);
  JobManager manager(parts_.registry, *ledger);
  const std::shared_ptr<Job> job = manager.start(std::move(request));
  {
    const Interrupts interrupts([&] { job->cancel(); });
    ProgressDisplay display(job->events(), mode);
    job->wait();
    display.wait();
  }
  const json::object result = job->result();
  if (line_.json || !is_terminal(STDOUT_FILENO)) {
    // Where the result goes to a file, a failure still shows; JSON events tell it themselves.
    if (mode != ProgressMode::json) complain(result);
    print_json(result);
  } else {
    print(report_result(result));
  }
  return exit_code(result, job->state());
}

int Verbs::plan() {
  need(line_.from, "FROM", line_);
  const MigrationRequest request =
      parse_request(build_request(line_, parts_.registry, asker(line_)), parts_.registry);
  EmptyLedger ledger;
  JobManager manager(parts_.registry, ledger);
  const CancelToken cancel;
  const Interrupts interrupts([&] { cancel.request(); });
  const json::object plan = manager.plan(request, cancel);
  if (line_.json) {
    print_json(plan);
  } else {
    print(report_plan(plan));
  }
  const json::value* const possible = plan.if_contains("possible");
  return possible != nullptr && possible->is_bool() && !possible->get_bool() ? exit_failed
                                                                             : exit_done;
}

int Verbs::discover() {
  need(line_.from, "FROM", line_);
  Endpoint endpoint = parse_source_url(line_.from, parts_.registry);
  const SourceEntry& entry = parts_.registry.source(endpoint.adapter, "source");
  add_password(endpoint, entry.spec, "source", asker(line_));
  EmptyLedger ledger;
  JobManager manager(parts_.registry, ledger);
  const CancelToken cancel;
  const Interrupts interrupts([&] { cancel.request(); });
  const json::object found =
      manager.discover(entry, entry.spec.parse(endpoint.config, "source"), line_.views, cancel);
  if (line_.json) {
    print_json(found);
  } else {
    print(report_discovery(found));
  }
  return exit_done;
}

// A scheme that only destinations know, or --destination.
bool Verbs::is_destination(const std::string& url) const {
  if (line_.as_destination) return true;
  const std::string scheme = lower(url.substr(0, url.find(':')));
  try {
    parts_.registry.source(scheme, "source");
    return false;
  } catch (const Error& unknown) {
    try {
      parts_.registry.destination(scheme, "destination");
      return true;
    } catch (const Error&) {
      if (!looks_like_url(url)) return false;  // parse_source_url says what a URL looks like
      throw config_error("config.adapter.unknown",
                         "unknown adapter '" + printable(scheme, 60) + "' in the URL")
          .hint("penstock adapters lists the names");
    }
  }
}

int Verbs::test() {
  need(line_.from, "URL", line_);
  EmptyLedger ledger;
  JobManager manager(parts_.registry, ledger);
  const CancelToken cancel;
  const bool destination = is_destination(line_.from);
  const std::string where = destination ? "destination" : "source";
  Endpoint endpoint = destination ? parse_destination_url(line_.from, parts_.registry)
                                  : parse_source_url(line_.from, parts_.registry);
  const auto try_it = [&](const auto& entry, auto connect) {
    add_password(endpoint, entry.spec, where, asker(line_));
    const Config config = entry.spec.parse(endpoint.config, where);
    const Interrupts interrupts([&] { cancel.request(); });
    connect(entry, config);
  };
  if (destination) {
    try_it(parts_.registry.destination(endpoint.adapter, where),
           [&](const DestinationEntry& entry, const Config& config) {
             manager.test_destination(entry, config, cancel);
           });
  } else {
    try_it(parts_.registry.source(endpoint.adapter, where),
           [&](const SourceEntry& entry, const Config& config) {
             manager.test_source(entry, config, cancel);
           });
  }
  if (line_.json) {
    print_json(json::object{{"valid", true}});
  } else {
    print("ok: the " + where + " " + terminal_safe(display_endpoint(endpoint)) + " answers\n");
  }
  return exit_done;
}

int Verbs::query() {
  need(line_.from, "URL", line_);
  need(line_.sql, "SQL", line_);
  Endpoint endpoint = parse_destination_url(line_.from, parts_.registry);
  const DestinationEntry& entry = parts_.registry.destination(endpoint.adapter, "destination");
  if (!entry.query) {
    throw config_error("config.query.unsupported", entry.title + " cannot be queried by penstock")
        .hint("use the system's own client");
  }
  add_password(endpoint, entry.spec, "destination", asker(line_));
  const Config config = entry.spec.parse(endpoint.config, "destination");
  const CancelToken cancel;
  const Interrupts interrupts([&] { cancel.request(); });
  print(entry.query(config, line_.sql, cancel));
  return exit_done;
}

int Verbs::jobs() {
  const auto ledger = parts_.open_ledger(line_.state);
  const std::vector<JobRecord> all = ledger->list_jobs(line_.id.empty() ? line_.count_max : 10'000);
  if (line_.id.empty()) {
    if (!line_.json) {
      print(report_jobs(all));
      return exit_done;
    }
    json::array list;
    for (const JobRecord& job : all) list.push_back(job_json(job));
    print_json(json::object{{"jobs", std::move(list)}});
    return exit_done;
  }
  std::vector<const JobRecord*> matches;
  for (const JobRecord& job : all) {
    if (job.id.starts_with(line_.id)) matches.push_back(&job);
  }
  if (matches.size() != 1) {
    throw config_error("config.job.unknown",
                       matches.empty() ? "no job has the id " + printable(line_.id, 60)
                                       : "several jobs begin with " + printable(line_.id, 60))
        .hint("penstock jobs lists them");
  }
  const JobRecord& job = *matches.front();
  const std::vector<TableRecord> tables = ledger->tables(job.id);
  std::vector<RejectRecord> rejects;
  if (line_.rejects) rejects = ledger->rejects(job.id, line_.count_max);
  if (!line_.json) {
    print(report_job(job, tables, rejects));
    return exit_done;
  }
  json::object out = job_json(job);
  json::array table_list, reject_list;
  for (const TableRecord& table : tables) table_list.push_back(table_record_json(table));
  for (const RejectRecord& reject : rejects) reject_list.push_back(reject_json(reject));
  out["tables"] = std::move(table_list);
  if (line_.rejects) out["rejects"] = std::move(reject_list);
  print_json(out);
  return exit_done;
}

int Verbs::adapters() {
  if (line_.json) {
    print_json(adapters_json(parts_.registry));
  } else {
    print(report_adapters(parts_.registry, line_.name));
  }
  return exit_done;
}

int Verbs::serve() {
  ServeSettings settings;
  if (!line_.host.empty()) settings.host = line_.host;
  if (!line_.port.empty()) {
    const std::string& text = line_.port;
    int port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failure != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535) {
      throw config_error("config.field.range",
                         "--port: '" + printable(text, 40) + "' is not a number from 0 to 65535");
    }
    settings.port = port;
  }
  settings.insecure_no_auth = line_.insecure_no_auth;
  const std::size_t memory =
      line_.memory.empty() ? limits::memory_bytes_default : parse_memory(line_.memory, "--memory");
  const auto ledger = parts_.open_ledger(line_.state);
  JobManager manager(parts_.registry, *ledger, memory);
  parts_.serve(manager, settings);
  return exit_done;
}

// Whoever reads JSON from standard output gets the failure there too.
bool answers_json(const CommandLine& line) {
  return line.json || (line.verb == "migrate" && !is_terminal(STDOUT_FILENO));
}

}  // namespace

int run_cli(const CliParts& parts, const std::vector<std::string>& arguments) {
  CommandLine line;
  if (!arguments.empty()) line.verb = arguments.front();  // for the answer to a bad command line
  try {
    line = parse_command_line(arguments, parts.registry, parts.version);
    if (line.help) {
      print(*line.help);
      return exit_done;
    }
    return Verbs(parts, line).run();
  } catch (...) {
    const Error error = current_error();
    const std::string text = "penstock: " + error.describe() + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
    if (answers_json(line) && error.code() != "engine.output") {
      const json::object out{{"success", false},
                             {"errors", json::array{error.describe()}},
                             {"error", error.message()},
                             {"error_type", error.code()}};
      const std::string body = json::serialize(out) + "\n";
      std::fwrite(body.data(), 1, body.size(), stdout);
      std::fflush(stdout);
    }
    return exit_code(error);
  }
}

}  // namespace penstock
