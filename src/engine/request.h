// One migration as a client asks for it: the body of POST /migrate and POST /plan, and what the
// command line makes of its arguments.
#pragma once

#include <string>
#include <vector>

#include "contract/registry.h"
#include "engine/options.h"

namespace penstock {

struct MigrationRequest {
  const SourceEntry* source_entry = nullptr;  // in the registry, which outlives requests
  const DestinationEntry* destination_entry = nullptr;
  Config source, destination;
  std::vector<std::string> tables;  // globs, `!` excludes; empty: all
  Options options;
  json::object redacted;    // the request as given, secrets masked
  std::string fingerprint;  // equal for requests that mean the same job
};

// Checks the whole body. Throws config_error with the field's name; unknown members are refused
// with the nearest known one. `operation_type` other than "full" is refused as unavailable.
MigrationRequest parse_request(const json::value& body, const Registry& registry);

// The members parse_request knows, as JSON Schema, for OpenAPI.
json::object request_schema(const Registry& registry);

}  // namespace penstock
