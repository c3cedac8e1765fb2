#include "engine/migration.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "engine/job_manager.h"
#include "engine/link.h"

namespace penstock {

namespace {

// Publishes progress until destroyed.
class ProgressTicker {
 public:
  explicit ProgressTicker(Migration& migration)
      : migration_(migration), thread_([this] { loop(); }) {}
  ~ProgressTicker() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void loop() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, limits::progress_interval, [this] { return stop_; })) {
      migration_.publish_progress();
    }
  }

  Migration& migration_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the members above
};

std::int64_t rss_peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

std::int64_t unix_micros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

json::array loss_array(const LossAccount& losses) {
  json::array out;
  for (const LossCount& loss : losses.counts()) {
    out.push_back({{"column", loss.column},
                   {"kind", to_text(loss.misfit)},
                   {"action", loss.action},
                   {"count", loss.count},
                   {"samples", json::value_from(loss.samples)}});
  }
  return out;
}

}  // namespace

Migration::Migration(std::string job, const MigrationRequest& request, Ledger& ledger,
                     EventLog& events, CancelToken cancel, MemoryBudget* process_memory)
    : job_(std::move(job)),
      request_(request),
      ledger_(ledger),
      events_(events),
      cancel_(std::move(cancel)),
      budget_(request.options.memory_bytes, process_memory) {
  run_ = {.job = job_, .version = unix_micros()};
  rejects_left_ = request.options.max_rejects;
}

Migration::~Migration() = default;

void Migration::phase(std::string_view name) {
  cancel_.check();
  events_.publish("phase", {{"job", job_}, {"phase", name}});
}

void Migration::connect() {
  phase("connect");
  source_ = request_.source_entry->make(request_.source);
  destination_ = request_.destination_entry->make(request_.destination);
  source_info_ = source_->open(cancel_);
  capabilities_ = destination_->open(cancel_);
}

bool Migration::run() {
  connect();
  phase("discover");
  {
    Plan plan = make_plan(*source_, source_info_, *destination_, capabilities_, request_, cancel_);
    const std::lock_guard lock(mutex_);
    plan_ = std::move(plan);
    warnings_ = plan_.warnings;
    for (const auto& table : plan_.tables) tables_.push_back(std::make_unique<TableRun>(*table));
    planned_ = true;
  }
  phase("plan");
  check_plan();
  lease_targets();
  keep_finished_tables();

  phase("prepare");
  std::vector<TargetTable> targets;
  std::vector<TableRecord> records;
  for (const auto& table : tables_) {
    records.push_back(table->record());
    if (table->state.load() != TableState::done) targets.push_back(table->plan.target);
  }
  ledger_.put_tables(job_, records);
  if (!targets.empty()) destination_->prepare(targets, run_, cancel_);
  copy();
  phase("finish");
  link();
  publish_progress();
  return std::ranges::all_of(
      tables_, [](const auto& table) { return table->state.load() == TableState::done; });
}

// A problem anywhere stops the job before anything was touched; each table says what is wrong.
void Migration::check_plan() {
  if (!plan_.has_problems()) return;
  for (const auto& table : tables_) {
    if (table->plan.problems.empty()) continue;
    table->error = table->plan.problems.front();
    table->state = TableState::failed;
  }
  std::vector<Error> all = plan_.problems;
  for (const auto& table : plan_.tables) {
    all.insert(all.end(), table->problems.begin(), table->problems.end());
  }
  Error first = all.front();
  if (all.size() > 1) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 1; i < all.size() && i < limits::errors_kept_max; ++i) {
      errors_.push_back(all[i]);
    }
  }
  throw first;
}

void Migration::lease_targets() {
  std::vector<std::string> names;
  for (const auto& table : tables_) {
    names.push_back(destination_->identity() + " " + table->plan.target.display());
  }
  ledger_.lease_targets(job_, names);
}

void Migration::keep_finished_tables() {
  if (!request_.options.resume) return;
  const auto former = ledger_.interrupted_job(request_.fingerprint);
  if (!former) return;
  int kept = 0;
  for (const TableRecord& record : ledger_.tables(former->id)) {
    if (record.state != TableState::done) continue;
    for (const auto& table : tables_) {
      // Only what still lies there as penstock left it counts as done.
      if (table->name != record.table || table->plan.target.display() != record.target ||
          !table->plan.existing.ours || table->plan.action != IfExists::replace) {
        continue;
      }
      table->rows_read = record.rows_read;
      table->rows_written = record.rows_written;
      table->rows_rejected = record.rows_rejected;
      table->bytes_read = record.bytes;
      table->report = FinishReport{.rows = record.rows_written, .target = record.target};
      table->state = TableState::done;
      ++kept;
    }
  }
  if (kept == 0) return;
  {
    const std::lock_guard lock(mutex_);
    resumed_from_ = former->id;
    consistency_ = Consistency::per_table;
  }
  add_warning("continuing job " + former->id + ": " + std::to_string(kept) + " of " +
              std::to_string(tables_.size()) +
              " tables were finished before it was interrupted and are kept as they are; "
              "--restart copies everything again");
}

