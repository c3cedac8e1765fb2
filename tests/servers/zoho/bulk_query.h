// The query of a bulk read job: checked against its module, with the error codes of zoho.md 6.4.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "servers/zoho/context.h"
#include "servers/zoho/coql_bind.h"

namespace penstock::zoho_sim {

struct BulkQuery {
  std::string module;
  std::vector<BoundColumn> columns;           // without id, which is always written
  std::shared_ptr<const BoundExpr> criteria;  // null: every record
  std::int64_t page = 1;
};

inline constexpr std::size_t kBulkFieldsMax = 200;
inline constexpr std::size_t kBulkCriteriaMax = 25;

// `query` is the body's object of that name, without page_token. Throws ApiError. References in
// the result are to specs, which live as long as the Crm.
BulkQuery parse_bulk_query(const Context& context, const json::object& query);

}  // namespace penstock::zoho_sim
