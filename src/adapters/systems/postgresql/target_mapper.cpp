#include <algorithm>
#include <array>
#include <cctype>
#include <functional>

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/target_layout.h"
#include "adapters/systems/postgresql/types.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

constexpr std::size_t kNameBytesMax = 63;  // NAMEDATALEN - 1

std::string short_name(const std::string& name) {
  if (name.size() <= kNameBytesMax) return name;
  constexpr std::size_t hash_bytes = 9;
  return std::string(utf8_prefix(name, kNameBytesMax - hash_bytes)) + "_" +
         hex64(stable_hash(name)).substr(0, hash_bytes - 1);
}

std::string quote_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return out;
}

bool is_identity_type(std::string_view native) {
  return native == "smallint" || native == "integer" || native == "bigint";
}

// Defaults that every server evaluates: numbers, truth values, the time, and quoted literals, cast
// to built-in types at most.
bool is_plain_default(std::string_view text, const TargetFacts& facts) {
  if (text == "now()" || text.starts_with("CURRENT_") || text == "true" || text == "false") {
    return text.find('(') == std::string_view::npos || text == "now()";
  }
  if (text.starts_with('\'')) {
    std::size_t end = 1;
    while (end < text.size() && (text[end] != '\'' || text.substr(end, 2) == "''")) {
      end += text[end] == '\'' ? 2 : 1;
    }
    const std::string_view cast = text.substr(std::min(end + 1, text.size()));
    return cast.empty() || (cast.starts_with("::") &&
                            facts.builtin_types.contains(without_modifiers(cast.substr(2))));
  }
  return !text.empty() && text.find_first_not_of("-0123456789.") == std::string_view::npos;
}

// Puts together one TargetTable. A class because the steps share so much.
class TargetMapper {
 public:
  TargetMapper(const MapRequest& request, const TargetFacts& facts, const std::string& database)
      : request_(request),
        facts_(facts),
        options_(target_option_spec().parse(request.options, "options.postgresql")),
        same_system_(request.dialect == "postgresql") {
    target_.source = request.table->id;
    target_.database = database;
    target_.schema = request.schema;
    target_.name = request.name;
  }

  TargetTable map() {
    find_key();
    for (std::size_t i = 0; i < request_.fields.size(); ++i) add_column(i);
    if (target_.columns.empty()) {
      target_.problems.emplace_back("only generated columns are selected");
    }
    add_indexes();
    add_checks();
    add_links();
    compare_collations();
    if (options_.boolean("comments")) layout_.comment = request_.table->comment;
    if (!options_.boolean("comments")) {
      for (TargetColumnLayout& column : layout_.columns) column.comment.clear();
    }
    target_.payload = layout_.to_json();
    describe();
    return std::move(target_);
  }

 private:
  void lose(const char* code, const std::string& text) { target_.losses.push_back({code, text}); }

  // Destination names of source columns; nothing when one was not selected.
  std::optional<std::vector<std::string>> target_names(
      const std::vector<std::string>& columns) const {
    std::vector<std::string> names;
    for (const std::string& column : columns) {
      const auto at = std::ranges::find(request_.fields, column, &Field::name);
      if (at == request_.fields.end()) return std::nullopt;
      names.push_back(
          request_.column_names[static_cast<std::size_t>(at - request_.fields.begin())]);
    }
    return names;
  }

  void find_key() {
    const Key& key = request_.table->primary_key;
    if (key.columns.empty()) return;
    if (const auto names = target_names(key.columns)) {
      target_.key = *names;
    } else {
      lose("key_not_selected",
           "a column of the primary key is not selected, so the table is made without a key");
    }
  }

  // Text compares equal by either, but ORDER BY and ranges follow the database's own.
  void compare_collations() {
    if (!same_system_ || request_.collation.empty() || request_.collation == facts_.collation) {
      return;
    }
    const bool text = std::ranges::any_of(layout_.columns, [](const TargetColumnLayout& column) {
      return column.collation.empty() && (column.type == "text" || column.type.starts_with("char"));
    });
    if (text) {
      lose("collation", "text sorts by " + facts_.collation + " here, by " + request_.collation +
                            " at the source");
    }
  }

  // ---- columns

