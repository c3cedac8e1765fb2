// The records API: lists, one record, count, full rich text, related lists, deleted records.
#pragma once

#include "servers/zoho/context.h"

namespace penstock::zoho_sim {

Answer list_records(const Context& context, std::string_view module);
Answer one_record(const Context& context, std::string_view module, std::string_view id);
Answer count_records(const Context& context, std::string_view module);
// Of the ids in the parameter, or of `id` when it isn't empty.
Answer full_data(const Context& context, std::string_view module, std::string_view id);
Answer list_related(const Context& context, std::string_view module, std::string_view id,
                    std::string_view list);
Answer list_deleted(const Context& context, std::string_view module);

}  // namespace penstock::zoho_sim
