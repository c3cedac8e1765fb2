#include "adapters/destinations/postgresql.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/target_catalog.h"
#include "adapters/systems/postgresql/target_layout.h"
#include "adapters/systems/postgresql/target_session.h"
#include "adapters/systems/postgresql/types.h"
#include "adapters/systems/postgresql/wire_collector.h"
#include "core/text.h"

namespace penstock {

namespace {

using namespace postgresql;

constexpr int kVersionMin = 120'000;
constexpr std::size_t kNameBytesMax = 63;  // NAMEDATALEN - 1
// Several writers into one table wait for one another to extend it: measured, two are no faster
// than one. Tables above this gain by keeping more than one reader of the source busy.
constexpr std::int64_t kSplitBytesMin = std::int64_t{4} << 30;
constexpr std::chrono::hours kPrepareMax{1};

ConfigSpec spec() {
  std::vector<ConfigField> fields = connection_fields();
  fields.push_back({.name = "maintenance_work_mem",
                    .description = "Memory of the server for building each key or index, in "
                                   "PostgreSQL's units.",
                    .fallback = json::value("256MB")});
  return ConfigSpec(std::move(fields));
}

std::string first_of(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : ", ") + one;
  return printable(out, 300);
}

class PostgresqlDestination : public Destination {
 public:
  explicit PostgresqlDestination(const Config& config) : shared_(std::make_shared<TargetShared>()) {
    shared_->options = connect_options(config, Side::destination);
    shared_->database = shared_->options.database;
    shared_->index_memory = config.text("maintenance_work_mem");
  }

  Capabilities open(const CancelToken& cancel) override;
  TargetTable map_table(const MapRequest& request) const override {
    return map_target(request, shared_->facts, shared_->database);
  }
  bool takes_wire(const TargetTable& table, const WireFormat& format) const override;
  std::vector<BuildStep> build_steps(const TargetTable& table) const override {
    // What is filled in place has its indexes already.
    if (shared_->fills_in_place(table)) return {};
    return target_build_steps(table);
  }
  std::vector<LinkStep> link_steps(std::span<const TargetTable* const> tables) const override {
    return target_link_steps(tables);
  }
  std::vector<ExistingTable> inspect(std::span<const TargetTable> tables,
                                     const CancelToken& cancel) override;
  void prepare(std::span<const TargetTable> tables, const RunId& run,
               const CancelToken& cancel) override;
  std::unique_ptr<DestinationSession> open_session(const CancelToken& cancel) override {
    return std::make_unique<TargetSession>(shared_, cancel);
  }
  std::string identity() const override { return "postgresql:" + shared_->options.endpoint(); }

 private:
  std::unique_ptr<Connection> connect(const CancelToken& cancel);
  void make_database(const CancelToken& cancel);
  void make_schemas(Connection& connection, std::span<const TargetTable> tables);
  void make_types(Connection& connection, std::span<const TargetTable> tables);
  void clean_up(Connection& connection, std::span<const TargetTable> tables, const RunId& run);

  std::shared_ptr<TargetShared> shared_;
  bool database_missing_ = false;
};

// Planning works without the database as well: prepare() makes it.
std::unique_ptr<Connection> PostgresqlDestination::connect(const CancelToken& cancel) {
  try {
    auto connection = std::make_unique<Connection>(shared_->options, cancel);
    database_missing_ = false;
    return connection;
  } catch (const Error& error) {
    if (error.code() != "destination.database.missing") throw;
  }
  database_missing_ = true;
  ConnectOptions other = shared_->options;
  other.database = "postgres";
  return std::make_unique<Connection>(other, cancel);
}

Capabilities PostgresqlDestination::open(const CancelToken& cancel) {
  const auto connection = connect(cancel);
  if (connection->server_version() < kVersionMin) {
    throw Error(Side::destination, "destination.version",
                "the server is PostgreSQL " + connection->parameter("server_version") +
                    "; penstock writes to version 12 and later")
        .hint("upgrade the server");
  }
  connection->exec(begin_sql(*connection), "starting a transaction");
  TargetFacts& facts = shared_->facts;
  facts = read_target_facts(*connection);
  if (database_missing_) facts.encoding = "UTF8";  // what prepare() gives it
  const Result standby = connection->exec("SELECT pg_is_in_recovery()", "asking for the role");
  connection->rollback();
  if (standby.boolean(0, 0)) {
    throw Error(Side::destination, "destination.readonly",
                "the server is a standby, which takes no "
                "writes")
        .hint("connect to the primary");
  }
  if (facts.encoding != "UTF8" && facts.encoding != "SQL_ASCII") {
    throw Error(
        Side::destination, "destination.encoding",
        "the database's character set is " + facts.encoding + ", which cannot hold every text")
        .hint("write to a database that was created with ENCODING 'UTF8'");
  }
  Capabilities out;
  out.product = "PostgreSQL";
  out.version = facts.version_text;
  out.identifier_bytes_max = kNameBytesMax;
  out.schemas = true;
  out.default_schema = "public";
  out.database = shared_->database;
  out.split_bytes_min = kSplitBytesMin;
  return out;
}

bool PostgresqlDestination::takes_wire(const TargetTable& table, const WireFormat& format) const {
  if (format.name != kWireBinary && format.name != kWireText) return false;
  if (format.types.size() != table.columns.size()) return false;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const TargetColumn& column = table.columns[i];
    if (column.source != static_cast<int>(i)) return false;
    if (without_modifiers(column.native_type) != format.types[i]) return false;
  }
  return true;
}