std::vector<TableRun*> Migration::unfinished() {
  std::vector<TableRun*> out;
  for (const auto& table : tables_) {
    const TableState state = table->state.load();
    if (state != TableState::done && state != TableState::failed) out.push_back(table.get());
  }
  return out;
}

void Migration::copy() {
  std::vector<TableRun*> tables = unfinished();
  for (int round = 1; !tables.empty(); ++round) {
    if (round > 1) {
      if (round > limits::snapshot_attempts_max) {
        throw Error(Side::source, "source.snapshot.lost",
                    "the source's snapshot was lost " + std::to_string(round - 1) + " times")
            .hint(
                "keep the source from restarting or cutting idle connections during the job; "
                "a table at a time (--tables) needs shorter snapshots");
      }
      add_warning("the source's snapshot was lost; " + std::to_string(tables.size()) +
                  " unfinished tables start again under a new one");
      // Fresh counters; the old objects stay alive for whoever still looks at them.
      const std::lock_guard lock(mutex_);
      consistency_ = std::max(consistency_, Consistency::per_table);
      for (TableRun*& table : tables) {
        const auto at =
            std::ranges::find_if(tables_, [&](const auto& owned) { return owned.get() == table; });
        auto fresh = std::make_unique<TableRun>(table->plan);
        rejects_left_ += table->rows_rejected.load();  // its rows are read once more
        former_.push_back(std::exchange(*at, std::move(fresh)));
        table = at->get();
      }
    }
    snapshot_lost_ = false;
    run_round(tables);
    cancel_.check();
    tables = unfinished();
    if (!tables.empty() && !snapshot_lost_) {
      throw Error(Side::engine, "engine.internal", "the round ended with unfinished tables");
    }
  }
}

void Migration::run_round(const std::vector<TableRun*>& tables) {
  std::vector<const TableSchema*> schemas;
  for (const TableRun* table : tables) schemas.push_back(&table->plan.schema);
  Snapshot snapshot =
      source_->snapshot({.tables = schemas, .readers = request_.options.parallel}, cancel_);
  {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
    consistency_ = std::max(consistency_, snapshot_.consistency);
  }
  WorkQueue queue;
  plan_splits(tables, queue);
  phase("copy");
  RoundContext round{job_,      *source_,       *destination_, request_.options, run_,
                     snapshot_, queue,          ledger_,       events_,          budget_,
                     cancel_,   snapshot_lost_, rejects_left_};
  {
    const ProgressTicker ticker(*this);
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < request_.options.parallel; ++i) {
      workers.push_back(std::make_unique<Worker>(round));
      workers.back()->start();
    }
    for (const auto& worker : workers) worker->join();
  }
  std::vector<TableRun*> left;
  for (TableRun* table : tables) {
    if (table->touched && table->state.load() != TableState::done) left.push_back(table);
  }
  abandon(left);
}

// The user's wish, or what suits both the engine and the destination.
std::int64_t Migration::split_bytes_target() const {
  if (request_.options.split_bytes > 0) return request_.options.split_bytes;
  return std::max(limits::split_bytes_target, capabilities_.split_bytes_min);
}

void Migration::plan_splits(const std::vector<TableRun*>& tables, WorkQueue& queue) {
  const SplitGoal goal{.bytes_target = split_bytes_target(), .readers = request_.options.parallel};
  std::vector<Task> tasks;
  for (TableRun* table : tables) {
    std::vector<Split> splits =
        source_->plan_splits(table->plan.schema, table->plan.read.where, goal, cancel_);
    table->splits = table->splits_left = static_cast<int>(splits.size());
    ledger_.put_splits(job_, table->plan.schema.id, splits);
    for (Split& split : splits) tasks.push_back({.table = table, .split = std::move(split)});
  }
  for (Task& task : tasks) queue.add(std::move(task));
  events_.publish("planned", {{"job", job_},
                              {"tables", tables.size()},
                              {"rows_estimate", plan_.rows_estimate()},
                              {"bytes_estimate", plan_.bytes_estimate()},
                              {"consistency", to_text(consistency_)},
                              {"snapshot", snapshot_.description}});
}

// Tables kept from an interrupted job take part: what links them may have been missing then.
void Migration::link() {
  std::vector<TableRun*> done;
  for (const auto& table : tables_) {
    if (table->state.load() == TableState::done) done.push_back(table.get());
  }
  link_tables({job_, *destination_, events_, cancel_, request_.options.parallel}, done);
}

void Migration::abandon(const std::vector<TableRun*>& tables) {
  if (tables.empty()) return;
  try {
    // Not the job's token: cleaning up has to work for a cancelled job too, within its bound.
    const CancelToken patience;
    const auto session = destination_->open_session(patience);
    for (const TableRun* table : tables) session->abandon_table(table->plan.target, run_);
  } catch (const Error&) {
    add_warning(
        "staging of unfinished tables could not be removed at the destination; the next "
        "run removes it");
  }
}

