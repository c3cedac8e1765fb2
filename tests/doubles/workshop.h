// A folder, a ledger and a job manager of one test, with the skeleton pair: what it takes to run
// real jobs through the real engine.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "doubles/meddling.h"
#include "engine/job_manager.h"
#include "store/sqlite_ledger.h"
#include "unit/store/temporary_folder.h"

namespace penstock::testing {

// Text of one table in the skeleton's format.
struct TableText {
  std::vector<std::string> names, types;
  std::vector<std::vector<std::string>> rows;  // cells as they stand in the file
};

// `rows` rows of (id int64 key, name string, amount decimal(12,2)), some values missing.
TableText numbered_rows(std::int64_t rows, std::int64_t first = 1);

// Reads and writes <folder>/<name>.tsv. Rows come back sorted, because splits arrive in any order.
void write_table(const std::filesystem::path& folder, const std::string& name,
                 const TableText& table);
TableText read_table(const std::filesystem::path& folder, const std::string& name);
std::vector<std::vector<std::string>> sorted(std::vector<std::vector<std::string>> rows);

class Workshop {
 public:
  explicit Workshop(SourceMeddling source = {}, DestinationMeddling destination = {});

  std::filesystem::path from() const { return folder_.path() / "from"; }
  std::filesystem::path to() const { return folder_.path() / "to"; }
  std::filesystem::path state() const { return folder_.path() / "penstock.db"; }
  void put(const std::string& name, const TableText& table) { write_table(from(), name, table); }
  TableText got(const std::string& name) const { return read_table(to(), name); }

  // A request from `from` to `to`.
  using Members = std::initializer_list<std::pair<json::string_view, json::value_ref>>;
  json::object request(Members options = {}, std::vector<std::string> tables = {}) const;
  MigrationRequest parsed(const json::object& request) const {
    return parse_request(request, registry_);
  }
  std::shared_ptr<Job> start(const json::object& request) {
    return manager_->start(parsed(request));
  }
  // Runs the job to its end and returns its result.
  json::object run(const json::object& request);
  json::object run() { return run(request()); }

  // Files below the destination's hidden folder that are no record of a made table.
  std::vector<std::string> leftovers() const;

  Registry& registry() { return registry_; }
  Ledger& ledger() { return *ledger_; }
  JobManager& manager() { return *manager_; }
  Faults& source_faults() { return *source_faults_; }
  Faults& destination_faults() { return *destination_faults_; }

 private:
  TemporaryFolder folder_;
  std::shared_ptr<Faults> source_faults_, destination_faults_;
  Registry registry_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<JobManager> manager_;
};

// Holds up whoever runs action() until the job is cancelled. set() tells which job that is; actions
// that come before wait for it.
class Blocker {
 public:
  Faults::Action action() {
    return [this] {
      reached_ = true;
      const CancelToken cancel = job_.get()->cancel_token();
      while (true) cancel.sleep(std::chrono::milliseconds(100));
    };
  }
  void set(const std::shared_ptr<Job>& job) { promise_.set_value(job); }
  void wait_reached() const {
    while (!reached_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  std::promise<std::shared_ptr<Job>> promise_;
  std::shared_future<std::shared_ptr<Job>> job_ = promise_.get_future().share();
  std::atomic<bool> reached_{false};
};

// Text members of a result: errors joined, or the failed tables' error types.
std::string error_type_of(const json::object& result);
std::int64_t records_of(const json::object& result);

}  // namespace penstock::testing
