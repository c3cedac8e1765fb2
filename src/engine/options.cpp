#include "engine/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <thread>

#include "core/limits.h"
#include "core/text.h"

namespace penstock {

namespace {

// Part of the contract (DESIGN §7) but not built yet: refused by name instead of ignored.
constexpr std::array<std::string_view, 2> kUnavailable = {"deletes", "schema_change"};

std::vector<ConfigField> job_options() {
  return {
      {.name = "parallel",
       .kind = FieldKind::integer,
       .description = "Workers, each with one connection to the source and one to the destination. "
                      "0 chooses by the machine's processors.",
       .fallback = 0,
       .min = 0,
       .max = limits::parallel_max},
      {.name = "memory",
       .description = "Byte budget of this job's batches, at least 16MiB. It must exceed the "
                      "largest single row.",
       .fallback = "256MiB",
       .example = "512MiB"},
      {.name = "split_size",
       .description = "Source storage per split, at least 1MiB; a smaller table is read by one "
                      "reader. auto: 64MiB, or more where small splits cost the destination too "
                      "much.",
       .fallback = "auto",
       .example = "128MiB"},
      {.name = "if_exists",
       .kind = FieldKind::choice,
       .description =
           "What to do with a destination table that penstock did not make: fail, replace "
           "it, truncate it (keep its definition, replace its rows) or append to it. A "
           "table that penstock made is replaced by a full run unless append is asked.",
       .fallback = "fail",
       .choices = {"fail", "replace", "truncate", "append"}},
      {.name = "on_error",
       .kind = FieldKind::choice,
       .description = "What happens to a row with a value that cannot be written: fail the table, "
                      "reject the row (kept with its reason) or write NULL in its place.",
       .fallback = "fail",
       .choices = {"fail", "reject", "null"}},
      {.name = "max_rejects",
       .kind = FieldKind::integer,
       .description = "A job with more rejected rows than this fails.",
       .fallback = 1000,
       .min = 0,
       .max = 1'000'000'000},
      {.name = "losses",
       .kind = FieldKind::choice,
       .description =
           "What happens to a value the destination's type cannot hold exactly, such as a "
           "date out of range: fail (then on_error decides), null, or nearest (the closest "
           "value it can hold). Every one is counted per column in the result.",
       .fallback = "fail",
       .choices = {"fail", "null", "nearest"}},
      {.name = "null_lists",
       .kind = FieldKind::choice,
       .description = "A NULL array where the destination's arrays cannot be NULL: empty writes [] "
                      "and counts it as a loss; fail treats it like any other loss.",
       .fallback = "empty",
       .choices = {"empty", "fail"}},
  };
}

std::vector<ConfigField> run_options() {
  return {
      {.name = "verify",
       .kind = FieldKind::choice,
       .description = "counts compares the rows read with the rows of the finished table. full "
                      "is not in this version.",
       .fallback = "counts",
       .choices = {"none", "counts", "full"}},
      {.name = "resume",
       .kind = FieldKind::choice,
       .description = "auto: after a crash, the same job keeps the tables it had finished; never: "
                      "begin anew.",
       .fallback = "auto",
       .choices = {"auto", "never"}},
      {.name = "passthrough",
       .kind = FieldKind::choice,
       .description = "auto: where source and destination share a wire format and nothing changes "
                      "the rows, they go through undecoded; never: always decode.",
       .fallback = "auto",
       .choices = {"auto", "never"}},
  };
}

std::vector<ConfigField> table_options() {
  return {
      {.name = "views",
       .kind = FieldKind::boolean,
       .description = "Copy views, materialised views and foreign tables too.",
       .fallback = false},
      {.name = "types",
       .kind = FieldKind::object,
       .description = "Types to read columns as, by schema.table.column; docs/types.md lists them.",
       .example = R"x({"public.orders.total":"decimal(38,10)"})x"},
      {.name = "columns",
       .kind = FieldKind::object,
       .description = "Columns to copy, by table: patterns, of which ! excludes.",
       .example = R"({"public.users":["*","!password"]})"},
      {.name = "where",
       .kind = FieldKind::object,
       .description = "Which rows to copy, by table: a condition in the source's SQL.",
       .example = R"({"public.events":"id > 1000"})"},
      {.name = "rename",
       .kind = FieldKind::object,
       .description = "Other names for tables at the destination, by table.",
       .example = R"({"public.users":"people"})"},
  };
}

std::vector<ConfigField> declare_options() {
  std::vector<ConfigField> all = job_options();
  for (ConfigField& field : run_options()) all.push_back(std::move(field));
  for (ConfigField& field : table_options()) all.push_back(std::move(field));
  return all;
}

Error option_error(const std::string& name, const std::string& what) {
  return config_error("config.field.type", "options." + name + ": " + what);
}

std::map<std::string, std::string> text_map(const json::object& object, const std::string& name) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : object) {
    if (!value.is_string()) {
      throw option_error(name + "." + printable(key, 60), "must be text");
    }
    out[std::string(key)] = std::string(value.get_string());
  }
  return out;
}

std::map<std::string, Type> type_map(const json::object& object) {
  std::map<std::string, Type> out;
  for (const auto& [key, text] : text_map(object, "types")) {
    try {
      out.emplace(key, parse_type(text));
    } catch (Error& error) {
      Error named = config_error(error.code(), "options.types." + key + ": " + error.message());
      throw named.hint(error.hint());
    }
  }
  return out;
}

std::map<std::string, std::vector<std::string>> list_map(const json::object& object,
                                                         const std::string& name) {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [key, value] : object) {
    std::vector<std::string>& list = out[std::string(key)];
    if (!value.is_array()) throw option_error(name + "." + printable(key, 60), "must be a list");
    for (const json::value& item : value.get_array()) {
      if (!item.is_string()) {
        throw option_error(name + "." + printable(key, 60), "must be a list of text");
      }
      list.emplace_back(item.get_string());
    }
  }
  return out;
}

