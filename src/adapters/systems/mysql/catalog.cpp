#include "adapters/systems/mysql/catalog.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "adapters/systems/mysql/catalog_keys.h"
#include "adapters/systems/mysql/catalog_sql.h"
#include "adapters/systems/mysql/defaults.h"
#include "adapters/systems/mysql/error_map.h"
#include "adapters/systems/mysql/sql_text.h"
#include "adapters/systems/mysql/types.h"
#include "core/text.h"

namespace penstock::mysql {

std::string TablePayload::to_json() const {
  json::array list;
  for (const Partition& one : partitions) {
    list.push_back(json::object{{"name", one.name}, {"rows", one.rows}, {"bytes", one.bytes}});
  }
  return json::serialize(json::object{
      {"engine", engine}, {"prefix_key", prefix_key}, {"partitions", std::move(list)}});
}

TablePayload TablePayload::from_json(const std::string& text) {
  const json::value parsed = json::parse(text);
  TablePayload payload;
  payload.engine = std::string(parsed.at("engine").as_string());
  payload.prefix_key = parsed.at("prefix_key").as_bool();
  for (const json::value& one : parsed.at("partitions").as_array()) {
    payload.partitions.push_back({.name = std::string(one.at("name").as_string()),
                                  .rows = one.at("rows").to_number<std::int64_t>(),
                                  .bytes = one.at("bytes").to_number<std::int64_t>()});
  }
  return payload;
}

namespace {

constexpr std::string_view kDoing = "reading the catalogue";

struct Catalog {
  Connection& connection;
  const CatalogOptions& options;
  std::string grantee;  // 'user'@'host', for GRANT
  std::map<TableId, CatalogTable> tables;

