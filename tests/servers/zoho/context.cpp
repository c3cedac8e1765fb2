#include "servers/zoho/context.h"

#include <algorithm>

namespace penstock::zoho_sim {
namespace {

ApiError refusal(const ModuleSpec& module, int path_index) {
  const std::string& code = module.refusal;
  if (code == "NO_PERMISSION") {
    return {403,
            code,
            "permission denied",
            {{"permissions", json::array{"Crm_Implied_View_" + module.api_name}}}};
  }
  if (code == "FEATURE_NOT_ENABLED") {
    return {
        400, code, "the feature is not enabled for this edition", {{"module", module.api_name}}};
  }
  if (code == "NOT_SUPPORTED") {
    return {400, code, "the module is not supported", {{"module", module.api_name}}};
  }
  return invalid_module(path_index);
}

}  // namespace

const Module& readable_module(const Context& context, std::string_view name, int path_index) {
  const bool custom = context.crm.find(name) != nullptr &&
                      context.crm.find(name)->spec().generated_type == "custom";
  Auth::require_scope(context.grant, "modules", custom ? "custom" : name);
  const Module* module = context.crm.find(name);
  if (module == nullptr) throw invalid_module(path_index);
  const ModuleSpec& spec = module->spec();
  if (!spec.api_supported) {
    throw ApiError(400, "INVALID_MODULE", "The given module is not supported in API",
                   {{"resource_path_index", path_index}});
  }
  if (!spec.refusal.empty()) throw refusal(spec, path_index);
  if (spec.admin_only && !context.grant.admin) {
    throw ApiError(403, "NOT_SUPPORTED", "the module is only for administrators");
  }
  return *module;
}

std::vector<const FieldSpec*> fields_named(const ModuleSpec& module, std::string_view list,
                                           bool collections) {
  std::vector<const FieldSpec*> fields;
  while (!list.empty()) {
    std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    const FieldSpec* field = module.field(name);
    if (field == nullptr || field->shape == Shape::id) continue;
    if (field->is_collection() && !collections) continue;
    if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
  }
  return fields;
}

json::object user_json(std::size_t index) {
  const User& user = users().at(index);
  return {{"name", user.full_name()}, {"id", std::to_string(user.id)}};
}

std::string time_text(const Crm& crm, std::int64_t unix_seconds) {
  std::string out;
  crm.zone().append_datetime(out, unix_seconds);
  return out;
}

void append_record(std::string& out, const Crm& crm, const Module& module, const Row& row,
                   const std::vector<const FieldSpec*>& fields, const Style& style) {
  thread_local Cell cell;
  out += '{';
  for (const FieldSpec* field : fields) {
    crm.cell(module, row, *field, cell);
    out += field->json_key;
    append_json(out, *field, cell, style);
    out += ',';
  }
  out += "\"id\":\"";
  append_number(out, static_cast<std::int64_t>(row.id));
  out += "\"}";
}

}  // namespace penstock::zoho_sim
