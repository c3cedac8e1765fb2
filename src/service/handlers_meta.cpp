// Handlers about the service itself and about connections: no job involved.
#include <algorithm>

#include "contract/registry.h"
#include "core/text.h"
#include "service/error_status.h"
#include "service/service_context.h"

namespace penstock {

namespace {

namespace asio = boost::asio;

template <typename Entry>
json::array names(const std::vector<Entry>& entries) {
  json::array list;
  for (const Entry& entry : entries) list.emplace_back(entry.name);
  return list;
}

asio::awaitable<Reply> health(ServiceContext& context, Request) {
  const Registry& registry = context.manager.registry();
  Reply reply;
  reply.body = json::object{{"status", "healthy"},
                            {"service", "universal_migration_service"},
                            {"version", context.version},
                            {"available_sources", names(registry.sources())},
                            {"available_destinations", names(registry.destinations())}};
  co_return reply;
}

template <typename Entry>
json::object describe(const Entry& entry) {
  json::object out{{"name", entry.name}, {"title", entry.title}};
  out["aliases"] = json::value_from(entry.aliases);
  out["versions"] = entry.versions;
  out["config"] = entry.spec.json_schema();
  return out;
}

asio::awaitable<Reply> adapters(ServiceContext& context, Request) {
  const Registry& registry = context.manager.registry();
  json::array sources, destinations;
  for (const SourceEntry& entry : registry.sources()) sources.push_back(describe(entry));
  for (const DestinationEntry& entry : registry.destinations()) {
    json::object one = describe(entry);
    one["options"] = entry.options.json_schema();
    destinations.push_back(std::move(one));
  }
  Reply reply;
  reply.body =
      json::object{{"sources", std::move(sources)}, {"destinations", std::move(destinations)}};
  co_return reply;
}

asio::awaitable<Reply> openapi(ServiceContext& context, Request) {
  Reply reply;
  reply.body = context.openapi;
  co_return reply;
}

const json::value& member(const json::object& body, std::string_view name) {
  const json::value* const value = body.if_contains(name);
  if (value == nullptr || value->is_null()) {
    throw config_error("config.field.missing", std::string(name) + ": is required");
  }
  return *value;
}

std::string text_member(const json::object& body, std::string_view name) {
  const json::value& value = member(body, name);
  if (!value.is_string()) {
    throw config_error("config.field.type", std::string(name) + ": must be text");
  }
  return std::string(value.get_string());
}

// A checked body of POST /test-connection; exactly one entry is set.
struct ConnectionTest {
  const SourceEntry* source = nullptr;
  const DestinationEntry* destination = nullptr;
  Config config;
};

ConnectionTest parse_test(const json::value& body, const Registry& registry) {
  const std::vector<std::string> known = {"type", "adapter_type", "config"};
  if (!body.is_object()) {
    throw config_error("config.body", "the request must be a JSON object");
  }
  for (const auto& [name, value] : body.get_object()) {
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      throw config_error("config.field.unknown",
                         printable(name, 60) + ": unknown field" + did_you_mean(name, known));
    }
  }
  const std::string type = lower(text_member(body.get_object(), "type"));
  const std::string adapter = text_member(body.get_object(), "adapter_type");
  const json::value& config = member(body.get_object(), "config");
  if (!config.is_object()) throw config_error("config.field.type", "config: must be an object");
  ConnectionTest test;
  if (type == "source") {
    test.source = &registry.source(adapter, "adapter_type");
    test.config = test.source->spec.parse(config.get_object(), "config");
  } else if (type == "destination") {
    test.destination = &registry.destination(adapter, "adapter_type");
    test.config = test.destination->spec.parse(config.get_object(), "config");
  } else {
    const std::vector<std::string> types = {"source", "destination"};
    throw config_error("config.field.choice", "type: '" + printable(type, 40) +
                                                  "' is neither source nor destination" +
                                                  did_you_mean(type, types));
  }
  return test;
}

// The answer to a connection that was tried: whatever went wrong is the answer, not a failure.
Reply try_connection(JobManager& manager, const ConnectionTest& test, const CancelToken& cancel) {
  Reply reply;
  try {
    if (test.source != nullptr) manager.test_source(*test.source, test.config, cancel);
    if (test.destination != nullptr) {
      manager.test_destination(*test.destination, test.config, cancel);
    }
    reply.body = json::object{{"valid", true}};
  } catch (...) {
    const Error error = current_error();
    if (error.side() == Side::engine) throw;  // ours: says nothing about the connection
    json::object answer{{"valid", false}};
    for (auto& [name, value] : to_json(error)) answer[name] = value;
    reply.body = std::move(answer);
  }
  return reply;
}

asio::awaitable<Reply> test_connection(ServiceContext& context, Request request) {
  const ConnectionTest test = parse_test(request.body, context.manager.registry());
  co_return co_await context.remote.run(
      [&] { return try_connection(context.manager, test, context.stop); });
}

const char* const kError = "Error";

}  // namespace

std::vector<Route> meta_routes() {
  return {
      {.method = "GET",
       .pattern = "/health",
       .operation = "health",
       .summary = "Whether the service runs, and which adapters it has",
       .responses = {{200, "It runs", "Health"}},
       .handler = health},
      {.method = "GET",
       .pattern = "/adapters",
       .operation = "listAdapters",
       .summary = "Sources and destinations with the fields of their configuration as JSON Schema",
       .responses = {{200, "All adapters", "Adapters"}},
       .handler = adapters},
      {.method = "POST",
       .pattern = "/test-connection",
       .operation = "testConnection",
       .summary = "Connects and disconnects; a failed attempt is an answer, not an error",
       .body = "ConnectionTest",
       .responses = {{200, "The attempt was made", "ConnectionTestResult"},
                     {400, "The request is malformed; error names the field", kError},
                     {503, "Too many such requests at once", kError}},
       .handler = test_connection},
      {.method = "GET",
       .pattern = "/openapi.json",
       .operation = "openapi",
       .summary = "This document",
       .responses = {{200, "An OpenAPI 3.1 document", "Any"}},
       .handler = openapi},
  };
}

}  // namespace penstock