  bool is_own_type(const Field& field) const {
    const Field* const own = request_.table->find(field.name);
    return same_system_ && own != nullptr && own->type == field.type;
  }

  // The definition of a type that the source's database brings, by its qualified name.
  const TypeDefinition* find_definition(const std::string& base) const {
    for (const TypeDefinition& type : request_.table->type_definitions) {
      if (base == spelled(type.schema, type.name)) return &type;
    }
    return nullptr;
  }

  // As format_type() spells it: quoted only where needed.
  static std::string spelled(const std::string& schema, const std::string& name) {
    const auto quoted = [](const std::string& part) {
      const bool plain =
          !part.empty() && std::isdigit(static_cast<unsigned char>(part.front())) == 0 &&
          part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
      return plain ? part : quote_identifier(part);
    };
    return quoted(schema) + "." + quoted(name);
  }

  // The column's own type where this server has it, or can be given it.
  std::optional<std::string> keep_type(const Field& field, std::vector<LossNote>& losses) {
    if (Fetch::parse(field.fetch).passage == Passage::as_text) return "text";
    std::string native = field.native_type;
    std::string base = without_modifiers(native);
    while (base.ends_with("[]")) base.resize(base.size() - 2);
    if (base.starts_with("interval ") || facts_.builtin_types.contains(base)) return native;
    const TypeDefinition* const type = find_definition(base);
    if (type == nullptr) {
      losses.push_back({"type_missing",
                        "this server has no type " + base + ": stored as the type of its values"});
      return std::nullopt;
    }
    if (!type->extension.empty()) {
      const auto extension = facts_.extensions.find(type->extension);
      if (extension == facts_.extensions.end()) {
        losses.push_back({"extension_missing",
                          "the extension " + type->extension +
                              " is not installed at the destination's server, so the type " + base +
                              " is not there: stored as the type of its values"});
        return std::nullopt;
      }
      const std::string schema = extension->second.empty() ? type->schema : extension->second;
      native = spelled(schema, type->name) + native.substr(base.size());
    }
    add_type({type->schema, type->name, type->extension, type->definition, type->labels});
    return native;
  }

  // What a definition needs comes before it in the source's list.
  void add_type(const TargetType& wanted) {
    const auto have = [this](const TypeDefinition& type) {
      return std::ranges::any_of(layout_.types, [&](const TargetType& one) {
        return one.schema == type.schema && one.name == type.name;
      });
    };
    for (const TypeDefinition& type : request_.table->type_definitions) {
      if (!have(type)) {
        layout_.types.push_back(
            {type.schema, type.name, type.extension, type.definition, type.labels});
      }
      if (type.schema == wanted.schema && type.name == wanted.name) return;
    }
    layout_.types.push_back(wanted);
  }

  // An enum type of the column's own, for sources whose enumerations have no names.
  std::string make_enum(const std::string& column, const Type& type) {
    const Type* leaf = &type;
    while (leaf->id == TypeId::list) leaf = leaf->element.get();
    if (leaf->id != TypeId::enumeration || !can_be_enum(leaf->labels)) return {};
    if (!options_.boolean("enum_types")) return {};
    const std::string name = short_name(request_.name + "_" + column);
    std::string definition =
        "CREATE TYPE " + quote_table({.schema = request_.schema, .name = name}) + " AS ENUM (";
    for (const std::string& label : leaf->labels) {
      definition += (&label == &leaf->labels.front() ? "" : ", ") + quote_literal(label);
    }
    add_type({request_.schema, name, "", definition + ")", leaf->labels});
    return spelled(request_.schema, name);
  }

