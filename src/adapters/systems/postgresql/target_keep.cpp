#include "adapters/systems/postgresql/target_keep.h"

#include <algorithm>

#include "adapters/systems/postgresql/sql_text.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

constexpr std::string_view kDoing = "keeping what belongs to a table";

Result query(Connection& connection, const std::string& sql) {
  return connection.exec(sql, kDoing);
}

std::string at(const Result& rows, int row, int column) {
  return std::string(rows.text(row, column));
}

std::string referencing(const KeptLink& link) {
  return quote_table({.schema = link.schema, .name = link.table});
}

}  // namespace

std::vector<KeptLink> read_links(Connection& connection, Oid table) {
  const std::string oid = std::to_string(table);
  // Of a partitioned table's keys only its own, which bring those of its partitions along.
  const Result rows = query(
      connection,
      "SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated FROM "
      "pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = "
      "c.relnamespace WHERE k.contype = 'f' AND k.confrelid = " +
          oid + " AND k.conrelid <> " + oid + " AND k.conparentid = 0 ORDER BY 1, 2, 3");
  std::vector<KeptLink> links;
  for (int i = 0; i < rows.rows(); ++i) {
    KeptLink link{at(rows, i, 0), at(rows, i, 1), at(rows, i, 2), at(rows, i, 3)};
    link.validated = rows.boolean(i, 4);
    constexpr std::string_view mark = " NOT VALID";
    if (link.definition.ends_with(mark)) {
      link.definition.resize(link.definition.size() - mark.size());
    }
    links.push_back(std::move(link));
  }
  return links;
}

void drop_links(Connection& connection, const std::vector<KeptLink>& links) {
  for (const KeptLink& link : links) {
    query(connection,
          "ALTER TABLE " + referencing(link) + " DROP CONSTRAINT " + quote_identifier(link.name));
  }
}

void restore_links(Connection& connection, const std::vector<KeptLink>& links,
                   const TargetTable& table, FinishReport& report) {
  for (const KeptLink& link : links) {
    try {
      query(connection, "ALTER TABLE " + referencing(link) + " ADD CONSTRAINT " +
                            quote_identifier(link.name) + " " + link.definition + " NOT VALID");
    } catch (const Error& error) {
      if (error.retryable()) throw;
      throw Error(Side::destination, "destination.table.in_use",
                  "the foreign key " + link.name + " of " + link.schema + "." + link.table +
                      " would be lost: " + error.message())
          .native(error.native())
          .in_table(table.display())
          .hint("keep the key that it references (postgresql.keys), or drop the foreign key");
    }
    if (!link.validated) continue;
    query(connection, "INSERT INTO _penstock.links VALUES (" + quote_literal(table.schema) + ", " +
                          quote_literal(table.name) + ", " + quote_literal(link.schema) + ", " +
                          quote_literal(link.table) + ", " + quote_literal(link.name) +
                          ") ON CONFLICT DO NOTHING");
    report.also.push_back("foreign key " + link.name + " of " + link.schema + "." + link.table);
  }
}

std::string disable_triggers(Connection& connection, Oid table, const std::string& quoted) {
  const Result rows = query(connection,
                            "SELECT quote_ident(tgname), tgenabled FROM pg_trigger WHERE NOT "
                            "tgisinternal AND tgenabled <> 'D' AND tgrelid = " +
                                std::to_string(table) + " ORDER BY 1");
  std::string off, on;
  for (int i = 0; i < rows.rows(); ++i) {
    const std::string name = at(rows, i, 0);
    const char mode = rows.text(i, 1).front();
    const char* word = mode == 'A' ? "ENABLE ALWAYS" : mode == 'R' ? "ENABLE REPLICA" : "ENABLE";
    off += "ALTER TABLE " + quoted + " DISABLE TRIGGER " + name + ";";
    on += "ALTER TABLE " + quoted + " " + word + " TRIGGER " + name + ";";
  }
  if (!off.empty()) query(connection, off);
  return on;
}

