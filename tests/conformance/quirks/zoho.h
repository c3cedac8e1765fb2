// Zoho CRM in the conformance suite: the simulated one. What its values become is tested in
// tests/unit/zoho (the type table) and tests/integration/zoho (every field of every module).
#pragma once

#include "adapters/sources/zoho.h"
#include "conformance/suite.h"
#include "core/text.h"
#include "servers/zoho/local_server.h"

namespace penstock::testing {

inline SourceQuirks zoho_source_quirks() {
  const auto fill = [](std::vector<SourceTable>& tables) {
    static const zoho_sim::LocalZoho crm({.records = 2'000});
    for (const char* name : {"Deals", "Every_Type", "Quoted_Items"}) {
      tables.push_back({.table = "zoho_" + lower(name),
                        .count = static_cast<std::int64_t>(crm.dump(name).size())});
    }
    tables.push_back({.table = "zoho_org", .count = 1});
    tables.push_back(
        {.table = "zoho_users", .count = static_cast<std::int64_t>(zoho_sim::users().size())});
    json::object config = crm.source();
    config["modules"] = json::array{"Deals", "Every_Type", "Quoted_*"};
    return config;
  };
  return {.name = "zoho", .entry = zoho_source(), .fill = fill, .waivers = {}};
}

}  // namespace penstock::testing
