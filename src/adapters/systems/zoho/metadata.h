// What Zoho says of its modules and fields (zoho.md 2 and 3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/systems/zoho/api.h"

namespace penstock::zoho {

struct FieldInfo {
  std::string api_name, label, data_type, json_type;
  std::string return_type;  // of formulas and roll-ups
  int decimal_places = 0;
  bool rich_text = false;  // lists show 500 characters of it
  std::string linked;      // module with the rows of a subform or multi-select lookup
};

struct ModuleInfo {
  std::string api_name, label, parent;  // parent: of subforms
  bool tracker = false;
  bool readable = false;  // as far as the list says; a call shows whether it is true
  std::vector<FieldInfo> fields;

  // Found by a call for its records.
  bool coql = false;
  std::int64_t rows = -1;          // -1: unknown
  std::int64_t low = 0, high = 0;  // ids; 0: unknown
  std::string refusal;             // why it can't be read, with Zoho's code; empty: it can
};

struct UserInfo {
  std::string id, email;
};

struct OrgInfo {
  std::string id, name, edition;
};

OrgInfo fetch_org(Api& api);
std::vector<UserInfo> fetch_users(Api& api);
// Without fields. Sorted by api_name.
std::vector<ModuleInfo> fetch_modules(Api& api);
// Fills in fields, and what a call for its records tells. Never throws what concerns the one module
// alone: then `refusal` is set.
void examine(Api& api, ModuleInfo& module);

}  // namespace penstock::zoho
