// The ledger of verbs that start no job.
#pragma once

#include "core/ledger.h"

namespace penstock {

// Holds nothing and refuses to be written, so that plan, discover and test leave no trace on this
// machine either, and work where there is no writable home. Writing throws "engine.internal".
class EmptyLedger final : public Ledger {
 public:
  void create_job(const JobRecord& job) override;
  void start_job(const std::string& id) override;
  void lease_targets(const std::string& id, const std::vector<std::string>& targets) override;
  void finish_job(const std::string& id, JobState state, const std::string& result) override;
  std::optional<JobRecord> find_job(const std::string& id) override;
  std::vector<JobRecord> list_jobs(int count_max) override;
  std::optional<JobRecord> interrupted_job(const std::string& fingerprint) override;
  void put_tables(const std::string& job, const std::vector<TableRecord>& tables) override;
  void put_table(const std::string& job, const TableRecord& table) override;
  std::vector<TableRecord> tables(const std::string& job) override;
  void put_splits(const std::string& job, const TableId& table,
                  const std::vector<Split>& splits) override;
  void put_split(const std::string& job, const SplitRecord& split) override;
  std::vector<SplitRecord> splits(const std::string& job, const TableId& table) override;
  void add_rejects(const std::string& job, const std::vector<RejectRecord>& rejects) override;
  std::vector<RejectRecord> rejects(const std::string& job, int count_max) override;
};

}  // namespace penstock