template <typename Choice, std::size_t N>
Choice choose(const Config& config, std::string_view name,
              const std::array<std::pair<std::string_view, Choice>, N>& choices) {
  const std::string word = config.text(name);
  for (const auto& [text, choice] : choices) {
    if (text == word) return choice;
  }
  throw Error(Side::engine, "engine.internal", "undeclared choice of " + std::string(name));
}

int default_parallel() {
  // More readers than processors help while servers wait for disks; more than 8 rarely do.
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U));
}

void choose_policies(const Config& config, Options& options) {
  using IfExistsChoice = std::pair<std::string_view, IfExists>;
  options.if_exists = choose(config, "if_exists",
                             std::array{IfExistsChoice{"fail", IfExists::fail},
                                        IfExistsChoice{"replace", IfExists::replace},
                                        IfExistsChoice{"truncate", IfExists::truncate},
                                        IfExistsChoice{"append", IfExists::append}});
  using OnErrorChoice = std::pair<std::string_view, OnError>;
  options.on_error = choose(
      config, "on_error",
      std::array{OnErrorChoice{"fail", OnError::fail}, OnErrorChoice{"reject", OnError::reject},
                 OnErrorChoice{"null", OnError::null}});
  using LossesChoice = std::pair<std::string_view, Losses>;
  options.losses =
      choose(config, "losses",
             std::array{LossesChoice{"fail", Losses::fail}, LossesChoice{"null", Losses::null},
                        LossesChoice{"nearest", Losses::nearest}});
  options.empty_null_lists = config.text("null_lists") == "empty";
  if (config.text("verify") == "full") {
    throw config_error("config.option.unavailable",
                       "options.verify: full verification is not available in this version")
        .hint("use verify=counts");
  }
  options.verify = config.text("verify") == "none" ? Verify::none : Verify::counts;
}

}  // namespace

const ConfigSpec& option_spec() {
  static const ConfigSpec spec(declare_options());
  return spec;
}

std::size_t parse_bytes(std::string_view text, const std::string& name) {
  constexpr std::array<std::pair<std::string_view, double>, 10> units = {{{"", 1},
                                                                          {"b", 1},
                                                                          {"k", 1024},
                                                                          {"kib", 1024},
                                                                          {"kb", 1000},
                                                                          {"m", 1 << 20},
                                                                          {"mib", 1 << 20},
                                                                          {"mb", 1e6},
                                                                          {"gib", 1 << 30},
                                                                          {"gb", 1e9}}};
  text = trim(text);
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit = lower(trim(text.substr(static_cast<std::size_t>(end - text.data()))));
  const auto* const known =
      std::ranges::find(units, unit == "g" ? std::string_view("gib") : std::string_view(unit),
                        [](const auto& pair) { return pair.first; });
  constexpr double bytes_max = 1e15;
  // Written so that NaN, which from_chars takes, is refused too.
  if (failure != std::errc() || known == units.end() || !(number >= 0) ||
      !(number * known->second <= bytes_max)) {
    throw config_error("config.field.type",
                       name + ": '" + printable(text, 40) + "' is not a size such as 256MiB");
  }
  return static_cast<std::size_t>(number * known->second);
}

std::size_t parse_memory(std::string_view text, const std::string& name) {
  const std::size_t bytes = parse_bytes(text, name);
  if (bytes < limits::memory_bytes_min) {
    throw config_error("config.field.range",
                       name + ": must be at least " + human_bytes(limits::memory_bytes_min));
  }
  return bytes;
}

Options parse_options(const json::object& object, const DestinationEntry& destination) {
  json::object plain;
  Options options;
  json::object section;
  for (const auto& [key, value] : object) {
    if (std::ranges::find(kUnavailable, std::string_view(key)) != kUnavailable.end()) {
      throw config_error("config.option.unavailable",
                         "options." + std::string(key) + ": not available in this version");
    }
    if (key != destination.name) {
      plain[key] = value;
      continue;
    }
    if (!value.is_object()) throw option_error(destination.name, "must be an object");
    section = value.get_object();
  }
  destination.options.parse(section, "options." + destination.name);
  options.adapter = section;

  const Config config = option_spec().parse(plain, "options");
  options.parallel = static_cast<int>(config.integer("parallel"));
  if (options.parallel == 0) options.parallel = default_parallel();
  options.memory_bytes = parse_memory(config.text("memory"), "options.memory");
  if (config.text("split_size") != "auto") {
    options.split_bytes = static_cast<std::int64_t>(std::max<std::size_t>(
        parse_bytes(config.text("split_size"), "options.split_size"), 1 << 20));
  }
  choose_policies(config, options);
  options.max_rejects = config.integer("max_rejects");
  options.views = config.boolean("views");
  options.resume = config.text("resume") == "auto";
  options.passthrough = config.text("passthrough") == "auto";
  options.types = type_map(config.object("types"));
  options.columns = list_map(config.object("columns"), "columns");
  options.where = text_map(config.object("where"), "where");
  options.rename = text_map(config.object("rename"), "rename");
  return options;
}

}  // namespace penstock
