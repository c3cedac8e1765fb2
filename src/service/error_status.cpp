#include "service/error_status.h"

#include "engine/job_manager.h"

namespace penstock {

namespace {

struct CodeStatus {
  std::string_view code;
  int status;
};

constexpr CodeStatus kStatuses[] = {
    {"config.target.busy", 409},
    {"config.http.cross_site", 403},
    {"config.http.header_too_large", 431},
    {"config.http.host", 421},
    {"config.http.media_type", 415},
    {"config.http.method", 405},
    {"config.http.path", 404},
    {"config.http.too_large", 413},
    {"config.job.elsewhere", 409},
    {"config.job.unknown", 404},
    {"engine.cancelled", 503},  // outside of jobs this means that the service stops
    {"engine.jobs.full", 503},
    {"engine.service.busy", 503},
    {"engine.store.busy", 503},
};

}  // namespace

int status_of(std::string_view code) {
  for (const CodeStatus& one : kStatuses) {
    if (one.code == code) return one.status;
  }
  return code.starts_with("config.") ? 400 : 500;
}

Reply error_reply(const Error& error) {
  Reply reply;
  reply.status = status_of(error.code());
  if (reply.status == 503) reply.headers.emplace_back("Retry-After", "1");
  if (error.code() != "engine.internal") {
    reply.body = to_json(error);
    return reply;
  }
  reply.log = error.message();
  reply.body = json::object{{"error", "an internal fault; the service's log says more"},
                            {"error_type", error.code()},
                            {"side", "engine"},
                            {"retryable", false}};
  return reply;
}

}  // namespace penstock
