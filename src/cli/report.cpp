#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "cli/text_table.h"
#include "cli/url.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::size_t kWidth = 100;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return terminal_safe(value->get_string());
}

std::int64_t integer_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : -1;
}

double number_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<double>() : -1;
}

const json::array& array_of(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

const json::object& object_of(const json::object& object, std::string_view name) {
  static const json::object none;
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

std::string estimate(std::int64_t number) {
  return number < 0 ? "?" : "~" + human_count(static_cast<double>(number));
}

std::string bytes(std::int64_t number) {
  return number < 0 ? "?" : human_bytes(static_cast<double>(number));
}

// Messages may span lines (a hint follows); every further line is indented.
std::string message_lines(std::string_view message, std::string_view bullet) {
  std::string out;
  bool first = true;
  for (const std::string& line : split(message, '\n')) {
    const std::string_view text = trim(line);
    if (text.empty()) continue;
    const std::size_t indent = first ? bullet.size() : bullet.size() + 2;
    out += (first ? std::string(bullet) : std::string(indent, ' ')) +
           wrap(terminal_safe(text, 4000), kWidth, indent) + "\n";
    first = false;
  }
  return out;
}

std::string message_of(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_object()) return {};
  const json::object& error = value.get_object();
  const auto raw = [&](std::string_view name) {
    const json::value* const text = error.if_contains(name);
    return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
  };
  std::string out = raw("error");
  std::string where;
  for (const std::string_view place : {"table", "column"}) {
    if (const std::string name = raw(place); !name.empty()) {
      where += fmt::format("{}{} {}", where.empty() ? "" : ", ", place, name);
    }
  }
  if (!where.empty()) out += " (" + where + ")";
  out += " [" + raw("error_type") + "]";
  if (const std::string hint = raw("hint"); !hint.empty()) out += "\nWhat to do: " + hint;
  return out;
}

std::string list(const json::array& items, std::string_view title) {
  if (items.empty()) return {};
  std::string out = std::string(title) + ":\n";
  for (const json::value& item : items) out += message_lines(message_of(item), "  - ");
  return out;
}

std::string product(const json::object& side) {
  if (side.empty()) return "?";
  std::string out = text_of(side, "product") + " " + text_of(side, "version");
  if (const std::string database = text_of(side, "database"); !database.empty()) {
    out += ", database " + database;
  }
  return out;
}

std::string when(std::int64_t time_ms) {
  if (time_ms <= 0) return "-";
  const std::time_t seconds = time_ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char out[32];
  std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", &local);
  return out;
}

// The engine's word for what it did with a value, within a sentence.
std::string action_text(const std::string& action) {
  if (action == "null") return "written as NULL";
  if (action == "nearest") return "written as the nearest possible value";
  return action;
}

std::string loss_text(const json::object& loss) {
  const std::int64_t count = integer_of(loss, "count");
  // The commonest one, in fewer words: it has no value to show.
  if (text_of(loss, "kind") == "null_list" && text_of(loss, "action") == "nearest") {
    return counted(count, "NULL array") + " written as []";
  }
  std::string samples;
  for (const json::value& sample : array_of(loss, "samples")) {
    if (!sample.is_string()) continue;
    samples += (samples.empty() ? ", such as " : ", ") + terminal_safe(sample.get_string(), 60);
  }
  return fmt::format("{} ({}) {}{}", counted(count, "value"), text_of(loss, "kind"),
                     action_text(text_of(loss, "action")), samples);
}

std::string losses_text(const json::array& tables) {
  std::string out;
  for (const json::value& item : tables) {
    const json::object& table = item.as_object();
    for (const json::value& loss : array_of(table, "losses")) {
      out += message_lines(text_of(table, "table") + "." + text_of(loss.as_object(), "column") +
                               ": " + loss_text(loss.as_object()),
                           "  - ");
    }
  }
  return out.empty() ? out : "Values that could not be carried exactly:\n" + out;
}

std::string also_text(const json::array& tables) {
  std::string out;
  for (const json::value& item : tables) {
    for (const json::value& also : array_of(item.as_object(), "also")) {
      if (also.is_string()) out += (out.empty() ? "" : ", ") + terminal_safe(also.get_string());
    }
  }
  return out.empty() ? out : message_lines("Also made: " + out, "");
}

}  // namespace

