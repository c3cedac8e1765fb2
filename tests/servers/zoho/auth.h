// OAuth: access tokens for refresh tokens, their expiry, throttle and scopes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "servers/zoho/call.h"
#include "servers/zoho/clock.h"
#include "servers/zoho/settings.h"

namespace penstock::zoho_sim {

struct Grant {
  std::string refresh_token;
  std::string scope;  // as asked for, comma-separated
  bool admin = true;  // the profile of its user
  bool api_access = true;
};

// Purpose: what accounts.zoho.* does, and the check of each API call's token.
//   Threads: any. Memory: bounded by live_tokens per refresh token.
class Auth {
 public:
  // Names and secrets come from the seed, so that a request can be written down once. The data
  // centre of another seed doesn't know them.
  Auth(const Clock& clock, const SharedSettings& settings, std::uint64_t seed);

  const std::string& client_id() const { return client_id_; }
  const std::string& client_secret() const { return client_secret_; }
  const std::string& refresh_token() const { return refresh_token_; }
  void set_api_domain(std::string url) { api_domain_ = std::move(url); }

  // POST /oauth/v2/token and /oauth/v2/token/revoke.
  Answer token(const Call& call);
  Answer revoke(const Call& call);
  // The call's grant; throws AUTHENTICATION_FAILURE, INVALID_TOKEN or NO_PERMISSION.
  Grant authenticate(const Call& call) const;
  // Throws OAUTH_SCOPE_MISMATCH unless the grant has one of the scopes, such as
  // "ZohoCRM.modules.READ"; modules.ALL and modules.leads.READ are understood.
  static void require_scope(const Grant& grant, std::string_view area, std::string_view part = "");

  // Commands: another refresh token, and the end of all access tokens or of one.
  std::string add_grant(std::string scope, bool admin, bool api_access);
  void expire_all();
  void expire(const Call& call);
  std::uint64_t issued() const;

 private:
  struct Live {
    std::string refresh_token;
    std::int64_t expires = 0;
  };
  std::map<std::string, std::string, std::less<>> fields_of(const Call& call) const;

  const Clock& clock_;
  const SharedSettings& settings_;
  std::uint64_t seed_;
  std::string client_id_, client_secret_, refresh_token_, api_domain_;
  mutable std::mutex mutex_;
  std::map<std::string, Grant, std::less<>> grants_;
  std::map<std::string, std::deque<std::int64_t>> issued_at_;       // within ten minutes
  std::map<std::string, std::deque<std::string>> tokens_of_grant_;  // oldest first
  std::map<std::string, Live, std::less<>> live_;
  std::uint64_t issued_ = 0;
};

}  // namespace penstock::zoho_sim
