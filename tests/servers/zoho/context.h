// What every handler of the API is given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "servers/zoho/auth.h"
#include "servers/zoho/call.h"
#include "servers/zoho/crm.h"
#include "servers/zoho/limits.h"
#include "servers/zoho/settings.h"

namespace penstock::zoho_sim {

// One call under way. Its credits are spent before the handler runs, but for COQL, whose price
// depends on the query.
struct Context {
  const Crm& crm;
  Settings settings;
  const Call& call;
  Grant grant;
  Limits& limits;
  Limits::InFlight& in_flight;
  std::uint64_t token_key;  // of page tokens
};

// The module, if this user may read its records; else the error the real service gives: unknown or
// unsupported modules INVALID_MODULE, others by their group (zoho.md 2.3). `path_index` is where
// the path names it. Checks the scope modules.READ.
const Module& readable_module(const Context& context, std::string_view name, int path_index);

// The fields of a comma list; names that don't exist are left out, as the real service does. With
// `collections` false, so are subforms and multi-select lookups.
std::vector<const FieldSpec*> fields_named(const ModuleSpec& module, std::string_view list,
                                           bool collections);

// {"name":..,"id":..} of a user.
json::object user_json(std::size_t index);
// Local time with offset, as every answer shows it.
std::string time_text(const Crm& crm, std::int64_t unix_seconds);

// `"key":value,...` of the fields and "id", with the braces.
void append_record(std::string& out, const Crm& crm, const Module& module, const Row& row,
                   const std::vector<const FieldSpec*>& fields, const Style& style);

}  // namespace penstock::zoho_sim