std::string report_result(const json::object& result) {
  const json::array& migrated = array_of(result, "tables_migrated");
  const json::array& failed = array_of(result, "tables_failed");
  std::string out;
  TextTable table({"TABLE", "TARGET", "ROWS", "REJECTED", "TIME", "ROWS/S"}, {2, 3, 4, 5});
  for (const json::value& item : migrated) {
    const json::object& one = item.as_object();
    const std::int64_t rows = integer_of(one, "records");
    const double seconds = number_of(one, "seconds");
    table.add({text_of(one, "table"), text_of(one, "target"), grouped(rows),
               grouped(std::max<std::int64_t>(0, integer_of(one, "rows_rejected"))),
               human_duration(seconds),
               seconds > 0 ? human_count(static_cast<double>(rows) / seconds) : "-"});
  }
  for (const json::value& item : failed) {
    const json::object& one = item.as_object();
    const bool reached = text_of(one, "error_type") != "engine.table.not_copied";
    table.add({text_of(one, "table"), reached ? "FAILED" : "not copied", "", "", "", ""});
  }
  if (!table.empty()) out += table.text() + "\n";
  out += also_text(migrated) + losses_text(migrated);
  out += list(array_of(result, "warnings"), "Warnings");
  out += list(array_of(result, "errors"), "Errors");
  const double seconds = number_of(result, "seconds");
  const std::int64_t records = std::max<std::int64_t>(0, integer_of(result, "records"));
  const std::int64_t rejected = std::max<std::int64_t>(0, integer_of(result, "rows_rejected"));
  const std::int64_t tables = std::max<std::int64_t>(0, integer_of(result, "total_tables"));
  if (tables == 0) {
    return out + fmt::format("{}: nothing was copied [job {}]\n", text_of(result, "state"),
                             text_of(result, "job_id"));
  }
  const std::string job = text_of(result, "job_id");
  std::string last =
      fmt::format("{}: {} of {}, {} in {}", text_of(result, "state"), migrated.size(),
                  counted(tables, "table"), counted(records, "row"), human_duration(seconds));
  if (seconds > 0 && records > 0) {
    last += fmt::format(" ({} rows/s)", human_count(static_cast<double>(records) / seconds));
  }
  if (rejected > 0) {
    last += ", " + counted(rejected, "row") + " rejected";
    out += "The rejected rows: penstock jobs " + job + " --rejects\n";
  }
  return out + message_lines(last + " [job " + job + "]", "");
}

std::string report_plan(const json::object& plan) {
  std::string out = "From: " + product(object_of(plan, "source")) + "\n" +
                    "To:   " + product(object_of(plan, "destination")) + "\n\n";
  TextTable overview({"TABLE", "TARGET", "ROWS", "SIZE", "KEY", "STATE"}, {2, 3});
  std::string details;
  json::array problems = array_of(plan, "problems");
  for (const json::value& item : array_of(plan, "tables")) {
    const json::object& table = item.as_object();
    std::string key;
    for (const json::value& column : array_of(table, "key")) {
      key += (key.empty() ? "" : ", ") + terminal_safe(column.as_string());
    }
    const json::object& existing = object_of(table, "existing");
    std::string state = existing.empty() ? "new" : text_of(existing, "action");
    if (!array_of(table, "problems").empty()) state = "PROBLEM";
    overview.add({text_of(table, "table"), text_of(table, "target"),
                  estimate(integer_of(table, "rows_estimate")),
                  bytes(integer_of(table, "bytes_estimate")), key.empty() ? "-" : key, state});

    TextTable columns({"  COLUMN", "TYPE", "TARGET", "TARGET TYPE"});
    std::string notes;
    for (const json::value& entry : array_of(table, "columns")) {
      const json::object& column = entry.as_object();
      const std::string name = text_of(column, "column");
      columns.add({"  " + (name.empty() ? std::string("-") : name), text_of(column, "type"),
                   text_of(column, "target"), text_of(column, "target_type")});
      for (const json::value& loss : array_of(column, "losses")) {
        notes += message_lines(name + ": " + message_of(loss), "    ! ");
      }
    }
    for (const json::value& loss : array_of(table, "losses")) {
      notes += message_lines(message_of(loss), "    ! ");
    }
    for (const json::value& note : array_of(table, "notes")) {
      notes += message_lines(message_of(note), "    . ");
    }
    details += text_of(table, "table") + " -> " + text_of(table, "target") + "\n";
    details += columns.text() + notes + "\n";
    for (const json::value& problem : array_of(table, "problems")) problems.push_back(problem);
  }
  if (!overview.empty()) out += overview.text() + "\n";
  out += details;
  out += list(array_of(plan, "warnings"), "Warnings");
  out += list(problems, "Problems");
  out += fmt::format("{}, {} rows, {}. {}\n",
                     counted(std::max<std::int64_t>(0, integer_of(plan, "total_tables")), "table"),
                     estimate(integer_of(plan, "rows_estimate")),
                     bytes(integer_of(plan, "bytes_estimate")),
                     problems.empty() ? "Nothing stands in the way."
                                      : "migrate would refuse this; nothing would be changed.");
  return out;
}

