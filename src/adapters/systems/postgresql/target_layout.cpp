#include "adapters/systems/postgresql/target_layout.h"

#include "adapters/systems/postgresql/sql_text.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

json::object to_object(const TargetColumnLayout& column) {
  return {{"name", column.name},
          {"type", column.type},
          {"collation", column.collation},
          {"default", column.default_sql},
          {"generated", column.generated},
          {"identity", column.identity},
          {"identity_options", column.identity_options},
          {"next_value", column.next_value},
          {"increment", column.increment},
          {"comment", column.comment},
          {"not_null", column.not_null}};
}

std::string text_of(const json::value& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

std::vector<std::string> texts_of(const json::value& object, std::string_view name) {
  return json::value_to<std::vector<std::string>>(object.at(name));
}

TargetColumnLayout column_of(const json::value& object) {
  TargetColumnLayout column;
  column.name = text_of(object, "name");
  column.type = text_of(object, "type");
  column.collation = text_of(object, "collation");
  column.default_sql = text_of(object, "default");
  column.generated = text_of(object, "generated");
  column.identity = text_of(object, "identity");
  column.identity_options = text_of(object, "identity_options");
  column.next_value = object.at("next_value").to_number<std::int64_t>();
  column.increment = object.at("increment").to_number<std::int64_t>();
  column.comment = text_of(object, "comment");
  column.not_null = object.at("not_null").as_bool();
  return column;
}

TargetIndex index_of(const json::value& object) {
  TargetIndex index;
  index.kind = static_cast<IndexKind>(object.at("kind").to_number<int>());
  index.unique = object.at("unique").as_bool();
  index.name = text_of(object, "name");
  index.body = text_of(object, "body");
  index.options = text_of(object, "options");
  return index;
}

TargetLink link_of(const json::value& object) {
  TargetLink link;
  link.name = text_of(object, "name");
  link.columns = texts_of(object, "columns");
  link.referenced_columns = texts_of(object, "referenced_columns");
  link.references = {.database = text_of(object, "references_database"),
                     .schema = text_of(object, "references_schema"),
                     .name = text_of(object, "references_name")};
  link.schema = text_of(object, "schema");
  link.table = text_of(object, "table");
  link.actions = text_of(object, "actions");
  return link;
}

}  // namespace

std::string TargetLayout::to_json() const {
  json::array column_list, index_list, addition_list, link_list, type_list;
  for (const TargetColumnLayout& column : columns) column_list.push_back(to_object(column));
  for (const TargetIndex& index : indexes) {
    index_list.push_back(json::object{{"kind", static_cast<int>(index.kind)},
                                      {"unique", index.unique},
                                      {"name", index.name},
                                      {"body", index.body},
                                      {"options", index.options}});
  }
  for (const TargetAddition& addition : additions) {
    addition_list.push_back(
        json::object{{"what", addition.what}, {"sql", addition.sql}, {"name", addition.name}});
  }
  for (const TargetLink& link : links) {
    link_list.push_back(
        json::object{{"name", link.name},
                     {"columns", json::value_from(link.columns)},
                     {"referenced_columns", json::value_from(link.referenced_columns)},
                     {"references_database", link.references.database},
                     {"references_schema", link.references.schema},
                     {"references_name", link.references.name},
                     {"schema", link.schema},
                     {"table", link.table},
                     {"actions", link.actions}});
  }
  for (const TargetType& type : types) {
    type_list.push_back(json::object{{"schema", type.schema},
                                     {"name", type.name},
                                     {"extension", type.extension},
                                     {"definition", type.definition},
                                     {"labels", json::value_from(type.labels)}});
  }
  json::object name_list;
  for (const auto& [source, target] : names) name_list[source] = target;
  return json::serialize(json::object{{"columns", std::move(column_list)},
                                      {"indexes", std::move(index_list)},
                                      {"additions", std::move(addition_list)},
                                      {"links", std::move(link_list)},
                                      {"types", std::move(type_list)},
                                      {"names", std::move(name_list)},
                                      {"comment", comment}});
}