  Result query(std::string_view sql) const {
    const std::string condition =
        options.database.empty()
            ? "TABLE_SCHEMA NOT IN ('information_schema','performance_schema','mysql','sys')"
            : "TABLE_SCHEMA = " + quote_literal(options.database);
    std::string text(sql);
    text.replace(text.find("{}"), 2, condition);
    return connection.exec(text, kDoing);
  }
  CatalogTable* find(const Result& rows, int row) {
    const auto at = tables.find({.schema = rows.string(row, 0), .name = rows.string(row, 1)});
    return at == tables.end() ? nullptr : &at->second;
  }
};

std::string current_grantee(Connection& connection) {
  const Result row = connection.exec("SELECT CURRENT_USER()", kDoing);
  const std::string user = row.string(0, 0);
  const std::size_t at = user.rfind('@');
  return quote_literal(user.substr(0, at)) + "@" + quote_literal(user.substr(at + 1));
}

std::int64_t count_or_unknown(const Result& rows, int row, int column) {
  return rows.null(row, column) ? -1 : std::max<std::int64_t>(rows.integer(row, column), 0);
}

void load_tables(Catalog& catalog) {
  const Result rows = catalog.query(sql::tables);
  for (int i = 0; i < rows.rows(); ++i) {
    const std::string_view kind = rows.text(i, 2);
    const bool view = kind == "VIEW";
    if (!view && kind != "BASE TABLE" && kind != "SYSTEM VERSIONED") continue;
    if (view && !catalog.options.views) continue;
    // information_schema ignores case where databases may differ by it alone.
    const std::string& wanted = catalog.options.database;
    if (!wanted.empty() && rows.text(i, 0) != wanted) continue;
    TableId id{.schema = rows.string(i, 0), .name = rows.string(i, 1)};
    CatalogTable& table = catalog.tables[id];
    table.schema.id = std::move(id);
    table.schema.kind = view ? TableKind::view : TableKind::table;
    table.payload.engine = view ? "" : rows.string(i, 3);
    table.broken = !view && rows.null(i, 3);
    const std::string comment = rows.string(i, 7);
    if (table.broken) table.schema.refusal = "the server cannot open the table: " + comment;
    if (view) continue;
    table.schema.comment = comment;
    table.schema.rows_estimate = count_or_unknown(rows, i, 4);
    table.schema.bytes_estimate = count_or_unknown(rows, i, 5);
    table.next_number = rows.string(i, 6);
    if (kind == "SYSTEM VERSIONED") {
      table.schema.notes.emplace_back("system-versioned: only the current rows are read");
    }
    if (!table.payload.in_snapshots() && !table.broken) {
      table.schema.notes.push_back(
          "engine " + table.payload.engine +
          " knows no transactions: the table is read by one statement, outside the snapshot");
    }
  }
}

// Members of a MariaDB table's checks that only say "this longtext is JSON".
using JsonColumns = std::set<std::pair<TableId, std::string>>;

JsonColumns load_checks(Catalog& catalog) {
  JsonColumns json_columns;
  const ServerVersion& version = catalog.connection.version();
  if (!version.mariadb && version.number < 80'016) return json_columns;
  const Result rows = catalog.query(version.mariadb ? sql::checks_mariadb : sql::checks_mysql);
  for (int i = 0; i < rows.rows(); ++i) {
    CatalogTable* const table = catalog.find(rows, i);
    if (table == nullptr) continue;
    const std::string name = rows.string(i, 2), clause = rows.string(i, 3);
    if (version.mariadb && clause == "json_valid(" + quote_identifier(name) + ")") {
      json_columns.emplace(table->schema.id, name);
      continue;
    }
    table->schema.checks.push_back({name, clause});
  }
  return json_columns;
}

std::map<std::pair<TableId, std::string>, std::int32_t> load_srids(Catalog& catalog) {
  std::map<std::pair<TableId, std::string>, std::int32_t> srids;
  if (!catalog.connection.version().mariadb) return srids;
  const Result rows = catalog.query(sql::geometry_columns);
  for (int i = 0; i < rows.rows(); ++i) {
    srids[{{.schema = rows.string(i, 0), .name = rows.string(i, 1)}, rows.string(i, 2)}] =
        static_cast<std::int32_t>(rows.integer(i, 3));
  }
  return srids;
}

// "VIRTUAL GENERATED", "STORED GENERATED", not "DEFAULT_GENERATED"; the row start and end of
// system versioning are no expressions of their own.
bool is_generated(std::string_view extra, std::string_view expression) {
  const std::string words = lower(extra), text = lower(expression);
  return (words.find("virtual generated") != std::string::npos ||
          words.find("stored generated") != std::string::npos) &&
         !text.starts_with("row start") && !text.starts_with("row end");
}

Field make_field(const Catalog& catalog, const Result& rows, int i, NativeColumn native) {
  const bool mariadb = catalog.connection.version().mariadb;
  Field field;
  field.name = rows.string(i, 2);
  native.precision = static_cast<int>(rows.integer(i, 9));
  native.scale = static_cast<int>(rows.integer(i, 10));
  native.second_digits = static_cast<int>(rows.integer(i, 11));
  Mapping mapping = map_type(native, catalog.options.tinyint1_boolean);
  field.native_type = native.full_type;
  field.type = std::move(mapping.type);
  field.fetch = mapping.fetch.to_text();
  field.losses = std::move(mapping.losses);
  field.nullable = rows.text(i, 5) == "YES";
  field.collation = rows.string(i, 8);
  field.comment = rows.string(i, 12);
  const std::string extra = rows.string(i, 7), expression = rows.string(i, 13);
  field.identity = lower(extra).find("auto_increment") != std::string::npos;
  field.generated = is_generated(extra, expression);
  if (field.generated) field.generation_expression = expression;
  NativeDefault given{.extra = extra, .is_sql = mariadb};
  if (!rows.null(i, 6)) given.text = rows.string(i, 6);
  set_default(field, native.data_type, given);
  return field;
}

void load_columns(Catalog& catalog, const JsonColumns& json_columns) {
  const auto srids = load_srids(catalog);
  const ServerVersion& version = catalog.connection.version();
  const bool has_srs = !version.mariadb && version.number >= 80'003;
  const Result rows = catalog.query(has_srs ? sql::columns_srs : sql::columns);
  for (int i = 0; i < rows.rows(); ++i) {
    CatalogTable* const table = catalog.find(rows, i);
    if (table == nullptr) continue;
    const TableId& id = table->schema.id;
    NativeColumn native{.data_type = lower(rows.text(i, 3)), .full_type = rows.string(i, 4)};
    native.srid = static_cast<std::int32_t>(rows.integer(i, 15));
    const std::string name = rows.string(i, 2);
    if (json_columns.contains({id, name})) native.data_type = native.full_type = "json";
    if (const auto at = srids.find({id, name}); at != srids.end()) native.srid = at->second;
    Field field = make_field(catalog, rows, i, native);
    if (rows.text(i, 14).find("select") == std::string_view::npos) {
      table->unreadable.push_back(field.name);
    }
    if (field.identity) {
      SequenceUse use{.column = field.name, .sequence = "AUTO_INCREMENT"};
      const std::string& next = table->next_number;
      std::from_chars(next.data(), next.data() + next.size(), use.next_value);
      table->schema.sequences.push_back(std::move(use));
    }
    table->schema.fields.push_back(std::move(field));
  }
}

void load_partitions(Catalog& catalog) {
  const Result rows = catalog.query(sql::partitions);
  for (int i = 0; i < rows.rows(); ++i) {
    CatalogTable* const table = catalog.find(rows, i);
    if (table == nullptr) continue;
    table->schema.kind = TableKind::partitioned;
    table->payload.partitions.push_back(
        {rows.string(i, 2), rows.integer(i, 3), rows.integer(i, 4)});
  }
  for (auto& [id, table] : catalog.tables) {
    if (table.payload.partitions.empty()) continue;
    table.schema.notes.push_back("partitioned: read as one table of " +
                                 std::to_string(table.payload.partitions.size()) + " partitions");
  }
}

// Columns that only other accounts may select are not even listed; asking for all of them tells.
void find_hidden_columns(Catalog& catalog) {
  const Result rows = catalog.query(
      "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMN_PRIVILEGES"
      " WHERE {}");
  for (int i = 0; i < rows.rows(); ++i) {
    CatalogTable* const table = catalog.find(rows, i);
    if (table == nullptr || !table->unreadable.empty()) continue;
    try {
      catalog.connection.exec("SELECT * FROM " + quote_table(table->schema.id) + " LIMIT 0",
                              kDoing);
    } catch (const Error& error) {
      if (!catalog.connection.usable()) throw;
      if (error.code() == "source.permission") table->hides_columns = true;
    }
  }
}

void set_refusal(const Catalog& catalog, CatalogTable& table) {
  if (!table.schema.refusal.empty()) return;
  const std::string name = quote_table(table.schema.id);
  const std::string grant = "run GRANT SELECT ON " + name + " TO " + catalog.grantee;
  if (table.hides_columns) {
    table.schema.refusal = "no privilege SELECT on some columns of " + name + "; " + grant;
  } else if (!table.unreadable.empty() || table.schema.fields.empty()) {
    std::string columns;
    if (table.unreadable.size() < table.schema.fields.size()) {
      for (const std::string& column : table.unreadable) {
        columns += (columns.empty() ? " (" : ", ") + quote_identifier(column);
      }
      if (!columns.empty()) columns += ")";
    }
    table.schema.refusal = "no privilege SELECT" + columns + " on " + name + "; " + grant;
  }
}

}  // namespace

std::vector<TableSchema> read_tables(Connection& connection, const CatalogOptions& options) {
  Catalog catalog{connection, options, current_grantee(connection), {}};
  load_tables(catalog);
  load_columns(catalog, load_checks(catalog));
  load_partitions(catalog);
  find_hidden_columns(catalog);
  const ServerVersion& version = connection.version();
  const bool expressions = !version.mariadb && version.number >= 80'013;
  add_indexes(catalog.tables,
              catalog.query(expressions ? sql::statistics_expression : sql::statistics));
  add_foreign_keys(catalog.tables, catalog.query(sql::foreign_keys),
                   catalog.query(sql::foreign_rules));
  std::vector<TableSchema> tables;
  for (auto& [id, table] : catalog.tables) {
    set_refusal(catalog, table);
    table.schema.payload = table.payload.to_json();
    tables.push_back(std::move(table.schema));
  }
  return tables;
}

}  // namespace penstock::mysql
