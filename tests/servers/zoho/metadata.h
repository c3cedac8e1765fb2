// GET /crm/v8/settings/modules, /settings/fields, /settings/related_lists, /users and /org.
#pragma once

#include "servers/zoho/context.h"

namespace penstock::zoho_sim {

Answer list_modules(const Context& context);
Answer one_module(const Context& context, std::string_view name_or_id);
Answer list_fields(const Context& context);
Answer one_field(const Context& context, std::string_view field_id);
Answer list_related_lists(const Context& context);
Answer list_users(const Context& context);
Answer show_org(const Context& context);

}  // namespace penstock::zoho_sim
