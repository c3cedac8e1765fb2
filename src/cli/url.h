// Connection URLs of the command line and of job files:
//   postgresql://user:p%40ss@host:5432/database?sslmode=require
//   clickhouse:./warehouse   (no "//": what follows is the field `path`)
// The scheme is an adapter's name or alias. User name, password, host, port and database go to the
// fields of those names (host to `server` where an adapter has no `host`); query parameters name
// fields. `<field>_env=NAME` and `<field>_file=path` refer to a secret instead of spelling it.
// Pure functions; thread-safe. No message ever holds a part of the URL that could be a secret.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "contract/registry.h"

namespace penstock {

struct Endpoint {
  std::string adapter;  // the registry's name, not the alias
  json::object config;  // fields as given, still to be checked by the adapter's ConfigSpec
};

// True for "scheme:…" with a scheme of at least two characters.
bool looks_like_url(std::string_view text);

// Throw config_error "config.url.*" or "config.adapter.unknown"; messages start with the side.
Endpoint parse_source_url(std::string_view url, const Registry& registry);
Endpoint parse_destination_url(std::string_view url, const Registry& registry);

// The text with whatever could be a secret replaced by "***": the password of a URL, and the values
// of parameters whose name speaks of a password, secret, token or key. Errs towards hiding.
std::string mask_secrets(std::string_view text);

// "postgresql://app@db.example:5432/shop" from fields, for people; never a secret.
std::string display_endpoint(const Endpoint& endpoint);

}  // namespace penstock
