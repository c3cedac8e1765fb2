#include "cli/job_request.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "cli/yaml_job.h"
#include "core/text.h"

namespace penstock {

namespace {

bool has_password_field(const ConfigSpec& spec) {
  return std::ranges::any_of(spec.fields(), [](const ConfigField& field) {
    return field.name == "password" && field.kind == FieldKind::secret;
  });
}

bool has_password(const Endpoint& endpoint, const ConfigSpec& spec) {
  for (const ConfigField& field : spec.fields()) {
    if (field.name != "password") continue;
    if (endpoint.config.contains("password")) return true;
    return std::ranges::any_of(
        field.aliases, [&](const std::string& alias) { return endpoint.config.contains(alias); });
  }
  return false;
}

// The endpoint under `member` of a job file: a URL, or fields together with `type_member`.
Endpoint endpoint_of(const json::object& body, const std::string& member,
                     const std::string& type_member, const auto& parse_url) {
  Endpoint endpoint;
  const json::value* const type = body.if_contains(type_member);
  if (type != nullptr && type->is_string()) endpoint.adapter = std::string(type->get_string());
  const json::value* const value = body.if_contains(member);
  if (value == nullptr || !value->is_string()) {
    if (value != nullptr && value->is_object()) endpoint.config = value->get_object();
    return endpoint;
  }
  Endpoint parsed = parse_url(std::string_view(value->get_string()));
  if (!endpoint.adapter.empty() && lower(endpoint.adapter) != parsed.adapter) {
    throw config_error("config.usage.conflict", type_member + ": says '" +
                                                    printable(endpoint.adapter, 40) + "' but the " +
                                                    member + " URL says '" + parsed.adapter + "'");
  }
  return parsed;
}

json::object read_job(const CommandLine& line) {
  if (looks_like_url(line.from) && !std::filesystem::exists(line.from)) {
    throw config_error("config.usage.missing", "the destination is missing")
        .hint("penstock " + line.verb + " FROM TO, for example: penstock " + line.verb + " " +
              mask_secrets(line.from) + " clickhouse:./warehouse");
  }
  return load_yaml_job(line.from);
}

void merge_options(json::object& body, const json::object& flags) {
  if (flags.empty()) return;
  json::value& options = body["options"];
  if (options.is_null()) options = json::object();
  if (!options.is_object()) return;  // parse_request says what is wrong with it
  for (const auto& [name, value] : flags) {
    json::value& slot = options.get_object()[name];
    if (value.is_object() && slot.is_object()) {
      for (const auto& [key, inner] : value.get_object()) slot.get_object()[key] = inner;
    } else {
      slot = value;
    }
  }
}

}  // namespace

void add_password(Endpoint& endpoint, const ConfigSpec& spec, const std::string& where,
                  const AskPassword& ask) {
  if (!has_password_field(spec) || has_password(endpoint, spec)) return;
  if (endpoint.config.contains("path")) return;  // a folder: there is nobody to log in to
  const std::string variable =
      where == "source" ? "PENSTOCK_SOURCE_PASSWORD" : "PENSTOCK_DESTINATION_PASSWORD";
  if (std::getenv(variable.c_str()) != nullptr) {
    endpoint.config["password"] = json::object{{"env", variable}};
  } else if (ask) {
    endpoint.config["password"] =
        json::string(ask("Password of the " + where + " " + display_endpoint(endpoint) + ":"));
  }
}

json::object build_request(const CommandLine& line, const Registry& registry,
                           const AskPassword& ask) {
  if (line.incremental) {
    throw config_error("config.option.unavailable", "--incremental: not available in this version")
        .hint("leave it out: a full run replaces what an earlier run made, atomically");
  }
  const auto source_url = [&](std::string_view url) { return parse_source_url(url, registry); };
  const auto destination_url = [&](std::string_view url) {
    return parse_destination_url(url, registry);
  };
  json::object body;
  Endpoint source, destination;
  if (line.to.empty()) {
    body = read_job(line);
    source = endpoint_of(body, "source", "source_type", source_url);
    destination = endpoint_of(body, "destination", "dest_type", destination_url);
  } else {
    source = source_url(line.from);
    destination = destination_url(line.to);
  }
  if (!source.adapter.empty()) {
    add_password(source, registry.source(source.adapter, "source_type").spec, "source", ask);
    body["source_type"] = source.adapter;
    if (!body.contains("source") || !body["source"].is_array()) body["source"] = source.config;
  }
  if (!destination.adapter.empty()) {
    add_password(destination, registry.destination(destination.adapter, "dest_type").spec,
                 "destination", ask);
    body["dest_type"] = destination.adapter;
    if (!body.contains("destination") || !body["destination"].is_array()) {
      body["destination"] = destination.config;
    }
  }
  if (!line.tables.empty()) body["tables"] = json::value_from(line.tables);
  merge_options(body, line.options);
  return body;
}

}  // namespace penstock
