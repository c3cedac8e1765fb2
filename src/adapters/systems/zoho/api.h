// Calls of Zoho's API as the rest of the adapter makes them: with a token, within limits, repeated
// where that helps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "adapters/systems/zoho/account.h"
#include "adapters/systems/zoho/http_client.h"

namespace penstock::zoho {

// What the readers of one job share.
struct Budget {
  std::int64_t credits_max = 0;  // 0: no limit of ours
  std::atomic<std::int64_t> credits{0};
};

// Everything a connection needs; a plain value, copied into each reader.
struct ApiOptions {
  HttpOptions http;
  std::shared_ptr<Account> account;
  std::shared_ptr<Budget> budget;
  std::string version = "v8";
};

struct ApiCall {
  std::string method = "GET";
  std::string path;   // "/crm/v8/Leads?fields=…"
  std::string body;   // JSON
  std::string what;   // "reading the records of Leads", for messages
  std::string scope;  // that it needs, for messages
  std::int64_t credits = 1;
  bool heavy = false;
  std::function<bool(std::string_view)> sink;  // see HttpCall; only the first try may reach it
};

// Purpose: one thread's way to Zoho.
//   Threads: one at a time; the account is shared.
//   Errors: those of error_map.h, once repeating is of no use; "source.credits" when the job's own
//   budget does not suffice. Empty answers (204, 304) are no errors: the body is empty then.
class Api {
 public:
  Api(ApiOptions options, CancelToken cancel);

  std::string call(const ApiCall& call);
  const std::string& version() const { return options_.version; }
  const CancelToken& cancel() const { return http_.cancel(); }
  const Pacing& pacing() const { return options_.account->pacing(); }

 private:
  HttpReply send(const ApiCall& call, std::string& token);
  void spend(const ApiCall& call);
  void pause(int attempt);

  ApiOptions options_;
  HttpClient http_;
  std::mt19937_64 random_;
};

}  // namespace penstock::zoho
