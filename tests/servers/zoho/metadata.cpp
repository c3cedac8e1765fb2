#include "servers/zoho/metadata.h"

#include <algorithm>
#include <array>
#include <set>

#include "servers/zoho/related.h"
#include "servers/zoho/zone.h"

namespace penstock::zoho_sim {
namespace {

std::string id_text(std::uint64_t id) {
  return std::to_string(id);
}

json::array profiles() {
  return {json::object{{"name", "Administrator"}, {"id", "4870000000000026011"}}};
}

json::object module_json(const Context& context, const Module& module) {
  const ModuleSpec& spec = module.spec();
  const bool custom = spec.generated_type == "custom";
  const bool shown = spec.status == "visible";
  json::object parent;
  if (spec.generated_type == "subform" && module.parent() != nullptr) {
    parent = {{"api_name", module.parent()->spec().api_name},
              {"id", id_text(module.parent()->spec().module_id)}};
  }
  return {{"has_more_profiles", false},
          {"access_type", "org_based"},
          {"private_profile", nullptr},
          {"deletable", custom},
          {"description", nullptr},
          {"creatable", spec.viewable},
          {"recycle_bin_on_delete", true},
          {"modified_time",
           custom ? json::value(time_text(context.crm, spec.modified_time)) : json::value(nullptr)},
          {"plural_label", spec.plural},
          {"presence_sub_menu", true},
          {"actual_plural_label", spec.plural},
          {"id", id_text(spec.module_id)},
          {"visibility", shown ? 1 : 0},
          {"convertable", spec.api_name == "Leads"},
          {"sub_menu_available", true},
          {"editable", spec.viewable},
          {"actual_singular_label", spec.singular},
          {"profiles", profiles()},
          {"show_as_tab", shown},
          {"web_link", nullptr},
          {"sequence_number", spec.number},
          {"singular_label", spec.singular},
          {"viewable", spec.viewable},
          {"api_supported", spec.api_supported},
          {"api_name", spec.api_name},
          {"quick_create", shown},
          {"modified_by", custom ? json::value(user_json(0)) : json::value(nullptr)},
          {"generated_type", spec.generated_type},
          {"feeds_required", false},
          {"arguments", json::array{}},
          {"module_name", spec.module_name},
          {"profile_count", 1},
          {"business_card_field_limit", 5},
          {"parent_module", std::move(parent)},
          {"status", spec.status},
          {"global_search_supported", true},
          {"lookupable", true}};
}

json::array picklist_json(const FieldSpec& field) {
  json::array values;
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const std::string& value = field.values[i];
    values.push_back(json::object{{"display_value", value},
                                  {"actual_value", value},
                                  {"reference_value", value},
                                  {"sequence_number", i + 1},
                                  {"colour_code", nullptr},
                                  {"id", id_text(field.field_id + 5'000'000 + i)},
                                  {"type", "used"}});
  }
  return values;
}

json::object reference(const Module& module) {
  return {{"api_name", module.spec().api_name}, {"id", id_text(module.spec().module_id)}};
}

// The sub-objects that only fields of some types fill (zoho.md 3.1).
void add_references(const Crm& crm, const FieldSpec& field, json::object& out) {
  const Module* to = crm.find(field.target);
  if (to == nullptr) {
    if (field.shape == Shape::json && field.data_type.ends_with("upload")) {
      const bool image = field.data_type == "imageupload";
      out["associated_module"] =
          json::object{{"module", image ? "Image_Upload_n__s" : "File_Upload_n__s"},
                       {"id", "4870000000000999001"}};
    }
    return;
  }
  if (field.data_type == "lookup") {
    out["lookup"] = json::object{{"display_label", nullptr},
                                 {"revalidate_filter_during_edit", false},
                                 {"api_name", nullptr},
                                 {"module", reference(*to)},
                                 {"id", nullptr},
                                 {"query_details", json::object{}}};
  } else if (field.data_type == "multi_module_lookup") {
    json::array modules{reference(*to)};
    for (const std::string_view other : {"Accounts", "Deals"}) {
      if (const Module* more = crm.find(other)) modules.push_back(reference(*more));
    }
    out["multi_module_lookup"] = json::object{{"display_label", field.label},
                                              {"api_name", field.api_name},
                                              {"modules", std::move(modules)}};
  } else if (field.shape == Shape::subform) {
    out["associated_module"] =
        json::object{{"module", to->spec().api_name}, {"id", id_text(to->spec().module_id)}};
  } else if (field.shape == Shape::multi_lookup) {
    const FieldSpec& own = to->spec().fields[1];
    const FieldSpec& other = to->spec().fields[2];
    const Module* connected = crm.find(other.target);
    out["multiselectlookup"] = json::object{
        {"linking_details",
         json::object{{"module", reference(*to)},
                      {"lookup_field", json::object{{"api_name", own.api_name}}},
                      {"connected_lookup_field", json::object{{"api_name", other.api_name}}}}},
        {"connected_details",
         json::object{
             {"module", reference(*connected)}, {"field", nullptr}, {"layouts", json::array{}}}},
        {"related_list", nullptr}};
  }
}

void add_type_details(const FieldSpec& field, json::object& out) {
  if (field.data_type == "currency") {
    out["currency"] = json::object{{"rounding_option", "normal"}, {"precision", field.decimals}};
  } else if (field.data_type == "formula") {
    out["formula"] = json::object{{"return_type", field.return_type}, {"assume_default", false}};
  } else if (field.data_type == "rollup_summary") {
    out["rollup_summary"] =
        json::object{{"return_type", field.return_type}, {"rollup_based_on", "related_list"}};
  } else if (field.shape == Shape::auto_number) {
    out["auto_number"] = json::object{
        {"prefix", "A-"}, {"suffix", "-X"}, {"start_number", 1000}, {"starting_number_length", 4}};
  } else if (field.data_type == "textarea") {
    const std::string_view kind = field.shape == Shape::rich_text ? "rich_text"
                                  : field.length > 2000           ? "large"
                                                                  : "small";
    out["textarea"] = json::object{{"type", kind}};
  }
}

// What is the same for every field here; some of it is filled by add_references and others.
json::object constant_keys() {
  json::object out{
      {"webhook", true},
      {"colour_code_enabled_by_system", false},
      {"type", "used"},
      {"customizable_properties", json::array{}},
      {"businesscard_supported", true},
      {"separator", false},
      {"enable_colour_code", false},
      {"created_source", "default"},
      {"ui_type", 1},
      {"pick_list_values_sorted_lexically", false},
      {"hipaa_compliance_enabled", false},
      {"profiles", json::array{json::object{{"permission_type", "read_write"},
                                            {"name", "Administrator"},
                                            {"id", "4870000000000026011"}}}},
      {"email_parser",
       json::object{{"fields_update_supported", true}, {"record_operations_supported", true}}},
      {"layout_associations",
       json::array{json::object{
           {"api_name", "Standard__s"}, {"name", "Standard"}, {"id", "4870000000000091055"}}}}};
  for (const char* key :
       {"associated_module", "tooltip", "association_details", "created_time", "external", "crypt",
        "modified_time", "hipaa_compliance", "global_picklist", "history_tracking"}) {
    out[key] = nullptr;
  }
  for (const char* key : {"multi_module_lookup", "unique", "currency", "lookup", "convert_mapping",
                          "rollup_summary", "formula", "multiselectlookup", "auto_number"}) {
    out[key] = json::object{};
  }
  return out;
}

json::object field_json(const Crm& crm, const FieldSpec& field) {
  const bool writable = field.shape != Shape::id && !field.computed;
  const bool collection = field.is_collection();
  json::object out = constant_keys();
  out["operation_type"] = json::object{{"web_update", writable},
                                       {"api_create", writable},
                                       {"web_create", writable},
                                       {"api_update", writable}};
  out["view_type"] = json::object{
      {"view", !field.hidden}, {"edit", writable}, {"quick_create", false}, {"create", writable}};
  out["field_label"] = out["display_label"] = field.label;
  out["field_read_only"] = out["read_only"] = !writable;
  out["id"] = id_text(field.field_id);
  out["filterable"] = out["searchable"] = out["sortable"] = !collection;
  out["visible"] = !field.hidden || field.shape == Shape::id;
  out["api_name"] = field.api_name;
  out["pick_list_values"] = picklist_json(field);
  out["system_mandatory"] = field.mandatory;
  out["virtual_field"] = field.shape == Shape::subform || field.shape == Shape::multi_lookup;
  out["display_type"] = field.hidden ? 3 : -1;
  out["custom_field"] = field.custom;
  out["display_field"] = field.display;
  out["data_type"] = field.data_type;
  out["mass_update"] = writable;
  out["decimal_place"] = nullptr;
  if (field.shape == Shape::decimal) out["decimal_place"] = field.decimals;
  if (!field.json_type.empty()) out["json_type"] = field.json_type;
  out["length"] = nullptr;  // of collections and composite values
  if (field.length > 0) out["length"] = field.length;
  add_references(crm, field, out);
  add_type_details(field, out);
  return out;
}

json::array fields_json(const Context& context, const Module& module) {
  json::array fields;
  for (const FieldSpec& field : module.spec().fields) {
    fields.push_back(field_json(context.crm, field));
  }
  return fields;
}

const Module& module_of_param(const Context& context) {
  const std::string* name = context.call.param("module");
  if (name == nullptr || name->empty()) throw required_param("module");
  const Module* module = context.crm.find(*name);
  if (module == nullptr || !module->spec().api_supported) throw invalid_module(2);
  return *module;
}

std::set<std::string, std::less<>> wanted_states(const Context& context) {
  static constexpr auto known = std::to_array<std::string_view>(
      {"visible", "user_hidden", "system_hidden", "scheduled_for_deletion"});
  std::set<std::string, std::less<>> wanted;
  const std::string* text = context.call.param("status");
  if (text == nullptr) return wanted;
  std::string_view rest = *text;
  for (int index = 0; !rest.empty(); ++index) {
    const std::string_view state = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), state.size() + 1));
    if (std::find(known.begin(), known.end(), state) == known.end()) {
      throw invalid_data("the status given is invalid",
                         {{"index", index},
                          {"param_name", "status"},
                          {"supported_values", json::array(known.begin(), known.end())}});
    }
    wanted.emplace(state);
  }
  return wanted;
}

}  // namespace

