// One Zoho account as all jobs of the process share it: its access token, and how many calls may be
// in flight.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/systems/zoho/http_client.h"
#include "adapters/systems/zoho/region.h"

namespace penstock::zoho {

// How long to wait for what; tests make it short.
struct Pacing {
  std::chrono::milliseconds back_off_first{1'000}, back_off_max{60'000};
  std::chrono::milliseconds back_off_total{600'000};            // of one call, then it fails
  int attempts_max = 6;                                         // of one call that fails otherwise
  std::chrono::milliseconds throttled_pause{60'000};            // after Zoho refused another token
  std::chrono::milliseconds poll_first{500}, poll_max{15'000};  // of bulk jobs
};

struct Credentials {
  Region region;
  std::string client_id, client_secret, refresh_token;
};

// Purpose: keeps below Zoho's limits per refresh token (10 new tokens within 10 minutes) and per
// app (calls in flight).
//   Threads: any. Whoever finds no token asks for one; the others wait for it.
class Account {
 public:
  Account(Credentials credentials, Pacing pacing);

  // A token good for some minutes. Throws Error "source.auth" or "config.api_domain".
  std::string token(HttpClient& http);
  // That token was not taken: the next call asks for another one.
  void refused(const std::string& token);

  // From the org's edition; calls beyond it wait.
  void set_calls_max(int calls, int heavy_calls);
  int calls_max() const;

  // One call in flight, from construction to destruction. Waits for its turn, or throws when
  // cancelled. Heavy calls (COQL, sorted lists) have a bound of their own besides.
  class Permit {
   public:
    Permit(Account& account, bool heavy, const CancelToken& cancel);
    ~Permit();
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

   private:
    Account& account_;
    const bool heavy_;
  };

  const Region& region() const { return credentials_.region; }
  const Pacing& pacing() const { return pacing_; }

 private:
  using Clock = std::chrono::steady_clock;
  void renew(HttpClient& http);
  void wait_for_turn(const CancelToken& cancel);
  std::string ask(HttpClient& http, Clock::duration& life);

  const Credentials credentials_;
  const Pacing pacing_;
  std::timed_mutex renewing_;  // held while a token is asked for
  mutable std::mutex mutex_;
  std::string token_;
  Clock::time_point good_until_{};
  std::deque<Clock::time_point> issued_;  // within ten minutes

  std::condition_variable freed_;
  int calls_ = 0, heavy_ = 0, calls_max_ = 5, heavy_max_ = 5;
};

// The accounts in use, by what identifies them. Thread-safe; made once per process.
class Accounts {
 public:
  explicit Accounts(Pacing pacing) : pacing_(pacing) {}
  std::shared_ptr<Account> get(const Credentials& credentials);

 private:
  const Pacing pacing_;
  std::mutex mutex_;
  // Kept for the life of the process: a token outlives the job that asked for it.
  std::map<std::string, std::shared_ptr<Account>> accounts_;
};

}  // namespace penstock::zoho
