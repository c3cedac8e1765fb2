#include "adapters/systems/postgresql/target_catalog.h"

#include <algorithm>

#include "adapters/systems/postgresql/sql_text.h"

namespace penstock::postgresql {

namespace {

constexpr std::string_view kDoing = "reading the destination's catalogue";

Result query(Connection& connection, const std::string& sql) {
  return connection.exec(sql, kDoing);
}

std::string at(const Result& rows, int row, int column) {
  return std::string(rows.text(row, column));
}

// "(VALUES ('public','t'), …)": bounded by the number of a job's tables.
std::string values_of(const std::set<TableKey>& names) {
  std::string out;
  for (const auto& [schema, name] : names) {
    out += out.empty() ? "(VALUES (" : ", (";
    out += quote_literal(schema) + "::text, " + quote_literal(name) + "::text)";
  }
  return out + ")";
}

// Each kind of thing that hangs on a table, as (oid of the table, what for people); @ stands for
// the condition on the table, in every part so that its indexes serve. Rules behind views,
// functions with SQL bodies and columns of the table's row type are found by pg_depend.
constexpr std::string_view kDependents = R"(
SELECT DISTINCT d.refobjid AS oid,
       CASE WHEN v.relkind = 'm' THEN 'materialized view ' ELSE 'view ' END ||
         format('%I.%I', n.nspname, v.relname) AS what
FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class
JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
  AND r.ev_class <> d.refobjid AND d.refobjid @
UNION ALL
SELECT ev_class, 'rule ' || quote_ident(rulename) FROM pg_rewrite
WHERE rulename <> '_RETURN' AND ev_class @
UNION ALL
SELECT tgrelid, 'trigger ' || quote_ident(tgname) FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid @
UNION ALL
SELECT polrelid, 'policy ' || quote_ident(polname) FROM pg_policy WHERE polrelid @
UNION ALL
SELECT oid, 'row-level security' FROM pg_class
WHERE relrowsecurity AND relkind IN ('r', 'p') AND oid @
UNION ALL
SELECT prrelid, 'publication ' || quote_ident(pubname)
FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid WHERE prrelid @
UNION ALL
SELECT stxrelid, 'statistics ' || quote_ident(stxname) FROM pg_statistic_ext WHERE stxrelid @
UNION ALL
SELECT inhparent, 'inheriting table ' || inhrelid::regclass FROM pg_inherits WHERE inhparent @
UNION ALL
SELECT inhrelid, 'parent table ' || inhparent::regclass FROM pg_inherits WHERE inhrelid @
UNION ALL
SELECT refobjid, 'function ' || objid::regprocedure FROM pg_depend
WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_class'::regclass AND refobjid @
UNION ALL
SELECT c.oid, CASE d.classid WHEN 'pg_proc'::regclass THEN 'function ' || d.objid::regprocedure
                             ELSE 'table ' || d.objid::regclass END
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
WHERE c.relkind IN ('r', 'p') AND d.deptype = 'n' AND c.oid @
  AND d.classid IN ('pg_proc'::regclass, 'pg_class'::regclass))";

std::string dependents_sql(const std::string& condition) {
  std::string sql;
  for (const char c : kDependents) {
    if (c == '@') {
      sql += condition;
    } else {
      sql += c;
    }
  }
  return sql;
}

std::string kind_name(char kind) {
  switch (kind) {
    case 'v': return "a view";
    case 'm': return "a materialized view";
    case 'f': return "a foreign table";
    case 'S': return "a sequence";
    case 'i':
    case 'I': return "an index";
    case 'c': return "a composite type";
    default: return "a table";
  }
}

}  // namespace

TargetFacts read_target_facts(Connection& connection) {
  TargetFacts facts;
  facts.version = connection.server_version();
  const ServerFacts server = read_server(connection);
  facts.version_text = server.version;
  facts.encoding = server.encoding;
  facts.collation = server.collation;
  const Result types = query(connection,
                             "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = "
                             "'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND "
                             "typelem = 0 OR typname IN ('name', 'point', 'box', 'lseg', 'line', "
                             "'int2vector', 'oidvector')");
  for (int i = 0; i < types.rows(); ++i) facts.builtin_types.insert(at(types, i, 0));
  const Result collations = query(connection,
                                  "SELECT collname FROM pg_collation WHERE collnamespace = "
                                  "'pg_catalog'::regnamespace AND collencoding IN (-1, "
                                  "pg_char_to_encoding(current_setting('server_encoding')))");
  for (int i = 0; i < collations.rows(); ++i) facts.collations.insert(at(collations, i, 0));
  const Result extensions =
      query(connection,
            "SELECT a.name, coalesce(n.nspname, '') FROM pg_available_extensions a LEFT JOIN "
            "pg_extension e ON e.extname = a.name LEFT JOIN pg_namespace n ON n.oid = "
            "e.extnamespace");
  for (int i = 0; i < extensions.rows(); ++i) {
    facts.extensions[at(extensions, i, 0)] = at(extensions, i, 1);
  }
  return facts;
}

