#include "adapters/systems/zoho/api.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "adapters/systems/zoho/error_map.h"

namespace penstock::zoho {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

Api::Api(ApiOptions options, CancelToken cancel)
    : options_(std::move(options)),
      http_(options_.http, std::move(cancel)),
      random_(std::random_device()()) {}

void Api::spend(const ApiCall& call) {
  Budget& budget = *options_.budget;
  const std::int64_t spent = budget.credits.fetch_add(call.credits) + call.credits;
  if (budget.credits_max == 0 || spent <= budget.credits_max) return;
  throw Error(Side::source, "source.credits",
              call.what + ": the job would use more than max_credits (" +
                  std::to_string(budget.credits_max) + ")")
      .hint("raise max_credits, or read fewer modules; what is complete is kept");
}

// Between half and all of a doubling time, so that readers that failed together come back apart.
void Api::pause(int attempt) {
  const Pacing& pacing = options_.account->pacing();
  milliseconds time = pacing.back_off_first;
  for (int i = 0; i < attempt && time < pacing.back_off_max; ++i) time *= 2;
  time = std::min(time, pacing.back_off_max);
  std::uniform_int_distribution<std::int64_t> jitter(time.count() / 2, time.count());
  http_.cancel().sleep(milliseconds(jitter(random_)));
}

HttpReply Api::send(const ApiCall& call, std::string& token) {
  HttpCall http{.method = call.method,
                .url = options_.account->region().api + call.path,
                .body = call.body,
                .sink = call.sink};
  token = options_.account->token(http_);
  http.headers.push_back("Authorization: Zoho-oauthtoken " + token);
  if (!call.body.empty()) http.headers.emplace_back("Content-Type: application/json");
  const Account::Permit permit(*options_.account, call.heavy, http_.cancel());
  return http_.send(http);
}

std::string Api::call(const ApiCall& call) {
  const Pacing& pacing = options_.account->pacing();
  const auto begin = steady_clock::now();
  spend(call);
  bool renewed = false;
  int failures = 0;
  for (int pauses = 0;; ++pauses) {
    std::string token;
    std::optional<Error> error;
    Reaction reaction = Reaction::retry;
    try {
      HttpReply reply = send(call, token);
      if (reply.status == 304 || (reply.status >= 200 && reply.status < 300)) {
        return std::move(reply.body);
      }
      const ApiFailure failure = parse_failure(reply.status, reply.body);
      reaction = reaction_to(failure);
      error = api_error(failure, call.what, call.scope);
    } catch (const Error& thrown) {
      // The account has waited for a token as long as that makes sense.
      const bool throttled = thrown.code() == "source.rate_limit";
      if (!thrown.retryable() || throttled || call.sink) throw;
      error = thrown;
    }
    if (reaction == Reaction::fail) throw Error(*error);
    if (reaction == Reaction::refresh) {
      if (std::exchange(renewed, true)) throw Error(*error);
      options_.account->refused(token);
      continue;
    }
    const bool out_of_time = steady_clock::now() - begin >= pacing.back_off_total;
    if (out_of_time || (reaction == Reaction::retry && ++failures >= pacing.attempts_max)) {
      throw Error(*error);
    }
    pause(pauses);
  }
}

}  // namespace penstock::zoho
