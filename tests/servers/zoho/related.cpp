#include "servers/zoho/related.h"

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

const FieldSpec* lookup_to(const ModuleSpec& spec, std::string_view target) {
  for (const FieldSpec& field : spec.fields) {
    if (field.shape == Shape::lookup && field.target == target) return &field;
  }
  return nullptr;
}

void append_subform_row(std::string& out, const Crm& crm, const Module& rows, std::uint32_t index) {
  std::vector<const FieldSpec*> fields;
  for (const FieldSpec& field : rows.spec().fields) {
    if (field.shape != Shape::id && !field.is_collection()) fields.push_back(&field);
  }
  append_record(out, crm, rows, rows.row(index), fields, crm.style());
  out.pop_back();
  out += R"(,"$in_merge":false,"$field_states":null,"$zia_visions":null})";
}

// A pair of a linking module: its id, and the other side under that side's field name.
void append_link(std::string& out, const Crm& crm, const Module& links, std::uint32_t index) {
  const FieldSpec& other = links.spec().fields[2];
  append_record(out, crm, links, links.row(index), {&other}, crm.style());
}

void append_users(std::string& out, const Row& row, const FieldSpec& field) {
  const std::uint64_t hash = mix(row.seed.hash ^ field.salt);
  out += '[';
  for (std::uint64_t i = 0; i < hash % 3; ++i) {
    const User& user = users()[below(mix(hash + i), users().size())];
    if (i > 0) out += ',';
    out += "{\"id\":\"";
    append_number(out, static_cast<std::int64_t>(row.id + 500'000'000'000 + i));
    out += "\"," + field.json_key + "{\"name\":";
    append_json_string(out, user.full_name());
    out += ",\"id\":\"";
    append_number(out, static_cast<std::int64_t>(user.id));
    out += "\"}}";
  }
  out += ']';
}

}  // namespace

json::array related_lists_json(const Crm& crm, const Module& module) {
  json::array lists;
  for (const auto& other : crm.modules()) {
    const ModuleSpec& spec = other->spec();
    if (!spec.api_supported || lookup_to(spec, module.spec().api_name) == nullptr) continue;
    if (spec.generated_type == "subform" || spec.generated_type == "linking") continue;
    lists.push_back(json::object{{"id", std::to_string(spec.module_id + 5'000)},
                                 {"api_name", spec.api_name},
                                 {"name", spec.plural},
                                 {"display_label", spec.plural},
                                 {"href", spec.api_name},
                                 {"type", "default"},
                                 {"module", json::object{{"api_name", spec.api_name},
                                                         {"id", std::to_string(spec.module_id)}}}});
  }
  return lists;
}

std::pair<const Module*, std::vector<std::uint32_t>> related_rows(const Context& context,
                                                                  const Module& module,
                                                                  const Row& row,
                                                                  std::string_view name) {
  const Module* other = context.crm.find(name);
  const FieldSpec* link =
      other == nullptr ? nullptr : lookup_to(other->spec(), module.spec().api_name);
  if (link == nullptr) {
    throw invalid_data("the related list given seems to be invalid", {{"resource_path_index", 2}});
  }
  if (other->parent() == &module) return {other, other->children_of(row.index)};
  std::vector<std::uint32_t> found;
  Cell cell;
  Scan scan(*other, Order::id, true);
  while (const auto index = scan.next()) {
    context.crm.cell(*other, other->row(*index), *link, cell);
    if (!cell.is_null() && cell.number == static_cast<std::int64_t>(row.id)) {
      found.push_back(*index);
    }
  }
  return {other, std::move(found)};
}

void append_collection(std::string& out, const Crm& crm, const Module& module, const Row& row,
                       const FieldSpec& field, bool& cut) {
  if (field.shape == Shape::multi_user) return append_users(out, row, field);
  const Module* rows = crm.find(field.target);
  if (rows == nullptr || rows->parent() != &module) {
    out += "[]";
    return;
  }
  const auto indexes = rows->children_of(row.index);
  cut = indexes.size() > kCollectionRows;
  out += '[';
  for (std::size_t i = 0; i < std::min(indexes.size(), kCollectionRows); ++i) {
    if (i > 0) out += ',';
    if (field.shape == Shape::subform)
      append_subform_row(out, crm, *rows, indexes[i]);
    else
      append_link(out, crm, *rows, indexes[i]);
  }
  out += ']';
}

}  // namespace penstock::zoho_sim
