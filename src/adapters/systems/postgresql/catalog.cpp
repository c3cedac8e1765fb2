#include "adapters/systems/postgresql/catalog.h"

#include <algorithm>
#include <map>
#include <set>

#include "adapters/systems/postgresql/catalog_sql.h"
#include "adapters/systems/postgresql/sql_text.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

constexpr std::string_view kDoing = "reading the catalogue";

Oid oid_at(const Result& rows, int row, int column) {
  return static_cast<Oid>(rows.integer(row, column));
}

std::string string_at(const Result& rows, int row, int column) {
  return std::string(rows.text(row, column));
}

Result query(Connection& connection, std::string_view sql) {
  return connection.exec(std::string(sql), kDoing);
}

std::vector<std::string> names_at(const Result& rows, int row, int column) {
  std::vector<std::string> names;
  if (rows.null(row, column)) return names;
  const json::value parsed = json::parse(rows.text(row, column));
  for (const json::value& name : parsed.as_array()) {
    names.emplace_back(name.as_string());
  }
  return names;
}

}  // namespace

std::string TablePayload::to_json() const {
  json::array list;
  for (const Leaf& leaf : leaves) {
    list.push_back(json::object{{"oid", leaf.oid},
                                {"schema", leaf.id.schema},
                                {"name", leaf.id.name},
                                {"heap", leaf.heap}});
  }
  return json::serialize(json::object{{"oid", oid}, {"leaves", std::move(list)}, {"ctid", ctid}});
}

TablePayload TablePayload::from_json(const std::string& text) {
  const json::value parsed = json::parse(text);
  TablePayload payload;
  payload.oid = parsed.at("oid").to_number<Oid>();
  payload.ctid = parsed.at("ctid").as_bool();
  for (const json::value& one : parsed.at("leaves").as_array()) {
    Leaf leaf;
    leaf.oid = one.at("oid").to_number<Oid>();
    leaf.id.schema = std::string(one.at("schema").as_string());
    leaf.id.name = std::string(one.at("name").as_string());
    leaf.heap = one.at("heap").as_bool();
    payload.leaves.push_back(std::move(leaf));
  }
  return payload;
}

ServerFacts read_server(Connection& connection) {
  const Result rows = query(connection, sql::server);
  ServerFacts facts;
  facts.version = string_at(rows, 0, 0);
  // "15.18 (Debian 15.18-0+deb12u1)": the packager's remark says nothing about the server.
  facts.version.resize(std::min(facts.version.find(' '), facts.version.size()));
  facts.database = string_at(rows, 0, 1);
  facts.user = string_at(rows, 0, 2);
  facts.in_recovery = rows.boolean(0, 3);
  facts.encoding = string_at(rows, 0, 4);
  facts.money_digits = static_cast<int>(rows.integer(0, 5));
  facts.block_bytes = static_cast<int>(rows.integer(0, 6));
  facts.collation = string_at(rows, 0, 7);
  return facts;
}

TypeCatalog read_types(Connection& connection, const ServerFacts& server) {
  TypeCatalog catalog;
  catalog.money_digits = server.money_digits;
  catalog.check_utf8 = server.encoding == "SQL_ASCII";
  const Result rows = query(connection, sql::types);
  for (int i = 0; i < rows.rows(); ++i) {
    NativeType& type = catalog.types[oid_at(rows, i, 0)];
    type.schema = string_at(rows, i, 1);
    type.name = string_at(rows, i, 2);
    type.spelled = string_at(rows, i, 3);
    type.extension = string_at(rows, i, 4);
    type.kind = rows.text(i, 5).empty() ? 'b' : rows.text(i, 5).front();
    type.element = oid_at(rows, i, 6);
    type.base = oid_at(rows, i, 7);
    type.base_modifier = static_cast<std::int32_t>(rows.integer(i, 8));
    type.base_dimensions = static_cast<int>(rows.integer(i, 9));
    type.sends_binary = rows.boolean(i, 10);
  }
  const Result labels = query(connection, sql::enum_labels);
  for (int i = 0; i < labels.rows(); ++i) {
    const auto at = catalog.types.find(oid_at(labels, i, 0));
    if (at != catalog.types.end()) at->second.labels.push_back(string_at(labels, i, 1));
  }
  const Result definitions = query(connection, sql::definitions);
  for (int i = 0; i < definitions.rows(); ++i) {
    const auto at = catalog.types.find(oid_at(definitions, i, 0));
    if (at == catalog.types.end() || definitions.null(i, 1)) continue;
    at->second.definition = string_at(definitions, i, 1);
    if (definitions.null(i, 2)) continue;
    const json::value needs = json::parse(definitions.text(i, 2));
    for (const json::value& oid : needs.as_array()) {
      at->second.needs.push_back(oid.to_number<Oid>());
    }
  }
  return catalog;
}

