#include "servers/zoho/schema.h"

#include <array>
#include <charconv>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

struct TypeInfo {
  std::string_view data_type, json_type;
  Shape shape;
  int length;
};

// zoho.md 3.2. An unknown data type is text, as a client would have to treat it.
constexpr auto kTypes = std::to_array<TypeInfo>({
    {"text", "string", Shape::text, 120},
    {"mediumtext", "string", Shape::text, 2000},
    {"textarea", "string", Shape::text, 2000},
    {"rich_text", "string", Shape::rich_text, 50000},
    {"email", "string", Shape::text, 100},
    {"phone", "string", Shape::text, 30},
    {"website", "string", Shape::text, 450},
    {"picklist", "string", Shape::picklist, 120},
    {"multiselectpicklist", "jsonarray", Shape::multi_picklist, 250},
    {"integer", "integer", Shape::integer, 9},
    {"bigint", "string", Shape::bigint, 18},
    {"long", "string", Shape::bigint, 18},
    {"double", "double", Shape::decimal, 16},
    {"percent", "double", Shape::decimal, 5},
    {"currency", "double", Shape::decimal, 16},
    {"boolean", "boolean", Shape::boolean, 5},
    {"date", "string", Shape::date, 20},
    {"datetime", "string", Shape::datetime, 120},
    {"lookup", "jsonobject", Shape::lookup, 120},
    {"multi_module_lookup", "jsonobject", Shape::lookup, 120},
    {"ownerlookup", "jsonobject", Shape::user, 120},
    {"userlookup", "jsonobject", Shape::user, 120},
    {"multiselectlookup", "jsonarray", Shape::multi_lookup, 0},
    {"multiuserlookup", "jsonarray", Shape::multi_user, 0},
    {"subform", "jsonarray", Shape::subform, 0},
    {"autonumber", "string", Shape::auto_number, 120},
    {"profileimage", "string", Shape::text, 255},
    {"layout", "jsonobject", Shape::layout, 120},
    {"consent_lookup", "jsonobject", Shape::json, 0},
    {"territories", "jsonarray", Shape::json, 0},
    {"fileupload", "jsonarray", Shape::json, 0},
    {"imageupload", "jsonarray", Shape::json, 0},
    {"event_reminder", "string", Shape::text, 0},
    {"multireminder", "jsonarray", Shape::json, 0},
    {"RRULE", "jsonobject", Shape::json, 0},
    {"ALARM", "jsonobject", Shape::json, 0},
    {"time_range", "jsonobject", Shape::json, 0},
    {"linetax", "jsonarray", Shape::json, 0},
});

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::string spaced(std::string text) {
  for (char& c : text) c = c == '_' ? ' ' : c;
  return text;
}

int number_of(const std::string& text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error("not a number: " + text);
  }
  return value;
}

std::pair<std::string, std::string> key_value(const std::string& word) {
  const auto at = word.find('=');
  if (at == std::string::npos) return {word, ""};
  return {word.substr(0, at), word.substr(at + 1)};
}

void apply(FieldSpec& field, const std::string& key, const std::string& value) {
  if (key == "len")
    field.length = number_of(value);
  else if (key == "dp")
    field.decimals = number_of(value);
  else if (key == "null")
    field.null_percent = number_of(value);
  else if (key == "as")
    field.flavour = value;
  else if (key == "to")
    field.target = value;
  else if (key == "label")
    field.label = spaced(value);
  else if (key == "pick") {
    for (std::string& item : split(value, '/')) field.values.push_back(spaced(std::move(item)));
  } else if (key == "mandatory")
    field.mandatory = true, field.null_percent = 0;
  else if (key == "display")
    field.display = true;
  else if (key == "custom")
    field.custom = true;
  else if (key == "hidden")
    field.hidden = true;
  else if (key == "nojson")
    field.json_type.clear();
  else if (key != "return")
    throw std::runtime_error("unknown key " + key);
}

void apply(ModuleSpec& module, const std::string& key, const std::string& value) {
  if (key == "singular")
    module.singular = spaced(value);
  else if (key == "plural")
    module.plural = spaced(value);
  else if (key == "name")
    module.module_name = value;
  else if (key == "type")
    module.generated_type = value;
  else if (key == "status")
    module.status = value;
  else if (key == "parent")
    module.parent = value;
  else if (key == "refuse")
    module.refusal = value;
  else if (key == "share")
    module.per_mille = number_of(value);
  else if (key == "rows")
    module.rows_per_parent = number_of(value);
  else if (key == "noapi")
    module.api_supported = false;
  else if (key == "noview")
    module.viewable = false;
  else if (key == "nofields")
    module.has_metadata = false;
  else if (key == "nobulk")
    module.bulk_supported = false;
  else if (key == "admin")
    module.admin_only = true;
  else
    throw std::runtime_error("unknown key " + key);
}

