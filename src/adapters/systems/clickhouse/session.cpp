#include "adapters/systems/clickhouse/session.h"

#include <algorithm>

#include "adapters/systems/clickhouse/error_map.h"
#include "adapters/systems/clickhouse/read_back.h"
#include "adapters/systems/clickhouse/split_writer.h"
#include "adapters/systems/clickhouse/sql.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

constexpr std::chrono::seconds kAbandonDeadline{10};
// With more splits, merging has to begin before the table is whole, or it ends up with more parts
// than a server takes inserts beside (300 until 23.6).
constexpr int kSplitsUnmergedMax = 64;

Error inconsistent(const std::string& what) {
  return Error(Side::destination, "destination.staging.inconsistent", what)
      .hint("the table is read again from the start");
}

}  // namespace

void record_tables(HttpClient& client, const Shared& shared, const RunId& run,
                   const std::vector<const TargetTable*>& tables) {
  if (tables.empty()) return;
  std::string sql = "INSERT INTO " + quote_name(shared.database, kRecordTable) +
                    " (`database`, `table`, `digest`, `job`, `time`) VALUES";
  for (const TargetTable* const table : tables) {
    sql += table == tables.front() ? " (" : ", (";
    sql += quote_literal(table->database) + ", " + quote_literal(table->name) + ", " +
           quote_literal(shape_digest(shape(*table))) + ", " + quote_literal(run.job) + ", " +
           std::to_string(run.version / 1'000'000) + ")";
  }
  Settings settings = insert_settings(shared.features);
  client.query(sql, {.settings = std::move(settings)});
}

std::vector<StagedTable> list_tables(HttpClient& client, const Shared& shared,
                                     const std::string& prefix) {
  const bool uuids = shared.features.atomic_databases;
  const std::string sql = "SELECT name, " + std::string(uuids ? "toString(uuid)" : "''") +
                          " FROM system.tables WHERE database = " + quote_literal(shared.database) +
                          " AND substring(name, 1, " + std::to_string(prefix.size()) +
                          ") = " + quote_literal(prefix);
  std::vector<StagedTable> out;
  for (auto& row : parse_rows(client.query(sql), 2)) {
    out.push_back({std::move(row[0]), std::move(row[1])});
  }
  return out;
}

ClickHouseSession::ClickHouseSession(std::shared_ptr<Shared> shared, const CancelToken& cancel)
    : shared_(std::move(shared)), client_(shared_->endpoint, cancel) {}

std::string ClickHouseSession::run_ddl(const std::string& sql, bool once) {
  return client_.query(
      sql, {.settings = ddl_settings(shared_->features), .once = once, .let_finish = true});
}

std::int64_t ClickHouseSession::count_rows(const std::string& name) {
  return parse_count(client_.query("SELECT count() FROM " + quote_name(shared_->database, name)));
}

std::int64_t ClickHouseSession::count_or_missing(const std::string& name) {
  try {
    return count_rows(name);
  } catch (const Error& error) {
    if (native_code(error) == kUnknownTable) return kMissing;
    throw;
  }
}

bool ClickHouseSession::table_exists(const std::string& name) {
  return parse_count(client_.query("EXISTS TABLE " + quote_name(shared_->database, name))) != 0;
}

void ClickHouseSession::drop(const std::string& name) {
  run_ddl("DROP TABLE IF EXISTS " + quote_name(shared_->database, name));
  fresh_.erase(name);
}

// Tries the plain CREATE first: leftovers are rare, and thousands of small tables save a statement.
void ClickHouseSession::create_empty(const TargetTable& table, const std::string& name,
                                     Engine engine) {
  const std::string sql = create_table_sql(table, name, engine);
  try {
    run_ddl(sql);
  } catch (const Error& error) {
    if (native_code(error) != kTableExists) throw;
    drop(name);
    run_ddl(sql);
  }
}

std::string ClickHouseSession::gather_name(const TargetTable& table, const RunId& run,
                                           const Split& split) const {
  const StagingNames names(table, run);
  return gathers(Layout::from_json(table.payload), split.count) ? names.gather() : names.base;
}

void ClickHouseSession::begin_table(const TargetTable& table, const RunId& run, int splits) {
  const StagingNames names(table, run);
  const bool gather = gathers(Layout::from_json(table.payload), splits);
  const std::string& name = gather ? names.gather() : names.base;
  create_empty(table, name, gather ? Engine::staging : Engine::target);
  if (gather && splits <= kSplitsUnmergedMax) stop_merges(name);
  if (splits == 1) fresh_.insert(name);
}

// The gathering table is dropped at the end: merging its parts while others arrive is work for
// nothing, a third of the server's time. The parts merge in the table they are promoted to.
void ClickHouseSession::stop_merges(const std::string& name) {
  try {
    run_ddl("SYSTEM STOP MERGES " + quote_name(shared_->database, name));
  } catch (const Error& error) {
    // Needs a privilege that a user may lack; without it the load is only slower.
    if (error.retryable() || error.code() == "engine.cancelled") throw;
  }
}

std::unique_ptr<SplitWriter> ClickHouseSession::open_split(const TargetTable& table,
                                                           const RunId& run, const Split& split) {
  const StagingNames names(table, run);
  if (split.count == 1) {
    return std::make_unique<ClickHouseSplitWriter>(*this, table, run, names.base, Engine::target);
  }
  return std::make_unique<ClickHouseSplitWriter>(*this, table, run, names.split(split.index),
                                                 Engine::staging);
}

