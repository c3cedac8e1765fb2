#include "servers/zoho/simulator.h"

#include <chrono>
#include <shared_mutex>
#include <thread>

#include "servers/zoho/coql_run.h"
#include "servers/zoho/hash.h"
#include "servers/zoho/metadata.h"
#include "servers/zoho/records.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::int64_t kCountCredits = 50, kBulkCredits = 50, kDeletedCredits = 2;

void pause(std::int64_t ms) {
  if (ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

// "v3" to "v8"; older versions answer otherwise and aren't simulated.
bool known_version(std::string_view text) {
  return text.size() == 2 && text[0] == 'v' && text[1] >= '3' && text[1] <= '8';
}

void require_method(const Call& call, std::string_view method) {
  if (call.method != method) throw invalid_method();
}

// "{...}" as {"data":[{...}]}, which newer descriptions of the API show.
void wrap(Answer& answer) {
  answer.body = "{\"data\":[" + answer.body + "]}";
}

}  // namespace

Simulator::Simulator(const CrmOptions& options)
    : crm_(options),
      auth_(crm_.clock, settings_, options.seed),
      limits_(crm_.clock, settings_),
      bulk_(crm_, settings_, options.seed),
      token_key_(mix(options.seed + 77)) {}

void Simulator::set_url(const std::string& url) {
  url_ = url;
  auth_.set_api_domain(url);
}

json::object Simulator::source_json() const {
  return {{"refresh_token", auth_.refresh_token()},
          {"client_id", auth_.client_id()},
          {"client_secret", auth_.client_secret()},
          {"api_domain", url_},
          {"accounts_url", url_}};
}

void Simulator::serve(Call& call, const std::function<void(const Answer&)>& send) {
  if (call.segments.empty()) return send(invalid_url().answer());
  if (call.segments[0] == "__admin") return send(admin(call));
  const auto fault = faults_.choose(call.path);
  if (fault && fault->kind == "late") pause(fault->ms);
  if (fault && fault->kind == "expire") auth_.expire(call);
  Answer answer;
  const auto finish = [&] {
    if (fault && fault->kind == "status") answer = fault_answer(fault->status);
    if (fault) apply_fault(*fault, answer);
    count(call, answer.status);
    send(answer);
  };
  if (call.segments[0] == "oauth") {
    const bool revoke = call.path == "/oauth/v2/token/revoke";
    if (revoke)
      answer = auth_.revoke(call);
    else if (call.path == "/oauth/v2/token")
      answer = auth_.token(call);
    else
      answer = {.status = 404, .body = "<html></html>", .content_type = "text/html"};
    return finish();
  }
  const Settings settings = settings_.get();
  try {
    const Grant grant = auth_.authenticate(call);
    Limits::InFlight in_flight(limits_);
    pause(settings.latency_ms);
    try {
      answer = answer_api(call, grant, in_flight);
    } catch (const ApiError& error) {
      answer = error.answer();
      if (settings.wrap_errors) wrap(answer);
    }
    if (const auto left = limits_.remaining_to_show()) {
      answer.headers.emplace_back("X-API-CREDITS-REMAINING", std::to_string(*left));
    }
    return finish();
  } catch (const ApiError& error) {
    answer = error.answer();  // not authenticated, or one too many
  }
  finish();
}

Answer Simulator::answer_api(const Call& call, const Grant& grant, Limits::InFlight& in_flight) {
  const std::shared_lock lock(crm_.mutex);
  const Context context{.crm = crm_,
                        .settings = settings_.get(),
                        .call = call,
                        .grant = grant,
                        .limits = limits_,
                        .in_flight = in_flight,
                        .token_key = token_key_};
  if (call.segments.size() < 3 || call.segments[0] != "crm") throw invalid_url();
  if (call.segments[1] == "bulk") return dispatch_bulk(context);
  if (!known_version(call.segments[1])) throw invalid_url();
  return dispatch(context);
}

Answer Simulator::dispatch(const Context& context) {
  const Call& call = context.call;
  const std::string& first = call.segments[2];
  const std::size_t count = call.segments.size();
  if (first == "coql" && count == 3) {
    require_method(call, "POST");
    return run_coql(context);
  }
  require_method(call, "GET");
  if (first == "settings") return dispatch_settings(context);
  if (first == "org" && count == 3) {
    limits_.spend(1);
    return show_org(context);
  }
  if (first == "users" && count == 3) {
    limits_.spend(1);
    return list_users(context);
  }
  return dispatch_module(context, first);
}

Answer Simulator::dispatch_module(const Context& context, std::string_view first) {
  const auto& parts = context.call.segments;
  const bool count = parts.size() == 5 && parts[3] == "actions" && parts[4] == "count";
  const bool deleted = parts.size() == 4 && parts[3] == "deleted";
  limits_.spend(count ? kCountCredits : deleted ? kDeletedCredits : 1);
  if (parts.size() == 3) return list_records(context, first);
  if (deleted) return list_deleted(context, first);
  if (count) return count_records(context, first);
  if (parts.size() == 5 && parts[3] == "actions" && parts[4] == "fetch_full_data") {
    return full_data(context, first, "");
  }
  if (parts.size() == 4) return one_record(context, first, parts[3]);
  if (parts.size() == 6 && parts[4] == "actions" && parts[5] == "fetch_full_data") {
    return full_data(context, first, parts[3]);
  }
  if (parts.size() == 5 && parts[4] != "actions") {
    return list_related(context, first, parts[3], parts[4]);
  }
  throw invalid_url();
}

Answer Simulator::dispatch_settings(const Context& context) {
  const auto& parts = context.call.segments;
  limits_.spend(1);
  if (parts.size() < 4 || parts.size() > 5) throw invalid_url();
  const bool one = parts.size() == 5;
  if (parts[3] == "modules") return one ? one_module(context, parts[4]) : list_modules(context);
  if (parts[3] == "fields") return one ? one_field(context, parts[4]) : list_fields(context);
  if (parts[3] == "related_lists" && !one) return list_related_lists(context);
  throw invalid_url();
}

Answer Simulator::dispatch_bulk(const Context& context) {
  const Call& call = context.call;
  const auto& parts = call.segments;
  if (parts.size() < 4 || !known_version(parts[2]) || parts[3] != "read") throw invalid_url();
  if (parts.size() == 4) {
    require_method(call, "POST");
    limits_.spend(kBulkCredits);
    return bulk_.create(context);
  }
  require_method(call, "GET");
  if (parts.size() == 5) return bulk_.status(context, parts[4]);
  if (parts.size() == 6 && parts[5] == "result") return bulk_.result(context, parts[4]);
  throw invalid_url();
}

Answer Simulator::admin(const Call& call) {
  const std::string command = call.segments.size() == 2 ? call.segments[1] : "";
  try {
    if (command == "stats" && call.method == "GET") return Answer::of(stats());
    return run_command(
        {.crm = crm_, .settings = settings_, .auth = auth_, .limits = limits_, .faults = faults_},
        call, command);
  } catch (const std::exception& error) {
    return Answer::of(json::object{{"error", error.what()}}, 400);
  }
}

void Simulator::count(const Call& call, int status) {
  std::string kind = call.segments[0];
  const auto& parts = call.segments;
  if (kind == "crm" && parts.size() > 2) {
    kind = parts[2];
    if (parts[1] == "bulk") {
      kind = parts.size() == 4 ? "bulk create" : parts.size() == 5 ? "bulk status" : "bulk result";
    } else if (kind == "settings" && parts.size() > 3) {
      kind += " " + parts[3];
    } else if (parts.size() > 3) {
      kind += parts[3] == "deleted"   ? " deleted"
              : parts[3] == "actions" ? " " + parts.back()
                                      : " one";
    }
  }
  const std::lock_guard lock(mutex_);
  ++calls_[kind];
  ++statuses_[std::to_string(status)];
}

json::object Simulator::stats() const {
  const Limits::Counts counts = limits_.counts();
  const std::lock_guard lock(mutex_);
  json::object calls, statuses;
  for (const auto& [kind, number] : calls_) calls[kind] = number;
  for (const auto& [status, number] : statuses_) statuses[status] = number;
  return {{"calls", std::move(calls)},
          {"statuses", std::move(statuses)},
          {"credits", counts.spent_total},
          {"credits_24h", counts.spent_24h},
          {"in_flight_max", counts.in_flight_max},
          {"heavy_max", counts.heavy_max},
          {"over_limit", counts.refused},
          {"tokens_issued", auth_.issued()},
          {"bulk_jobs", bulk_.made()},
          {"faults_struck", faults_.struck()}};
}

}  // namespace penstock::zoho_sim