// Fields of many types, for modules that are wide.
void fill(ModuleSpec& module, const std::string& prefix, int count) {
  constexpr auto kinds = std::to_array<std::string_view>(
      {"text len=100", "integer", "currency dp=2", "date", "datetime", "boolean", "double dp=4",
       "picklist pick=Low/Medium/High/Not_known", "email", "percent dp=2", "phone", "website"});
  for (int i = 1; i <= count; ++i) {
    std::string name = std::to_string(i);
    name.insert(0, name.size() < 3 ? 3 - name.size() : 0, '0');
    const std::string kind(kinds[static_cast<std::size_t>(i) % kinds.size()]);
    module.fields.push_back(parse_field(module, prefix + "_" + name + " " + kind + " custom"));
  }
}

void add_system_fields(ModuleSpec& module) {
  for (const std::string_view line :
       {"Owner ownerlookup null=0", "Created_By ownerlookup null=0 label=Created_By",
        "Modified_By ownerlookup null=0", "Created_Time datetime null=0",
        "Modified_Time datetime null=0", "Last_Activity_Time datetime null=40",
        "Tag text len=2000 null=0", "Layout layout null=0", "Locked__s boolean null=0",
        "Record_Status__s picklist pick=Available/Draft null=0"}) {
    module.fields.push_back(parse_field(module, line));
  }
}

}  // namespace

int ModuleSpec::field_index(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? -1 : found->second;
}

const FieldSpec* ModuleSpec::field(std::string_view name) const {
  const int at = field_index(name);
  return at < 0 ? nullptr : &fields[static_cast<std::size_t>(at)];
}

void ModuleSpec::index_fields() {
  by_name_.clear();
  display_field = -1;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    FieldSpec& field = fields[i];
    by_name_[field.api_name] = static_cast<int>(i);
    if (field.display) display_field = static_cast<int>(i);
    if (field.field_id == 0) field.field_id = module_id + 1 + i;
  }
}

FieldSpec parse_field(const ModuleSpec& module, std::string_view line) {
  const std::vector<std::string> words = words_of(line);
  if (words.size() < 2) throw std::runtime_error("a field needs a name and a type");
  FieldSpec field;
  field.api_name = words[0];
  field.label = spaced(words[0]);
  field.data_type = words[1];
  field.json_type = "string";
  for (const TypeInfo& type : kTypes) {
    if (type.data_type != words[1]) continue;
    field.json_type = type.json_type;
    field.shape = type.shape;
    field.length = type.length;
  }
  if (field.data_type == "rich_text") field.data_type = "textarea";
  field.flavour = field.data_type;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto [key, value] = key_value(words[i]);
    apply(field, key, value);
    if (key != "return") continue;
    // Formulas and roll-ups behave as what they return.
    const FieldSpec inner = parse_field(module, "Inner " + value);
    field.return_type = value;
    field.shape = inner.shape;
    field.json_type = inner.json_type;
    field.decimals = inner.shape == Shape::decimal ? 2 : 0;
    field.computed = true;
  }
  if (field.api_name == "Tag") field.shape = Shape::tags, field.json_type = "jsonarray";
  if (field.api_name == "Created_Time") field.shape = Shape::created_time;
  if (field.api_name == "Modified_Time") field.shape = Shape::modified_time;
  field.values_seeded = field.values.size();
  field.salt = hash_text(module.api_name + "." + field.api_name);
  field.json_key = "\"" + field.api_name + "\":";
  return field;
}

std::vector<std::unique_ptr<ModuleSpec>> parse_catalog(std::string_view text) {
  std::vector<std::unique_ptr<ModuleSpec>> modules;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) continue;
    try {
      if (words[0] == "module") {
        auto module = std::make_unique<ModuleSpec>();
        module->api_name = module->module_name = words.at(1);
        module->plural = module->singular = spaced(words.at(1));
        module->number = modules.size() + 1;
        module->module_id = 4'870'000'000'000'000'000ULL + module->number * 10'000;
        for (std::size_t i = 2; i < words.size(); ++i) {
          const auto [key, value] = key_value(words[i]);
          apply(*module, key, value);
        }
        FieldSpec id = parse_field(*module, "id bigint null=0 hidden label=Record_Id");
        id.shape = Shape::id;
        module->fields.push_back(std::move(id));
        modules.push_back(std::move(module));
      } else if (words[0] == "system") {
        add_system_fields(*modules.at(modules.size() - 1));
      } else if (words[0] == "fill") {
        fill(*modules.at(modules.size() - 1), words.at(1), number_of(words.at(2)));
      } else {
        ModuleSpec& module = *modules.at(modules.size() - 1);
        module.fields.push_back(parse_field(module, line));
      }
    } catch (const std::exception& error) {
      throw std::runtime_error("catalog: " + line + ": " + error.what());
    }
  }
  for (auto& module : modules) module->index_fields();
  return modules;
}

}  // namespace penstock::zoho_sim