Answer list_modules(const Context& context) {
  Auth::require_scope(context.grant, "settings", "modules");
  const auto states = wanted_states(context);
  const auto since = parse_datetime(context.call.header("if-modified-since"));
  json::array modules;
  for (const auto& module : context.crm.modules()) {
    const ModuleSpec& spec = module->spec();
    if (!states.empty() && !states.contains(spec.status)) continue;
    if (since && spec.modified_time < *since) continue;
    modules.push_back(module_json(context, *module));
  }
  if (modules.empty()) return Answer::empty(since ? 304 : 204);
  return Answer::of(json::object{{"modules", std::move(modules)}});
}

Answer one_module(const Context& context, std::string_view name_or_id) {
  Auth::require_scope(context.grant, "settings", "modules");
  const Module* found = context.crm.find(name_or_id);
  for (const auto& module : context.crm.modules()) {
    if (id_text(module->spec().module_id) == name_or_id) found = module.get();
  }
  if (found == nullptr) throw invalid_module(2);
  if (!found->spec().api_supported) return Answer::empty(204);
  json::object one = module_json(context, *found);
  one["fields"] = fields_json(context, *found);
  one["related_lists"] = related_lists_json(context.crm, *found);
  one["layouts"] = json::array{};
  one["properties"] = json::array{};
  return Answer::of(json::object{{"modules", json::array{std::move(one)}}});
}

