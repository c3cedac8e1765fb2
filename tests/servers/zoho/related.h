// Related lists: the records of other modules that refer to a record; and collections within one.
#pragma once

#include "servers/zoho/context.h"

namespace penstock::zoho_sim {

// One list per module with a lookup to this one; the list's api_name is the module's.
json::array related_lists_json(const Crm& crm, const Module& module);

// The indexes of list `name`'s rows that refer to the record, and their module; throws
// INVALID_DATA when the module has no such list. Looks at every record of the other module.
std::pair<const Module*, std::vector<std::uint32_t>> related_rows(const Context& context,
                                                                  const Module& module,
                                                                  const Row& row,
                                                                  std::string_view name);

inline constexpr std::size_t kCollectionRows = 200;  // of a subform within its record

// The array of a subform, multi-select lookup or multi-user field; `cut` is set when rows are
// missing, which "$has_more" then says.
void append_collection(std::string& out, const Crm& crm, const Module& module, const Row& row,
                       const FieldSpec& field, bool& cut);

}  // namespace penstock::zoho_sim