namespace {

// A relation as the catalogue has it, before it is known whether it is a table of its own.
struct Relation {
  Oid oid = 0;
  char kind = 'r';
  bool is_partition = false, heap = false, unlogged = false;
  bool may_select = false, may_use_schema = false, row_security = false;
  std::int64_t main_bytes = 0, total_bytes = 0, pages = 0;
  double tuples = -1;
  TableSchema schema;
  std::vector<std::string> unreadable_columns;
};

struct Catalog {
  std::map<Oid, Relation> relations;
  std::map<Oid, std::vector<Oid>> children;
  std::map<Oid, int> parents;  // how many
};

void load_relations(Connection& connection, Catalog& catalog) {
  const Result rows = query(connection, sql::tables);
  for (int i = 0; i < rows.rows(); ++i) {
    Relation& relation = catalog.relations[oid_at(rows, i, 0)];
    relation.oid = oid_at(rows, i, 0);
    relation.schema.id = {.schema = string_at(rows, i, 1), .name = string_at(rows, i, 2)};
    relation.kind = rows.text(i, 3).front();
    relation.is_partition = rows.boolean(i, 4);
    relation.unlogged = rows.text(i, 5) == "u";
    relation.schema.comment = string_at(rows, i, 6);
    relation.tuples = rows.real(i, 7);
    relation.pages = rows.integer(i, 8);
    relation.main_bytes = rows.integer(i, 9);
    relation.total_bytes = rows.integer(i, 10);
    relation.heap = rows.boolean(i, 11);
    relation.may_select = rows.boolean(i, 12);
    relation.may_use_schema = rows.boolean(i, 13);
    relation.row_security = rows.boolean(i, 14);
  }
}

void load_columns(Connection& connection, const TypeCatalog& types, Catalog& catalog) {
  const Result rows = query(connection, sql::columns);
  for (int i = 0; i < rows.rows(); ++i) {
    const auto at = catalog.relations.find(oid_at(rows, i, 0));
    if (at == catalog.relations.end()) continue;
    Field field;
    field.name = string_at(rows, i, 1);
    field.native_type = string_at(rows, i, 8);
    field.nullable = !rows.boolean(i, 5);
    field.generated = rows.boolean(i, 6);
    field.identity = rows.boolean(i, 7);
    (field.generated ? field.generation_expression : field.default_expression) =
        string_at(rows, i, 9);
    field.collation = string_at(rows, i, 10);
    field.comment = string_at(rows, i, 11);
    Mapping mapping =
        map_type(types, oid_at(rows, i, 2), static_cast<std::int32_t>(rows.integer(i, 3)),
                 static_cast<int>(rows.integer(i, 4)));
    field.type = std::move(mapping.type);
    field.fetch = mapping.fetch.to_text();
    field.losses = std::move(mapping.losses);
    add_definitions(types, oid_at(rows, i, 2), at->second.schema.type_definitions);
    if (!rows.boolean(i, 12)) at->second.unreadable_columns.push_back(field.name);
    at->second.schema.fields.push_back(std::move(field));
  }
}

// pg_constraint.confupdtype and confdeltype; "no action" is the default.
std::string action_name(std::string_view letter) {
  if (letter == "r") return "restrict";
  if (letter == "c") return "cascade";
  if (letter == "n") return "set null";
  if (letter == "d") return "set default";
  return {};
}

// What follows the referenced columns: "FOREIGN KEY (a) REFERENCES s.t(b) ON DELETE CASCADE".
std::string after_references(std::string_view definition) {
  bool quoted = false;
  int lists = 0;
  for (std::size_t i = 0; i < definition.size(); ++i) {
    if (definition[i] == '"') quoted = !quoted;
    if (quoted || definition[i] != ')' || ++lists != 2) continue;
    std::string rest(trim(definition.substr(i + 1)));
    constexpr std::string_view mark = "NOT VALID";
    if (rest.ends_with(mark)) rest.resize(rest.size() - mark.size());
    return std::string(trim(rest));
  }
  return {};
}

void load_constraints(Connection& connection, Catalog& catalog) {
  const Result rows = query(connection, sql::constraints);
  for (int i = 0; i < rows.rows(); ++i) {
    const auto at = catalog.relations.find(oid_at(rows, i, 0));
    if (at == catalog.relations.end()) continue;
    TableSchema& schema = at->second.schema;
    const std::string name = string_at(rows, i, 2), definition = string_at(rows, i, 7);
    switch (rows.text(i, 1).front()) {
      case 'p':
        schema.primary_key = {name, names_at(rows, i, 3), string_at(rows, i, 9),
                              string_at(rows, i, 8)};
        break;
      case 'u':
        schema.unique_keys.push_back(
            {name, names_at(rows, i, 3), string_at(rows, i, 9), string_at(rows, i, 8)});
        break;
      case 'f':
        schema.foreign_keys.push_back(
            {name,
             names_at(rows, i, 3),
             {.schema = string_at(rows, i, 4), .name = string_at(rows, i, 5)},
             names_at(rows, i, 6),
             definition,
             action_name(rows.text(i, 10)),
             action_name(rows.text(i, 11)),
             after_references(definition)});
        break;
      default: schema.checks.push_back({name, definition});
    }
  }
}

void load_indexes(Connection& connection, Catalog& catalog) {
  const Result rows = query(connection, sql::indexes);
  for (int i = 0; i < rows.rows(); ++i) {
    const auto at = catalog.relations.find(oid_at(rows, i, 0));
    if (at == catalog.relations.end()) continue;
    Index index{string_at(rows, i, 1), rows.boolean(i, 2), names_at(rows, i, 3),
                string_at(rows, i, 4)};
    index.body = string_at(rows, i, 5);
    at->second.schema.indexes.push_back(std::move(index));
  }
}

void load_inheritance_and_sequences(Connection& connection, Catalog& catalog) {
  const Result links = query(connection, sql::inheritance);
  for (int i = 0; i < links.rows(); ++i) {
    const Oid parent = oid_at(links, i, 0), child = oid_at(links, i, 1);
    if (!catalog.relations.contains(parent) || !catalog.relations.contains(child)) continue;
    catalog.children[parent].push_back(child);
    ++catalog.parents[child];
  }
  const Result rows = query(connection, sql::sequences);
  for (int i = 0; i < rows.rows(); ++i) {
    const auto at = catalog.relations.find(oid_at(rows, i, 0));
    if (at == catalog.relations.end()) continue;
    TableSchema& schema = at->second.schema;
    SequenceUse use{string_at(rows, i, 1), string_at(rows, i, 2), rows.integer(i, 3),
                    rows.integer(i, 4), string_at(rows, i, 5)};
    for (Field& field : schema.fields) {
      if (field.name != use.column) continue;
      // A serial column takes its default from the sequence it owns.
      use.serial = field.default_expression.starts_with("nextval(");
      if (!field.identity && !use.serial) continue;
      field.identity = true;
      field.identity_always = rows.boolean(i, 6);
      if (use.serial) field.default_expression.clear();
      schema.sequences.push_back(use);
    }
  }
}

// All members of the tree below and with `root`, each once.
std::vector<const Relation*> tree_of(const Catalog& catalog, Oid root) {
  std::vector<const Relation*> members;
  std::set<Oid> seen;
  std::vector<Oid> open = {root};
  while (!open.empty()) {
    const Oid oid = open.back();
    open.pop_back();
    if (!seen.insert(oid).second) continue;
    members.push_back(&catalog.relations.at(oid));
    const auto below = catalog.children.find(oid);
    if (below != catalog.children.end()) {
      open.insert(open.end(), below->second.rbegin(), below->second.rend());
    }
  }
  return members;
}

// An inheritance tree is one table as long as nothing is lost by reading it through its root: no
// member has columns of its own, a second parent, or another kind.
bool is_one_table(const Catalog& catalog, const std::vector<const Relation*>& tree) {
  const std::size_t columns = tree.front()->schema.fields.size();
  return std::ranges::all_of(tree, [&](const Relation* member) {
    const auto parents = catalog.parents.find(member->oid);
    return member->schema.fields.size() == columns &&
           (member == tree.front() || (parents != catalog.parents.end() && parents->second == 1));
  });
}

std::int64_t rows_estimate(const Relation& relation, int block_bytes) {
  const std::int64_t blocks = relation.main_bytes / block_bytes;
  if (blocks == 0 && (relation.kind == 'r' || relation.kind == 'm')) return 0;
  if (relation.tuples < 0 || relation.pages <= 0) return -1;  // never analysed
  return static_cast<std::int64_t>(relation.tuples / static_cast<double>(relation.pages) *
                                   static_cast<double>(blocks));
}

std::string join_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return out;
}