TargetLayout TargetLayout::from_json(std::string_view payload) {
  const json::value parsed = json::parse(payload);
  TargetLayout layout;
  for (const json::value& one : parsed.at("columns").as_array()) {
    layout.columns.push_back(column_of(one));
  }
  for (const json::value& one : parsed.at("indexes").as_array()) {
    layout.indexes.push_back(index_of(one));
  }
  for (const json::value& one : parsed.at("additions").as_array()) {
    layout.additions.push_back({text_of(one, "what"), text_of(one, "sql"), text_of(one, "name")});
  }
  for (const json::value& one : parsed.at("links").as_array()) {
    layout.links.push_back(link_of(one));
  }
  for (const json::value& one : parsed.at("types").as_array()) {
    layout.types.push_back({text_of(one, "schema"), text_of(one, "name"), text_of(one, "extension"),
                            text_of(one, "definition"), texts_of(one, "labels")});
  }
  for (const auto& [source, target] : parsed.at("names").as_object()) {
    layout.names[source] = target.as_string();
  }
  layout.comment = text_of(parsed, "comment");
  return layout;
}

namespace {

std::string_view serial_type(std::string_view type) {
  return type == "bigint" ? "bigserial" : type == "integer" ? "serial" : "smallserial";
}

std::string column_sql(const TargetColumnLayout& column) {
  const bool serial = column.identity == kSerial;
  std::string sql = quote_identifier(column.name) + " ";
  sql += serial ? serial_type(column.type) : column.type;
  if (!column.collation.empty()) sql += " COLLATE " + column.collation;
  if (!column.generated.empty()) sql += " GENERATED ALWAYS AS (" + column.generated + ") STORED";
  if (!column.identity.empty() && !serial) {
    sql += " GENERATED " + column.identity + " AS IDENTITY";
    if (!column.identity_options.empty()) sql += " (" + column.identity_options + ")";
  }
  if (!column.default_sql.empty()) sql += " DEFAULT " + column.default_sql;
  if (column.not_null) sql += " NOT NULL";
  return sql;
}

}  // namespace

std::string create_target_sql(const TargetTable& table, const TargetLayout& layout,
                              const std::string& name) {
  std::string sql = "CREATE TABLE " + quote_table({.schema = table.schema, .name = name}) + "\n(\n";
  for (const TargetColumnLayout& column : layout.columns) {
    sql += "    " + column_sql(column);
    sql += &column == &layout.columns.back() ? "\n" : ",\n";
  }
  return sql + ")";
}

std::string comments_sql(const TargetTable& table, const TargetLayout& layout,
                         const std::string& name) {
  const std::string quoted = quote_table({.schema = table.schema, .name = name});
  std::string sql;
  if (!layout.comment.empty()) {
    sql += "COMMENT ON TABLE " + quoted + " IS " + quote_literal(layout.comment) + ";";
  }
  for (const TargetColumnLayout& column : layout.columns) {
    if (column.comment.empty()) continue;
    sql += "COMMENT ON COLUMN " + quoted + "." + quote_identifier(column.name) + " IS " +
           quote_literal(column.comment) + ";";
  }
  return sql;
}

std::string create_index_sql(const TargetTable& table, const TargetIndex& index,
                             const std::string& index_name, const std::string& table_name) {
  const bool unique = index.unique || index.kind != IndexKind::plain;
  return std::string("CREATE ") + (unique ? "UNIQUE " : "") + "INDEX " +
         quote_identifier(index_name) + " ON " +
         quote_table({.schema = table.schema, .name = table_name}) + " " + index.body;
}

StagingNames::StagingNames(const TargetTable& table) {
  const std::string identity = table.schema + '\0' + table.name;
  prefix = "_penstock_" + hex64(stable_hash(identity)).substr(0, 12) + "_";
}

// Names of the attempt's own: a statement of a process that was killed may still be under way at
// the server when the same job goes on in another one.
StagingNames::StagingNames(const TargetTable& table, const RunId& run) : StagingNames(table) {
  constexpr std::size_t kRunHexDigits = 6;
  base = prefix + run.job + "_" +
         hex64(stable_hash(std::to_string(run.version))).substr(0, kRunHexDigits);
}

std::string shape_digest(const std::vector<std::pair<std::string, std::string>>& columns) {
  std::string text;
  for (const auto& [name, type] : columns) text += name + '\0' + type + '\0';
  return hex64(stable_hash(text));
}

std::vector<std::pair<std::string, std::string>> shape(const TargetLayout& layout) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const TargetColumnLayout& column : layout.columns)
    out.emplace_back(column.name, column.type);
  return out;
}

}  // namespace penstock::postgresql
