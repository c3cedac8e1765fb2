// Credits per 24 hours and calls in flight, by edition (zoho.md 7.1).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "servers/zoho/clock.h"
#include "servers/zoho/settings.h"

namespace penstock::zoho_sim {

std::int64_t credits_of_edition(const Settings& settings);      // INT64_MAX: no cap
std::int64_t concurrency_of_edition(const Settings& settings);  // calls in flight

// Purpose: refuses what is over a limit, and counts.
//   Threads: any. Memory: one number per minute of the last 24 hours.
class Limits {
 public:
  Limits(const Clock& clock, const SharedSettings& settings) : clock_(clock), settings_(settings) {}

  // Held while a call is answered. Throws TOO_MANY_REQUESTS when too many are in flight.
  class InFlight {
   public:
    explicit InFlight(Limits& limits);
    ~InFlight();
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    // For COQL and sorted lists, of which fewer may run; throws as well.
    void count_as_heavy();

   private:
    Limits& limits_;
    bool heavy_ = false;
  };

  // Throws TOO_MANY_REQUESTS, and spends nothing, when they don't suffice.
  void spend(std::int64_t credits);
  // What X-API-CREDITS-REMAINING says: nothing while less than half is spent.
  std::optional<std::int64_t> remaining_to_show() const;

  struct Counts {
    std::int64_t spent_total = 0, spent_24h = 0, in_flight_max = 0, heavy_max = 0, refused = 0;
  };
  Counts counts() const;

 private:
  std::int64_t spent_recently() const;

  const Clock& clock_;
  const SharedSettings& settings_;
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::int64_t> by_minute_;
  std::int64_t in_flight_ = 0, heavy_ = 0;
  Counts counts_;
};

}  // namespace penstock::zoho_sim
