// Handlers of migrations: starting, watching, listing, cancelling, planning.
#include <boost/asio/this_coro.hpp>
#include <charconv>

#include "core/text.h"
#include "engine/request.h"
#include "service/error_status.h"
#include "service/event_signal.h"
#include "service/event_text.h"
#include "service/job_view.h"
#include "service/service_context.h"

namespace penstock {

namespace {

namespace asio = boost::asio;

constexpr int kListDefault = 50, kListMax = 1'000;
constexpr std::chrono::milliseconds kLongWait{60'000};  // any length: an event ends it

// RFC 7240: a list of preferences, of which others than respond-async are not for us.
bool prefers_async(std::string_view prefer) {
  for (const std::string& part : split(prefer, ',')) {
    const std::string_view name = std::string_view(part).substr(0, part.find(';'));
    if (lower(trim(name)) == "respond-async") return true;
  }
  return false;
}

bool wants_async(const Request& request) {
  if (prefers_async(request.prefer)) return true;
  const json::object* const body = request.body.if_object();
  const json::value* const member = body == nullptr ? nullptr : body->if_contains("async");
  if (member == nullptr || member->is_null()) return false;
  if (!member->is_bool()) throw config_error("config.field.type", "async: must be true or false");
  return member->get_bool();
}

Reply accepted(const Job& job) {
  const std::string location = "/jobs/" + job.id();
  Reply reply;
  reply.status = 202;
  reply.headers.emplace_back("Location", location);
  reply.body =
      json::object{{"job_id", job.id()}, {"state", to_text(job.state())}, {"location", location}};
  return reply;
}

// What ended a failed job decides the status as it does elsewhere: a request that turns out to be
// wrong once the servers were asked is a 400, a busy target a 409. The rest, cancellation included,
// is the plain 500 that callers know.
int failure_status(const json::object& result) {
  const json::value* const code = result.if_contains("error_type");
  const int status = code == nullptr || !code->is_string() ? 500 : status_of(code->get_string());
  return status == 503 ? 500 : status;
}

asio::awaitable<Reply> migrate(ServiceContext& context, Request request) {
  const bool async = wants_async(request);
  MigrationRequest parsed = parse_request(request.body, context.manager.registry());
  const std::shared_ptr<Job> job =
      co_await context.local.run([&] { return context.manager.start(std::move(parsed)); });
  if (async) co_return accepted(*job);
  EventSignal signal(co_await asio::this_coro::executor, job);
  while (!job->events().ended()) co_await signal.wait(kLongWait);
  Reply reply;
  json::object result = job->result();
  reply.status = job->state() == JobState::succeeded ? 200 : failure_status(result);
  reply.headers.emplace_back("Location", "/jobs/" + job->id());
  reply.body = std::move(result);
  co_return reply;
}

asio::awaitable<Reply> plan(ServiceContext& context, Request request) {
  const MigrationRequest parsed = parse_request(request.body, context.manager.registry());
  Reply reply;
  reply.body = co_await context.remote.run(
      [&] { return json::value(context.manager.plan(parsed, context.stop)); });
  co_return reply;
}

int list_limit(const Request& request) {
  const std::string_view text = request.query_value("limit");
  if (text.empty()) return kListDefault;
  int limit = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (failure != std::errc() || end != text.data() + text.size() || limit < 1 || limit > kListMax) {
    throw config_error("config.field.range",
                       "limit: must be a number from 1 to " + std::to_string(kListMax));
  }
  return limit;
}

asio::awaitable<Reply> list_jobs(ServiceContext& context, Request request) {
  const int limit = list_limit(request);
  Reply reply;
  reply.body =
      co_await context.local.run([&] { return json::value(job_list(context.manager, limit)); });
  co_return reply;
}

asio::awaitable<Reply> show_job(ServiceContext& context, Request request) {
  Reply reply;
  reply.body = co_await context.local.run(
      [&] { return json::value(job_details(context.manager, request.parameter)); });
  co_return reply;
}

// A job and its record: of a job of another process, or an earlier one, there is only the latter.
struct Found {
  std::shared_ptr<Job> job;
  JobRecord record;
};

Found find_job(JobManager& manager, const std::string& id) {
  if (std::shared_ptr<Job> job = manager.find(id)) return {std::move(job), {}};
  std::optional<JobRecord> record = manager.ledger().find_job(id);
  if (!record) throw unknown_job(id);
  if (record->state == JobState::queued || record->state == JobState::running) {
    throw config_error("config.job.elsewhere", "job " + id + " belongs to another process")
        .hint("GET /jobs/" + id + " shows its state; only its own process can do more");
  }
  return {nullptr, std::move(*record)};
}

asio::awaitable<Reply> job_events(ServiceContext& context, Request request) {
  Found found =
      co_await context.local.run([&] { return find_job(context.manager, request.parameter); });
  std::uint64_t after = 0;
  const std::string_view id = trim(request.last_event_id);
  const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), after);
  if (failure != std::errc() || end != id.data() + id.size()) after = 0;
  Reply reply;
  if (found.job != nullptr) {
    // 204 tells an EventSource that has seen the end not to connect again (HTML standard, 9.2.3).
    if (found.job->events().ended() && found.job->events().after(after).empty()) {
      reply.status = 204;
    } else {
      reply.events = std::move(found.job);
      reply.events_after = after;
    }
  } else if (after > 0) {
    reply.status = 204;
  } else {
    reply.event_text = finished_event_text(found.record);
  }
  co_return reply;
}

asio::awaitable<Reply> cancel_job(ServiceContext& context, Request request) {
  const Found found =
      co_await context.local.run([&] { return find_job(context.manager, request.parameter); });
  Reply reply;
  if (found.job != nullptr && !found.job->events().ended()) {
    found.job->cancel();
    co_return accepted(*found.job);
  }
  const JobState state = found.job != nullptr ? found.job->state() : found.record.state;
  reply.body = json::object{{"job_id", request.parameter},
                            {"state", to_text(state)},
                            {"location", "/jobs/" + request.parameter}};
  co_return reply;
}

const RouteParameter kJobId{"id", "path", "The job's id", {{"type", "string"}}};
const char* const kError = "Error";

Route events_route() {
  return {.method = "GET",
          .pattern = "/jobs/{id}/events",
          .operation = "watchJob",
          .summary =
              "The job's events as server-sent events, from the first one still kept, "
              "ending after finished",
          .parameters = {kJobId,
                         {"Last-Event-ID",
                          "header",
                          "Continue after this event; what came since then follows",
                          {{"type", "string"}}}},
          .responses = {{200, "A stream of events", "EventStream"},
                        {204, "The job has ended and the client has seen its last event", ""},
                        {404, "No such job", kError},
                        {409, "The job runs in another process", kError}},
          .handler = job_events};
}

Route migrate_route() {
  return {.method = "POST",
          .pattern = "/migrate",
          .operation = "migrate",
          .summary =
              "Runs a migration and waits for its end, or only starts it. A client that "
              "goes away does not cancel the job.",
          .body = "MigrationRequest",
          .parameters = {{"Prefer", "header", "respond-async: do not wait", {{"type", "string"}}}},
          .responses = {{200, "Every table arrived", "MigrationResult"},
                        {202, "Started; Location names the job", "JobReference"},
                        {400, "The request is wrong; error names the field", kError},
                        {409, "Another job writes one of the target tables", kError},
                        {500, "The migration failed, in whole or in part", "MigrationResult"},
                        {503, "Too many jobs are waiting, or the service stops", kError}},
          .handler = migrate};
}

}  // namespace

