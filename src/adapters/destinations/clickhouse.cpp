#include "adapters/destinations/clickhouse.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "adapters/destinations/clickhouse_query.h"
#include "adapters/systems/clickhouse/ddl.h"
#include "adapters/systems/clickhouse/embedded_launcher.h"
#include "adapters/systems/clickhouse/features.h"
#include "adapters/systems/clickhouse/session.h"
#include "adapters/systems/clickhouse/sql.h"
#include "core/text.h"

namespace penstock {

namespace {

using namespace clickhouse;

constexpr std::size_t kNamesAskedMax = 500;  // more: the whole database's names are read
constexpr std::size_t kCatalogBytesMax = std::size_t{1} << 30;

ConfigSpec connection_spec() {
  return ConfigSpec({
      {.name = "host", .description = "Server name or address.", .example = "localhost"},
      {.name = "port",
       .kind = FieldKind::integer,
       .description = "HTTP port; 8123, or 8443 with `secure`. Not the native port 9000.",
       .min = 1,
       .max = 65'535,
       .example = "8123"},
      {.name = "database",
       .description = "Database to write to; created when it is missing.",
       .fallback = json::value("default")},
      {.name = "username",
       .description = "User name.",
       .fallback = json::value("default"),
       .aliases = {"user"}},
      {.name = "password", .kind = FieldKind::secret, .description = "The user's password."},
      {.name = "secure",
       .kind = FieldKind::boolean,
       .description = "Connect with TLS.",
       .fallback = json::value(false)},
      {.name = "ca_file", .description = "File with the certificates to trust, for TLS."},
      {.name = "verify_certificate",
       .kind = FieldKind::boolean,
       .description = "Check the server's certificate and name.",
       .fallback = json::value(true)},
      {.name = "connect_timeout",
       .kind = FieldKind::integer,
       .description = "Seconds to wait for a connection.",
       .fallback = json::value(10),
       .min = 1,
       .max = 600},
      {.name = "path",
       .description = "Folder of an embedded ClickHouse, instead of host and port; created when it "
                      "is missing.",
       .example = "warehouse"},
      {.name = "library",
       .description = "Path of libchdb.so for the embedded ClickHouse; found by itself when it was "
                      "installed by ./quickstart."},
  });
}

class ClickHouseDestination : public Destination {
 public:
  explicit ClickHouseDestination(const Config& config)
      : shared_(std::make_shared<Shared>()),
        path_(config.text("path")),
        library_(config.text("library")) {
    if (config.has("host") == config.has("path")) {
      throw config_error("config.field.missing",
                         "destination: give either host (a server) or path (an embedded database)");
    }
    Endpoint& endpoint = shared_->endpoint;
    endpoint.host = config.text("host");
    endpoint.secure = config.boolean("secure");
    endpoint.verify = config.boolean("verify_certificate");
    endpoint.ca_file = config.text("ca_file");
    endpoint.port = endpoint.secure ? 8443 : 8123;
    if (config.has("port")) endpoint.port = static_cast<int>(config.integer("port"));
    endpoint.user = config.text("username");
    endpoint.password = config.text("password");
    endpoint.connect_timeout = std::chrono::seconds(config.integer("connect_timeout"));
    shared_->database = config.text("database");
  }

  Capabilities open(const CancelToken& cancel) override {
    if (!path_.empty()) {
      shared_->hold = hold_embedded(path_, library_, cancel);
      shared_->endpoint.socket_path = shared_->hold->socket();
    }
    probe(cancel);
    Capabilities out;
    out.product = "ClickHouse";
    out.version = shared_->features.version_text;
    out.database = shared_->database;
    return out;
  }

  // For `penstock query`, on an object of its own.
  std::string query(const std::string& sql, const CancelToken& cancel) {
    if (!path_.empty() && !std::filesystem::is_directory(path_)) {
      throw config_error("config.query.path", "there is no folder " + printable(path_))
          .hint("give the folder of an embedded ClickHouse that penstock filled before");
    }
    open(cancel);
    HttpClient client(shared_->endpoint, cancel);
    return query_as_text(client, shared_->database, sql);
  }

