#include "adapters/sources/postgresql.h"

#include <memory>
#include <utility>

#include "adapters/systems/postgresql/catalog.h"
#include "adapters/systems/postgresql/connection.h"
#include "adapters/systems/postgresql/passage.h"
#include "adapters/systems/postgresql/reader.h"
#include "adapters/systems/postgresql/splits.h"
#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/types.h"

namespace penstock {

namespace {

using namespace postgresql;

constexpr int kVersionMin = 120'000;
// On a standby long statements are cancelled in favour of recovery: shorter ones get through.
constexpr std::int64_t kStandbySplitDivisor = 4;

// ---- fields

ConfigSpec spec() {
  std::vector<ConfigField> fields = connection_fields();
  fields.push_back({.name = "numeric",
                    .kind = FieldKind::choice,
                    .description = "How numeric columns without declared digits are read: text "
                                   "keeps every digit; probe reads them once beforehand and takes "
                                   "the decimal type that holds all their values.",
                    .fallback = json::value("text"),
                    .choices = {"text", "probe"}});
  return ConfigSpec(std::move(fields));
}

bool is_local(const std::string& host) {
  return host.starts_with('/') || host == "localhost" || host == "127.0.0.1" || host == "::1";
}

// ---- source

class PostgresqlSource : public Source {
 public:
  explicit PostgresqlSource(const Config& config)
      : options_(connect_options(config, Side::source)),
        probe_numeric_(config.text("numeric") == "probe") {}

  SourceInfo open(const CancelToken& cancel) override;
  std::vector<TableSchema> discover(const DiscoverOptions& options,
                                    const CancelToken& cancel) override;
  std::optional<std::string> cannot_read_as(const Field& field, const Type& type) const override;
  std::vector<WireFormat> wire_formats(const ReadSpec& spec) const override {
    return postgresql::wire_formats(spec);
  }
  Snapshot snapshot(const SnapshotRequest& request, const CancelToken& cancel) override;
  std::vector<Split> plan_splits(const TableSchema& table, const std::string& where,
                                 const SplitGoal& goal, const CancelToken& cancel) override;
  std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) override {
    return std::make_unique<Reader>(options_, cancel);
  }

 private:
  Connection& leader(const CancelToken& cancel);
  Connection& leader_in_transaction(const CancelToken& cancel);
  Snapshot lesser_snapshot(std::string why);
  std::optional<std::string> why_not_shared(const std::string& token, const CancelToken& cancel);
  void probe_numerics(Connection& connection, TableSchema& table);

  ConnectOptions options_;
  bool probe_numeric_;
  ServerFacts server_;
  std::unique_ptr<Connection> leader_;  // its open transaction keeps the exported snapshot alive
  bool shared_snapshot_ = false;
};

Connection& PostgresqlSource::leader(const CancelToken& cancel) {
  if (!leader_ || !leader_->usable()) {
    leader_.reset();
    shared_snapshot_ = false;
    leader_ = std::make_unique<Connection>(options_, cancel);
  }
  return *leader_;
}

// A connection that broke while it was idle shows it only when it is used: then a new one is tried.
Connection& PostgresqlSource::leader_in_transaction(const CancelToken& cancel) {
  const bool had_one = leader_ != nullptr;
  shared_snapshot_ = false;
  try {
    begin_reading(leader(cancel), {}, false);
  } catch (const Error&) {
    if (!had_one || leader_->usable()) throw;
    begin_reading(leader(cancel), {}, false);
  }
  return *leader_;
}

SourceInfo PostgresqlSource::open(const CancelToken& cancel) {
  Connection& connection = leader(cancel);
  if (connection.server_version() < kVersionMin) {
    throw Error(Side::source, "source.version",
                "the server is PostgreSQL " + connection.parameter("server_version") +
                    "; penstock reads version 12 and later")
        .hint("upgrade the server, or read from an upgraded replica");
  }
  begin_reading(connection, {}, false);
  server_ = read_server(connection);
  SourceInfo info{.product = "PostgreSQL",
                  .version = server_.version,
                  .database = server_.database,
                  .default_schema = "public",
                  .dialect = "postgresql",
                  .collation = server_.collation};
  if (server_.in_recovery) {
    info.warnings.push_back(
        "the server is a standby: it may cancel long reads unless hot_standby_feedback is on");
  }
  if (!connection.encrypted() && !is_local(options_.host)) {
    info.warnings.push_back("the connection to " + options_.host +
                            " is not encrypted; sslmode: require or verify-full would see to it");
  }
  if (server_.encoding == "SQL_ASCII") {
    info.warnings.push_back(
        "the database has no character set (SQL_ASCII): text that is not UTF-8 is reported");
  }
  if (connection.behind_pooler()) {
    info.warnings.push_back(
        "a connection pooler answers for the server: every reader needs a server connection of "
        "its own for as long as the job runs");
  }
  connection.rollback();
  return info;
}

std::vector<TableSchema> PostgresqlSource::discover(const DiscoverOptions& options,
                                                    const CancelToken& cancel) {
  Connection& connection = leader_in_transaction(cancel);
  server_ = read_server(connection);
  const TypeCatalog types = read_types(connection, server_);
  std::vector<TableSchema> tables = read_tables(connection, server_, types, options);
  if (probe_numeric_) {
    for (TableSchema& table : tables) probe_numerics(connection, table);
  }
  connection.rollback();
  return tables;
}

// Unbounded numerics become the decimal that holds all their values now. Values that come later and
// do not fit are counted while reading, never cut in silence.
void PostgresqlSource::probe_numerics(Connection& connection, TableSchema& table) {
  if (!table.refusal.empty()) return;
  std::vector<Field*> fields;
  std::string list;
  for (Field& field : table.fields) {
    if (field.type.id != TypeId::numeric) continue;
    const std::string name = quote_identifier(field.name) + "::pg_catalog.numeric";
    // Special values have no scale: scale() of them is NULL, and their text has no digits.
    list += (list.empty() ? "" : ",") + std::string("max(scale(") + name +
            ")),max(length(split_part(abs(" + name + ")::text,'.',1))),count(*) FILTER (WHERE " +
            name + "::text IN ('NaN','Infinity','-Infinity'))";
    fields.push_back(&field);
  }
  if (fields.empty()) return;
  const Result row =
      connection.exec("SELECT " + list + " FROM " + quote_table(table.id),
                      "probing numeric columns of " + table.id.display(), std::chrono::hours{24});
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const int at = static_cast<int>(3 * i);
    const std::int64_t scale = row.integer(0, at), digits = row.integer(0, at + 1);
    if (row.null(0, at) || row.integer(0, at + 2) != 0 || digits + scale > 76) continue;
    fields[i]->type = Type::decimal(static_cast<int>(digits + scale), static_cast<int>(scale));
  }
}

