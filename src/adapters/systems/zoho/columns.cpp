#include "adapters/systems/zoho/columns.h"

#include <algorithm>
#include <map>
#include <set>

#include "contract/type_map.h"
#include "core/text.h"

namespace penstock {

namespace embedded {
extern const std::string_view zoho_types;
}

namespace zoho {

namespace {

constexpr int kMoneyDigits = 16;  // that Zoho holds before and after the point, without its places

const std::map<std::string, TypeRow>& type_table() {
  static const std::map<std::string, TypeRow> table = [] {
    std::map<std::string, TypeRow> rows;
    for (TypeRow& row : parse_type_table(embedded::zoho_types)) {
      std::string name = row.at("native");
      rows[std::move(name)] = std::move(row);
    }
    return rows;
  }();
  return table;
}

std::string cell(const TypeRow& row, std::string_view name) {
  const auto found = row.find(name);
  return found == row.end() ? "" : found->second;
}

Type by_json_type(std::string_view json_type) {
  if (json_type == "integer") return Type::of(TypeId::int64);
  if (json_type == "double") return Type::of(TypeId::float64);
  if (json_type == "boolean") return Type::of(TypeId::boolean);
  if (json_type == "jsonobject" || json_type == "jsonarray") return Type::of(TypeId::json);
  return Type::of(TypeId::string);
}

Type type_of(const FieldInfo& field, const TypeRow* row) {
  if (row == nullptr) return by_json_type(field.json_type);
  const std::string logical = cell(*row, "logical");
  if (logical == "decimal(p,s)") {
    return Type::decimal(kMoneyDigits + field.decimal_places, field.decimal_places);
  }
  return parse_type(logical);
}

const TypeRow* row_of(const std::string& data_type) {
  const auto found = type_table().find(data_type);
  return found == type_table().end() ? nullptr : &found->second;
}

// The data type that decides: of formulas, what they return.
std::string deciding_type(const FieldInfo& field) {
  if (field.api_name == "id") return "id";
  if (field.api_name == "Tag" || (field.data_type == "text" && field.json_type == "jsonarray")) {
    return "territories";  // any JSON
  }
  if (field.data_type == "formula" || field.data_type == "rollup_summary") {
    return field.return_type.empty() ? field.data_type : field.return_type;
  }
  return field.data_type;
}

class ColumnList {
 public:
  explicit ColumnList(std::vector<Field>& fields) : fields_(fields) {}

  void add(const FieldInfo& from, const std::string& ending, const Type& type, const Fetch& fetch) {
    std::string name = lower(from.api_name);
    if (!ending.empty()) {
      if (name.ends_with("_id")) name.resize(name.size() - 3);
      name += "_" + ending;
    }
    // Names that differ in case alone, or meet another field's parts: numbered, in Zoho's order.
    const std::string wanted = name;
    for (int i = 2; !taken_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
    Field& field = fields_.emplace_back();
    field.name = name;
    field.native_type = from.data_type.empty() ? "text" : from.data_type;
    field.type = type;
    field.nullable = from.api_name != "id";
    field.comment = from.label;
    field.fetch = fetch.text();
  }

 private:
  std::vector<Field>& fields_;
  std::set<std::string> taken_;
};

std::string left_out(const FieldInfo& field, const std::vector<std::string>& modules) {
  if (std::ranges::find(modules, field.linked) != modules.end()) {
    return "field " + field.api_name + " is table " + table_name(field.linked);
  }
  return "field " + field.api_name + " (" + field.data_type +
         ") is not read: Zoho lists no module with its rows";
}

struct PlainColumn {
  std::string_view api_name;
  std::string_view type;
  Part part = Part::value;
};

std::vector<Field> plain_columns(const std::vector<PlainColumn>& columns) {
  std::vector<Field> fields;
  ColumnList list(fields);
  for (const PlainColumn& column : columns) {
    const bool whole = column.api_name == kWholeRecord;
    const FieldInfo from{.api_name = whole ? "details" : std::string(column.api_name),
                         .data_type = std::string(column.type)};
    const bool id = column.part == Part::id, name = column.part == Part::name;
    list.add(from,
             id     ? "id"
             : name ? "name"
                    : "",
             parse_type(column.type),
             {.field = std::string(column.api_name), .part = column.part, .coql = false});
  }
  return fields;
}

}  // namespace

std::string Fetch::text() const {
  return field + "|" + std::to_string(static_cast<int>(part)) + (coql ? "|c" : "|-") +
         (rich_text ? "|r" : "|-");
}

Fetch Fetch::parse(std::string_view text) {
  const std::vector<std::string> parts = split(text, '|');
  if (parts.size() != 4 || parts[1].size() != 1 || parts[1][0] < '0' || parts[1][0] > '4') {
    throw Error(Side::engine, "engine.internal", "a column of Zoho's without its note");
  }
  return {.field = parts[0],
          .part = static_cast<Part>(parts[1][0] - '0'),
          .coql = parts[2] == "c",
          .rich_text = parts[3] == "r"};
}

Columns columns_of(const ModuleInfo& module, const std::vector<std::string>& modules) {
  Columns columns;
  ColumnList list(columns.fields);
  std::vector<FieldInfo> ordered = module.fields;
  std::ranges::stable_partition(ordered, [](const FieldInfo& f) { return f.api_name == "id"; });
  for (const FieldInfo& field : ordered) {
    const TypeRow* row = row_of(deciding_type(field));
    const std::string kind = row == nullptr ? "value" : cell(*row, "kind");
    if (kind == "child") {
      columns.notes.push_back(left_out(field, modules));
      continue;
    }
    Fetch fetch{.field = field.api_name,
                .coql = row == nullptr || cell(*row, "coql") == "yes",
                .rich_text = field.rich_text};
    if (field.api_name == "Tag") fetch.coql = true;
    if (kind == "value") {
      list.add(field, "", type_of(field, row), fetch);
      continue;
    }
    const auto part = [&](Part which, const char* ending, TypeId type) {
      fetch.part = which;
      list.add(field, ending, Type::of(type), fetch);
    };
    part(Part::id, "id", TypeId::int64);
    part(Part::name, "name", TypeId::string);
    if (kind == "user") part(Part::email, "email", TypeId::string);
    if (kind == "lookup_any") part(Part::module, "module", TypeId::string);
  }
  return columns;
}

std::vector<Field> user_columns() {
  return plain_columns({{"id", "int64"},
                        {"full_name", "string"},
                        {"first_name", "string"},
                        {"last_name", "string"},
                        {"email", "string"},
                        {"status", "string"},
                        {"role", "int64", Part::id},
                        {"role", "string", Part::name},
                        {"profile", "int64", Part::id},
                        {"profile", "string", Part::name},
                        {"created_time", "timestamp(0,utc)"},
                        {"Modified_Time", "timestamp(0,utc)"},
                        {"time_zone", "string"},
                        {"locale", "string"},
                        {"country", "string"},
                        {"confirm", "bool"},
                        {"type__s", "string"},
                        {kWholeRecord, "json"}});
}

std::vector<Field> org_columns() {
  return plain_columns({{"id", "int64"},
                        {"zgid", "string"},
                        {"company_name", "string"},
                        {"domain_name", "string"},
                        {"type", "string"},
                        {"time_zone", "string"},
                        {"iso_code", "string"},
                        {"country_code", "string"},
                        {"primary_email", "string"},
                        {"created_time", "timestamp(0,utc)"},
                        {"license_details", "json"},
                        {kWholeRecord, "json"}});
}

std::string table_name(std::string_view api_name) {
  return "zoho_" + lower(api_name);
}

}  // namespace zoho

}  // namespace penstock