std::string report_discovery(const json::object& discovery) {
  std::string out = product(discovery) + "\n\n";
  TextTable tables({"TABLE", "KIND", "ROWS", "SIZE", "COLUMNS", "KEY"}, {2, 3, 4});
  std::string refused;
  for (const json::value& item : array_of(discovery, "tables")) {
    const json::object& table = item.as_object();
    std::string key;
    for (const json::value& column : array_of(table, "key")) {
      key += (key.empty() ? "" : ", ") + terminal_safe(column.as_string());
    }
    tables.add({text_of(table, "table"), text_of(table, "kind"),
                estimate(integer_of(table, "rows_estimate")),
                bytes(integer_of(table, "bytes_estimate")),
                std::to_string(array_of(table, "columns").size()), key.empty() ? "-" : key});
    if (const std::string refusal = text_of(table, "refusal"); !refusal.empty()) {
      refused += message_lines(text_of(table, "table") + ": " + refusal, "  - ");
    }
  }
  out += tables.empty() ? "No tables.\n" : tables.text();
  if (!refused.empty()) out += "\nCannot be read:\n" + refused;
  return out;
}

namespace {

// "postgresql://app@db/shop" of one side of a stored request.
std::string side_of(const json::object& request, std::string_view type, std::string_view member) {
  Endpoint endpoint;
  endpoint.adapter = text_of(request, type);
  endpoint.config = object_of(request, member);
  return terminal_safe(display_endpoint(endpoint));
}

json::object parsed(const std::string& text) {
  json::error_code failure;
  json::value value = json::parse(text, failure);
  if (failure || !value.is_object()) return {};
  return std::move(value.get_object());
}

std::string took(const JobRecord& job) {
  if (job.started_ms <= 0 || job.finished_ms < job.started_ms) return "-";
  return human_duration(static_cast<double>(job.finished_ms - job.started_ms) / 1000);
}

}  // namespace

json::object job_json(const JobRecord& job) {
  json::object out{{"job_id", job.id},
                   {"state", to_text(job.state)},
                   {"created_ms", job.created_ms},
                   {"started_ms", job.started_ms},
                   {"finished_ms", job.finished_ms},
                   {"request", parsed(job.request)}};
  if (!job.result.empty()) out["result"] = parsed(job.result);
  return out;
}

json::object table_record_json(const TableRecord& table) {
  json::object out{{"table", table.table},
                   {"target", table.target},
                   {"state", to_text(table.state)},
                   {"rows_read", table.rows_read},
                   {"rows_written", table.rows_written},
                   {"rows_rejected", table.rows_rejected},
                   {"bytes", table.bytes}};
  if (!table.error.empty()) out["error"] = parsed(table.error);
  return out;
}

json::object reject_json(const RejectRecord& reject) {
  return {{"table", reject.table},
          {"column", reject.column},
          {"reason", reject.reason},
          {"key", reject.key},
          {"row", parsed(reject.row)}};
}

std::string report_jobs(const std::vector<JobRecord>& jobs) {
  if (jobs.empty()) return "No jobs yet.\n";
  TextTable table({"JOB", "STATE", "CREATED", "TIME", "FROM", "TO"}, {3});
  for (const JobRecord& job : jobs) {
    const json::object request = parsed(job.request);
    table.add({job.id, std::string(to_text(job.state)), when(job.created_ms), took(job),
               side_of(request, "source_type", "source"),
               side_of(request, "dest_type", "destination")});
  }
  return table.text();
}

std::string report_job(const JobRecord& job, const std::vector<TableRecord>& tables,
                       const std::vector<RejectRecord>& rejects) {
  const json::object request = parsed(job.request);
  std::string out = fmt::format(
      "Job:     {}\nState:   {}\nCreated: {}\nTime:    {}\nFrom:    {}\nTo:      {}\n\n", job.id,
      to_text(job.state), when(job.created_ms), took(job),
      side_of(request, "source_type", "source"), side_of(request, "dest_type", "destination"));
  TextTable table({"TABLE", "TARGET", "STATE", "READ", "WRITTEN", "REJECTED"}, {3, 4, 5});
  for (const TableRecord& one : tables) {
    table.add({terminal_safe(one.table), terminal_safe(one.target), std::string(to_text(one.state)),
               grouped(one.rows_read), grouped(one.rows_written), grouped(one.rows_rejected)});
  }
  if (!table.empty()) out += table.text() + "\n";
  if (!rejects.empty()) {
    out += "Rejected rows:\n";
    for (const RejectRecord& reject : rejects) {
      out += message_lines(fmt::format("{} key {} column {}: {}\n{}", reject.table, reject.key,
                                       reject.column, reject.reason, reject.row),
                           "  - ");
    }
    out += "\n";
  }
  if (!job.result.empty()) out += report_result(parsed(job.result));
  return out;
}

