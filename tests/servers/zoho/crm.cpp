#include "servers/zoho/crm.h"

#include <array>
#include <stdexcept>

#include "servers/zoho/catalog.h"
#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

std::uint32_t records_of(const ModuleSpec& spec, const CrmOptions& options) {
  const auto own = options.module_records.find(spec.api_name);
  if (own != options.module_records.end()) return own->second;
  if (spec.fields.size() <= 1) return 0;  // modules that are listed and can't be read
  const std::uint64_t share = static_cast<std::uint64_t>(options.records) *
                              static_cast<std::uint64_t>(spec.per_mille) / 1000;
  return static_cast<std::uint32_t>(share);
}

int field_to(const ModuleSpec& spec, std::string_view target) {
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    if (spec.fields[i].target == target) return static_cast<int>(i);
  }
  throw std::runtime_error("catalog: " + spec.api_name + " has no lookup to its parent");
}

}  // namespace

Crm::Crm(const CrmOptions& options) : options_(options), zone_(options.zone) {
  for (auto& spec : parse_catalog(catalog_text())) {
    spec->modified_time = kDataBegin;
    std::uint32_t count = records_of(*spec, options);
    const auto parent = by_name_.find(spec->parent);
    if (parent != by_name_.end() && !options.module_records.contains(spec->api_name)) {
      count = parent->second->generated() * static_cast<std::uint32_t>(spec->rows_per_parent);
    }
    auto module = std::make_unique<Module>(std::move(spec), options.seed, count);
    if (parent != by_name_.end()) {
      module->set_parent(parent->second, field_to(module->spec(), module->spec().parent));
    }
    by_name_[module->spec().api_name] = module.get();
    specs_.push_back(&module->spec());
    modules_.push_back(std::move(module));
  }
  for (const auto& [name, count] : options.module_records) {
    if (!by_name_.contains(name)) throw std::runtime_error("there is no module " + name);
  }
}

Module* Crm::find(std::string_view api_name) const {
  const auto found = by_name_.find(api_name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Module* Crm::by_id(std::uint64_t record_id) const {
  for (const auto& module : modules_) {
    if (module->index_of(record_id)) return module.get();
  }
  return nullptr;
}

std::string Crm::name_of(const Module& module, std::uint32_t index) const {
  const int display = module.spec().display_field;
  if (display < 0) return "";
  Cell cell;
  this->cell(module, module.row(index), module.spec().fields[static_cast<std::size_t>(display)],
             cell);
  return cell.text;
}

bool Crm::is_converted(const Module& module, const Row& row) const {
  const FieldSpec* field = module.spec().field("Converted__s");
  if (field == nullptr) return false;
  Cell cell;
  this->cell(module, row, *field, cell);
  return cell.number != 0;
}

void Crm::resolve_lookup(const Module& module, const Row& row, const FieldSpec& field,
                         Cell& cell) const {
  std::string_view target = field.target;
  if (field.data_type == "multi_module_lookup") {
    const auto others = std::to_array<std::string_view>({target, "Accounts", "Deals"});
    target = others[static_cast<std::uint64_t>(cell.number) % others.size()];
  }
  const Module* to = find(target);
  if (to == nullptr) return cell.reset();
  std::uint32_t index = 0;
  const bool is_parent =
      module.parent() != nullptr &&
      &field == &module.spec().fields[static_cast<std::size_t>(module.parent_field())];
  if (is_parent) {
    index = module.parent_of(row.index);
  } else {
    if (to->generated() == 0) return cell.reset();
    index = static_cast<std::uint32_t>(
        below(mix(static_cast<std::uint64_t>(cell.number)), to->generated()));
  }
  cell.module = static_cast<std::uint16_t>(to->spec().number);
  cell.number = static_cast<std::int64_t>(to->id_of(index));
  cell.text = name_of(*to, index);
}

void Crm::cell(const Module& module, const Row& row, const FieldSpec& field, Cell& out) const {
  if (row.change != nullptr && !row.change->values.empty()) {
    const auto own = row.change->values.find(field.api_name);
    if (own != row.change->values.end()) {
      out = own->second;
      if (out.kind != Cell::Kind::lookup) return;
      const auto id = static_cast<std::uint64_t>(out.number);
      const Module* to = by_id(id);
      if (to == nullptr) return;
      out.module = static_cast<std::uint16_t>(to->spec().number);
      out.text = name_of(*to, *to->index_of(id));
      return;
    }
  }
  switch (field.shape) {
    case Shape::id:
      out.reset();
      out.kind = Cell::Kind::digits;
      out.number = static_cast<std::int64_t>(row.id);
      append_number(out.text, out.number);
      return;
    case Shape::created_time:
    case Shape::modified_time:
      out.reset();
      out.kind = Cell::Kind::datetime;
      out.number = field.shape == Shape::created_time ? row.created : row.modified;
      return;
    case Shape::layout:
      out.reset();
      out.kind = Cell::Kind::json;
      out.text = R"({"name":"Standard","id":"4870000000000091055"})";
      return;
    default: break;
  }
  if (field.since > row.modified) return out.reset();
  generate(field, row.seed, out);
  if (out.kind == Cell::Kind::lookup) resolve_lookup(module, row, field, out);
}

}  // namespace penstock::zoho_sim
