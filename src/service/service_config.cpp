#include "service/service_config.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstdlib>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

namespace ip = boost::asio::ip;

struct Variable {
  std::string name, text;  // text empty: none of the variables is set
};

Variable first_set(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const char* const text = std::getenv(name);
    if (text != nullptr && *text != '\0') return {name, text};
  }
  return {};
}

}  // namespace

ServiceConfig from_environment() {
  ServiceConfig config;
  const Variable host = first_set({"PENSTOCK_HOST", "UNIVERSAL_MIGRATION_SERVICE_HOST"});
  if (!host.text.empty()) config.host = host.text;
  const Variable port = first_set({"PENSTOCK_PORT", "UNIVERSAL_MIGRATION_SERVICE_PORT"});
  if (!port.text.empty()) {
    const char* const last = port.text.data() + port.text.size();
    const auto [end, failure] = std::from_chars(port.text.data(), last, config.port);
    if (failure != std::errc() || end != last || config.port < 0 || config.port > 65'535) {
      throw config_error("config.service.port",
                         port.name + ": '" + printable(port.text, 40) + "' is not a port")
          .hint("give a number from 1 to 65535, or 0 for any free port");
    }
  }
  for (const std::string& name : split(first_set({"PENSTOCK_ALLOWED_HOSTS"}).text, ',')) {
    if (!trim(name).empty()) config.allowed_hosts.emplace_back(lower(trim(name)));
  }
  return config;
}

bool is_loopback(const std::string& host) {
  if (lower(host) == "localhost") return true;
  std::string text = host;
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  boost::system::error_code failure;
  const ip::address address = ip::make_address(text, failure);
  return !failure && address.is_loopback();
}

void check(const ServiceConfig& config) {
  if (config.port < 0 || config.port > 65'535) {
    throw config_error("config.service.port",
                       "port: " + std::to_string(config.port) + " is not a port")
        .hint("give a number from 1 to 65535, or 0 for any free port");
  }
  if (is_loopback(config.host)) return;
  boost::system::error_code failure;
  ip::make_address(config.host, failure);
  if (failure) {
    throw config_error("config.service.host",
                       "host: '" + printable(config.host, 100) + "' is not an address to listen on")
        .hint("give an IP address of this machine, or localhost");
  }
  if (!config.insecure_no_auth) {
    throw config_error("config.service.no_auth",
                       "host: " + config.host +
                           " can be reached from other machines, and the service asks nobody who "
                           "they are")
        .hint(
            "listen on 127.0.0.1 and put a proxy that authenticates in front; if everyone who "
            "reaches the address may move your data, say so with --insecure-no-auth");
  }
}

}  // namespace penstock