std::string refusal_of(const Relation& relation, const ServerFacts& server) {
  const std::string role = quote_identifier(server.user);
  const std::string table = quote_table(relation.schema.id);
  if (relation.schema.fields.empty()) return "the table has no columns";
  if (!relation.may_use_schema) {
    const std::string schema = quote_identifier(relation.schema.id.schema);
    return "no privilege USAGE on schema " + schema + "; run GRANT USAGE ON SCHEMA " + schema +
           " TO " + role;
  }
  if (!relation.unreadable_columns.empty()) {
    const bool all = relation.unreadable_columns.size() == relation.schema.fields.size();
    const std::string columns = all ? "" : " (" + join_names(relation.unreadable_columns) + ")";
    return "no privilege SELECT" + columns + " on " + table + "; run GRANT SELECT" + columns +
           " ON " + table + " TO " + role;
  }
  if (relation.row_security) {
    return "row-level security would hide rows of " + table + " from " + role +
           "; connect as its owner or run ALTER ROLE " + role + " BYPASSRLS";
  }
  if (relation.unlogged && server.in_recovery) {
    return "an unlogged table cannot be read on a standby; connect to the primary";
  }
  return {};
}

TableKind kind_of(char kind) {
  switch (kind) {
    case 'p': return TableKind::partitioned;
    case 'v': return TableKind::view;
    case 'm': return TableKind::materialized_view;
    case 'f': return TableKind::foreign;
    default: return TableKind::table;
  }
}

