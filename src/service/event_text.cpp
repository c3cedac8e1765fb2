#include "service/event_text.h"

namespace penstock {

std::string event_text(const Event& event) {
  json::object data = event.data;
  data["time_ms"] = event.time_ms;
  // Serialised JSON has no line breaks, so one data line always holds it.
  return "id: " + std::to_string(event.id) + "\nevent: " + event.type +
         "\ndata: " + json::serialize(data) + "\n\n";
}

std::string finished_event_text(const JobRecord& record) {
  Event event{.id = 1, .time_ms = record.finished_ms, .type = "finished", .data = {}};
  event.data["job"] = record.id;
  event.data["state"] = to_text(record.state);
  boost::system::error_code failure;
  json::value result = json::parse(record.result, failure);
  if (!failure) event.data["result"] = std::move(result);
  return event_text(event);
}

}  // namespace penstock
