// Jobs as the API shows them: the ledger's record, with what a job of this process knows better.
// Call from threads that may block on the ledger.
#pragma once

#include <string>

#include "engine/job_manager.h"

namespace penstock {

// {"job_id","state","source_type","dest_type","created_at","started_at","finished_at","location"}
json::object job_summary(const JobRecord& record, const Job* live);

// The newest `count_max` jobs of all processes: {"jobs":[…]}.
json::object job_list(JobManager& manager, int count_max);

// The summary and "request", "tables" (with the rows read so far), "progress" (while it runs),
// "result" (once it ended). Throws config_error "config.job.unknown" (404).
json::object job_details(JobManager& manager, const std::string& id);

Error unknown_job(const std::string& id);

}  // namespace penstock
