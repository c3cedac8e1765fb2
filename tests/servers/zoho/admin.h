// The commands of tests, under /__admin: JSON in, JSON out, {"error": ...} with status 400.
//   GET  settings, stats            POST settings {name: value}
//   POST clock   {"stop_at" | "run_from": "2024-05-01T00:00:00Z" | "advance": seconds}
//   POST records {"module", "insert": [{...}], "update": [{"id", ...}], "delete": ["id"],
//                 "permanent": bool, "restore": ["id"], "recalculate": true} -> {"inserted": [id]}
//   POST fields  {"module", "line": "New_Field text len=40"}: NULL in records not changed since
//   POST picklists {"module", "field", "value"}
//   POST grants  {"scope", "admin", "api_access"} -> {"refresh_token"}
//   POST tokens  {}: all access tokens expire
//   POST faults  (faults.h)         DELETE faults
//   GET  dump?module=Leads: a line of JSON per record, canonical: every field but collections,
//        times in UTC, rich text whole, converted leads included
#pragma once

#include <cstdint>

#include "servers/zoho/auth.h"
#include "servers/zoho/crm.h"
#include "servers/zoho/faults.h"
#include "servers/zoho/limits.h"
#include "servers/zoho/settings.h"

namespace penstock::zoho_sim {

// What commands work on.
struct AdminTarget {
  Crm& crm;
  SharedSettings& settings;
  Auth& auth;
  Limits& limits;
  Faults& faults;
};

// `command`: the path's second segment. Takes the Crm's mutex. Not for the stats, which the
// simulator knows. Throws std::exception with what is wrong.
Answer run_command(const AdminTarget& target, const Call& call, std::string_view command);

}  // namespace penstock::zoho_sim
