#include "service/job_view.h"

#include <algorithm>

#include "core/text.h"
#include "service/http_message.h"

namespace penstock {

namespace {

// Text that we stored ourselves as JSON; a null when it is empty.
json::value stored_json(const std::string& text) {
  boost::system::error_code failure;
  json::value value = json::parse(text, failure);
  return failure ? json::value() : value;
}

bool ended(JobState state) {
  return state != JobState::queued && state != JobState::running;
}

json::object table_json(const TableRecord& record) {
  json::object out{{"table", record.table},
                   {"target", record.target},
                   {"state", to_text(record.state)},
                   {"rows_read", record.rows_read},
                   {"rows_written", record.rows_written},
                   {"rows_rejected", record.rows_rejected},
                   {"bytes", record.bytes}};
  if (!record.error.empty()) out["error"] = stored_json(record.error);
  return out;
}

// The newest progress event's data; null before the first.
json::value latest_progress(Job& job) {
  const std::vector<Event> events = job.events().after(0);
  const auto newest = std::find_if(events.rbegin(), events.rend(),
                                   [](const Event& event) { return event.type == "progress"; });
  if (newest == events.rend()) return nullptr;
  return newest->data;
}

// The ledger learns of a table when its state changes; in between the progress event knows more.
void add_running_rows(json::array& tables, const json::value& progress) {
  const json::object* const data = progress.if_object();
  const json::value* const running = data == nullptr ? nullptr : data->if_contains("tables");
  if (running == nullptr || !running->is_array()) return;
  for (const json::value& one : running->get_array()) {
    if (!one.is_object()) continue;
    const json::value* const name = one.get_object().if_contains("table");
    const json::value* const rows = one.get_object().if_contains("rows");
    if (name == nullptr || rows == nullptr || !rows->is_number()) continue;
    for (json::value& table : tables) {
      json::object& fields = table.as_object();
      if (fields["table"] != *name) continue;
      fields["rows_read"] =
          std::max(fields["rows_read"].to_number<std::int64_t>(), rows->to_number<std::int64_t>());
    }
  }
}

}  // namespace

Error unknown_job(const std::string& id) {
  return config_error("config.job.unknown", "there is no job " + printable(id, 70))
      .hint("GET /jobs lists the jobs that are still known");
}

json::object job_summary(const JobRecord& record, const Job* live) {
  json::object out{{"job_id", record.id},
                   {"state", to_text(live != nullptr ? live->state() : record.state)}};
  const json::value request = stored_json(record.request);
  for (const std::string_view name : {"source_type", "dest_type"}) {
    if (!request.is_object()) break;
    if (const json::value* const value = request.get_object().if_contains(name)) out[name] = *value;
  }
  out["created_at"] = time_json(record.created_ms);
  out["started_at"] = time_json(record.started_ms);
  out["finished_at"] = time_json(record.finished_ms);
  out["location"] = "/jobs/" + record.id;
  return out;
}

json::object job_list(JobManager& manager, int count_max) {
  json::array jobs;
  for (const JobRecord& record : manager.ledger().list_jobs(count_max)) {
    jobs.push_back(job_summary(record, manager.find(record.id).get()));
  }
  return {{"jobs", std::move(jobs)}};
}

json::object job_details(JobManager& manager, const std::string& id) {
  const std::optional<JobRecord> record = manager.ledger().find_job(id);
  if (!record) throw unknown_job(id);
  const std::shared_ptr<Job> live = manager.find(id);
  json::object out = job_summary(*record, live.get());
  out["request"] = stored_json(record->request);
  json::array tables;
  for (const TableRecord& table : manager.ledger().tables(id)) tables.push_back(table_json(table));
  const JobState state = live != nullptr ? live->state() : record->state;
  if (live != nullptr && !ended(state)) {
    json::value progress = latest_progress(*live);
    add_running_rows(tables, progress);
    if (!progress.is_null()) out["progress"] = std::move(progress);
  }
  out["tables"] = std::move(tables);
  if (live != nullptr && ended(state)) {
    out["result"] = live->result();
  } else if (!record->result.empty()) {
    out["result"] = stored_json(record->result);
  }
  return out;
}

}  // namespace penstock