  void add_column(std::size_t index) {
    const Field& field = request_.fields[index];
    TargetColumn column;
    TargetColumnLayout layout;
    column.name = layout.name = request_.column_names[index];
    column.type = field.type;
    column.source = static_cast<int>(index);
    layout_.names[field.name] = column.name;
    std::optional<std::string> kept;
    if (is_own_type(field)) kept = keep_type(field, column.losses);
    if (kept) {
      column.native_type = *kept;
      column.own_type = *kept != "text" || field.native_type == "text";
      column.rule = rule_for(field.type, *kept, facts_);
      column.rule.any_json = true;
      column.rule.always_fits =
          field.type.id != TypeId::enumeration && field.type.id != TypeId::list;
    } else {
      MappedTarget mapped = map_logical(field.type, facts_, make_enum(column.name, field.type),
                                        request_.dialect, options_.text("json"));
      column.native_type = std::move(mapped.native);
      // MySQL's bit(n) is read as a number, but is a string of bits.
      const bool bits = field.native_type.starts_with("bit(") && field.type.id == TypeId::uint64;
      if (bits) column.native_type = field.native_type;
      if (column.native_type.ends_with(".geometry")) {
        add_type({"public", "geometry", "postgis", {}, {}});
      }
      column.rule = std::move(mapped.rule);
      column.losses.insert(column.losses.end(), mapped.losses.begin(), mapped.losses.end());
    }
    layout.type = column.native_type;
    layout.comment = field.comment;
    if (kept) add_collation(field, layout, column.losses);
    const bool key = std::ranges::count(target_.key, column.name) != 0;
    layout.not_null = !field.nullable || key;
    column.rule.nullable = !layout.not_null;
    column.rule.key = key;
    if (!column.rule.nullable && !kept) column.rule.always_fits = false;
    if (add_generated(field, layout, column.losses)) {
      target_.notes.push_back("column " + layout.name + " is generated there again");
      layout_.columns.push_back(std::move(layout));
      return;  // takes no values
    }
    if (!add_identity(field, layout, column.losses)) add_default(field, layout, column.losses);
    layout_.columns.push_back(std::move(layout));
    target_.columns.push_back(std::move(column));
  }

  void add_collation(const Field& field, TargetColumnLayout& layout,
                     std::vector<LossNote>& losses) const {
    if (field.collation.empty()) return;
    if (facts_.collations.contains(field.collation)) {
      layout.collation = "pg_catalog." + quote_identifier(field.collation);
    } else {
      losses.push_back({"collation_missing", "the collation " + field.collation +
                                                 " is not there: the database's own is used"});
    }
  }

  bool add_generated(const Field& field, TargetColumnLayout& layout,
                     std::vector<LossNote>& losses) const {
    if (!field.generated) return false;
    if (same_system_ && options_.boolean("generated") && !field.generation_expression.empty()) {
      layout.generated = field.generation_expression;
      return true;
    }
    losses.push_back({"generated", "computed at the source: stored as plain values"});
    return false;
  }

  bool add_identity(const Field& field, TargetColumnLayout& layout,
                    std::vector<LossNote>& losses) const {
    if (!field.identity || !options_.boolean("identity")) return false;
    if (!is_identity_type(layout.type) || !layout.not_null) {
      losses.push_back({"identity",
                        "its numbering is not carried over: an identity column of "
                        "PostgreSQL is a signed integer and not null"});
      return true;
    }
    layout.identity = field.identity_always ? "ALWAYS" : "BY DEFAULT";
    for (const SequenceUse& use : request_.table->sequences) {
      if (use.column != field.name) continue;
      layout.next_value = use.next_value;
      layout.increment = use.increment;
      if (same_system_) layout.identity_options = use.options;
      if (use.serial && same_system_) layout.identity = kSerial;
    }
    return true;
  }

  void add_default(const Field& field, TargetColumnLayout& layout, std::vector<LossNote>& losses) {
    if (!options_.boolean("defaults")) return;
    if (field.default_kind == DefaultKind::value) {
      layout.default_sql = quote_literal(field.default_text) + "::" + layout.type;
    } else if (field.default_kind == DefaultKind::current_timestamp) {
      layout.default_sql = field.type.id == TypeId::timestamp && !field.type.utc
                               ? "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"
                               : "CURRENT_TIMESTAMP";
    } else if (!field.default_expression.empty() && same_system_) {
      if (is_plain_default(field.default_expression, facts_)) {
        layout.default_sql = field.default_expression;
      } else {
        layout_.additions.push_back(
            {"default of column " + layout.name, "ALTER COLUMN " + quote_identifier(layout.name) +
                                                     " SET DEFAULT " + field.default_expression});
      }
    } else if (!field.default_expression.empty()) {
      losses.push_back({"default", "its default is not carried over: " +
                                       printable(field.default_expression, 100)});
    }
  }