std::vector<std::pair<std::string, std::string>> ClickHouseSession::open_staging(
    const TargetTable& table, const std::string& name, Engine engine) {
  // What an earlier attempt sent may still lie there: only a table nobody wrote to is taken as is.
  if (fresh_.erase(name) == 0) create_empty(table, name, engine);
  const std::string body = client_.query(
      "SELECT name, type FROM system.columns WHERE database = " + quote_literal(shared_->database) +
      " AND table = " + quote_literal(name));
  std::vector<std::pair<std::string, std::string>> columns;
  for (auto& row : parse_rows(body, 2)) columns.emplace_back(std::move(row[0]), std::move(row[1]));
  return columns;
}

std::vector<std::string> ClickHouseSession::partitions(const Layout& layout,
                                                       const std::string& name) {
  if (layout.partition.empty()) return {"all"};
  const std::string body =
      client_.query("SELECT DISTINCT partition_id FROM system.parts WHERE active AND database = " +
                    quote_literal(shared_->database) + " AND table = " + quote_literal(name) +
                    " ORDER BY partition_id");
  std::vector<std::string> ids;
  for (auto& row : parse_rows(body, 1)) ids.push_back(std::move(row[0]));
  return ids;
}

// Metadata only: parts are renamed (MOVE) or hard-linked (ATTACH … FROM on servers without MOVE).
void ClickHouseSession::move_partitions(const Layout& layout, const std::string& from,
                                        const std::string& to) {
  if (!shared_->features.move_partition) {
    copy_partitions(layout, from, to, "ATTACH");
    return;
  }
  for (const std::string& id : partitions(layout, from)) {
    run_ddl("ALTER TABLE " + quote_name(shared_->database, from) + " MOVE PARTITION ID " +
                quote_literal(id) + " TO TABLE " + quote_name(shared_->database, to),
            true);
  }
}

void ClickHouseSession::copy_partitions(const Layout& layout, const std::string& from,
                                        const std::string& to, const char* verb) {
  for (const std::string& id : partitions(layout, from)) {
    run_ddl("ALTER TABLE " + quote_name(shared_->database, to) + " " + verb + " PARTITION ID " +
                quote_literal(id) + " FROM " + quote_name(shared_->database, from),
            true);
  }
}

void ClickHouseSession::commit_split(const TargetTable& table, const RunId& run,
                                     const SplitAccount& account) {
  if (account.split.count == 1 || account.rows == 0) return;
  const Layout layout = Layout::from_json(table.payload);
  const std::string gather = gather_name(table, run, account.split);
  const std::string staged = StagingNames(table, run).split(account.split.index);
  const std::int64_t after = account.rows_before + account.rows;
  std::int64_t counted = count_rows(gather);
  if (counted != after) {
    // A commit that was cut between two partitions goes on where rows can only move, not double.
    const bool whole = counted == account.rows_before;
    const bool rest = shared_->features.move_partition && counted > account.rows_before &&
                      counted < after && count_rows(staged) == after - counted;
    if (!whole && !rest) {
      throw inconsistent("staging holds " + std::to_string(counted) + " rows, expected " +
                         std::to_string(account.rows_before))
          .in_table(table.display());
    }
    move_partitions(layout, staged, gather);
    counted = count_rows(gather);
    if (counted != after) {
      throw inconsistent("staging holds " + std::to_string(counted) + " rows after a commit, not " +
                         std::to_string(after))
          .in_table(table.display());
    }
  }
  drop(staged);
}

bool ClickHouseSession::split_committed(const TargetTable& table, const RunId& run,
                                        const SplitAccount& account) {
  const std::string gather = gather_name(table, run, account.split);
  const std::int64_t counted = count_or_missing(gather);
  const std::int64_t after = account.rows_before + account.rows;
  if (counted == after) return true;
  if (counted == account.rows_before && account.split.count > 1) return false;
  if (counted > account.rows_before && counted < after && shared_->features.move_partition &&
      account.split.count > 1) {
    const std::string staged = StagingNames(table, run).split(account.split.index);
    if (count_or_missing(staged) == after - counted) return false;
  }
  throw inconsistent(counted == kMissing
                         ? "the staging table is gone"
                         : "staging holds " + std::to_string(counted) + " rows, expected " +
                               std::to_string(account.rows_before) + " or " + std::to_string(after))
      .in_table(table.display());
}

void ClickHouseSession::abandon_table(const TargetTable& table, const RunId& run) noexcept {
  try {
    client_.abort_insert();
    const StagingNames names(table, run);
    const QueryOptions cleanup{.settings = ddl_settings(shared_->features),
                               .ignore_cancel = true,
                               .deadline = kAbandonDeadline};
    const std::string body = client_.query(
        "SELECT name FROM system.tables WHERE database = " + quote_literal(shared_->database) +
            " AND (name = " + quote_literal(table.name) + " OR substring(name, 1, " +
            std::to_string(names.base.size()) + ") = " + quote_literal(names.base) + ")",
        cleanup);
    const auto rows = parse_rows(body, 1);
    const auto has = [&rows](const std::string& name) {
      return std::ranges::any_of(rows, [&name](const auto& row) { return row[0] == name; });
    };
    if (has(names.old()) && !has(table.name)) {
      client_.query("RENAME TABLE " + quote_name(shared_->database, names.old()) + " TO " +
                        quote_name(shared_->database, table.name),
                    cleanup);
    }
    for (const auto& row : rows) {
      if (row[0] == table.name) continue;
      client_.query("DROP TABLE IF EXISTS " + quote_name(shared_->database, row[0]), cleanup);
    }
  } catch (...) {
    // What is left is dropped by the next run's prepare().
  }
}

std::int64_t ClickHouseSession::count(const TargetTable& table) {
  return count_rows(table.name);
}

std::vector<BatchPtr> ClickHouseSession::read_back(const TargetTable& table,
                                                   std::int64_t rows_max) {
  return read_table(client_, table, rows_max);
}

}  // namespace penstock::clickhouse