std::vector<Route> job_routes() {
  return {
      migrate_route(),
      {.method = "POST",
       .pattern = "/plan",
       .operation = "plan",
       .summary = "What a migration would do: tables, types, losses, problems; changes nothing",
       .body = "MigrationRequest",
       .responses = {{200, "The plan, with the problems found", "Any"},
                     {400, "The request is wrong; error names the field", kError},
                     {500, "The source or the destination could not be asked", kError},
                     {503, "Too many such requests at once", kError}},
       .handler = plan},
      {.method = "GET",
       .pattern = "/jobs",
       .operation = "listJobs",
       .summary = "The newest jobs of all processes that share this state, newest first",
       .parameters = {{"limit",
                       "query",
                       "How many",
                       {{"type", "integer"},
                        {"minimum", 1},
                        {"maximum", kListMax},
                        {"default", kListDefault}}}},
       .responses = {{200, "Jobs", "JobList"}, {400, "limit is out of range", kError}},
       .handler = list_jobs},
      {.method = "GET",
       .pattern = "/jobs/{id}",
       .operation = "showJob",
       .summary = "One job: state, tables with rows so far, progress, result",
       .parameters = {kJobId},
       .responses = {{200, "The job", "Job"}, {404, "No such job", kError}},
       .handler = show_job},
      events_route(),
      {.method = "POST",
       .pattern = "/jobs/{id}/cancel",
       .operation = "cancelJob",
       .summary = "Asks a job to end; it does within two seconds",
       .parameters = {kJobId},
       .responses = {{200, "It had ended already", "JobReference"},
                     {202, "It was asked", "JobReference"},
                     {404, "No such job", kError},
                     {409, "The job runs in another process", kError}},
       .handler = cancel_job},
  };
}

}  // namespace penstock
