#include "adapters/sources/mysql.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "adapters/systems/mysql/catalog.h"
#include "adapters/systems/mysql/connection.h"
#include "adapters/systems/mysql/key_ranges.h"
#include "adapters/systems/mysql/reader.h"
#include "adapters/systems/mysql/snapshot.h"
#include "adapters/systems/mysql/splits.h"
#include "adapters/systems/mysql/types.h"
#include "core/text.h"

namespace penstock {

namespace {

using namespace mysql;

constexpr int kMysqlVersionMin = 50'700;
constexpr int kMariadbVersionMin = 100'500;
constexpr std::int64_t kLockPatienceDefault = 5;

// ---- fields

ConfigSpec spec() {
  std::vector<ConfigField> fields = connection_fields();
  const auto add = [&](ConfigField field) { fields.push_back(std::move(field)); };
  add({.name = "tinyint1",
       .kind = FieldKind::choice,
       .description = "What tinyint(1) is: a number from -128 to 127, or a boolean, values other "
                      "than 0 and 1 being counted.",
       .fallback = json::value("number"),
       .choices = {"number", "boolean"}});
  add({.name = "consistency",
       .kind = FieldKind::choice,
       .description = "What to try for: all tables as of one instant (a lock of some milliseconds, "
                      "given up when it would take longer), each table by itself without a lock, "
                      "or each part of a table, which large tables behind few privileges need.",
       .fallback = json::value("point_in_time"),
       .choices = {"point_in_time", "per_table", "per_split"}});
  add({.name = "lock_timeout",
       .kind = FieldKind::integer,
       .description = "Seconds that the lock for one instant may keep writers waiting before it is "
                      "given up for a lower level.",
       .fallback = json::value(kLockPatienceDefault),
       .min = 1,
       .max = 600});
  add({.name = "charsets",
       .kind = FieldKind::object,
       .description = "Columns whose bytes are really in another character set than declared, for "
                      "example UTF-8 stored as latin1.",
       .example = R"({"shop.orders.note": "utf8mb4"})"});
  add({.name = "split_by",
       .kind = FieldKind::object,
       .description = "Indexed columns by which tables without a suitable key are read in parts.",
       .example = R"({"shop.log": "created_at"})"});
  return ConfigSpec(std::move(fields));
}

bool is_local(const std::string& host) {
  return host.starts_with('/') || host == "localhost" || host == "127.0.0.1" || host == "::1";
}

// "table.column" or "database.table.column" → text.
struct ColumnChoice {
  std::string key, value;
  bool used = false;
};

std::vector<ColumnChoice> choices_of(const Config& config, const std::string& field) {
  std::vector<ColumnChoice> out;
  for (const auto& [key, value] : config.object(field)) {
    if (!value.is_string()) {
      throw config_error("config.field.type",
                         "'" + printable(key, 100) + "' in source." + field + " must be text");
    }
    out.push_back({std::string(key), std::string(value.get_string()), false});
  }
  return out;
}

// ---- source

class MysqlSource : public Source {
 public:
  explicit MysqlSource(const Config& config)
      : options_(connect_options(config, Side::source)),
        tinyint1_boolean_(config.text("tinyint1") == "boolean"),
        consistency_(config.text("consistency")),
        lock_patience_(config.integer("lock_timeout")),
        charsets_(choices_of(config, "charsets")),
        split_by_(choices_of(config, "split_by")) {}

  SourceInfo open(const CancelToken& cancel) override;
  std::vector<TableSchema> discover(const DiscoverOptions& options,
                                    const CancelToken& cancel) override;
  std::optional<std::string> cannot_read_as(const Field& field, const Type& type) const override;
  Snapshot snapshot(const SnapshotRequest& request, const CancelToken& cancel) override;
  std::vector<Split> plan_splits(const TableSchema& table, const std::string& where,
                                 const SplitGoal& goal, const CancelToken& cancel) override;
  std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) override;

 private:
  Connection& leader(const CancelToken& cancel);
  Snapshot adopt(TakenSnapshot taken);
  bool means_table(std::string_view key, const TableId& id) const {
    return key == id.display() || (id.schema == database_ && key == id.name);
  }
  void apply_charsets(std::vector<TableSchema>& tables);
  void check_split_by(const std::vector<TableSchema>& tables);