  TargetTable map_table(const MapRequest& request) const override {
    return clickhouse::map_table(request, shared_->features, shared_->database);
  }

  std::vector<ExistingTable> inspect(std::span<const TargetTable> tables,
                                     const CancelToken& cancel) override {
    HttpClient client(shared_->endpoint, cancel);
    return inspect_with(client, tables);
  }

  void prepare(std::span<const TargetTable> tables, const RunId& run,
               const CancelToken& cancel) override {
    HttpClient client(shared_->endpoint, cancel);
    make_database(client);
    clean_up(client, tables, run);
    const std::vector<ExistingTable> found = inspect_with(client, tables);
    std::vector<const TargetTable*> unknown;
    const std::lock_guard lock(shared_->mutex);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (found[i].exists) shared_->existing.insert(tables[i].name);
      if (found[i].exists && !found[i].ours) shared_->foreign.insert(tables[i].name);
      // A table of somebody else's is recorded once it has been replaced.
      if (!found[i].exists) unknown.push_back(&tables[i]);
    }
    record_tables(client, *shared_, run, unknown);
  }

  std::unique_ptr<DestinationSession> open_session(const CancelToken& cancel) override {
    return std::make_unique<ClickHouseSession>(shared_, cancel);
  }

  std::string identity() const override {
    const std::string place = path_.empty() ? shared_->endpoint.display()
                                            : std::filesystem::weakly_canonical(path_).string();
    return "clickhouse:" + place + "/" + shared_->database;
  }

 private:
  void probe(const CancelToken& cancel) {
    try {
      HttpClient client(shared_->endpoint, cancel);
      shared_->features = probe_features(client);
    } catch (const Error& error) {
      const bool plain = !shared_->endpoint.secure && path_.empty();
      if (!plain || error.code() != "destination.network" || !speaks_tls(cancel)) throw;
      throw Error(Side::destination, "destination.tls",
                  shared_->endpoint.display() + " takes TLS connections only")
          .native(error.native())
          .hint("set secure: true, and ca_file where its certificate is of your own authority");
    }
  }

  // Asks without a name or password, for nothing is known yet of who answers.
  bool speaks_tls(const CancelToken& cancel) const {
    Endpoint endpoint = shared_->endpoint;
    endpoint.secure = true;
    endpoint.verify = false;
    endpoint.user.clear();
    endpoint.password.clear();
    try {
      HttpClient(endpoint, cancel).query("SELECT 1");
    } catch (const Error& error) {
      return error.code() != "destination.tls" && error.code() != "destination.network" &&
             error.code() != "destination.timeout" && error.code() != "engine.cancelled";
    }
    return true;
  }

  struct Found {
    std::string engine, sorting_key;
    std::vector<std::pair<std::string, std::string>> columns;
    std::int64_t rows = -1;
  };

  // Nothing when the database does not exist.
  std::string database_engine(HttpClient& client) {
    const auto rows = parse_rows(client.query("SELECT engine FROM system.databases WHERE name = " +
                                              quote_literal(shared_->database)),
                                 1);
    const std::string engine = rows.empty() ? std::string() : rows[0][0];
    shared_->exchange = shared_->features.atomic_databases && !engine.empty() &&
                        engine != "Ordinary" && engine != "Lazy";
    return engine;
  }

  void make_database(HttpClient& client) {
    if (database_engine(client).empty()) {
      std::string sql = "CREATE DATABASE IF NOT EXISTS " + quote_name(shared_->database);
      if (!path_.empty()) sql += " ENGINE = Atomic";
      client.query(sql);
      database_engine(client);
    }
    client.query("CREATE TABLE IF NOT EXISTS " + quote_name(shared_->database, kRecordTable) +
                 " (`database` String, `table` String, `digest` String, `job` String, `time` "
                 "DateTime) ENGINE = MergeTree ORDER BY (`database`, `table`)");
  }

