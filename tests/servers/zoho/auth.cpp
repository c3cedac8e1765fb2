#include "servers/zoho/auth.h"

#include <algorithm>
#include <cctype>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::int64_t kThrottleWindow = 600;

std::string hex(std::uint64_t seed, int words) {
  std::string out;
  for (int i = 0; i < words; ++i) {
    seed = mix(seed + static_cast<std::uint64_t>(i));
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[seed >> shift & 15];
  }
  return out;
}

Answer oauth_error(std::string_view error, int status = 200) {
  return Answer::of(json::object{{"error", error}}, status);
}

Answer throttled(std::int64_t status) {
  return Answer::of(
      json::object{{"error", "Access Denied"},
                   {"error_description",
                    "You have made too many requests continuously. Please try again after some "
                    "time."},
                   {"status", "failure"}},
      static_cast<int>(status));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "ZohoCRM.modules.leads.READ" of wanted area "modules", part "leads".
bool allows(std::string_view scope, std::string_view area, std::string_view part) {
  std::string text = lower(scope);
  // An area of another service names it: ZohoSearch.securesearch.
  const bool own = area.find('.') == std::string_view::npos;
  const std::string prefix = (own ? "zohocrm." : "") + lower(area) + ".";
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  if (!part.empty() && text.starts_with(lower(part) + ".")) text.erase(0, part.size() + 1);
  return text == "read" || text == "all";
}

}  // namespace

Auth::Auth(const Clock& clock, const SharedSettings& settings, std::uint64_t seed)
    : clock_(clock),
      settings_(settings),
      seed_(mix(seed)),
      client_id_("1000." + hex(seed_, 2)),
      client_secret_(hex(seed_ + 1, 3)),
      refresh_token_("1000." + hex(seed_ + 2, 2) + "." + hex(seed_ + 3, 2)) {
  grants_[refresh_token_] = {
      .refresh_token = refresh_token_,
      .scope =
          "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.users.READ,ZohoCRM.org.READ,"
          "ZohoCRM.bulk.READ,ZohoCRM.coql.READ,ZohoSearch.securesearch.READ"};
}

std::map<std::string, std::string, std::less<>> Auth::fields_of(const Call& call) const {
  auto fields = call.params;
  const std::string type = call.header("content-type");
  auto body = type.starts_with("multipart/form-data") ? parse_multipart(call.body, type)
                                                      : parse_form(call.body);
  fields.merge(body);
  return fields;
}

Answer Auth::token(const Call& call) {
  if (call.method != "POST") return oauth_error("general_error");
  const auto fields = fields_of(call);
  const auto value = [&](std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  };
  const std::string refresh = value("refresh_token");
  if (value("grant_type") != "refresh_token" || refresh.empty() || value("client_id").empty() ||
      value("client_secret").empty()) {
    return oauth_error("general_error");
  }
  if (value("client_id") != client_id_) return oauth_error("invalid_client");
  if (value("client_secret") != client_secret_) return oauth_error("invalid_client_secret");

  const Settings settings = settings_.get();
  const std::int64_t now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto grant = grants_.find(refresh);
  if (grant == grants_.end()) return oauth_error("invalid_code");
  auto& times = issued_at_[refresh];
  while (!times.empty() && times.front() <= now - kThrottleWindow) times.pop_front();
  if (static_cast<std::int64_t>(times.size()) >= settings.tokens_per_10_minutes) {
    return throttled(settings.throttle_status);
  }
  times.push_back(now);
  ++issued_;
  const std::string token =
      "1000." + hex(seed_ + issued_ * 7919, 2) + "." + hex(seed_ ^ mix(issued_), 2);
  live_[token] = {.refresh_token = refresh, .expires = now + settings.token_seconds};
  auto& tokens = tokens_of_grant_[refresh];
  tokens.push_back(token);
  while (static_cast<std::int64_t>(tokens.size()) > settings.live_tokens) {
    live_.erase(tokens.front());
    tokens.pop_front();
  }
  std::string scope = grant->second.scope;
  std::replace(scope.begin(), scope.end(), ',', ' ');
  return Answer::of(
      json::object{{"access_token", token},
                   {"scope", scope},
                   {"api_domain", settings.api_domain.empty() ? api_domain_ : settings.api_domain},
                   {"token_type", "Bearer"},
                   {"expires_in", settings.token_seconds}});
}

Answer Auth::revoke(const Call& call) {
  const auto fields = fields_of(call);
  const auto found = fields.find("token");
  const std::lock_guard lock(mutex_);
  if (found == fields.end() || grants_.erase(found->second) == 0) {
    return {.status = 400,
            .body = "<html><body>Bad request</body></html>",
            .content_type = "text/html"};
  }
  for (const std::string& token : tokens_of_grant_[found->second]) live_.erase(token);
  tokens_of_grant_.erase(found->second);
  return Answer::of(json::object{{"status", "success"}});
}

Grant Auth::authenticate(const Call& call) const {
  const std::string header = call.header("authorization");
  std::string_view token = header;
  if (token.starts_with("Zoho-oauthtoken "))
    token.remove_prefix(16);
  else if (token.starts_with("Bearer "))
    token.remove_prefix(7);
  else
    token = {};
  if (token.empty()) {
    throw ApiError(401, "AUTHENTICATION_FAILURE", "Authentication failed");
  }
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(token);
  if (found == live_.end() || found->second.expires <= clock_.now()) {
    throw ApiError(401, "INVALID_TOKEN", "invalid oauth token");
  }
  const Grant& grant = grants_.at(found->second.refresh_token);
  if (!grant.api_access) {
    throw ApiError(403, "NO_PERMISSION", "permission denied",
                   {{"permissions", json::array{"Crm_Implied_Api_Access"}}});
  }
  return grant;
}

void Auth::require_scope(const Grant& grant, std::string_view area, std::string_view part) {
  std::string_view scopes = grant.scope;
  while (!scopes.empty()) {
    const std::string_view scope = scopes.substr(0, scopes.find(','));
    scopes.remove_prefix(std::min(scopes.size(), scope.size() + 1));
    if (allows(scope, area, part)) return;
  }
  throw ApiError(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL");
}

std::string Auth::add_grant(std::string scope, bool admin, bool api_access) {
  const std::lock_guard lock(mutex_);
  const std::string token = "1000." + hex(seed_ + 99 + grants_.size(), 2) + "." + hex(seed_, 2);
  grants_[token] = {
      .refresh_token = token, .scope = std::move(scope), .admin = admin, .api_access = api_access};
  return token;
}

void Auth::expire_all() {
  const std::lock_guard lock(mutex_);
  live_.clear();
  tokens_of_grant_.clear();
}

void Auth::expire(const Call& call) {
  const std::string header = call.header("authorization");
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(header.substr(std::min(header.size(), header.find(' ') + 1)));
  if (found != live_.end()) found->second.expires = 0;
}

std::uint64_t Auth::issued() const {
  const std::lock_guard lock(mutex_);
  return issued_;
}

}  // namespace penstock::zoho_sim
