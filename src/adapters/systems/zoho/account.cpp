#include "adapters/systems/zoho/account.h"

#include <algorithm>
#include <boost/json.hpp>

#include "adapters/systems/zoho/error_map.h"
#include "core/text.h"

namespace penstock::zoho {

namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kTokensPerWindow = 10;
constexpr std::chrono::minutes kWindow{10};
constexpr seconds kEarly{
    300};  // a token is renewed that long before it ends, or at 4/5 of its life
constexpr int kThrottledMax = 9;  // so that the calls of one window suffice

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    io::append_escaped(out, value);
  }
  return out;
}

const json::value* member(const json::object& object, std::string_view key) {
  return object.if_contains(key);
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

// Old answers carry milliseconds in expires_in, and seconds beside them.
seconds life_of(const json::object& answer) {
  for (const char* key : {"expires_in_sec", "expires_in"}) {
    const json::value* value = member(answer, key);
    if (value != nullptr && value->is_int64() && value->get_int64() > 0) {
      return seconds(std::min<std::int64_t>(value->get_int64(), 86'400));
    }
  }
  return seconds(3600);
}

}  // namespace

Account::Account(Credentials credentials, Pacing pacing)
    : credentials_(std::move(credentials)), pacing_(pacing) {}

std::string Account::token(HttpClient& http) {
  const auto current = [this] {
    const std::lock_guard lock(mutex_);
    return Clock::now() < good_until_ ? token_ : std::string();
  };
  if (std::string token = current(); !token.empty()) return token;
  while (!renewing_.try_lock_for(kCancelPoll)) http.cancel().check();
  const std::lock_guard renewing(renewing_, std::adopt_lock);
  if (std::string token = current(); !token.empty()) return token;  // another thread was faster
  renew(http);
  const std::lock_guard lock(mutex_);
  return token_;
}

void Account::refused(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token == token_) good_until_ = {};
}

void Account::wait_for_turn(const CancelToken& cancel) {
  for (;;) {
    Clock::duration wait{};
    {
      const std::lock_guard lock(mutex_);
      const auto now = Clock::now();
      while (!issued_.empty() && issued_.front() <= now - kWindow) issued_.pop_front();
      if (issued_.size() < kTokensPerWindow) {
        issued_.push_back(now);
        return;
      }
      wait = issued_.front() + kWindow - now;
    }
    cancel.sleep(std::chrono::duration_cast<milliseconds>(wait) + milliseconds(1));
  }
}

std::string Account::ask(HttpClient& http, Clock::duration& life) {
  const HttpReply reply =
      http.send({.method = "POST",
                 .url = credentials_.region.accounts + "/oauth/v2/token",
                 .body = form({{"grant_type", "refresh_token"},
                               {"client_id", credentials_.client_id},
                               {"client_secret", credentials_.client_secret},
                               {"refresh_token", credentials_.refresh_token}}),
                 .headers = {"Content-Type: application/x-www-form-urlencoded"}});
  json::error_code invalid;
  const json::value body = json::parse(reply.body, invalid);
  const json::object* answer = invalid ? nullptr : body.if_object();
  if (answer == nullptr || (!answer->contains("access_token") && !answer->contains("error"))) {
    const bool theirs = reply.status >= 500;
    throw Error(Side::source, theirs ? "source.unavailable" : "source.protocol",
                credentials_.region.accounts + " answered the token call with status " +
                    std::to_string(reply.status) + " and no token")
        .hint("is accounts_url the address of Zoho's accounts server?")
        .retryable(theirs);
  }
  const std::string token = text_of(*answer, "access_token");
  if (token.empty() || token.size() > 4096 || token.find_first_of("\r\n") != std::string::npos) {
    const std::string error = text_of(*answer, "error");
    if (error == "Access Denied") return "";  // too many tokens: some other program asks as well
    throw token_error(error, text_of(*answer, "error_description"), credentials_.region.accounts);
  }
  const std::string domain = lower(text_of(*answer, "api_domain"));
  const auto host = [](std::string_view url) {
    const std::size_t scheme = url.find("://");
    return std::string(scheme == std::string_view::npos ? url : url.substr(scheme + 3));
  };
  // Sandboxes share the accounts server and the ending with production.
  const auto ending = [&](std::string_view url) {
    const std::string name = host(url);
    const std::size_t at = name.find("zohoapis.");
    return at == std::string::npos ? name : name.substr(at);
  };
  if (!domain.empty() && ending(domain) != ending(credentials_.region.api)) {
    throw config_error("config.api_domain", "the refresh token belongs to the data centre " +
                                                printable(domain) + ", not to " +
                                                credentials_.region.api)
        .hint("set api_domain to " + printable(domain));
  }
  life = life_of(*answer);
  return token;
}

void Account::renew(HttpClient& http) {
  for (int refusals = 0;; ++refusals) {
    wait_for_turn(http.cancel());
    Clock::duration life{};
    std::string token = ask(http, life);
    if (!token.empty()) {
      const std::lock_guard lock(mutex_);
      token_ = std::move(token);
      good_until_ = Clock::now() + life - std::min<Clock::duration>(kEarly, life / 5);
      return;
    }
    if (refusals == kThrottledMax) {
      throw Error(Side::source, "source.rate_limit",
                  credentials_.region.accounts + " gives no more access tokens for now")
          .hint("another program asks for tokens with the same refresh token: give each its own")
          .retryable(true);
    }
    http.cancel().sleep(pacing_.throttled_pause);
  }
}

void Account::set_calls_max(int calls, int heavy_calls) {
  {
    const std::lock_guard lock(mutex_);
    calls_max_ = std::max(1, calls);
    heavy_max_ = std::clamp(heavy_calls, 1, calls_max_);
  }
  freed_.notify_all();
}

int Account::calls_max() const {
  const std::lock_guard lock(mutex_);
  return calls_max_;
}

Account::Permit::Permit(Account& account, bool heavy, const CancelToken& cancel)
    : account_(account), heavy_(heavy) {
  std::unique_lock lock(account_.mutex_);
  while (account_.calls_ >= account_.calls_max_ ||
         (heavy_ && account_.heavy_ >= account_.heavy_max_)) {
    account_.freed_.wait_for(lock, kCancelPoll);
    cancel.check();
  }
  ++account_.calls_;
  if (heavy_) ++account_.heavy_;
}

Account::Permit::~Permit() {
  {
    const std::lock_guard lock(account_.mutex_);
    --account_.calls_;
    if (heavy_) --account_.heavy_;
  }
  account_.freed_.notify_all();
}

std::shared_ptr<Account> Accounts::get(const Credentials& credentials) {
  const std::string key = credentials.region.accounts + "\n" + credentials.region.api + "\n" +
                          credentials.client_id + "\n" + credentials.client_secret + "\n" +
                          credentials.refresh_token;
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Account>& account = accounts_[key];
  if (account == nullptr) account = std::make_shared<Account>(credentials, pacing_);
  return account;
}

}  // namespace penstock::zoho