  ConnectOptions options_;
  bool tinyint1_boolean_;
  std::string consistency_;
  std::chrono::seconds lock_patience_;
  std::vector<ColumnChoice> charsets_, split_by_;
  std::string database_;                // as the server spells it; empty: all
  std::unique_ptr<Connection> leader_;  // plans, and holds the lock while a snapshot is taken
  std::mutex mutex_;                    // of the pool's pointer: open_reader comes from any thread
  std::shared_ptr<SnapshotPool> pool_;
};

// A connection that broke while it was idle shows it only when it is used.
Connection& MysqlSource::leader(const CancelToken& cancel) {
  if (leader_ && leader_->usable()) {
    leader_->set_cancel_token(cancel);
    try {
      leader_->exec("DO 0", "looking whether the connection is alive");
      return *leader_;
    } catch (const Error& error) {
      if (error.code() == "engine.cancelled") throw;
    }
  }
  leader_.reset();
  leader_ = std::make_unique<Connection>(options_, cancel);
  return *leader_;
}

SourceInfo MysqlSource::open(const CancelToken& cancel) {
  Connection& connection = leader(cancel);
  const ServerVersion& version = connection.version();
  const std::string product = version.mariadb ? "MariaDB" : "MySQL";
  if (version.number < (version.mariadb ? kMariadbVersionMin : kMysqlVersionMin)) {
    throw Error(Side::source, "source.version",
                "the server is " + product + " " + version.text + "; penstock reads " +
                    (version.mariadb ? "MariaDB 10.5" : "MySQL 5.7") + " and later")
        .hint("upgrade the server, or read from an upgraded replica");
  }
  const Result row = connection.exec("SELECT DATABASE(), @@read_only", "asking for the database");
  database_ = row.string(0, 0);
  SourceInfo info{.product = product,
                  .version = version.text,
                  .database = database_,
                  .default_schema = database_,
                  .dialect = "mysql"};
  if (!connection.encrypted() && !is_local(options_.host)) {
    info.warnings.push_back("the connection to " + options_.host +
                            " is not encrypted; ssl_mode: required or verify_identity would see "
                            "to it");
  }
  return info;
}

std::vector<TableSchema> MysqlSource::discover(const DiscoverOptions& options,
                                               const CancelToken& cancel) {
  std::vector<TableSchema> tables = read_tables(
      leader(cancel),
      {.database = database_, .views = options.views, .tinyint1_boolean = tinyint1_boolean_});
  apply_charsets(tables);
  check_split_by(tables);
  return tables;
}

void MysqlSource::apply_charsets(std::vector<TableSchema>& tables) {
  for (ColumnChoice& choice : charsets_) {
    for (TableSchema& table : tables) {
      for (Field& field : table.fields) {
        if (!choice.key.ends_with("." + field.name) ||
            !means_table(choice.key.substr(0, choice.key.size() - field.name.size() - 1),
                         table.id)) {
          continue;
        }
        if (field.type.id != TypeId::string || field.collation.empty()) {
          throw config_error("config.charset", "source.charsets: '" + printable(choice.key, 100) +
                                                   "' is no text column");
        }
        field.fetch = fetch_as_charset(choice.value).to_text();
        choice.used = true;
      }
    }
    if (choice.used) continue;
    throw config_error("config.charset",
                       "source.charsets: no column is called '" + printable(choice.key, 100) + "'");
  }
}

void MysqlSource::check_split_by(const std::vector<TableSchema>& tables) {
  for (ColumnChoice& choice : split_by_) {
    for (const TableSchema& table : tables) {
      if (!means_table(choice.key, table.id)) continue;
      choice.used = true;
      if (choose_key(table, choice.value)) continue;
      throw config_error("config.split_by", "source.split_by: " + printable(choice.key, 100) +
                                                " cannot be read in ranges of '" +
                                                printable(choice.value, 100) + "'")
          .hint("it must be the first column of an index, and of a type with an exact order");
    }
    if (choice.used) continue;
    throw config_error("config.split_by",
                       "source.split_by: no table is called '" + printable(choice.key, 100) + "'");
  }
}

std::optional<std::string> MysqlSource::cannot_read_as(const Field& field, const Type& type) const {
  const ReadAs read = read_as(field, type);
  if (read.fetch) return std::nullopt;
  return read.refusal;
}

// ---- snapshot

Snapshot MysqlSource::adopt(TakenSnapshot taken) {
  const std::lock_guard lock(mutex_);
  pool_ = std::move(taken.pool);
  return std::move(taken.snapshot);
}

Snapshot MysqlSource::snapshot(const SnapshotRequest& request, const CancelToken& cancel) {
  adopt({});  // the former one's connections end with their readers
  if (consistency_ == "per_table") return lesser_snapshot("as asked for");
  if (consistency_ == "per_split") {
    return {.token = {},
            .consistency = Consistency::per_split,
            .description = "each part of a table as of the start of its own reading, as asked for",
            .position = {}};
  }
  const SnapshotPlan plan{.tables = request.tables,
                          .readers = std::max(request.readers, 1),
                          .lock_patience = lock_patience_};
  try {
    return adopt(take_snapshot(leader(cancel), options_, plan, cancel));
  } catch (const Error& error) {
    // The server did not keep to its own time-out for the lock: its session was killed.
    if (error.code() != "source.timeout") throw;
    return lesser_snapshot("the lock for one instant was not to be had in time");
  }
}

std::vector<Split> MysqlSource::plan_splits(const TableSchema& table, const std::string&,
                                            const SplitGoal& goal, const CancelToken& cancel) {
  SplitRequest request{.table = &table, .goal = goal};
  request.may_split = pool_ != nullptr || consistency_ == "per_split";
  for (const ColumnChoice& choice : split_by_) {
    if (means_table(choice.key, table.id)) request.split_by = choice.value;
  }
  try {
    return plan_table_splits(leader(cancel), request);
  } catch (const Error& error) {
    // The leader sees no snapshot that could be lost with it: another one can go on.
    if (!error.retryable()) throw;
    leader_.reset();
    return plan_table_splits(leader(cancel), request);
  }
}

std::unique_ptr<SplitReader> MysqlSource::open_reader(const CancelToken& cancel) {
  std::shared_ptr<SnapshotPool> pool;
  {
    const std::lock_guard lock(mutex_);
    pool = pool_;
  }
  return std::make_unique<Reader>(options_, std::move(pool), cancel);
}

}  // namespace

SourceEntry mysql_source() {
  return {.name = "mysql",
          .title = "MySQL",
          .aliases = {"mariadb"},
          .versions = "5.7 to 9, MariaDB 10.5 to 11",
          .spec = spec(),
          .make = [](const Config& config) { return std::make_unique<MysqlSource>(config); }};
}

}  // namespace penstock
