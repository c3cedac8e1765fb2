#include "engine/job_manager.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "core/limits.h"
#include "core/text.h"
#include "engine/migration.h"
#include "engine/plan.h"

namespace penstock {

namespace {

constexpr std::size_t kJobsRemembered = 1'000;

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// 12 hex digits of time in ms and 8 random ones: sorts by age, safe in names at a destination.
std::string new_job_id() {
  std::random_device random;
  return hex64(static_cast<std::uint64_t>(now_ms())).substr(4) + hex64(random()).substr(8);
}

void put(json::object& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out[name] = value;
}

}  // namespace

json::object to_json(const Error& error) {
  json::object out{{"error", error.message()},
                   {"error_type", error.code()},
                   {"side", to_text(error.side())},
                   {"retryable", error.retryable()}};
  put(out, "hint", error.hint());
  put(out, "native", error.native());
  put(out, "table", error.place().table);
  put(out, "split", error.place().split);
  put(out, "column", error.place().column);
  put(out, "row", error.place().row);
  return out;
}

Job::Job(std::string id, MigrationRequest request)
    : id_(std::move(id)), request_(std::move(request)) {}

JobState Job::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

json::object Job::result() const {
  const std::lock_guard lock(mutex_);
  json::object out = migration_ ? migration_->result() : result_;
  out["job_id"] = id_;
  out["state"] = to_text(state_);
  out["success"] = state_ == JobState::succeeded;
  return out;
}

void Job::wait() const {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return state_ != JobState::queued && state_ != JobState::running; });
}

void Job::set_running(Migration* migration) {
  const std::lock_guard lock(mutex_);
  state_ = JobState::running;
  migration_ = migration;
}

void Job::finish(JobState state, json::object result) {
  {
    const std::lock_guard lock(mutex_);
    state_ = state;
    migration_ = nullptr;
    result_ = std::move(result);
  }
  ended_.notify_all();
  // Last, so that whoever waits for the event finds the job ended.
  events_.publish("finished",
                  {{"job", id_}, {"state", to_text(state)}, {"result", this->result()}});
}

JobManager::JobManager(const Registry& registry, Ledger& ledger,
                       std::optional<std::size_t> memory_bytes)
    : registry_(registry), ledger_(ledger) {
  if (memory_bytes) memory_ = std::make_unique<MemoryBudget>(*memory_bytes);
}

JobManager::~JobManager() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  for (const auto& [id, job] : jobs_) job->cancel();
  start_waiting_locked();  // queued jobs run too, if only to end as cancelled
  idle_.wait(lock, [this] { return running_ == 0 && waiting_.empty(); });
}

