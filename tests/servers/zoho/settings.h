// What tests may switch while the simulator runs.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <mutex>
#include <string>

namespace penstock::zoho_sim {

// Zoho's documented limits and, where the documentation is silent or contradicts itself, our choice
// (zoho.md 11). Field names are those of POST /__admin/settings.
struct Settings {
  std::int64_t token_seconds = 3600;        // life of an access token
  std::int64_t tokens_per_10_minutes = 10;  // per refresh token
  std::int64_t throttle_status = 200;       // of a refused token call: 200 or 400
  std::int64_t live_tokens = 15;            // per refresh token; the oldest goes first
  std::string api_domain;                   // in the token's answer; empty: the true one
  std::string edition = "enterprise";       // free, standard, professional, enterprise, ultimate
  std::int64_t user_licences = 10;
  std::int64_t credits = 0;           // per 24 hours; 0: what the edition has
  std::int64_t concurrency = 0;       // in flight; 0: what the edition has
  std::int64_t sub_concurrency = 10;  // COQL and sorted lists in flight
  std::int64_t list_wall = 2'000;     // records without page_token
  std::int64_t token_wall = 100'000;  // records with it
  std::int64_t page_token_hours = 24;
  bool offset_tokens = false;  // page tokens count rows instead of naming the last one
  std::int64_t coql_columns = 500;
  std::int64_t coql_limit = 2'000;
  std::int64_t coql_wall = 100'000;
  std::int64_t bulk_rows = 200'000;
  std::int64_t bulk_polls = 2;    // status calls answered before a job may be COMPLETED
  std::int64_t bulk_seconds = 0;  // that a job takes at least
  std::int64_t bulk_pages = 500;
  std::int64_t bulk_in_values = 20;
  std::string bulk_list_separator = ";";
  bool bulk_cuts_rich_text = false;
  bool bulk_fail_next = false;   // the next job ends in FAILURE
  bool wrap_errors = false;      // errors as {"data":[{...}]}
  bool gzip = true;              // when asked for
  bool restore_touches = false;  // restoring from the bin moves Modified_Time
  std::int64_t latency_ms = 0;
};

// Throws std::runtime_error naming an unknown field or one of the wrong type.
void update_settings(Settings& settings, const boost::json::object& changes);
boost::json::object settings_json(const Settings& settings);

// Read by every request, written by admin commands.
class SharedSettings {
 public:
  Settings get() const {
    const std::lock_guard lock(mutex_);
    return settings_;
  }
  void update(const boost::json::object& changes) {
    const std::lock_guard lock(mutex_);
    update_settings(settings_, changes);
  }
  // True once after it was switched on.
  bool take_bulk_failure() {
    const std::lock_guard lock(mutex_);
    const bool fail = settings_.bulk_fail_next;
    settings_.bulk_fail_next = false;
    return fail;
  }

 private:
  mutable std::mutex mutex_;
  Settings settings_;
};

}  // namespace penstock::zoho_sim