namespace {

std::string fields_text(const ConfigSpec& spec) {
  std::string out;
  for (const ConfigField& field : spec.fields()) {
    std::string facts;
    if (field.required) facts += ", required";
    if (field.kind == FieldKind::secret) facts += ", secret";
    if (field.fallback && !field.fallback->is_null()) {
      facts +=
          ", default " + (field.fallback->is_string() ? std::string(field.fallback->get_string())
                                                      : json::serialize(*field.fallback));
    }
    std::string choices;
    for (const std::string& choice : field.choices) {
      choices += (choices.empty() ? ", one of " : ", ") + choice;
    }
    std::string aliases;
    for (const std::string& alias : field.aliases) {
      aliases += (aliases.empty() ? ", also called " : ", ") + alias;
    }
    facts += choices + aliases;
    out += "  " + field.name + (facts.empty() ? "" : " (" + facts.substr(2) + ")") + "\n      " +
           wrap(field.description, kWidth, 6) + "\n";
  }
  return out;
}

template <typename Entry>
json::object entry_json(const Entry& entry) {
  json::object out{{"name", entry.name},
                   {"title", entry.title},
                   {"aliases", json::value_from(entry.aliases)},
                   {"versions", entry.versions},
                   {"config", entry.spec.json_schema()}};
  if (!entry.options.fields().empty()) out["options"] = entry.options.json_schema();
  return out;
}

template <typename Entry>
std::string details(const Entry& entry, std::string_view kind) {
  std::string out = fmt::format("{} as a {} ({}), versions {}\n", entry.title, kind, entry.name,
                                entry.versions.empty() ? "any" : entry.versions);
  out += fields_text(entry.spec);
  if (!entry.options.fields().empty()) {
    out += fmt::format("\nOptions under `{}`:\n", entry.name) + fields_text(entry.options);
  }
  return out;
}

template <typename Entry>
const Entry* entry_called(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::ranges::find_if(entries, [&](const Entry& entry) {
    return entry.name == name || std::ranges::find(entry.aliases, name) != entry.aliases.end();
  });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

json::object adapters_json(const Registry& registry) {
  json::array sources, destinations;
  for (const SourceEntry& entry : registry.sources()) sources.push_back(entry_json(entry));
  for (const DestinationEntry& entry : registry.destinations()) {
    destinations.push_back(entry_json(entry));
  }
  return {{"sources", std::move(sources)}, {"destinations", std::move(destinations)}};
}

std::string report_adapters(const Registry& registry, const std::string& name) {
  if (!name.empty()) {
    const std::string folded = lower(name);
    const SourceEntry* const source = entry_called(registry.sources(), folded);
    const DestinationEntry* const destination = entry_called(registry.destinations(), folded);
    std::string out;
    if (source != nullptr) out += details(*source, "source");
    if (source != nullptr && destination != nullptr) out += "\n";
    if (destination != nullptr) out += details(*destination, "destination");
    if (!out.empty()) return out;
    std::vector<std::string> known;
    for (const SourceEntry& entry : registry.sources()) known.push_back(entry.name);
    for (const DestinationEntry& entry : registry.destinations()) known.push_back(entry.name);
    throw config_error("config.adapter.unknown", "unknown adapter '" + printable(name, 60) + "'" +
                                                     did_you_mean(folded, known))
        .hint("penstock adapters lists them");
  }
  TextTable table({"NAME", "SYSTEM", "KIND", "VERSIONS"});
  for (const SourceEntry& entry : registry.sources()) {
    table.add({entry.name, entry.title, "source", entry.versions});
  }
  for (const DestinationEntry& entry : registry.destinations()) {
    table.add({entry.name, entry.title, "destination", entry.versions});
  }
  return table.text() + "\npenstock adapters NAME shows the fields of one.\n";
}

namespace {

void write_pretty(const json::value& value, std::size_t depth, std::string& out) {
  const std::string inner((depth + 1) * 2, ' '), outer(depth * 2, ' ');
  bool first = true;
  const auto next = [&] {
    out += first ? "\n" : ",\n";
    out += inner;
    first = false;
  };
  if (value.is_object() && !value.get_object().empty()) {
    out += "{";
    for (const auto& [name, item] : value.get_object()) {
      next();
      out += json::serialize(json::string(name)) + ": ";
      write_pretty(item, depth + 1, out);
    }
    out += "\n" + outer + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    out += "[";
    for (const json::value& item : value.get_array()) {
      next();
      write_pretty(item, depth + 1, out);
    }
    out += "\n" + outer + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string pretty(const json::value& value) {
  std::string out;
  write_pretty(value, 0, out);
  return out + "\n";
}

}  // namespace penstock