void Migration::add_warning(const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    warnings_.push_back(text);
  }
  events_.publish("warning", {{"job", job_}, {"text", text}});
}

void Migration::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  errors_.insert(errors_.begin(), error);
  for (const auto& table : tables_) {
    const TableState state = table->state.load();
    if (state == TableState::done || state == TableState::failed) continue;
    table->error = Error(Side::engine, "engine.table.not_copied",
                         "not copied: the job ended before (" + error.message() + ")");
    table->state = TableState::failed;
  }
}

void Migration::publish_progress() {
  std::int64_t rows = 0, bytes = 0, done = 0;
  std::int64_t estimate = 0;
  json::array running;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& table : tables_) {
      const std::int64_t read = table->rows_read.load();
      const TableState state = table->state.load();
      rows += read;
      bytes += table->bytes_read.load();
      const std::int64_t expected = table->plan.schema.rows_estimate;
      const bool ended = state == TableState::done || state == TableState::failed;
      estimate += ended ? read : std::max(read, expected);
      if (ended) ++done;
      if (state == TableState::running) {
        running.push_back({{"table", table->name}, {"rows", read}, {"rows_estimate", expected}});
      }
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(rows) / seconds : 0;
  json::object data{{"job", job_},
                    {"rows", rows},
                    {"rows_estimate", estimate},
                    {"bytes", bytes},
                    {"rows_per_second", rate},
                    {"bytes_per_second", seconds > 0 ? static_cast<double>(bytes) / seconds : 0},
                    {"tables_done", done},
                    {"tables_total", tables_.size()},
                    {"seconds", seconds},
                    {"memory_bytes", budget_.bytes_used()},
                    {"tables", std::move(running)}};
  if (rate > 0) data["eta_seconds"] = static_cast<double>(estimate - rows) / rate;
  events_.publish("progress", std::move(data));
}

json::object Migration::table_json(const TableRun& table) const {
  const std::chrono::duration<double> time = table.finished - table.started;
  const double seconds = std::max(time.count(), 0.0);
  json::object out{{"table", table.name},
                   {"target", table.report ? table.report->target : table.plan.target.display()},
                   {"records", table.rows_written.load()},
                   {"rows_read", table.rows_read.load()},
                   {"rows_rejected", table.rows_rejected.load()},
                   {"bytes", table.bytes_read.load()},
                   {"seconds", seconds},
                   {"splits", table.splits}};
  if (table.report && !table.report->also.empty()) {
    out["also"] = json::value_from(table.report->also);
  }
  json::array not_built;
  for (const NotBuilt& one : table.not_built.list()) {
    json::object entry = to_json(one.error);
    entry["what"] = one.what;
    not_built.push_back(std::move(entry));
  }
  if (!not_built.empty()) out["not_built"] = std::move(not_built);
  if (!table.plan.read.wire.empty()) out["passthrough"] = table.plan.read.wire;
  json::array losses = loss_array(table.losses);
  if (!losses.empty()) out["losses"] = std::move(losses);
  return out;
}

json::object Migration::result() const {
  const std::lock_guard lock(mutex_);
  json::array migrated, failed, errors;
  std::int64_t records = 0, rejected = 0;
  for (const Error& error : errors_) errors.emplace_back(error.describe());
  for (const auto& table : tables_) {
    const TableState state = table->state.load();
    if (state == TableState::done) {
      migrated.push_back(table_json(*table));
      records += table->rows_written.load();
      rejected += table->rows_rejected.load();
    } else if (state == TableState::failed) {
      // The table's fields are complete once its state says failed.
      json::object entry = table->error ? to_json(*table->error) : json::object();
      entry["table"] = table->name;
      failed.push_back(std::move(entry));
      const bool own = table->error && table->error->code() != "engine.table.not_copied";
      if (errors.size() < limits::errors_kept_max && own && table->plan.problems.empty()) {
        errors.emplace_back(table->error->describe());
      }
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  json::object out{{"job_id", job_},
                   {"total_tables", tables_.size()},
                   {"tables_migrated", std::move(migrated)},
                   {"tables_failed", std::move(failed)},
                   {"errors", std::move(errors)},
                   {"warnings", json::value_from(warnings_)},
                   {"records", records},
                   {"rows_rejected", rejected},
                   {"seconds", seconds},
                   {"memory",
                    {{"budget_bytes", budget_.bytes_max()},
                     {"batches_peak_bytes", budget_.bytes_peak()},
                     {"rss_peak_bytes", rss_peak_bytes()}}}};
  if (planned_) {
    out["source"] = {{"product", source_info_.product}, {"version", source_info_.version}};
    out["destination"] = {{"product", capabilities_.product}, {"version", capabilities_.version}};
    out["consistency"] = to_text(consistency_);
    out["snapshot"] = snapshot_.description;
  }
  if (!resumed_from_.empty()) out["resumed_from"] = resumed_from_;
  return out;
}

}  // namespace penstock
