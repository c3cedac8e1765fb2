// Foreign keys, made once all tables of a job are in place.
#include <algorithm>
#include <map>

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/target_session.h"

namespace penstock::postgresql {

namespace {

constexpr std::chrono::hours kValidateMax{24 * 7};

std::string quote_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return out;
}

// The destination names of a table's columns, by the source's.
std::vector<std::string> renamed(const std::vector<std::string>& columns,
                                 const std::map<std::string, std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& column : columns) {
    const auto at = names.find(column);
    out.push_back(at == names.end() ? column : at->second);
  }
  return out;
}

// One at a time, for they lock two tables each.
constexpr const char* kLinkLock =
    "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('penstock'), "
    "hashtext('replace')); SET LOCAL lock_timeout = '60s';";

// Rows are only looked at under a lock that lets others write (SHARE UPDATE EXCLUSIVE).
void validate(Connection& connection, const std::string& table, const std::string& name,
              const std::string& after) {
  connection.exec(begin_sql(connection) + "ALTER TABLE " + table + " VALIDATE CONSTRAINT " +
                      quote_identifier(name) + ";" + after + "COMMIT",
                  "validating the foreign key " + name, kValidateMax);
}

// Whether penstock itself put the table there: only then it adds to it.
bool replaced(Connection& connection, const TargetTable& table) {
  const Result row = connection.exec(
      "SELECT how = 'replace' FROM _penstock.tables WHERE schema = " + quote_literal(table.schema) +
          " AND name = " + quote_literal(table.name),
      "asking how a table was written");
  return row.rows() == 1 && row.boolean(0, 0);
}

void add_link(Connection& connection, const TargetTable& table, const json::object& payload) {
  if (!replaced(connection, table)) return;
  const std::string quoted = quote_table({.schema = table.schema, .name = table.name});
  const std::string name(payload.at("name").as_string());
  // It may be there from an attempt whose answer was lost.
  connection.exec(begin_sql(connection) + kLinkLock + "ALTER TABLE " + quoted +
                      " DROP CONSTRAINT IF EXISTS " + quote_identifier(name) + ";ALTER TABLE " +
                      quoted + " ADD CONSTRAINT " + quote_identifier(name) + " " +
                      std::string(payload.at("definition").as_string()) + " NOT VALID;COMMIT",
                  "adding the foreign key " + name);
  validate(connection, quoted, name, {});
}

// Those of other tables that a replacement had to make anew.
void validate_kept(Connection& connection, const TargetTable& table) {
  const std::string mine =
      " WHERE schema = " + quote_literal(table.schema) + " AND name = " + quote_literal(table.name);
  const Result rows = connection.exec(
      "SELECT l.referencing_schema, l.referencing_name, l.constraint_name, EXISTS (SELECT FROM "
      "pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = "
      "c.relnamespace WHERE n.nspname = referencing_schema AND c.relname = referencing_name AND "
      "k.conname = constraint_name) FROM _penstock.links l" +
          mine,
      "looking for foreign keys to validate");
  for (int i = 0; i < rows.rows(); ++i) {
    const TableId other{.schema = std::string(rows.text(i, 0)),
                        .name = std::string(rows.text(i, 1))};
    const std::string name(rows.text(i, 2));
    const std::string forget = "DELETE FROM _penstock.links" + mine +
                               " AND referencing_schema = " + quote_literal(other.schema) +
                               " AND referencing_name = " + quote_literal(other.name) +
                               " AND constraint_name = " + quote_literal(name) + ";";
    if (rows.boolean(i, 3)) {
      validate(connection, quote_table(other), name, forget);
    } else {
      connection.exec(begin_sql(connection) + forget + "COMMIT", "forgetting a foreign key");
    }
  }
}

}  // namespace

std::vector<LinkStep> target_link_steps(std::span<const TargetTable* const> tables) {
  std::map<TableId, const TargetTable*> by_source;
  for (const TargetTable* const table : tables) by_source[table->source] = table;
  std::vector<LinkStep> steps;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const TargetTable& table = *tables[i];
    for (const TargetLink& link : TargetLayout::from_json(table.payload).links) {
      const auto other = by_source.find(link.references);
      TableId target{.schema = link.schema, .name = link.table};
      std::map<std::string, std::string> names;
      if (other != by_source.end()) {
        target = {.schema = other->second->schema, .name = other->second->name};
        names = TargetLayout::from_json(other->second->payload).names;
      }
      const std::string definition =
          "FOREIGN KEY (" + quote_list(link.columns) + ") REFERENCES " + quote_table(target) +
          " (" + quote_list(renamed(link.referenced_columns, names)) + ")" + link.actions;
      steps.push_back(
          {i,
           {"foreign key " + link.name, 0,
            json::serialize(json::object{{"name", link.name}, {"definition", definition}})}});
    }
    steps.push_back({i, {"foreign keys that reference it", 1, "{}"}});
  }
  return steps;
}

void link_target(Connection& connection, const TargetTable& table, const BuildStep& step) {
  connection.rollback();
  try {
    const json::value payload = json::parse(step.payload);
    if (payload.as_object().empty()) return validate_kept(connection, table);
    add_link(connection, table, payload.as_object());
  } catch (...) {
    if (connection.usable()) connection.rollback();
    throw;
  }
}

}  // namespace penstock::postgresql
