// Results for people: the engine's JSON in, text out. Pure functions; thread-safe. Names and
// messages from servers are made safe to print.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "contract/registry.h"
#include "core/ledger.h"

namespace penstock {

// Of a job that ended: Job::result().
std::string report_result(const json::object& result);
// Of JobManager::plan().
std::string report_plan(const json::object& plan);
// Of JobManager::discover().
std::string report_discovery(const json::object& discovery);

json::object job_json(const JobRecord& job);
std::string report_jobs(const std::vector<JobRecord>& jobs);
std::string report_job(const JobRecord& job, const std::vector<TableRecord>& tables,
                       const std::vector<RejectRecord>& rejects);
json::object table_record_json(const TableRecord& table);
json::object reject_json(const RejectRecord& reject);

json::object adapters_json(const Registry& registry);
// All of them, or the fields of the one called `name`. Throws "config.adapter.unknown".
std::string report_adapters(const Registry& registry, const std::string& name);

// Indented JSON, for terminals.
std::string pretty(const json::value& value);

}  // namespace penstock