namespace {

// Privileges as GRANT statements. What default privileges gave the new table is taken away first.
std::string read_grants(Connection& connection, Oid table, const std::string& quoted,
                        const TargetLayout& layout) {
  const std::string oid = std::to_string(table);
  std::string sql;
  const Result owners = query(connection, "SELECT relacl IS NULL FROM pg_class WHERE oid = " + oid);
  if (!owners.boolean(0, 0)) {
    sql +=
        "DO $penstock$DECLARE g record; BEGIN FOR g IN SELECT DISTINCT CASE grantee WHEN 0 THEN "
        "'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS who FROM pg_class, "
        "aclexplode(relacl) WHERE oid = " +
        quote_literal(quoted) + "::regclass LOOP EXECUTE 'REVOKE ALL ON " + quoted +
        " FROM ' || g.who; END LOOP; END$penstock$;";
  }
  const Result grants = query(
      connection,
      "SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE "
      "quote_ident(pg_get_userbyid(grantee)) END, is_grantable, '' FROM pg_class, "
      "aclexplode(relacl) WHERE oid = " +
          oid +
          " UNION ALL SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE "
          "quote_ident(pg_get_userbyid(grantee)) END, is_grantable, attname FROM pg_attribute, "
          "aclexplode(attacl) WHERE attrelid = " +
          oid + " AND attnum > 0 AND NOT attisdropped ORDER BY 4, 2, 1");
  for (int i = 0; i < grants.rows(); ++i) {
    const std::string column = at(grants, i, 3);
    if (!column.empty() && std::ranges::none_of(layout.columns, [&](const TargetColumnLayout& one) {
          return one.name == column;
        })) {
      continue;
    }
    sql += "GRANT " + at(grants, i, 0);
    if (!column.empty()) sql += " (" + quote_identifier(column) + ")";
    sql += " ON " + quoted + " TO " + at(grants, i, 1);
    sql += grants.boolean(i, 2) ? " WITH GRANT OPTION;" : ";";
  }
  return sql;
}

std::string read_comments(Connection& connection, Oid table, const std::string& quoted,
                          const TargetLayout& layout) {
  const Result rows = query(connection,
                            "SELECT coalesce(attname, ''), description FROM pg_description LEFT "
                            "JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND "
                            "objsubid > 0 WHERE classoid = 'pg_class'::regclass AND objoid = " +
                                std::to_string(table));
  std::string sql;
  for (int i = 0; i < rows.rows(); ++i) {
    const std::string column = at(rows, i, 0);
    const std::string text = quote_literal(rows.text(i, 1));
    if (column.empty()) {
      if (layout.comment.empty()) sql += "COMMENT ON TABLE " + quoted + " IS " + text + ";";
      continue;
    }
    for (const TargetColumnLayout& one : layout.columns) {
      if (one.name != column || !one.comment.empty()) continue;
      sql += "COMMENT ON COLUMN " + quoted + "." + quote_identifier(column) + " IS " + text + ";";
    }
  }
  return sql;
}

}  // namespace

std::string read_belongings(Connection& connection, Oid table, const std::string& quoted,
                            const TargetLayout& layout) {
  const Result row =
      query(connection,
            "SELECT quote_ident(pg_get_userbyid(relowner)), relowner = (SELECT oid FROM pg_roles "
            "WHERE rolname = current_user), array_to_string(reloptions, ', ') "
            "FROM pg_class WHERE oid = " +
                std::to_string(table));
  std::string sql;
  if (!row.null(0, 2) && !row.text(0, 2).empty()) {
    sql += "ALTER TABLE " + quoted + " SET (" + at(row, 0, 2) + ");";
  }
  sql += read_comments(connection, table, quoted, layout);
  sql += read_grants(connection, table, quoted, layout);
  // Last: afterwards the table may be another's.
  if (!row.boolean(0, 1)) sql += "ALTER TABLE " + quoted + " OWNER TO " + at(row, 0, 0) + ";";
  return sql;
}

}  // namespace penstock::postgresql
