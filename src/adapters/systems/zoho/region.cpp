#include "adapters/systems/zoho/region.h"

#include "core/error.h"
#include "core/text.h"

namespace penstock::zoho {

namespace {

constexpr std::string_view kApis = "zohoapis.";

Error bad(const std::string& what) {
  return config_error("config.api_domain", what)
      .hint(
          "write the domain of your data centre, such as https://www.zohoapis.in; it is the "
          "api_domain in every answer of Zoho's token call");
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// "https://host:port" of what the user wrote; `what` names the field.
std::string checked(std::string url, const std::string& what) {
  if (url.find("://") == std::string::npos) url = "https://" + url;
  while (url.ends_with('/')) url.pop_back();
  const std::size_t from = url.find("://") + 3;
  const std::string scheme = lower(url.substr(0, from));
  const std::string rest = url.substr(from);
  if (rest.empty() || rest.find_first_of("/?#@ \t\r\n\"\\") != std::string::npos) {
    throw bad(what + " is not the address of a host: " + printable(url));
  }
  const bool bracketed = rest.starts_with('[');
  const std::string host =
      lower(bracketed ? rest.substr(0, rest.find(']') + 1) : rest.substr(0, rest.find(':')));
  if (scheme != "https://" && !(scheme == "http://" && is_loopback(host))) {
    throw bad(what + " must begin with https://");
  }
  return scheme + lower(rest);
}

}  // namespace

Region region_of(std::string api_domain, std::string accounts_url) {
  Region region;
  region.api = checked(std::move(api_domain), "api_domain");
  if (!accounts_url.empty()) {
    region.accounts = checked(std::move(accounts_url), "accounts_url");
    return region;
  }
  const std::string host = region.api.substr(region.api.find("://") + 3);
  if (is_loopback(host.substr(0, host.find(':')))) {
    region.accounts = region.api;
    return region;
  }
  const std::size_t at = host.find(kApis);
  if (at == std::string::npos || (at > 0 && host[at - 1] != '.')) {
    throw bad("api_domain " + host + " is none of Zoho's; then accounts_url is needed too");
  }
  const std::string ending = host.substr(at + kApis.size());
  region.accounts =
      ending == "ca" ? "https://accounts.zohocloud.ca" : "https://accounts.zoho." + ending;
  return region;
}

}  // namespace penstock::zoho