Answer list_fields(const Context& context) {
  Auth::require_scope(context.grant, "settings", "fields");
  const Module& module = module_of_param(context);
  const std::string* type = context.call.param("type");
  if (type != nullptr && *type != "used" && *type != "unused" && *type != "all") {
    throw invalid_data("the type given is invalid", {{"param_name", "type"}});
  }
  const bool unused_only = type != nullptr && *type == "unused";
  if (!module.spec().has_metadata || module.spec().fields.size() <= 1 || unused_only) {
    return Answer::empty(204);
  }
  return Answer::of(json::object{{"fields", fields_json(context, module)}});
}

Answer one_field(const Context& context, std::string_view field_id) {
  Auth::require_scope(context.grant, "settings", "fields");
  const Module& module = module_of_param(context);
  for (const FieldSpec& field : module.spec().fields) {
    if (id_text(field.field_id) != field_id) continue;
    return Answer::of(json::object{{"fields", json::array{field_json(context.crm, field)}}});
  }
  return Answer::empty(204);
}

Answer list_related_lists(const Context& context) {
  Auth::require_scope(context.grant, "settings", "related_lists");
  json::array lists = related_lists_json(context.crm, module_of_param(context));
  if (lists.empty()) return Answer::empty(204);
  return Answer::of(json::object{{"related_lists", std::move(lists)}});
}

}  // namespace penstock::zoho_sim