  // ---- what is built after the rows

  std::string own_name(const std::string& name) const {
    return same_system_ ? name : short_name(request_.name + "_" + name);
  }

  void add_indexes() {
    const TableSchema& table = *request_.table;
    const bool keys = options_.boolean("keys");
    if (!target_.key.empty() && keys) {
      TargetIndex index{.kind = IndexKind::primary, .unique = true};
      index.name = same_system_ ? table.primary_key.name : short_name(request_.name + "_pkey");
      index.body = key_body(table.primary_key, target_.key);
      index.options = table.primary_key.options;
      layout_.indexes.push_back(std::move(index));
    }
    for (const Key& key : table.unique_keys) {
      if (!keys) break;
      if (const auto names = target_names(key.columns)) {
        layout_.indexes.push_back({.kind = IndexKind::unique,
                                   .unique = true,
                                   .name = own_name(key.name),
                                   .body = key_body(key, *names),
                                   .options = key.options});
      } else {
        lose("unique_key", "unique key " + key.name + " is not carried over: a column is missing");
      }
    }
    if (!options_.boolean("indexes")) return;
    for (const Index& index : table.indexes) add_index(index);
  }

  std::string key_body(const Key& key, const std::vector<std::string>& names) const {
    if (same_system_ && !key.body.empty()) return key.body;
    return "USING btree (" + quote_list(names) + ")";
  }

  void add_index(const Index& index) {
    TargetIndex out{.kind = IndexKind::plain, .unique = index.unique};
    out.name = own_name(index.name);
    if (same_system_) {
      out.body = index.body;
      if (!index.columns.empty() && !target_names(index.columns)) {
        return lose("index", "index " + index.name + " is not carried over: a column is missing");
      }
      layout_.indexes.push_back(std::move(out));
      return;
    }
    std::string list;
    for (const IndexPart& part : index.parts) {
      const auto names = target_names({part.column});
      if (!names) {
        return lose("index",
                    "index " + index.name + " is not carried over: " +
                        (part.column.empty() ? "it is over an expression" : "a column is missing"));
      }
      const std::string name = quote_identifier(names->front());
      list += list.empty() ? "" : ", ";
      if (part.prefix == 0) {
        list += name;
      } else if (target_type(part.column) == "bytea") {
        list += "substring(" + name + " FROM 1 FOR " + std::to_string(part.prefix) + ")";
      } else {
        list += "\"left\"(" + name + ", " + std::to_string(part.prefix) + ")";
      }
      if (part.descending) list += " DESC";
    }
    const bool spatial = index.method == "spatial" || index.method == "rtree";
    const bool tree = index.method.empty() || index.method == "btree" || index.method == "hash";
    const bool geometry =
        index.parts.size() == 1 && target_type(index.parts.front().column).ends_with(".geometry");
    if (list.empty() || !index.predicate.empty() || (!tree && !(spatial && geometry))) {
      return lose("index", "index " + index.name + " (" + index.method + ") is not carried over");
    }
    out.body = std::string(spatial ? "USING gist (" : "USING btree (") + list + ")";
    layout_.indexes.push_back(std::move(out));
  }

  std::string target_type(const std::string& source_column) const {
    const auto names = target_names({source_column});
    if (!names) return {};
    for (const TargetColumnLayout& column : layout_.columns) {
      if (column.name == names->front()) return column.type;
    }
    return {};
  }

  void add_checks() {
    const auto& checks = request_.table->checks;
    if (!options_.boolean("checks") || checks.empty()) return;
    if (!same_system_) {
      lose("checks", "not carried over: check constraints (" + std::to_string(checks.size()) +
                         "), written in another dialect of SQL");
      return;
    }
    for (const CheckConstraint& check : checks) {
      const std::string what = "constraint " + check.name;
      if (check.definition.starts_with("EXCLUDE")) {
        layout_.additions.push_back({what, check.definition, check.name});
      } else {
        layout_.additions.push_back(
            {what, "ADD CONSTRAINT " + quote_identifier(check.name) + " " + check.definition});
      }
    }
  }

