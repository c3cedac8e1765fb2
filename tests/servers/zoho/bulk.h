// Bulk read: jobs that write ZIPs of CSV one after another, as the real service does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "servers/zoho/bulk_query.h"
#include "servers/zoho/context.h"

namespace penstock::zoho_sim {

// Purpose: the calls under /crm/bulk.
//   Threads: any; one thread of its own writes the files. It takes the Crm's mutex, shared.
//   Memory: the jobs' descriptions; files lie in a folder of its own, removed at the end.
class BulkJobs {
 public:
  BulkJobs(const Crm& crm, SharedSettings& settings, std::uint64_t token_key);
  BulkJobs(const BulkJobs&) = delete;
  BulkJobs& operator=(const BulkJobs&) = delete;
  ~BulkJobs();

  Answer create(const Context& context);
  Answer status(const Context& context, std::string_view id);
  Answer result(const Context& context, std::string_view id);
  std::uint64_t made() const;

 private:
  struct Job {
    std::uint64_t id = 0, user = 0;
    BulkQuery query;
    std::optional<Position> after;
    std::int64_t served = 0;  // rows of the pages before
    std::int64_t created = 0, polls = 0;
    bool written = false, failed = false;
    std::int64_t count = 0;
    std::optional<Position> last;  // set: there are more rows behind it
    std::filesystem::path file;
  };

  void run();
  void write(Job& job);
  void write_rows(Job& job, const Settings& settings);
  std::shared_ptr<Job> find(const Context& context, std::string_view id) const;
  void continue_job(const Context& context, const std::string& token, Job& job) const;
  std::string state(const Job& job, const Settings& settings) const;
  json::object result_json(const Job& job, const Context& context) const;

  const Crm& crm_;
  SharedSettings& settings_;
  std::uint64_t token_key_;
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::deque<std::int64_t> downloads_;  // within a minute
  std::thread writer_;
};

}  // namespace penstock::zoho_sim
