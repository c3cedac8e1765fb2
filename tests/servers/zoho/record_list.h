// The parameters of lists, checked in one place, and the paging that lists share.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "servers/zoho/context.h"
#include "servers/zoho/page_token.h"

namespace penstock::zoho_sim {

struct ListQuery {
  std::vector<const FieldSpec*> fields;
  std::int64_t per_page = 200, page = 1;
  std::string sort_by = "id";
  Order order = Order::id;
  bool descending = true;
  std::string converted = "false";
  std::optional<std::set<std::uint64_t>> ids;
  std::optional<std::int64_t> modified_since;
  std::optional<PageToken> token;
  std::uint64_t bound_to = 0;  // of tokens made for this query
  std::uint64_t user = 0;
};

// Throws what zoho.md 4.1 says: fields missing or too many, the walls, ambiguity, token rules.
ListQuery parse_list_query(const Context& context, const ModuleSpec& module);

// The "info" of one page; `next` is null at the end.
struct PageInfo {
  std::int64_t count = 0, page = 1;
  std::optional<PageToken> next;
};
json::object info_json(const Context& context, const ListQuery& query, const PageInfo& info);

}  // namespace penstock::zoho_sim