std::vector<ExistingTable> PostgresqlDestination::inspect(std::span<const TargetTable> tables,
                                                          const CancelToken& cancel) {
  std::vector<ExistingTable> out(tables.size());
  const auto connection = connect(cancel);
  if (database_missing_ || tables.empty()) return out;
  std::set<TableKey> names;
  for (const TargetTable& table : tables) names.insert({table.schema, table.name});
  connection->exec(begin_sql(*connection), "starting a transaction");
  const auto found = find_tables(*connection, names);
  connection->rollback();
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto at = found.find({tables[i].schema, tables[i].name});
    if (at == found.end()) continue;
    const FoundTable& one = at->second;
    const TargetLayout layout = TargetLayout::from_json(tables[i].payload);
    out[i].exists = true;
    out[i].rows = one.rows;
    out[i].what = "a table with " + std::to_string(one.columns.size()) + " columns";
    out[i].ours = one.digests.contains(shape_digest(one.columns));
    out[i].mismatch = why_unfit(shape(layout), one);
    const bool table = one.kind == 'r' || one.kind == 'p';
    if (!table) out[i].what = "no table: " + out[i].mismatch.front();
    if (!one.dependents.empty() && out[i].mismatch.empty()) {
      shared_->in_place.insert({tables[i].schema, tables[i].name});
      out[i].notes.push_back("emptied and filled in one transaction instead of replaced, to keep " +
                             first_of(one.dependents));
    } else if (!one.dependents.empty() || !table) {
      out[i].held = "cannot be replaced: " + first_of(one.dependents) +
                    (table ? " depend on it, and it cannot be filled anew, for " : "") +
                    out[i].mismatch.front();
    }
  }
  return out;
}

void PostgresqlDestination::make_database(const CancelToken& cancel) {
  ConnectOptions other = shared_->options;
  other.database = "postgres";
  Connection connection(other, cancel);
  const std::string name = quote_identifier(shared_->database);
  const Result encoding = connection.exec(
      "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template1'",
      "asking for the template's character set");
  const bool utf8 = encoding.rows() == 1 && encoding.text(0, 0) == "UTF8";
  try {
    connection.exec("CREATE DATABASE " + name +
                        (utf8 ? ""
                              : " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE "
                                "'C'"),
                    "creating the database " + shared_->database);
  } catch (const Error& error) {
    constexpr std::string_view duplicate_database = "42P04";
    if (error.native() != duplicate_database) throw;
  }
  database_missing_ = false;
}

void PostgresqlDestination::make_schemas(Connection& connection,
                                         std::span<const TargetTable> tables) {
  std::set<std::string> schemas;
  for (const TargetTable& table : tables) {
    schemas.insert(table.schema);
    for (const TargetType& type : TargetLayout::from_json(table.payload).types) {
      if (type.extension.empty()) schemas.insert(type.schema);
    }
  }
  for (const std::string& schema : schemas) {
    // Asked first: CREATE … IF NOT EXISTS wants the privilege even when there is nothing to do.
    const Result row = connection.exec(
        "SELECT to_regnamespace(" + quote_literal(quote_identifier(schema)) + ") IS NULL",
        "looking for a schema");
    if (row.boolean(0, 0)) {
      connection.exec("CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema),
                      "creating the schema " + schema);
    }
  }
}