bool has_bookkeeping(Connection& connection) {
  const Result row = query(
      connection, "SELECT to_regclass('" + std::string(kBookkeeping) + ".links') IS NOT NULL");
  return row.boolean(0, 0);
}

std::string bookkeeping_sql() {
  const std::string schema(kBookkeeping);
  return "CREATE SCHEMA IF NOT EXISTS " + schema + ";" + "CREATE TABLE IF NOT EXISTS " + schema +
         ".tables (schema text, name text, digest text NOT NULL, job text NOT NULL, how text NOT "
         "NULL, time timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (schema, name));" +
         "CREATE TABLE IF NOT EXISTS " + schema +
         ".splits (staging text, split integer, rows bigint NOT NULL, PRIMARY KEY (staging, "
         "split));" +
         "CREATE TABLE IF NOT EXISTS " + schema +
         ".links (schema text, name text, referencing_schema text, referencing_name text, "
         "constraint_name text, PRIMARY KEY (schema, name, referencing_schema, referencing_name, "
         "constraint_name));";
}

std::vector<std::string> find_dependents(Connection& connection, Oid table) {
  const Result rows =
      query(connection, "SELECT what FROM (" + dependents_sql("= " + std::to_string(table)) +
                            ") d ORDER BY what");
  std::vector<std::string> out;
  for (int i = 0; i < rows.rows(); ++i) out.push_back(at(rows, i, 0));
  return out;
}

std::map<TableKey, FoundTable> find_tables(Connection& connection,
                                           const std::set<TableKey>& names) {
  std::map<TableKey, FoundTable> found;
  if (names.empty()) return found;
  const std::string wanted = "wanted(schema, name) AS " + values_of(names);
  const std::string with =
      "WITH " + wanted +
      ", hit AS (SELECT c.oid, w.schema, w.name, c.relkind, c.reltuples FROM "
      "wanted w JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = "
      "n.oid AND c.relname = w.name) ";
  std::map<Oid, FoundTable*> by_oid;
  const Result tables =
      query(connection, with + "SELECT oid, schema, name, relkind, reltuples::bigint FROM hit");
  for (int i = 0; i < tables.rows(); ++i) {
    FoundTable& table = found[{at(tables, i, 1), at(tables, i, 2)}];
    table.oid = static_cast<Oid>(tables.integer(i, 0));
    table.kind = tables.text(i, 3).front();
    table.rows = tables.integer(i, 4);
    by_oid[table.oid] = &table;
  }
  if (found.empty()) return found;
  const Result columns =
      query(connection, with +
                            "SELECT hit.oid, attname, format_type(atttypid, atttypmod), "
                            "attgenerated <> '' FROM hit JOIN pg_attribute a ON a.attrelid = "
                            "hit.oid WHERE attnum > 0 AND NOT attisdropped ORDER BY hit.oid, "
                            "attnum");
  for (int i = 0; i < columns.rows(); ++i) {
    FoundTable& table = *by_oid.at(static_cast<Oid>(columns.integer(i, 0)));
    table.columns.emplace_back(at(columns, i, 1), at(columns, i, 2));
    if (columns.boolean(i, 3)) table.generated.insert(at(columns, i, 1));
  }
  // The tables are locked by nobody yet: whoever is about to change one looks again.
  const Result dependents =
      query(connection, with + "SELECT d.oid, d.what FROM (" +
                            dependents_sql("IN (SELECT hit.oid FROM hit)") + ") d ORDER BY 1, 2");
  for (int i = 0; i < dependents.rows(); ++i) {
    by_oid.at(static_cast<Oid>(dependents.integer(i, 0)))
        ->dependents.push_back(at(dependents, i, 1));
  }
  if (!has_bookkeeping(connection)) return found;
  const Result records =
      query(connection, with + "SELECT hit.oid, t.digest FROM hit JOIN " +
                            std::string(kBookkeeping) + ".tables t USING (schema, name)");
  for (int i = 0; i < records.rows(); ++i) {
    by_oid.at(static_cast<Oid>(records.integer(i, 0)))->digests.insert(at(records, i, 1));
  }
  return found;
}

std::vector<std::string> why_unfit(const std::vector<std::pair<std::string, std::string>>& columns,
                                   const FoundTable& found) {
  std::vector<std::string> out;
  if (found.kind != 'r' && found.kind != 'p') {
    out.push_back("it is " + kind_name(found.kind));
    return out;
  }
  std::map<std::string, std::string> types(found.columns.begin(), found.columns.end());
  for (const auto& [name, type] : columns) {
    const auto column = types.find(name);
    if (column == types.end()) {
      out.push_back("it has no column " + quote_identifier(name));
      continue;
    }
    if (column->second != type) {
      out.push_back("its column " + quote_identifier(name) + " is " + column->second + ", not " +
                    type);
    }
    types.erase(column);
  }
  for (const auto& [name, type] : types) {
    if (found.generated.contains(name)) continue;
    out.push_back("it has a further column " + quote_identifier(name));
  }
  return out;
}

}  // namespace penstock::postgresql
