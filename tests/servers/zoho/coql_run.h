// POST /crm/v8/coql: names and types are checked against the module, then the query runs.
#pragma once

#include "servers/zoho/context.h"

namespace penstock::zoho_sim {

// Spends 1 to 3 credits, by LIMIT. Queries ordered by id, Created_Time or Modified_Time (then id)
// walk an index from the bound that `where` gives, as keyset paging needs it; others look at every
// record and keep the first offset + limit of them.
Answer run_coql(const Context& context);

}  // namespace penstock::zoho_sim