// Types and extensions that columns need. Enum types that are there get the labels they lack.
void PostgresqlDestination::make_types(Connection& connection,
                                       std::span<const TargetTable> tables) {
  std::set<TableKey> seen;
  std::set<std::string> extensions;
  for (const TargetTable& table : tables) {
    for (const TargetType& type : TargetLayout::from_json(table.payload).types) {
      if (!type.extension.empty()) {
        const auto have = shared_->facts.extensions.find(type.extension);
        const bool there = have != shared_->facts.extensions.end() && !have->second.empty();
        if (there || !extensions.insert(type.extension).second) continue;
        connection.exec("CREATE EXTENSION IF NOT EXISTS " + quote_identifier(type.extension) +
                            " SCHEMA " + quote_identifier(type.schema),
                        "creating the extension " + type.extension);
        continue;
      }
      if (!seen.insert({type.schema, type.name}).second) continue;
      const std::string name = quote_table({.schema = type.schema, .name = type.name});
      const Result row = connection.exec("SELECT to_regtype(" + quote_literal(name) + ") IS NULL",
                                         "looking for a type");
      if (row.boolean(0, 0)) {
        connection.exec(type.definition, "creating the type " + name);
        continue;
      }
      for (std::size_t i = 0; i < type.labels.size(); ++i) {
        connection.exec("ALTER TYPE " + name + " ADD VALUE IF NOT EXISTS " +
                            quote_literal(type.labels[i]) +
                            (i == 0 ? "" : " AFTER " + quote_literal(type.labels[i - 1])),
                        "adding a label to the type " + name);
      }
    }
  }
}

// Drops what dead runs left for these targets.
void PostgresqlDestination::clean_up(Connection& connection, std::span<const TargetTable> tables,
                                     const RunId& run) {
  std::map<std::string, const TargetTable*> by_prefix;
  for (const TargetTable& table : tables) by_prefix[StagingNames(table).prefix] = &table;
  const Result rows = connection.exec(
      "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind = 'r' AND c.relname LIKE '\\_penstock\\_%'",
      "looking for staging tables");
  for (int i = 0; i < rows.rows(); ++i) {
    const std::string schema(rows.text(i, 0)), name(rows.text(i, 1));
    constexpr std::size_t prefix_bytes = 10 + 12 + 1;  // "_penstock_", hash, "_"
    const auto at = by_prefix.find(name.substr(0, prefix_bytes));
    if (at == by_prefix.end() || at->second->schema != schema) continue;
    if (name == StagingNames(*at->second, run).base) continue;
    connection.exec(
        "DROP TABLE IF EXISTS " + quote_table({.schema = schema, .name = name}) +
            ";DELETE FROM _penstock.splits WHERE staging = " + quote_literal(schema + "." + name),
        "removing what an earlier run left");
  }
}

void PostgresqlDestination::prepare(std::span<const TargetTable> tables, const RunId& run,
                                    const CancelToken& cancel) {
  if (database_missing_) make_database(cancel);
  Connection connection(shared_->options, cancel);
  // Two jobs that begin at once would make the same things.
  const std::string lock =
      "SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(hashtext('penstock'), "
      "hashtext('prepare'))";
  connection.exec(begin_sql(connection) + lock, "preparing the destination", kPrepareMax);
  if (!has_bookkeeping(connection)) {
    connection.exec(bookkeeping_sql(), "creating penstock's own tables");
  }
  make_schemas(connection, tables);
  connection.exec("COMMIT", "preparing the destination");
  // Outside a transaction of several statements: a new label cannot be used, and before PostgreSQL
  // 12 not even be added, in one that goes on.
  make_types(connection, tables);
  connection.exec(begin_sql(connection), "starting a transaction");
  clean_up(connection, tables, run);
  connection.exec("COMMIT", "removing what earlier runs left");
}

}  // namespace

DestinationEntry postgresql_destination() {
  DestinationEntry entry;
  entry.name = "postgresql";
  entry.title = "PostgreSQL";
  entry.aliases = {"postgres", "pg"};
  entry.versions = "12 to 18";
  entry.spec = spec();
  entry.options = target_option_spec();
  entry.make = [](const Config& config) { return std::make_unique<PostgresqlDestination>(config); };
  return entry;
}

}  // namespace penstock