  // Drops what dead runs left for these targets, and undoes a swap that was cut between its halves.
  void clean_up(HttpClient& client, std::span<const TargetTable> tables, const RunId& run) {
    const std::vector<StagedTable> staged = list_tables(client, *shared_, "_penstock_");
    std::map<std::string, const TargetTable*> by_prefix;
    for (const TargetTable& table : tables) by_prefix[StagingNames(table).prefix] = &table;
    const QueryOptions options{.settings = ddl_settings(shared_->features)};
    for (const StagedTable& left : staged) {
      constexpr std::size_t prefix_bytes = 10 + 12 + 1;  // "_penstock_", hash, "_"
      const auto at = by_prefix.find(left.name.substr(0, prefix_bytes));
      if (at == by_prefix.end()) continue;
      const TargetTable& table = *at->second;
      if (left.name.starts_with(StagingNames(table, run).base)) continue;
      const std::string visible = quote_name(table.database, table.name);
      if (left.name.ends_with("_old") &&
          parse_count(client.query("EXISTS TABLE " + visible)) == 0) {
        client.query("RENAME TABLE " + quote_name(table.database, left.name) + " TO " + visible);
        continue;
      }
      client.query("DROP TABLE IF EXISTS " + quote_name(table.database, left.name), options);
    }
  }

  // " AND column IN (…)", or nothing when there are too many names to ask for one by one.
  static std::string name_filter(const char* column, const std::set<std::string>& names) {
    if (names.size() > kNamesAskedMax) return {};
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + quote_literal(name);
    return " AND " + std::string(column) + " IN (" + list + ")";
  }

  // One question per system table, however many targets there are.
  std::map<std::string, Found> find_tables(HttpClient& client, const std::set<std::string>& names) {
    const std::string where = " WHERE database = " + quote_literal(shared_->database);
    const QueryOptions options{.body_bytes_max = kCatalogBytesMax};
    std::map<std::string, Found> found;
    const std::string tables = client.query(
        "SELECT name, engine, sorting_key FROM system.tables" + where + name_filter("name", names),
        options);
    for (auto& row : parse_rows(tables, 3)) {
      if (names.contains(row[0])) found[row[0]] = {std::move(row[1]), std::move(row[2]), {}, -1};
    }
    if (found.empty()) return found;
    const std::string columns = client.query(
        "SELECT table, name, type FROM system.columns" + where +
            " AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')" + name_filter("table", names),
        options);
    for (auto& row : parse_rows(columns, 3)) {
      const auto at = found.find(row[0]);
      if (at != found.end()) at->second.columns.emplace_back(row[1], row[2]);
    }
    const std::string rows =
        client.query("SELECT table, sum(rows) FROM system.parts" + where + " AND active" +
                         name_filter("table", names) + " GROUP BY table",
                     options);
    for (const auto& row : parse_rows(rows, 2)) {
      const auto at = found.find(row[0]);
      if (at != found.end()) at->second.rows = parse_count(row[1]);
    }
    return found;
  }

  // table → digests of the shapes penstock gave it.
  std::map<std::string, std::set<std::string>> find_records(HttpClient& client) {
    std::map<std::string, std::set<std::string>> records;
    const std::string table = quote_name(shared_->database, kRecordTable);
    if (parse_count(client.query("EXISTS TABLE " + table)) == 0) return records;
    const std::string body =
        client.query("SELECT DISTINCT `table`, `digest` FROM " + table +
                         " WHERE `database` = " + quote_literal(shared_->database),
                     {.body_bytes_max = kCatalogBytesMax});
    for (auto& row : parse_rows(body, 2)) records[row[0]].insert(std::move(row[1]));
    return records;
  }

