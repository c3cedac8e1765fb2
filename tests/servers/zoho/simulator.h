// The simulated Zoho CRM behind its HTTP port: what it answers to a call.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "servers/zoho/admin.h"
#include "servers/zoho/auth.h"
#include "servers/zoho/bulk.h"
#include "servers/zoho/call.h"
#include "servers/zoho/crm.h"
#include "servers/zoho/faults.h"
#include "servers/zoho/limits.h"
#include "servers/zoho/settings.h"

namespace penstock::zoho_sim {

// Purpose: routes calls, in the order of the real service: host, token, limits, scope, module,
// parameters. Calls: zoho.md 0, each under /crm/v3 to /crm/v8 alike.
//   Call order: construct → set_url → serve, from any number of threads.
class Simulator {
 public:
  explicit Simulator(const CrmOptions& options);

  // Where it can be reached, "http://127.0.0.1:9443".
  void set_url(const std::string& url);
  // The object `source` of a request to penstock.
  json::object source_json() const;

  // Calls `send` with the answer, while the call still counts as being in flight.
  void serve(Call& call, const std::function<void(const Answer&)>& send);

  SharedSettings& settings() { return settings_; }

 private:
  Answer answer_api(const Call& call, const Grant& grant, Limits::InFlight& in_flight);
  Answer dispatch(const Context& context);
  Answer dispatch_module(const Context& context, std::string_view first);
  Answer dispatch_settings(const Context& context);
  Answer dispatch_bulk(const Context& context);
  Answer admin(const Call& call);
  json::object stats() const;
  void count(const Call& call, int status);

  SharedSettings settings_;
  Crm crm_;
  Auth auth_;
  Limits limits_;
  Faults faults_;
  BulkJobs bulk_;
  std::uint64_t token_key_;
  std::string url_;
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> calls_;     // by kind: "list Leads"
  std::map<std::string, std::int64_t> statuses_;  // of API calls
};

}  // namespace penstock::zoho_sim
