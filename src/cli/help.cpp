#include "cli/help.h"

#include <algorithm>
#include <array>

#include "cli/text_table.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 6;

constexpr std::string_view kEndpoints =
    "Endpoints are URLs: postgresql://user@host:5432/database?sslmode=require, "
    "mysql://user@host:3306/database, "
    "clickhouse://user@host:8123/database, or clickhouse:./folder for a ClickHouse that needs no "
    "server. In a URL, write % @ : / ? # of a user name or password as %25 %40 %3A %2F %3F %23. "
    "Better, keep passwords off the command line: set PENSTOCK_SOURCE_PASSWORD and "
    "PENSTOCK_DESTINATION_PASSWORD, add ?password_env=NAME or ?password_file=PATH, or let "
    "--ask-password ask.";

constexpr std::string_view kJobFile =
    "A job file is YAML with the members of POST /migrate: source and destination (a URL, or "
    "fields "
    "together with source_type and dest_type), tables, options. Flags win over the file.";

constexpr std::string_view kExitCodes =
    "Exit codes:\n"
    "  0    done\n"
    "  1    failed\n"
    "  2    the command line, job file or request is wrong; nothing was changed\n"
    "  3    done, but rows were rejected (see penstock jobs ID --rejects)\n"
    "  130  cancelled; a second Ctrl-C ends the program at once\n";

constexpr std::array<VerbHelp, 8> kVerbs = {{
    {"migrate", "copy tables from a source into a destination",
     "migrate FROM TO [flags]\nmigrate JOB.yaml [flags]",
     "Copies every table the source shows, or those chosen by --tables, and replaces what an "
     "earlier run made, each table atomically once it is complete and counted. On a terminal it "
     "ends with a summary; otherwise, or with --json, with the result as JSON on standard output. "
     "After a crash, the same command continues.",
     "penstock migrate postgresql://app@localhost/shop clickhouse:./warehouse\n"
     "penstock migrate postgresql://app@db/shop clickhouse://default@ch:8123/shop "
     "--tables 'public.*,!public.audit_*' --parallel 4\n"
     "penstock migrate job.yaml --if-exists replace --progress json\n"},
    {"plan", "show what migrate would do, changing nothing",
     "plan FROM TO [flags]\nplan JOB.yaml [flags]",
     "Connects to both sides and shows tables, types, losses and every problem at once. Exits with "
     "1 "
     "when a migration would be refused. Only the folder of an embedded ClickHouse is made when it "
     "is missing.",
     "penstock plan postgresql://app@localhost/shop clickhouse:./warehouse\n"
     "penstock plan job.yaml --json\n"},
    {"discover", "list a source's tables", "discover FROM [flags]", "",
     "penstock discover postgresql://app@localhost/shop --json\n"},
    {"test", "try to connect", "test URL [flags]",
     "Connects and disconnects. A system that can be both is tried as a source unless "
     "--destination "
     "is given.",
     "penstock test postgresql://app@localhost/shop\n"
     "penstock test clickhouse:./warehouse\n"},
    {"query", "run SQL in a destination and print the result", "query URL SQL [flags]",
     "For looking at what arrived; the destination prints the table.",
     "penstock query clickhouse:./warehouse 'SELECT count() FROM orders'\n"},
    {"jobs", "list jobs, or show one", "jobs [ID] [flags]", "",
     "penstock jobs\npenstock jobs 0d9c2c31 --rejects --json\n"},
    {"adapters", "list what can be connected, and its fields", "adapters [NAME] [flags]", "",
     "penstock adapters\npenstock adapters clickhouse\n"},
    {"serve", "run the HTTP service", "serve [flags]",
     "Listens on 127.0.0.1:5011. PENSTOCK_HOST and PENSTOCK_PORT (or "
     "UNIVERSAL_MIGRATION_SERVICE_HOST and _PORT) change the defaults. An address that other "
     "machines can reach is refused without --insecure-no-auth.",
     "penstock serve\ncurl localhost:5011/health\n"},
}};

std::string indented(std::string_view lines, std::string_view prefix) {
  std::string out;
  for (const std::string& line : split(lines, '\n')) {
    if (!line.empty()) out += std::string(prefix) + line + "\n";
  }
  return out;
}

std::string option_text(const CLI::Option& option) {
  std::string names = option.get_positional() ? option.get_single_name() : "";
  if (!option.get_positional()) {
    for (const std::string& name : option.get_snames()) names += "-" + name + ", ";
    for (const std::string& name : option.get_lnames()) names += "--" + name + ", ";
    names.resize(names.size() - std::min<std::size_t>(2, names.size()));
    if (!option.get_type_name().empty()) names += " " + option.get_type_name();
  }
  return "  " + names + "\n" + std::string(kIndent, ' ') +
         wrap(option.get_description(), kWidth, kIndent) + "\n";
}

}  // namespace

std::span<const VerbHelp> verb_helps() {
  return kVerbs;
}

const VerbHelp& verb_help(std::string_view name) {
  const auto* const found = std::ranges::find(kVerbs, name, &VerbHelp::name);
  if (found == kVerbs.end()) {
    throw Error(Side::engine, "engine.internal", "no help for " + std::string(name));
  }
  return *found;
}

std::string format_verb(const CLI::App& app, const VerbHelp& verb) {
  std::string out =
      "penstock " + std::string(verb.name) + ": " + std::string(verb.summary) + "\n\n";
  out += "Usage:\n" + indented(verb.usage, "  penstock ") + "\n";
  if (!verb.text.empty()) out += wrap(verb.text, kWidth, 0) + "\n\n";
  std::vector<std::string> groups;
  for (const CLI::Option* const option : app.get_options()) {
    const std::string& group = option->get_group();
    if (!group.empty() && std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
  }
  for (const std::string& group : groups) {
    out += group + ":\n";
    for (const CLI::Option* const option : app.get_options()) {
      if (option->get_group() == group) out += option_text(*option);
    }
    out += "\n";
  }
  if (verb.usage.find("FROM") != std::string_view::npos ||
      verb.usage.find("URL") != std::string_view::npos) {
    out += wrap(kEndpoints, kWidth, 0) + "\n\n";
  }
  if (verb.usage.find("JOB") != std::string_view::npos) out += wrap(kJobFile, kWidth, 0) + "\n\n";
  out += "Examples:\n" + indented(verb.examples, "  ") + "\n" + std::string(kExitCodes);
  return out;
}

std::string format_program() {
  std::string out =
      "penstock: moves data from any supported source into any supported destination\n\n";
  out += "Usage:\n  penstock VERB [arguments] [flags]\n\nVerbs:\n";
  for (const VerbHelp& verb : kVerbs) {
    out += "  " + pad(verb.name, 10) + std::string(verb.summary) + "\n";
  }
  out += "\nFlags:\n  -h, --help  this text, or with a verb that verb's\n";
  out += "  --version   the version\n\n";
  out += wrap(kEndpoints, kWidth, 0) + "\n\n";
  out += "Examples:\n" + indented(verb_help("migrate").examples, "  ");
  out += indented(verb_help("query").examples, "  ");
  out += "  penstock migrate --help\n\n" + std::string(kExitCodes);
  return out;
}

}  // namespace penstock
