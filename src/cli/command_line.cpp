#include "cli/command_line.h"

#include <algorithm>

#include "cli/help.h"
#include "cli/option_flags.h"
#include "cli/url.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::string_view kArguments = "Arguments";
constexpr std::string_view kFlags = "Flags";

// CLI11's parser with our verbs. It keeps references into itself, so it stays where it is made.
class Tree {
 public:
  explicit Tree(const Registry& registry) : app_("", "penstock") {
    app_.set_help_flag();
    app_.allow_extras();
    for (const VerbHelp& help : verb_helps()) {
      CLI::App& verb = *app_.add_subcommand(std::string(help.name), std::string(help.summary));
      verb.set_help_flag();
      verb.allow_extras();
      add_arguments(verb, help.name, registry);
      verb.add_flag("-h,--help", help_, "This text.")->group(std::string(kFlags));
    }
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  CommandLine parse(const std::vector<std::string>& arguments);
  const CLI::App& verb(const std::string& name) const { return *app_.get_subcommand(name); }

 private:
  void add_arguments(CLI::App& verb, std::string_view name, const Registry& registry);
  void add_job_arguments(CLI::App& verb, bool runs, const Registry& registry);
  void flag(CLI::App& verb, const char* name, bool& target, const char* description) {
    verb.add_flag(name, target, description)->group(std::string(kFlags));
  }
  void text(CLI::App& verb, const char* name, std::string& target, const char* type,
            const char* description) {
    verb.add_option(name, target, description)->type_name(type)->group(std::string(kFlags));
  }
  void argument(CLI::App& verb, const char* name, std::string& target, const char* description) {
    verb.add_option(name, target, description)->group(std::string(kArguments));
  }
  void common(CLI::App& verb, bool state) {
    flag(verb, "--json", line_.json, "Print JSON instead of text for people.");
    if (!state) return;
    text(verb, "--state", line_.state, "FILE",
         "The database of jobs; PENSTOCK_STATE names its folder. [~/.local/state/penstock]");
  }
  void check_extras(const CLI::App& verb) const;

  CLI::App app_;
  CommandLine line_;
  OptionFlags migrate_options_, plan_options_;
  bool help_ = false, restart_ = false;
};

void Tree::add_job_arguments(CLI::App& verb, bool runs, const Registry& registry) {
  argument(verb, "FROM", line_.from, "URL of the source, or a job file (.yaml).");
  argument(verb, "TO", line_.to, "URL of the destination; none when FROM is a job file.");
  verb.add_option(
          "--tables", line_.tables,
          "Tables to copy: comma list of patterns such as public.* or orders, repeatable; ! "
          "excludes. Default: every table.")
      ->type_name("LIST")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->delimiter(',')
      ->group(std::string(kFlags));
  if (runs) {
    text(verb, "--progress", line_.progress, "auto|bar|plain|json|none",
         "Progress on standard error: bars, plain lines, or one JSON event per line. [auto: bar on "
         "a "
         "terminal, else plain]");
    flag(verb, "--restart", restart_, "Begin anew after a crash; short for --resume never.");
  }
  flag(verb, "--ask-password", line_.ask_password,
       "Ask on the terminal for passwords that are given nowhere else.");
  common(verb, runs);
  // Known, but refused with an explanation: see build_request.
  verb.add_flag("--incremental", line_.incremental, "")->group("");
  (runs ? migrate_options_ : plan_options_).add_to(verb, registry);
}

void Tree::add_arguments(CLI::App& verb, std::string_view name, const Registry& registry) {
  constexpr const char* ask = "Ask on the terminal for the password.";
  if (name == "migrate" || name == "plan") {
    add_job_arguments(verb, name == "migrate", registry);
  } else if (name == "discover") {
    argument(verb, "FROM", line_.from, "URL of the source.");
    flag(verb, "--views", line_.views, "List views, materialised views and foreign tables too.");
    flag(verb, "--ask-password", line_.ask_password, ask);
    common(verb, false);
  } else if (name == "test") {
    argument(verb, "URL", line_.from, "URL of a source or destination.");
    flag(verb, "--destination", line_.as_destination, "Try it as a destination.");
    flag(verb, "--ask-password", line_.ask_password, ask);
    common(verb, false);
  } else if (name == "query") {
    argument(verb, "URL", line_.from, "URL of a destination.");
    argument(verb, "SQL", line_.sql, "One statement, in the destination's SQL.");
    flag(verb, "--ask-password", line_.ask_password, ask);
  } else if (name == "jobs") {
    argument(verb, "ID", line_.id, "A job's id, or the beginning of one. Default: list the jobs.");
    flag(verb, "--rejects", line_.rejects, "Show the job's rejected rows too.");
    verb.add_option("--limit", line_.count_max, "At most so many jobs or rejected rows. [20]")
        ->type_name("N")
        ->check(CLI::Range(1, 10'000))
        ->group(std::string(kFlags));
    common(verb, true);
  } else if (name == "adapters") {
    argument(verb, "NAME", line_.name, "Show the fields of this one.");
    common(verb, false);
  } else if (name == "serve") {
    text(verb, "--host", line_.host, "ADDRESS", "Address to listen on. [127.0.0.1]");
    text(verb, "--port", line_.port, "N", "Port to listen on; 0 takes a free one. [5011]");
    text(verb, "--memory", line_.memory, "SIZE",
         "Byte budget of the batches of all jobs together, at least 16MiB. [256MiB]");
    flag(verb, "--insecure-no-auth", line_.insecure_no_auth,
         "Allow an address that other machines can reach, although nobody is asked who they are.");
    text(verb, "--state", line_.state, "FILE",
         "The database of jobs; PENSTOCK_STATE names its folder. [~/.local/state/penstock]");
  }
}

void Tree::check_extras(const CLI::App& verb) const {
  const std::vector<std::string> extras = verb.remaining();
  if (extras.empty()) return;
  std::vector<std::string> known;
  for (const CLI::Option* const option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const auto unknown =
      std::ranges::find_if(extras, [](const std::string& extra) { return extra.starts_with("-"); });
  const std::string see = "see penstock " + verb.get_name() + " --help";
  if (unknown == extras.end()) {
    throw config_error("config.usage.extra",
                       "too many arguments: '" + printable(mask_secrets(extras.front()), 100) + "'")
        .hint(see);
  }
  const std::string name = unknown->substr(0, unknown->find('='));
  throw config_error("config.usage.flag", "unknown flag " + printable(mask_secrets(name), 60) +
                                              did_you_mean(name, known))
      .hint(see);
}

CommandLine Tree::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app_.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    // CLI11 quotes values only of flags, which are no secrets, but a URL may have slipped in.
    throw config_error("config.usage.flag", printable(mask_secrets(error.what()), 300))
        .hint("see penstock --help");
  }
  const std::vector<CLI::App*> chosen = app_.get_subcommands();
  if (chosen.empty()) {
    throw config_error("config.usage.verb", "no verb given").hint("see penstock --help");
  }
  const CLI::App& verb = *chosen.front();
  line_.verb = verb.get_name();
  if (help_) {
    line_.help = format_verb(verb, verb_help(line_.verb));
    return line_;
  }
  check_extras(verb);
  if (chosen.size() > 1) {
    throw config_error("config.usage.verb",
                       "two verbs given: " + line_.verb + " and " + chosen[1]->get_name());
  }
  line_.options = (line_.verb == "plan" ? plan_options_ : migrate_options_).collect();
  if (restart_) line_.options["resume"] = "never";
  return line_;
}

void check_verb(const std::string& verb) {
  if (verb == "verify") {
    throw config_error("config.option.unavailable", "verify: not available in this version")
        .hint(
            "migrate compares the counts of both sides before it shows a table (--verify counts)");
  }
  std::vector<std::string> known;
  for (const VerbHelp& help : verb_helps()) known.emplace_back(help.name);
  if (std::ranges::find(known, verb) != known.end()) return;
  throw config_error("config.usage.verb", "unknown verb '" + printable(mask_secrets(verb), 60) +
                                              "'" + did_you_mean(verb, known))
      .hint("see penstock --help");
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments, const Registry& registry,
                               const std::string& version) {
  CommandLine line;
  const std::string first = arguments.empty() ? "" : arguments.front();
  if (first == "--version" || first == "version") {
    line.help = "penstock " + version + "\n";
  } else if (first == "--help" || first == "-h") {
    line.help = format_program();
  } else if (first == "help") {
    if (arguments.size() > 1) check_verb(arguments[1]);
    line.help = arguments.size() > 1 ? help_text(arguments[1], registry) : format_program();
  } else if (first.empty()) {
    throw config_error("config.usage.verb", "no verb given").hint("see penstock --help");
  } else {
    check_verb(first);
    return Tree(registry).parse(arguments);
  }
  return line;
}

std::string help_text(const std::string& verb, const Registry& registry) {
  if (verb.empty()) return format_program();
  return format_verb(Tree(registry).verb(verb), verb_help(verb));
}

std::string cli_markdown(const Registry& registry) {
  std::string out =
      "# The command line\n\n"
      "This page is made of the program's own help texts; a test compares the two "
      "(`UPDATE_GOLDEN=1` rewrites it).\n\n```\n" +
      format_program() + "```\n";
  for (const VerbHelp& help : verb_helps()) {
    const std::string name(help.name);
    out += "\n## penstock " + name + "\n\n```\n" + help_text(name, registry) + "```\n";
  }
  return out;
}

}  // namespace penstock