  static void compare(const TargetTable& target, const Found& found,
                      std::vector<std::string>& mismatch) {
    if (found.engine == "View" || found.engine == "MaterializedView") {
      mismatch.push_back("it is a view");
      return;
    }
    std::map<std::string, std::string> types(found.columns.begin(), found.columns.end());
    for (const TargetColumn& column : target.columns) {
      const auto at = types.find(column.name);
      if (at == types.end()) {
        mismatch.push_back("it has no column " + quote_name(column.name) +
                           (column.source < 0 ? " (needed by the engine ReplacingMergeTree; set "
                                                "clickhouse.engine to MergeTree to do without)"
                                              : ""));
      } else {
        if (at->second != column.native_type) {
          mismatch.push_back("its column " + quote_name(column.name) + " is " + at->second +
                             ", not " + column.native_type);
        }
        types.erase(at);
      }
    }
    for (const auto& [name, type] : types) {
      mismatch.push_back("it has a further column " + quote_name(name));
    }
    if (!found.engine.ends_with("MergeTree")) {
      mismatch.push_back("its engine " + found.engine + " has no partitions to take rows into");
    }
    if (found.engine.find("Replacing") == std::string::npos) return;
    // Pitfall 43: a sorting key without the whole key would merge different rows away.
    for (const std::string& key : target.key) {
      const std::string sorted = ", " + found.sorting_key + ",";
      if (sorted.find(" " + key + ",") == std::string::npos &&
          sorted.find(quote_name(key)) == std::string::npos &&
          sorted.find("(" + key) == std::string::npos &&
          sorted.find(key + ")") == std::string::npos) {
        mismatch.push_back("its sorting key lacks the key column " + quote_name(key));
      }
    }
  }

  void check_views(std::span<const TargetTable> tables, const std::map<std::string, Found>& found) {
    std::set<std::string> names;
    for (const TargetTable& table : tables) names.insert(table.name);
    for (const TargetTable& table : tables) {
      const std::string view = Layout::from_json(table.payload).view;
      if (view.empty()) continue;
      const auto at = found.find(view);
      if (!names.contains(view) && (at == found.end() || at->second.engine == "View")) continue;
      throw config_error("config.option.view_suffix", "the view of the current rows of " +
                                                          printable(table.name) +
                                                          " would be named " + printable(view) +
                                                          ", which is the name of a table")
          .hint("set clickhouse.view_suffix to another ending, or to \"\" for no views");
    }
  }

  std::vector<ExistingTable> inspect_with(HttpClient& client, std::span<const TargetTable> tables) {
    std::vector<ExistingTable> out(tables.size());
    if (tables.empty() || database_engine(client).empty()) return out;
    std::set<std::string> names;
    for (const TargetTable& table : tables) {
      names.insert(table.name);
      const std::string view = Layout::from_json(table.payload).view;
      if (!view.empty()) names.insert(view);
    }
    const std::map<std::string, Found> found = find_tables(client, names);
    check_views(tables, found);
    if (found.empty()) return out;
    const auto records = find_records(client);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const auto at = found.find(tables[i].name);
      if (at == found.end()) continue;
      const Found& one = at->second;
      out[i].exists = true;
      out[i].rows = one.rows;
      out[i].what =
          "a " + one.engine + " table with " + std::to_string(one.columns.size()) + " columns";
      const auto record = records.find(tables[i].name);
      out[i].ours = record != records.end() && record->second.contains(shape_digest(one.columns));
      compare(tables[i], one, out[i].mismatch);
    }
    return out;
  }

  const std::shared_ptr<Shared> shared_;
  const std::string path_, library_;
};

}  // namespace

DestinationEntry clickhouse_destination() {
  DestinationEntry entry;
  entry.name = "clickhouse";
  entry.title = "ClickHouse";
  entry.aliases = {"ch"};
  entry.versions = "18.16 to 26.x";
  entry.spec = connection_spec();
  entry.options = clickhouse::option_spec();
  entry.make = [](const Config& config) { return std::make_unique<ClickHouseDestination>(config); };
  entry.query = [](const Config& config, const std::string& sql, const CancelToken& cancel) {
    return ClickHouseDestination(config).query(sql, cancel);
  };
  return entry;
}

}  // namespace penstock