bool readable(const Relation& relation, const ServerFacts& server) {
  return refusal_of(relation, server).empty() && relation.may_select;
}

// Sums the tree up and says where its rows lie.
void describe_tree(const std::vector<const Relation*>& tree, const ServerFacts& server,
                   TableSchema& table) {
  const Relation& root = *tree.front();
  TablePayload payload{.oid = root.oid, .ctid = root.may_select};
  bool direct = root.kind != 'v' && root.kind != 'f';
  table.rows_estimate = table.bytes_estimate = 0;
  for (const Relation* member : tree) {
    if (member->kind == 'p') continue;
    if (member->kind == 'v' || member->kind == 'f') {
      table.rows_estimate = table.bytes_estimate = -1;
    } else {
      const std::int64_t rows = rows_estimate(*member, server.block_bytes);
      if (table.rows_estimate >= 0)
        table.rows_estimate = rows < 0 ? -1 : table.rows_estimate + rows;
      if (table.bytes_estimate >= 0) table.bytes_estimate += member->total_bytes;
    }
    direct = direct && (member == &root || readable(*member, server));
    payload.leaves.push_back({member->oid, member->schema.id, member->heap});
  }
  if (!direct) payload.leaves.clear();
  table.payload = payload.to_json();
  if (tree.size() == 1) return;
  if (root.kind == 'p') {
    table.notes.push_back("partitioned: read as one table of " +
                          std::to_string(payload.leaves.size()) + " partitions");
    return;
  }
  table.notes.push_back("read as one table with the " + std::to_string(tree.size() - 1) +
                        " tables that inherit from it");
  // PostgreSQL holds each member of the tree to its own keys only.
  if (table.primary_key.columns.empty() && table.unique_keys.empty()) return;
  table.primary_key = {};
  table.unique_keys.clear();
  table.notes.push_back("its keys are not carried: they do not hold across inheriting tables");
}

}  // namespace

std::vector<TableSchema> read_tables(Connection& connection, const ServerFacts& server,
                                     const TypeCatalog& types, const DiscoverOptions& options) {
  Catalog catalog;
  load_relations(connection, catalog);
  load_columns(connection, types, catalog);
  load_constraints(connection, catalog);
  load_indexes(connection, catalog);
  load_inheritance_and_sequences(connection, catalog);

  std::set<Oid> covered;  // members of a tree that is listed as one table
  std::map<Oid, std::vector<const Relation*>> trees;
  for (const auto& [oid, relation] : catalog.relations) {
    if (relation.is_partition || catalog.parents.contains(oid)) continue;
    std::vector<const Relation*> tree = tree_of(catalog, oid);
    if (relation.kind != 'p' && !is_one_table(catalog, tree)) continue;
    for (const Relation* member : tree) covered.insert(member->oid);
    trees[oid] = std::move(tree);
  }
  std::vector<TableSchema> tables;
  for (const auto& [oid, relation] : catalog.relations) {
    const bool on_request = relation.kind == 'v' || relation.kind == 'm' || relation.kind == 'f';
    const auto root = trees.find(oid);
    if ((on_request && !options.views) || (covered.contains(oid) && root == trees.end())) continue;
    TableSchema table = relation.schema;
    table.kind = kind_of(relation.kind);
    table.refusal = refusal_of(relation, server);
    describe_tree(root != trees.end() ? root->second : std::vector{&relation}, server, table);
    if (root == trees.end()) {
      table.notes.push_back(
          "part of an inheritance tree whose members differ: only its own rows are read here");
    }
    tables.push_back(std::move(table));
  }
  std::ranges::sort(tables, {}, &TableSchema::id);
  return tables;
}

}  // namespace penstock::postgresql
