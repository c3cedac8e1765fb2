#include "engine/request.h"

#include <algorithm>
#include <map>

#include "core/text.h"

namespace penstock {

namespace {

const std::vector<std::string>& known_members() {
  static const std::vector<std::string> names = {"source_type", "dest_type",      "source",
                                                 "destination", "operation_type", "last_sync_time",
                                                 "tables",      "options",        "async"};
  return names;
}

std::string required_text(const json::object& body, std::string_view name) {
  const json::value* const value = body.if_contains(name);
  if (value == nullptr || value->is_null()) {
    throw config_error("config.field.missing", std::string(name) + ": is required");
  }
  if (!value->is_string()) {
    throw config_error("config.field.type", std::string(name) + ": must be text");
  }
  return std::string(value->get_string());
}

json::object section(const json::object& body, std::string_view name, bool required) {
  const json::value* const value = body.if_contains(name);
  if (value == nullptr || value->is_null()) {
    if (!required) return {};
    throw config_error("config.field.missing", std::string(name) + ": is required");
  }
  if (!value->is_object()) {
    throw config_error("config.field.type", std::string(name) + ": must be an object");
  }
  return value->get_object();
}

std::vector<std::string> table_globs(const json::object& body) {
  std::vector<std::string> globs;
  const json::value* const value = body.if_contains("tables");
  if (value == nullptr || value->is_null()) return globs;
  if (!value->is_array()) {
    throw config_error("config.field.type", "tables: must be a list of table patterns");
  }
  for (const json::value& item : value->get_array()) {
    if (!item.is_string() || trim(item.get_string()).empty()) {
      throw config_error("config.field.type", "tables: must be a list of table patterns");
    }
    globs.emplace_back(trim(item.get_string()));
  }
  return globs;
}

void check_operation(const json::object& body) {
  const json::value* const value = body.if_contains("operation_type");
  std::string operation = "full";
  if (value != nullptr && !value->is_null()) {
    if (!value->is_string()) {
      throw config_error("config.field.type", "operation_type: must be text");
    }
    operation = lower(value->get_string());
  }
  if (operation == "incremental") {
    throw config_error("config.option.unavailable",
                       "operation_type: incremental runs are not available in this version")
        .hint("use operation_type \"full\"");
  }
  if (operation != "full") {
    const std::vector<std::string> known = {"full", "incremental"};
    throw config_error("config.field.choice", "operation_type: '" + printable(operation, 40) +
                                                  "' is neither full nor incremental" +
                                                  did_you_mean(operation, known));
  }
  const json::value* const since = body.if_contains("last_sync_time");
  if (since != nullptr && !since->is_null()) {
    throw config_error("config.option.unavailable",
                       "last_sync_time: belongs to incremental runs, which are not available in "
                       "this version");
  }
}

// The same values with members in one order: how a client wrote them does not matter.
json::value sorted(const json::value& value) {
  if (value.is_array()) {
    json::array out;
    for (const json::value& item : value.get_array()) out.push_back(sorted(item));
    return out;
  }
  if (!value.is_object()) return value;
  std::map<std::string_view, const json::value*> members;
  for (const auto& [name, member] : value.get_object()) members.emplace(name, &member);
  json::object out;
  for (const auto& [name, member] : members) out[name] = sorted(*member);
  return out;
}

void check_async(const json::object& body) {
  const json::value* const value = body.if_contains("async");
  if (value != nullptr && !value->is_null() && !value->is_bool()) {
    throw config_error("config.field.type", "async: must be true or false");
  }
}

std::string fingerprint_of(const MigrationRequest& request, const json::object& options) {
  json::object all;
  all["source_type"] = request.source_entry->name;
  all["source"] = request.source.identity();
  all["dest_type"] = request.destination_entry->name;
  all["destination"] = request.destination.identity();
  all["tables"] = json::value_from(request.tables);
  json::object kept = options;
  // These change how a job runs, not what it makes.
  for (const std::string_view name : {"parallel", "memory", "resume", "split_size"}) {
    kept.erase(name);
  }
  all["options"] = sorted(kept);
  return hex64(stable_hash(json::serialize(all)));
}

}  // namespace

MigrationRequest parse_request(const json::value& body, const Registry& registry) {
  if (!body.is_object()) {
    throw config_error("config.body", "the request must be a JSON object");
  }
  const json::object& object = body.get_object();
  for (const auto& [name, value] : object) {
    if (std::ranges::find(known_members(), std::string_view(name)) == known_members().end()) {
      throw config_error("config.field.unknown", printable(name, 60) + ": unknown field" +
                                                     did_you_mean(name, known_members()));
    }
  }
  MigrationRequest request;
  request.source_entry = &registry.source(required_text(object, "source_type"), "source_type");
  request.destination_entry =
      &registry.destination(required_text(object, "dest_type"), "dest_type");
  check_operation(object);
  check_async(object);
  request.source = request.source_entry->spec.parse(section(object, "source", true), "source");
  request.destination =
      request.destination_entry->spec.parse(section(object, "destination", true), "destination");
  request.tables = table_globs(object);
  const json::object options = section(object, "options", false);
  request.options = parse_options(options, *request.destination_entry);
  request.redacted = {{"source_type", request.source_entry->name},
                      {"dest_type", request.destination_entry->name},
                      {"source", request.source.redacted()},
                      {"destination", request.destination.redacted()},
                      {"operation_type", "full"},
                      {"tables", json::value_from(request.tables)},
                      {"options", options}};
  request.fingerprint = fingerprint_of(request, options);
  return request;
}

json::object request_schema(const Registry& registry) {
  const auto names = [](const auto& entries) {
    json::array list;
    for (const auto& entry : entries) list.emplace_back(entry.name);
    return list;
  };
  const auto schemas = [](const auto& entries) {
    json::array list;
    for (const auto& entry : entries) {
      json::object schema = entry.spec.json_schema();
      schema["title"] = entry.title;
      list.push_back(std::move(schema));
    }
    return list;
  };
  json::object options = option_spec().json_schema();
  for (const DestinationEntry& entry : registry.destinations()) {
    options["properties"].as_object()[entry.name] = entry.options.json_schema();
  }
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", {"source_type", "dest_type", "source", "destination"}},
          {"properties",
           {{"source_type", {{"type", "string"}, {"enum", names(registry.sources())}}},
            {"dest_type", {{"type", "string"}, {"enum", names(registry.destinations())}}},
            {"source", {{"anyOf", schemas(registry.sources())}}},
            {"destination", {{"anyOf", schemas(registry.destinations())}}},
            {"operation_type",
             {{"type", "string"}, {"enum", {"full", "incremental"}}, {"default", "full"}}},
            {"last_sync_time",
             {{"type", "string"},
              {"format", "date-time"},
              {"description", "For incremental runs; refused while they are unavailable."}}},
            {"tables",
             {{"type", "array"},
              {"items", {{"type", "string"}}},
              {"description",
               "Patterns such as public.* or orders; ! excludes. Absent or empty: every table."}}},
            {"async", {{"type", "boolean"}, {"default", false}}},
            {"options", std::move(options)}}}};
}

}  // namespace penstock
