#include "service/openapi.h"

#include "core/error.h"
#include "core/text.h"
#include "engine/request.h"

namespace penstock {

namespace {

const char* const kSchemas = "#/components/schemas/";

json::object reference(const std::string& component) {
  return {{"$ref", kSchemas + component}};
}

json::object described(std::string_view type, std::string_view description) {
  return {{"type", type}, {"description", description}};
}

json::object list_of(json::object items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

json::object object_of(json::object properties, json::array required = {}) {
  json::object out{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

template <typename Entry>
void add_names(json::array& list, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) list.emplace_back(entry.name);
}

json::object job_state() {
  return {{"type", "string"},
          {"enum", {"queued", "running", "succeeded", "failed", "cancelled", "interrupted"}}};
}

json::object time() {
  return {{"type", {"string", "null"}}, {"format", "date-time"}};
}

json::object error_schema() {
  return object_of({{"error", described("string", "What went wrong, for people")},
                    {"error_type", described("string", "A stable dotted code, for programs")},
                    {"side",
                     {{"type", "string"},
                      {"enum", {"source", "destination", "config", "engine"}},
                      {"description", "Whose fault it is"}}},
                    {"retryable", described("boolean", "Whether the same may work later")},
                    {"hint", described("string", "What to do next")},
                    {"native", described("string", "The server's own code, such as an SQLSTATE")},
                    {"table", {{"type", "string"}}},
                    {"split", {{"type", "string"}}},
                    {"column", {{"type", "string"}}},
                    {"row", {{"type", "string"}}}},
                   {"error", "error_type"});
}

json::object connection_test_schema(const Registry& registry) {
  json::array names;
  add_names(names, registry.sources());
  add_names(names, registry.destinations());
  return object_of({{"type", {{"type", "string"}, {"enum", {"source", "destination"}}}},
                    {"adapter_type", {{"type", "string"}, {"examples", std::move(names)}}},
                    {"config", described("object", "As source or destination of a migration")}},
                   {"type", "adapter_type", "config"});
}

json::object result_schema() {
  const json::object migrated = object_of({{"table", {{"type", "string"}}},
                                           {"target", {{"type", "string"}}},
                                           {"records", {{"type", "integer"}}}},
                                          {"table", "records"});
  const json::object failed = object_of({{"table", {{"type", "string"}}},
                                         {"error", {{"type", "string"}}},
                                         {"error_type", {{"type", "string"}}}},
                                        {"table", "error", "error_type"});
  return object_of({{"success", {{"type", "boolean"}}},
                    {"job_id", {{"type", "string"}}},
                    {"state", job_state()},
                    {"total_tables", {{"type", "integer"}}},
                    {"tables_migrated", list_of(migrated)},
                    {"tables_failed", list_of(failed)},
                    {"errors", list_of({})}},
                   {"success", "job_id", "state"});
}

json::object summary_properties() {
  return {{"job_id", {{"type", "string"}}},
          {"state", job_state()},
          {"source_type", {{"type", "string"}}},
          {"dest_type", {{"type", "string"}}},
          {"created_at", time()},
          {"started_at", time()},
          {"finished_at", time()},
          {"location", {{"type", "string"}}}};
}

json::object job_schema() {
  json::object properties = summary_properties();
  properties["request"] = described("object", "As given, without secrets");
  properties["progress"] = described("object", "The newest progress event, while the job runs");
  properties["result"] = reference("MigrationResult");
  properties["tables"] = list_of(object_of({{"table", {{"type", "string"}}},
                                            {"target", {{"type", "string"}}},
                                            {"state", {{"type", "string"}}},
                                            {"rows_read", {{"type", "integer"}}},
                                            {"rows_written", {{"type", "integer"}}},
                                            {"rows_rejected", {{"type", "integer"}}},
                                            {"bytes", {{"type", "integer"}}},
                                            {"error", reference("Error")}}));
  return object_of(std::move(properties), {"job_id", "state"});
}

json::object adapter_schema() {
  return object_of(
      {{"name", {{"type", "string"}}},
       {"title", {{"type", "string"}}},
       {"aliases", list_of({{"type", "string"}})},
       {"versions", described("string", "Servers it is made for")},
       {"config", described("object", "JSON Schema of the connection's fields")},
       {"options", described("object", "JSON Schema of a destination's own options")}});
}

json::object components(const Registry& registry) {
  const json::object texts = list_of({{"type", "string"}});
  return {
      {"Any", {{"type", "object"}}},
      {"Error", error_schema()},
      {"Health", object_of({{"status", {{"const", "healthy"}}},
                            {"service", {{"const", "universal_migration_service"}}},
                            {"version", {{"type", "string"}}},
                            {"available_sources", texts},
                            {"available_destinations", texts}})},
      {"Adapters", object_of({{"sources", list_of(adapter_schema())},
                              {"destinations", list_of(adapter_schema())}})},
      {"ConnectionTest", connection_test_schema(registry)},
      {"ConnectionTestResult",
       object_of({{"valid", {{"type", "boolean"}}},
                  {"error", described("string", "Why not, when valid is false")},
                  {"error_type", {{"type", "string"}}},
                  {"hint", {{"type", "string"}}}},
                 {"valid"})},
      {"MigrationRequest", request_schema(registry)},
      {"MigrationResult", result_schema()},
      {"JobReference", object_of({{"job_id", {{"type", "string"}}},
                                  {"state", job_state()},
                                  {"location", {{"type", "string"}}}},
                                 {"job_id", "state", "location"})},
      {"JobList", object_of({{"jobs", list_of(object_of(summary_properties()))}}, {"jobs"})},
      {"Job", job_schema()},
      {"EventStream",
       described("string", "id, event and data lines; data is a JSON object with job and time_ms")},
  };
}

json::object content(const std::string& component, const json::object& known) {
  if (!known.contains(component)) {
    throw Error(Side::engine, "engine.internal", "no component " + component);
  }
  const char* const media = component == "EventStream" ? "text/event-stream" : "application/json";
  return {{media, {{"schema", reference(component)}}}};
}

json::object operation(const Route& route, const json::object& known) {
  json::object out{{"operationId", route.operation}, {"summary", route.summary}};
  json::array parameters;
  for (const RouteParameter& one : route.parameters) {
    parameters.push_back({{"name", one.name},
                          {"in", one.in},
                          {"required", one.in == "path"},
                          {"description", one.description},
                          {"schema", one.schema}});
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (!route.body.empty()) {
    out["requestBody"] = {{"required", true}, {"content", content(route.body, known)}};
  }
  json::object responses;
  for (const RouteResponse& one : route.responses) {
    json::object response{{"description", one.description}};
    if (!one.schema.empty()) response["content"] = content(one.schema, known);
    responses[std::to_string(one.status)] = std::move(response);
  }
  out["responses"] = std::move(responses);
  return out;
}

}  // namespace

json::object openapi_document(const RouteTable& routes, const Registry& registry,
                              const std::string& version) {
  json::object schemas = components(registry);
  json::object paths;
  for (const Route& route : routes.routes()) {
    json::value& path = paths[route.pattern];
    if (path.is_null()) path = json::object();
    path.as_object()[lower(route.method)] = operation(route, schemas);
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "penstock"},
            {"version", version},
            {"summary", "Moves data from any supported source into any supported destination"},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", std::move(schemas)}}}};
}

}  // namespace penstock
