#include "adapters/systems/postgresql/target_session.h"

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/target_read_back.h"
#include "adapters/systems/postgresql/target_writer.h"

namespace penstock::postgresql {

namespace {

constexpr std::chrono::hours kBuildMax{24 * 7};
constexpr std::chrono::hours kTransactMax{24};
constexpr std::string_view kSplits = "_penstock.splits";

std::string staged(const TargetTable& table, const std::string& name) {
  return quote_table({.schema = table.schema, .name = name});
}

// What identifies a run's staging table in penstock's table of splits.
std::string staging_key(const TargetTable& table, const RunId& run) {
  return table.schema + "." + StagingNames(table, run).base;
}

Error split_lost(const TargetTable& table) {
  return Error(Side::destination, "destination.split.lost",
               "the connection was lost with a split that was not committed yet")
      .in_table(table.display())
      .retryable(true)
      .hint("the split is read again");
}

}  // namespace

bool TargetShared::fills_in_place(const TargetTable& table) {
  const std::lock_guard lock(mutex);
  return in_place.contains({table.schema, table.name});
}

std::string begin_sql(const Connection& connection) {
  return "BEGIN;" + session_pins(connection);
}

TargetSession::TargetSession(std::shared_ptr<TargetShared> shared, const CancelToken& cancel)
    : shared_(std::move(shared)), connection_(shared_->options, cancel) {}

TargetSession::~TargetSession() = default;

void TargetSession::transact(const std::string& sql, std::string_view doing) {
  connection_.rollback();
  try {
    connection_.exec(begin_sql(connection_) + sql + ";COMMIT", doing, kTransactMax);
  } catch (...) {
    if (connection_.usable()) connection_.rollback();
    throw;
  }
}

// The statements that make the staging table anew, empty, with no split committed.
void TargetSession::create_staging(const TargetTable& table, const RunId& run) {
  const TargetLayout layout = TargetLayout::from_json(table.payload);
  const StagingNames names(table, run);
  connection_.exec("DROP TABLE IF EXISTS " + staged(table, names.base) + ";DELETE FROM " +
                       std::string(kSplits) +
                       " WHERE staging = " + quote_literal(staging_key(table, run)) + ";" +
                       create_target_sql(table, layout, names.base),
                   "creating the staging table of " + table.display());
}

void TargetSession::begin_table(const TargetTable& table, const RunId& run, int splits) {
  pending_.reset();
  connection_.rollback();
  if (splits == 1) return;  // open_split makes it
  connection_.exec(begin_sql(connection_), "starting a transaction");
  create_staging(table, run);
  connection_.exec("COMMIT", "creating the staging table of " + table.display());
}

std::unique_ptr<SplitWriter> TargetSession::open_split(const TargetTable& table, const RunId& run,
                                                       const Split& split) {
  pending_.reset();
  connection_.rollback();
  connection_.exec(begin_sql(connection_), "starting a transaction");
  const bool alone = split.count == 1;
  if (alone) create_staging(table, run);
  return std::make_unique<TargetSplitWriter>(*this, table, StagingNames(table, run).base,
                                             staging_key(table, run), split.index, alone);
}

std::optional<std::int64_t> TargetSession::recorded_rows(const std::string& staging, int split) {
  const Result rows = connection_.exec("SELECT rows FROM " + std::string(kSplits) +
                                           " WHERE staging = " + quote_literal(staging) +
                                           " AND split = " + std::to_string(split),
                                       "asking for a split's state");
  if (rows.rows() == 0) return std::nullopt;
  return rows.integer(0, 0);
}

void TargetSession::commit_split(const TargetTable& table, const RunId& run,
                                 const SplitAccount& account) {
  const std::string staging = staging_key(table, run);
  const bool here = pending_ && pending_->first == staging &&
                    pending_->second == account.split.index && connection_.in_good_transaction();
  pending_.reset();
  if (!here) throw split_lost(table);
  // An earlier attempt whose commit is still under way at the server holds this key: the insert
  // waits for it, and fails when that attempt did get through after all.
  try {
    connection_.exec("INSERT INTO " + std::string(kSplits) + " VALUES (" + quote_literal(staging) +
                         ", " + std::to_string(account.split.index) + ", " +
                         std::to_string(account.rows) + ");COMMIT",
                     "committing a split", kTransactMax);
  } catch (const Error& error) {
    constexpr std::string_view unique_violation = "23505";
    if (error.native() != unique_violation) throw;
    connection_.rollback();
    const auto rows = recorded_rows(staging, account.split.index);
    if (!rows || *rows != account.rows) {
      throw Error(Side::destination, "destination.staging.inconsistent",
                  "a split was committed twice with different counts of rows")
          .in_table(table.display())
          .hint("the table is read again from the start");
    }
  }
}

bool TargetSession::split_committed(const TargetTable& table, const RunId& run,
                                    const SplitAccount& account) {
  // Its own open transaction does not count as committed, and must not be lost by asking.
  if (pending_ && connection_.in_good_transaction()) return false;
  connection_.rollback();
  const auto rows = recorded_rows(staging_key(table, run), account.split.index);
  if (!rows) return false;
  if (*rows == account.rows) return true;
  throw Error(Side::destination, "destination.staging.inconsistent",
              "a committed split holds " + std::to_string(*rows) + " rows, expected " +
                  std::to_string(account.rows))
      .in_table(table.display())
      .hint("the table is read again from the start");
}

// ---- steps

std::vector<BuildStep> target_build_steps(const TargetTable& table) {
  const TargetLayout layout = TargetLayout::from_json(table.payload);
  std::vector<BuildStep> steps;
  const auto add = [&](const std::string& what, int group, const char* kind, std::size_t number) {
    steps.push_back({what, group, json::serialize(json::object{{kind, number}})});
  };
  for (std::size_t i = 0; i < layout.indexes.size(); ++i) {
    const TargetIndex& index = layout.indexes[i];
    const std::string what = index.kind == IndexKind::primary  ? "primary key "
                             : index.kind == IndexKind::unique ? "unique key "
                                                               : "index ";
    add(what + index.name, 0, "index", i);
  }
  for (std::size_t i = 0; i < layout.additions.size(); ++i) {
    add(layout.additions[i].what, 1, "addition", i);
  }
  return steps;
}

void TargetSession::build(const TargetTable& table, const RunId& run, const BuildStep& step) {
  const TargetLayout layout = TargetLayout::from_json(table.payload);
  const StagingNames names(table, run);
  const json::value parsed = json::parse(step.payload);
  const json::object& payload = parsed.as_object();
  std::string sql = begin_sql(connection_);
  if (const json::value* const number = payload.if_contains("index")) {
    const auto at = number->to_number<std::size_t>();
    const std::string name = names.index(at);
    sql += "SET LOCAL maintenance_work_mem = " + quote_literal(shared_->index_memory) + ";" +
           "DROP INDEX IF EXISTS " + staged(table, name) + ";" +
           create_index_sql(table, layout.indexes.at(at), name, names.base);
  } else {
    const auto at = payload.at("addition").to_number<std::size_t>();
    const TargetAddition& addition = layout.additions.at(at);
    sql += "ALTER TABLE " + staged(table, names.base) + " ";
    if (!addition.name.empty()) {
      sql += "ADD CONSTRAINT " + quote_identifier(names.constraint(at)) + " ";
    }
    sql += addition.sql;
  }
  connection_.rollback();
  try {
    connection_.exec(sql + ";COMMIT", "building " + step.what + " of " + table.display(),
                     kBuildMax);
  } catch (const Error& error) {
    if (connection_.usable()) connection_.rollback();
    constexpr std::string_view duplicate_object = "42710";  // after a lost answer: it is there
    if (error.native() != duplicate_object) throw;
  }
}

void TargetSession::link(const TargetTable& table, const BuildStep& step) {
  link_target(connection_, table, step);
}

FinishReport TargetSession::finish_table(const TargetTable& table, const RunId& run,
                                         IfExists if_exists, std::int64_t rows) {
  pending_.reset();
  return finish_target(connection_, *shared_, table, run, if_exists, rows);
}

// ---- ending

void TargetSession::abandon_table(const TargetTable& table, const RunId& run) noexcept {
  pending_.reset();
  try {
    // A job that was cancelled still cleans up: by a connection that nobody cancels.
    Connection connection(shared_->options, CancelToken());
    const std::string bound = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s';";
    if (connection_.usable()) connection_.cancel_statement();
    if (connection_.usable()) connection_.rollback();
    connection.exec(begin_sql(connection) + bound + "DROP TABLE IF EXISTS " +
                        staged(table, StagingNames(table, run).base) + ";DELETE FROM " +
                        std::string(kSplits) +
                        " WHERE staging = " + quote_literal(staging_key(table, run)) + ";COMMIT",
                    "removing a staging table", std::chrono::seconds{15});
  } catch (...) {
    // What is left is dropped by the next run's prepare().
  }
}

std::int64_t TargetSession::count(const TargetTable& table) {
  connection_.rollback();
  const Result row = connection_.exec("SELECT count(*) FROM " + staged(table, table.name),
                                      "counting rows", kTransactMax);
  return row.integer(0, 0);
}

std::vector<BatchPtr> TargetSession::read_back(const TargetTable& table, std::int64_t rows_max) {
  connection_.rollback();
  return read_target(connection_, table, rows_max);
}

}  // namespace penstock::postgresql
