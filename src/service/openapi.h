// Builds the OpenAPI document from the route table and the adapters' own declarations.
#pragma once

#include <string>

#include "contract/registry.h"
#include "service/routes.h"

namespace penstock {

// An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0). Throws Error "engine.internal"
// when a route names a component that does not exist.
json::object openapi_document(const RouteTable& routes, const Registry& registry,
                              const std::string& version);

}  // namespace penstock