std::shared_ptr<Job> JobManager::start(MigrationRequest request) {
  auto job = std::make_shared<Job>(new_job_id(), std::move(request));
  JobRecord record;
  record.id = job->id();
  record.fingerprint = job->request().fingerprint;
  record.request = json::serialize(job->request().redacted);
  record.created_ms = now_ms();
  record.targets = {"job " + record.fingerprint};
  const std::lock_guard lock(mutex_);
  if (closing_ || waiting_.size() >= limits::jobs_queued_max) {
    throw Error(Side::engine, "engine.jobs.full",
                closing_ ? "the service is stopping" : "too many jobs are waiting")
        .retryable(true)
        .hint("try again later");
  }
  ledger_.create_job(record);
  jobs_.emplace(job->id(), job);
  order_.push_back(job->id());
  for (std::size_t i = 0; order_.size() > kJobsRemembered && i < order_.size();) {
    const JobState state = jobs_.at(order_[i])->state();
    if (state == JobState::queued || state == JobState::running) {
      ++i;
      continue;
    }
    jobs_.erase(order_[i]);
    order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  waiting_.push_back(job);
  job->events().publish("queued", {{"job", job->id()}});
  start_waiting_locked();
  return job;
}

void JobManager::start_waiting_locked() {
  while (!waiting_.empty() && running_ < limits::jobs_running_max) {
    ++running_;
    // Detached, but counted: the destructor waits for running_ to come back to 0.
    std::thread([this, job = waiting_.front()] {
      run(job);
      const std::lock_guard lock(mutex_);
      --running_;
      start_waiting_locked();
      idle_.notify_all();
    }).detach();
    waiting_.pop_front();
  }
}

void JobManager::run(const std::shared_ptr<Job>& job) {
  JobState state = JobState::failed;
  json::object result;
  Migration migration(job->id(), job->request(), ledger_, job->events(), job->cancel_token(),
                      memory_.get());
  try {
    job->set_running(&migration);
    ledger_.start_job(job->id());
    job->events().publish("started", {{"job", job->id()},
                                      {"source", job->request().source_entry->name},
                                      {"destination", job->request().destination_entry->name},
                                      {"parallel", job->request().options.parallel}});
    state = migration.run() ? JobState::succeeded : JobState::failed;
  } catch (...) {
    const Error error = current_error();
    state = error.code() == "engine.cancelled" ? JobState::cancelled : JobState::failed;
    migration.fail(error);
    result["error"] = error.message();
    result["error_type"] = error.code();
    if (!error.hint().empty()) result["hint"] = error.hint();
  }
  json::object all = migration.result();
  for (auto& [name, value] : result) all[name] = value;
  try {
    all["success"] = state == JobState::succeeded;
    all["state"] = to_text(state);
    ledger_.finish_job(job->id(), state, json::serialize(all));
  } catch (const Error& error) {
    // The copy itself is what it is; that its record could not be kept is said, not hidden.
    all["warnings"].as_array().emplace_back("the job's record could not be stored: " +
                                            error.message());
  }
  job->finish(state, std::move(all));
}

std::shared_ptr<Job> JobManager::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto at = jobs_.find(id);
  return at == jobs_.end() ? nullptr : at->second;
}

std::vector<std::shared_ptr<Job>> JobManager::jobs() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Job>> out;
  for (auto id = order_.rbegin(); id != order_.rend(); ++id) out.push_back(jobs_.at(*id));
  return out;
}

json::object JobManager::plan(const MigrationRequest& request, const CancelToken& cancel) {
  const auto source = request.source_entry->make(request.source);
  const auto destination = request.destination_entry->make(request.destination);
  const SourceInfo info = source->open(cancel);
  const Capabilities capabilities = destination->open(cancel);
  return to_json(make_plan(*source, info, *destination, capabilities, request, cancel));
}

void JobManager::test_source(const SourceEntry& entry, const Config& config,
                             const CancelToken& cancel) {
  entry.make(config)->open(cancel);
}

void JobManager::test_destination(const DestinationEntry& entry, const Config& config,
                                  const CancelToken& cancel) {
  entry.make(config)->open(cancel);
}

json::object JobManager::discover(const SourceEntry& entry, const Config& config, bool views,
                                  const CancelToken& cancel) {
  const auto source = entry.make(config);
  const SourceInfo info = source->open(cancel);
  json::array tables;
  for (const TableSchema& table : source->discover({.views = views}, cancel)) {
    constexpr std::string_view kinds[] = {"table", "partitioned", "view", "materialized_view",
                                          "foreign"};
    json::array columns;
    for (const Field& field : table.fields) {
      columns.push_back({{"name", field.name},
                         {"type", field.native_type},
                         {"logical", to_text(field.type)},
                         {"nullable", field.nullable}});
    }
    json::object one{{"table", table.id.display()},
                     {"kind", kinds[static_cast<int>(table.kind)]},
                     {"rows_estimate", table.rows_estimate},
                     {"bytes_estimate", table.bytes_estimate},
                     {"key", json::value_from(table.primary_key.columns)},
                     {"columns", std::move(columns)}};
    put(one, "refusal", table.refusal);
    if (!table.notes.empty()) one["notes"] = json::value_from(table.notes);
    tables.push_back(std::move(one));
  }
  return {{"product", info.product},
          {"version", info.version},
          {"database", info.database},
          {"tables", std::move(tables)}};
}

}  // namespace penstock