  void add_links() {
    if (!options_.boolean("foreign_keys")) return;
    for (const ForeignKey& key : request_.table->foreign_keys) {
      const auto columns = target_names(key.columns);
      if (!columns) {
        lose("foreign_key",
             "foreign key " + key.name + " is not carried over: a column is missing");
        continue;
      }
      TargetLink link{.name = short_name(key.name), .columns = *columns};
      link.referenced_columns = key.referenced_columns;
      link.references = key.references;
      const bool own_schema = key.references.schema == request_.table->id.schema || !same_system_;
      link.schema = own_schema ? request_.schema : key.references.schema;
      link.table = key.references.name;
      link.actions = link_actions(key);
      layout_.links.push_back(std::move(link));
    }
  }

  // A PostgreSQL source's options say all: MATCH, actions, DEFERRABLE.
  std::string link_actions(const ForeignKey& key) const {
    if (same_system_) return key.options.empty() ? "" : " " + key.options;
    std::string actions;
    if (!key.on_update.empty()) actions += " ON UPDATE " + key.on_update;
    if (!key.on_delete.empty()) actions += " ON DELETE " + key.on_delete;
    return actions;
  }

  void describe() {
    const std::size_t built =
        layout_.indexes.size() + layout_.additions.size() + layout_.links.size();
    if (built != 0) {
      target_.notes.push_back(std::to_string(built) +
                              " keys, indexes, constraints and defaults are made after the rows");
    }
    for (const TargetType& type : layout_.types) {
      target_.ddl.push_back(type.extension.empty() ? type.definition
                                                   : "CREATE EXTENSION IF NOT EXISTS " +
                                                         quote_identifier(type.extension));
    }
    target_.ddl.push_back(create_target_sql(target_, layout_, target_.name));
    for (const TargetIndex& index : layout_.indexes) {
      target_.ddl.push_back(create_index_sql(target_, index, index.name, target_.name));
    }
    const std::string name = quote_table({.schema = target_.schema, .name = target_.name});
    for (const TargetAddition& addition : layout_.additions) {
      const std::string add =
          addition.name.empty() ? "" : "ADD CONSTRAINT " + quote_identifier(addition.name) + " ";
      target_.ddl.push_back("ALTER TABLE " + name + " " + add + addition.sql);
    }
    for (const TargetLink& link : layout_.links) {
      target_.ddl.push_back("ALTER TABLE " + name + " ADD CONSTRAINT " +
                            quote_identifier(link.name) + " FOREIGN KEY (" +
                            quote_list(link.columns) + ") REFERENCES " +
                            quote_table({.schema = link.schema, .name = link.table}) + " (" +
                            quote_list(link.referenced_columns) + ")" + link.actions);
    }
  }

  const MapRequest& request_;
  const TargetFacts& facts_;
  const Config options_;
  const bool same_system_;
  TargetTable target_;
  TargetLayout layout_;
};

}  // namespace

ConfigSpec target_option_spec() {
  const auto flag = [](const char* name, const char* description) {
    return ConfigField{.name = name,
                       .kind = FieldKind::boolean,
                       .description = description,
                       .fallback = json::value(true)};
  };
  return ConfigSpec({
      flag("keys", "Carry primary and unique keys over."),
      flag("indexes", "Carry the other indexes over."),
      flag("foreign_keys", "Carry foreign keys over."),
      flag("checks", "Carry check and exclusion constraints of PostgreSQL over."),
      flag("defaults", "Carry column defaults over."),
      flag("identity",
           "Number new rows as the source did: identity columns, serial, "
           "auto_increment."),
      flag("generated", "Make generated columns of PostgreSQL generated again, not plain values."),
      flag("comments", "Carry comments on tables and columns over."),
      flag("enum_types", "Make enum types for enumerations that have no type of their own."),
      {.name = "json",
       .kind = FieldKind::choice,
       .description = "Type for JSON of other systems: json keeps the text, jsonb parses it.",
       .fallback = json::value("json"),
       .choices = {"json", "jsonb"}},
  });
}

TargetTable map_target(const MapRequest& request, const TargetFacts& facts,
                       const std::string& database) {
  return TargetMapper(request, facts, database).map();
}

}  // namespace penstock::postgresql
