#include "service/request_checks.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "core/text.h"

namespace penstock {

namespace {

// "[::1]:5011" → "[::1]", "localhost:5011" → "localhost".
std::string without_port(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string name = lower(trim(host.substr(0, colon)));
  if (name.ends_with('.')) name.pop_back();  // a fully qualified name
  return name;
}

bool is_address(std::string text) {
  if (text.size() > 2 && text.front() == '[') text = text.substr(1, text.size() - 2);
  boost::system::error_code failure;
  boost::asio::ip::make_address(text, failure);
  return !failure;
}

bool host_allowed(const std::string& host, const ServiceConfig& config, const std::string& bound) {
  const std::string name = without_port(host);
  if (is_loopback(name) || name == bound || name == "[" + bound + "]") return true;
  // Where the service is open to other machines it has many addresses. An address is never the
  // result of a name that an attacker rebound.
  if (!is_loopback(bound) && is_address(name)) return true;
  return std::ranges::any_of(config.allowed_hosts, [&name](const std::string& allowed) {
    return allowed == "*" || allowed == name;
  });
}

std::optional<Error> refuse_host(const RequestHead& head, const ServiceConfig& config,
                                 const std::string& bound) {
  if (!head.host) {
    if (head.version < 11) return std::nullopt;  // HTTP/1.0 has none, and browsers don't speak it
    return config_error("config.http.malformed", "the request has no Host header");
  }
  if (host_allowed(*head.host, config, bound)) return std::nullopt;
  return config_error("config.http.host", "this service does not answer to the name '" +
                                              printable(*head.host, 100) + "'")
      .hint("call it as localhost or by its address, or list the name in PENSTOCK_ALLOWED_HOSTS");
}

std::optional<Error> refuse_cross_site(const RequestHead& head) {
  bool foreign_origin = false;
  if (head.origin) {
    // Behind a proxy that ends TLS, a page of our own comes from https.
    const std::string origin = lower(*head.origin), host = lower(head.host.value_or(""));
    foreign_origin = host.empty() || (origin != "http://" + host && origin != "https://" + host);
  }
  const bool cross_site =
      head.fetch_site && *head.fetch_site != "same-origin" && *head.fetch_site != "none";
  if (!foreign_origin && !cross_site) return std::nullopt;
  return config_error("config.http.cross_site", "requests from pages of other sites are refused")
      .hint("call the service from a program, or through a server of your own");
}

std::optional<Error> refuse_media_type(const RequestHead& head) {
  // Callers of old may send none; what a cross-site page could send without one has an Origin.
  if (!head.post || !head.content_type || trim(*head.content_type).empty()) return std::nullopt;
  const std::string_view whole = *head.content_type;
  const std::string type = lower(trim(whole.substr(0, whole.find(';'))));
  if (type == "application/json" || type.ends_with("+json")) return std::nullopt;
  return config_error("config.http.media_type",
                      "Content-Type: '" + printable(type, 80) + "' is not application/json")
      .hint("send the body as JSON with Content-Type: application/json");
}

}  // namespace

std::optional<Error> refuse_head(const RequestHead& head, const ServiceConfig& config,
                                 const std::string& bound) {
  if (std::optional<Error> error = refuse_host(head, config, bound)) return error;
  if (std::optional<Error> error = refuse_cross_site(head)) return error;
  return refuse_media_type(head);
}

}  // namespace penstock