std::optional<std::string> PostgresqlSource::cannot_read_as(const Field& field,
                                                            const Type& type) const {
  const ReadAs read = read_as(field, type);
  if (read.fetch) return std::nullopt;
  return read.refusal;
}

// ---- snapshot

Snapshot PostgresqlSource::snapshot(const SnapshotRequest&, const CancelToken& cancel) {
  Connection& connection = leader_in_transaction(cancel);
  std::string token;
  try {
    const Result row =
        connection.exec("SELECT pg_catalog.pg_export_snapshot()", "exporting a snapshot");
    token = row.text(0, 0);
  } catch (const Error& error) {
    if (error.native() != "42501" && error.native() != "0A000") throw;
    return lesser_snapshot("the server refuses to export a snapshot (" + error.message() + ")");
  }
  if (const auto why = why_not_shared(token, cancel)) return lesser_snapshot(*why);
  shared_snapshot_ = true;
  return {.token = token,
          .consistency = Consistency::point_in_time,
          .description = "snapshot " + token + " exported by PostgreSQL"};
}

// Each table then is read by one statement, in a snapshot of its own.
Snapshot PostgresqlSource::lesser_snapshot(std::string why) {
  leader_->rollback();
  return {.consistency = Consistency::per_table,
          .description = "each table as of the start of its own reading: " + std::move(why)};
}

// Joins once before any reader has to: a pooler or load balancer may lead to another server.
std::optional<std::string> PostgresqlSource::why_not_shared(const std::string& token,
                                                            const CancelToken& cancel) {
  try {
    Connection second(options_, cancel);
    begin_reading(second, token, false);
    second.rollback();
    return std::nullopt;
  } catch (Error& error) {
    if (error.code() == "source.snapshot.lost") {
      return "a second connection does not see the first one's snapshot, so a pooler or load "
             "balancer leads to different servers";
    }
    if (leader_->behind_pooler() && error.retryable()) {
      error.hint(
          "the pooler gave no second server connection: raise its pool size to at least "
          "--parallel + 1, or connect to PostgreSQL directly");
    }
    throw;
  }
}

std::vector<Split> PostgresqlSource::plan_splits(const TableSchema& table, const std::string&,
                                                 const SplitGoal& goal, const CancelToken& cancel) {
  const bool held = shared_snapshot_;  // by the leader's open transaction
  Connection& connection = held ? *leader_ : leader_in_transaction(cancel);
  SplitRequest request{.table = &table,
                       .goal = goal,
                       .server_version = connection.server_version(),
                       .block_bytes = server_.block_bytes,
                       .shared_snapshot = held};
  if (server_.in_recovery) request.goal.bytes_target /= kStandbySplitDivisor;
  try {
    std::vector<Split> splits = plan_table_splits(connection, request);
    if (!held) connection.rollback();
    return splits;
  } catch (const Error& error) {
    if (!held || connection.usable()) throw;
    throw Error(Side::source, "source.snapshot.lost",
                "the connection that holds the exported snapshot was lost: " + error.message());
  }
}

}  // namespace

SourceEntry postgresql_source() {
  return {.name = "postgresql",
          .title = "PostgreSQL",
          .aliases = {"postgres", "pg"},
          .versions = "12 to 18",
          .spec = spec(),
          .make = [](const Config& config) { return std::make_unique<PostgresqlSource>(config); }};
}

}  // namespace penstock
