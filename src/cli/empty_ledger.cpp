#include "cli/empty_ledger.h"

#include "core/error.h"

namespace penstock {

namespace {
[[noreturn]] void refuse() {
  throw Error(Side::engine, "engine.internal", "a verb that starts no job wrote to the ledger");
}
}  // namespace

void EmptyLedger::create_job(const JobRecord& /*job*/) {
  refuse();
}
void EmptyLedger::start_job(const std::string& /*id*/) {
  refuse();
}
void EmptyLedger::lease_targets(const std::string& /*id*/,
                                const std::vector<std::string>& /*targets*/) {
  refuse();
}
void EmptyLedger::finish_job(const std::string& /*id*/, JobState /*state*/,
                             const std::string& /*result*/) {
  refuse();
}
std::optional<JobRecord> EmptyLedger::find_job(const std::string& /*id*/) {
  return std::nullopt;
}
std::vector<JobRecord> EmptyLedger::list_jobs(int /*count_max*/) {
  return {};
}
std::optional<JobRecord> EmptyLedger::interrupted_job(const std::string& /*fingerprint*/) {
  return std::nullopt;
}
void EmptyLedger::put_tables(const std::string& /*job*/,
                             const std::vector<TableRecord>& /*tables*/) {
  refuse();
}
void EmptyLedger::put_table(const std::string& /*job*/, const TableRecord& /*table*/) {
  refuse();
}
std::vector<TableRecord> EmptyLedger::tables(const std::string& /*job*/) {
  return {};
}
void EmptyLedger::put_splits(const std::string& /*job*/, const TableId& /*table*/,
                             const std::vector<Split>& /*splits*/) {
  refuse();
}
void EmptyLedger::put_split(const std::string& /*job*/, const SplitRecord& /*split*/) {
  refuse();
}
std::vector<SplitRecord> EmptyLedger::splits(const std::string& /*job*/, const TableId& /*table*/) {
  return {};
}
void EmptyLedger::add_rejects(const std::string& /*job*/,
                              const std::vector<RejectRecord>& /*rejects*/) {
  refuse();
}
std::vector<RejectRecord> EmptyLedger::rejects(const std::string& /*job*/, int /*count_max*/) {
  return {};
}

}  // namespace penstock
