#include "store/sqlite_ledger.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/error.h"
#include "core/limits.h"
#include "store/sqlite_handle.h"
#include "store/sqlite_open.h"

namespace penstock {

namespace {

std::int64_t now_ms() {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// The inverse of to_text for the states; the schema's checks admit no other text.
template <typename State, std::size_t Count>
State state_of(std::string_view text, const std::array<State, Count>& states) {
  for (const State state : states) {
    if (to_text(state) == text) return state;
  }
  throw Error(Side::engine, "engine.store.corrupt",
              "penstock's state holds an unknown word where a state belongs");
}

JobState job_state(std::string_view text) {
  return state_of(text, std::array{JobState::queued, JobState::running, JobState::succeeded,
                                   JobState::failed, JobState::cancelled, JobState::interrupted});
}

TableState table_state(std::string_view text) {
  return state_of(text, std::array{TableState::pending, TableState::running, TableState::done,
                                   TableState::failed});
}

SplitState split_state(std::string_view text) {
  return state_of(text,
                  std::array{SplitState::pending, SplitState::committing, SplitState::committed});
}

}  // namespace

SqliteLedger::SqliteLedger(const std::filesystem::path& path)
    : self_(ProcessIdentity::current()), connection_(open_state(path)) {}

SqliteLedger::~SqliteLedger() = default;

std::vector<std::string> SqliteLedger::dead_jobs() {
  std::vector<std::string> dead;
  SqliteQuery query = connection_->query(
      "SELECT id, owner_pid, owner_start, owner_boot FROM jobs "
      "WHERE state IN ('queued', 'running')");
  while (query.step()) {
    const ProcessIdentity owner{.pid = query.integer(1),
                                .start_ticks = static_cast<std::uint64_t>(query.integer(2)),
                                .boot = query.text(3)};
    if (owner != self_ && !owner.alive()) dead.push_back(query.text(0));
  }
  return dead;
}

void SqliteLedger::interrupt_dead_jobs() {
  const std::vector<std::string> dead = dead_jobs();
  if (dead.empty()) return;  // the usual case costs no write lock
  SqliteTransaction transaction(*connection_);
  for (const std::string& id : dead) {
    // A dead owner stays dead, but another process may have come first.
    connection_
        ->query(
            "UPDATE jobs SET state = 'interrupted', finished_ms = ?2 "
            "WHERE id = ?1 AND state IN ('queued', 'running')")
        .with(id, now_ms())
        .run();
    connection_->query("UPDATE job_targets SET leased = 0 WHERE job = ?1").with(id).run();
  }
  transaction.commit();
}

void SqliteLedger::take_leases(const std::string& job, const std::vector<std::string>& targets) {
  for (const std::string& target : targets) {
    {
      SqliteQuery holder =
          connection_->query("SELECT job FROM job_targets WHERE target = ?1 AND leased = 1");
      if (holder.with(target).step()) {
        if (holder.text(0) == job) continue;
        throw config_error("config.target.busy",
                           "job " + holder.text(0) + " is writing " + target + " right now")
            .hint("wait for that job or cancel it, then try again");
      }
    }
    connection_
        ->query(
            "INSERT INTO job_targets (job, position, target) VALUES (?1, "
            "(SELECT count(*) FROM job_targets WHERE job = ?1), ?2)")
        .with(job, target)
        .run();
  }
}

void SqliteLedger::forget_old_jobs() {
  connection_
      ->query(
          "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND sequence <= "
          "(SELECT sequence FROM jobs ORDER BY sequence DESC LIMIT 1 OFFSET ?1)")
      .with(std::int64_t{limits::jobs_kept_max})
      .run();
}

void SqliteLedger::create_job(const JobRecord& job) {
  const std::lock_guard lock(mutex_);
  interrupt_dead_jobs();
  SqliteTransaction transaction(*connection_);
  connection_
      ->query(
          "INSERT INTO jobs (id, fingerprint, request, state, created_ms, owner_pid, owner_start, "
          "owner_boot) VALUES (?1, ?2, ?3, 'queued', ?4, ?5, ?6, ?7)")
      .with(job.id, job.fingerprint, job.request, job.created_ms != 0 ? job.created_ms : now_ms(),
            self_.pid, static_cast<std::int64_t>(self_.start_ticks), self_.boot)
      .run();
  take_leases(job.id, job.targets);
  forget_old_jobs();
  transaction.commit();
}

void SqliteLedger::require_job(const std::string& id) {
  if (connection_->query("SELECT 1 FROM jobs WHERE id = ?1").with(id).step()) return;
  throw Error(Side::engine, "engine.store.unknown_job", "penstock's state knows no job " + id)
      .hint("it may be older than the " + std::to_string(limits::jobs_kept_max) + " jobs kept");
}

void SqliteLedger::start_job(const std::string& id) {
  const std::lock_guard lock(mutex_);
  SqliteTransaction transaction(*connection_);
  require_job(id);
  connection_->query("UPDATE jobs SET state = 'running', started_ms = ?2 WHERE id = ?1")
      .with(id, now_ms())
      .run();
  transaction.commit();
}

void SqliteLedger::lease_targets(const std::string& id, const std::vector<std::string>& targets) {
  const std::lock_guard lock(mutex_);
  interrupt_dead_jobs();
  SqliteTransaction transaction(*connection_);
  require_job(id);
  take_leases(id, targets);
  transaction.commit();
}

void SqliteLedger::finish_job(const std::string& id, JobState state, const std::string& result) {
  const std::lock_guard lock(mutex_);
  SqliteTransaction transaction(*connection_);
  require_job(id);
  connection_->query("UPDATE jobs SET state = ?2, result = ?3, finished_ms = ?4 WHERE id = ?1")
      .with(id, to_text(state), result, now_ms())
      .run();
  connection_->query("UPDATE job_targets SET leased = 0 WHERE job = ?1").with(id).run();
  transaction.commit();
}

std::optional<JobRecord> SqliteLedger::read_job(const std::string& id) {
  SqliteQuery query = connection_->query(
      "SELECT id, fingerprint, request, result, state, created_ms, started_ms, finished_ms "
      "FROM jobs WHERE id = ?1");
  if (!query.with(id).step()) return std::nullopt;
  JobRecord job{.id = query.text(0),
                .fingerprint = query.text(1),
                .request = query.text(2),
                .result = query.text(3),
                .state = job_state(query.text(4)),
                .created_ms = query.integer(5),
                .started_ms = query.integer(6),
                .finished_ms = query.integer(7)};
  SqliteQuery targets =
      connection_->query("SELECT target FROM job_targets WHERE job = ?1 ORDER BY position");
  targets.with(id);
  while (targets.step()) job.targets.push_back(targets.text(0));
  return job;
}

std::optional<JobRecord> SqliteLedger::find_job(const std::string& id) {
  const std::lock_guard lock(mutex_);
  interrupt_dead_jobs();
  return read_job(id);
}

std::vector<JobRecord> SqliteLedger::list_jobs(int count_max) {
  const std::lock_guard lock(mutex_);
  interrupt_dead_jobs();
  std::vector<std::string> ids;
  {
    SqliteQuery query = connection_->query("SELECT id FROM jobs ORDER BY sequence DESC LIMIT ?1");
    query.with(std::int64_t{std::max(count_max, 0)});
    while (query.step()) ids.push_back(query.text(0));
  }
  std::vector<JobRecord> jobs;
  for (const std::string& id : ids) {
    // Another process may have forgotten the job in the meantime.
    if (std::optional<JobRecord> job = read_job(id)) jobs.push_back(std::move(*job));
  }
  return jobs;
}

std::optional<JobRecord> SqliteLedger::interrupted_job(const std::string& fingerprint) {
  const std::lock_guard lock(mutex_);
  interrupt_dead_jobs();
  SqliteQuery newest = connection_->query(
      "SELECT id FROM jobs WHERE fingerprint = ?1 AND state NOT IN ('queued', 'running') "
      "ORDER BY sequence DESC LIMIT 1");
  if (!newest.with(fingerprint).step()) return std::nullopt;
  std::optional<JobRecord> job = read_job(newest.text(0));
  if (!job || job->state != JobState::interrupted) return std::nullopt;
  return job;
}

void SqliteLedger::store_table(const std::string& job, const TableRecord& table) {
  connection_
      ->query(
          "INSERT INTO job_tables (job, source_table, target, state, rows_read, rows_written, "
          "rows_rejected, bytes, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
          "ON CONFLICT (job, source_table) DO UPDATE SET target = ?3, state = ?4, rows_read = ?5, "
          "rows_written = ?6, rows_rejected = ?7, bytes = ?8, error = ?9")
      .with(job, table.table, table.target, to_text(table.state), table.rows_read,
            table.rows_written, table.rows_rejected, table.bytes, table.error)
      .run();
}

void SqliteLedger::put_tables(const std::string& job, const std::vector<TableRecord>& tables) {
  const std::lock_guard lock(mutex_);
  SqliteTransaction transaction(*connection_);
  require_job(job);
  for (const TableRecord& table : tables) store_table(job, table);
  transaction.commit();
}

void SqliteLedger::put_table(const std::string& job, const TableRecord& table) {
  put_tables(job, {table});
}

std::vector<TableRecord> SqliteLedger::tables(const std::string& job) {
  const std::lock_guard lock(mutex_);
  std::vector<TableRecord> tables;
  SqliteQuery query = connection_->query(
      "SELECT source_table, target, state, rows_read, rows_written, rows_rejected, bytes, error "
      "FROM job_tables WHERE job = ?1 ORDER BY sequence");
  query.with(job);
  while (query.step()) {
    tables.push_back({.table = query.text(0),
                      .target = query.text(1),
                      .state = table_state(query.text(2)),
                      .rows_read = query.integer(3),
                      .rows_written = query.integer(4),
                      .rows_rejected = query.integer(5),
                      .bytes = query.integer(6),
                      .error = query.text(7)});
  }
  return tables;
}

void SqliteLedger::store_split(const std::string& job, const SplitRecord& record) {
  const Split& split = record.split;
  connection_
      ->query(
          "INSERT OR REPLACE INTO splits (job, source_database, source_schema, source_table, "
          "split, split_count, payload, rows_estimate, bytes_estimate, state, committed_rows, "
          "rows_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
      .with(job, split.table.database, split.table.schema, split.table.name,
            std::int64_t{split.index}, std::int64_t{split.count}, split.payload,
            split.rows_estimate, split.bytes_estimate, to_text(record.state), record.rows,
            record.rows_before)
      .run();
}

void SqliteLedger::put_splits(const std::string& job, const TableId& table,
                              const std::vector<Split>& splits) {
  const std::lock_guard lock(mutex_);
  SqliteTransaction transaction(*connection_);
  require_job(job);
  connection_
      ->query(
          "DELETE FROM splits WHERE job = ?1 AND source_database = ?2 AND source_schema = ?3 "
          "AND source_table = ?4")
      .with(job, table.database, table.schema, table.name)
      .run();
  for (const Split& split : splits) store_split(job, {.split = split});
  transaction.commit();
}

void SqliteLedger::put_split(const std::string& job, const SplitRecord& split) {
  const std::lock_guard lock(mutex_);
  SqliteTransaction transaction(*connection_);
  require_job(job);
  store_split(job, split);
  transaction.commit();
}

std::vector<SplitRecord> SqliteLedger::splits(const std::string& job, const TableId& table) {
  const std::lock_guard lock(mutex_);
  std::vector<SplitRecord> splits;
  SqliteQuery query = connection_->query(
      "SELECT split, split_count, payload, rows_estimate, bytes_estimate, state, committed_rows, "
      "rows_before FROM splits WHERE job = ?1 AND source_database = ?2 AND source_schema = ?3 "
      "AND source_table = ?4 ORDER BY split");
  query.with(job, table.database, table.schema, table.name);
  while (query.step()) {
    splits.push_back({.split = {.table = table,
                                .index = static_cast<std::int32_t>(query.integer(0)),
                                .count = static_cast<std::int32_t>(query.integer(1)),
                                .payload = query.text(2),
                                .rows_estimate = query.integer(3),
                                .bytes_estimate = query.integer(4)},
                      .state = split_state(query.text(5)),
                      .rows = query.integer(6),
                      .rows_before = query.integer(7)});
  }
  return splits;
}

void SqliteLedger::add_rejects(const std::string& job, const std::vector<RejectRecord>& rejects) {
  const std::lock_guard lock(mutex_);
  SqliteTransaction transaction(*connection_);
  require_job(job);
  std::int64_t bytes = 0;
  for (const RejectRecord& reject : rejects) {
    connection_
        ->query(
            "INSERT INTO rejects (job, source_table, source_column, reason, row_key, row_values) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .with(job, reject.table, reject.column, reject.reason, reject.key, reject.row)
        .run();
    bytes +=
        static_cast<std::int64_t>(reject.table.size() + reject.column.size() +
                                  reject.reason.size() + reject.key.size() + reject.row.size());
  }
  connection_
      ->query(
          "UPDATE jobs SET reject_rows = reject_rows + ?2, reject_bytes = reject_bytes + ?3 "
          "WHERE id = ?1 AND reject_rows + ?2 <= ?4 AND reject_bytes + ?3 <= ?5")
      .with(job, static_cast<std::int64_t>(rejects.size()), bytes, limits::reject_rows_max,
            limits::reject_bytes_max)
      .run();
  if (connection_->rows_changed() == 0) {
    throw Error(Side::engine, "engine.store.rejects_full",
                "the job rejects more rows than penstock keeps (" +
                    std::to_string(limits::reject_rows_max) + " rows or " +
                    std::to_string(limits::reject_bytes_max >> 20) + " MiB)")
        .hint(
            "look at the rejects kept so far: they likely share one cause; fix it or use "
            "another policy than on_error = reject");
  }
  transaction.commit();
}

std::vector<RejectRecord> SqliteLedger::rejects(const std::string& job, int count_max) {
  const std::lock_guard lock(mutex_);
  std::vector<RejectRecord> rejects;
  SqliteQuery query = connection_->query(
      "SELECT source_table, source_column, reason, row_key, row_values FROM rejects "
      "WHERE job = ?1 ORDER BY sequence LIMIT ?2");
  query.with(job, std::int64_t{std::max(count_max, 0)});
  while (query.step()) {
    rejects.push_back({.table = query.text(0),
                       .column = query.text(1),
                       .reason = query.text(2),
                       .key = query.text(3),
                       .row = query.text(4)});
  }
  return rejects;
}

}  // namespace penstock
