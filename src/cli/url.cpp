#include "cli/url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "core/text.h"

namespace penstock {

namespace {

constexpr std::size_t kUrlBytesMax = 8 << 10;
constexpr std::string_view kEncodeHint =
    "in user names and passwords write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23; "
    "or leave the password out and set PENSTOCK_SOURCE_PASSWORD or PENSTOCK_DESTINATION_PASSWORD";

Error url_error(std::string_view code, std::string_view where, std::string_view what) {
  return config_error(std::string(code), std::string(where) + " URL: " + std::string(what));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3986 §2.1. "+" stays a plus sign, as in libpq's URLs (PostgreSQL manual §34.1.1.2).
std::string percent_decode(std::string_view text, std::string_view where, std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      throw url_error("config.url.encoding", where,
                      "the " + std::string(part) + " has a % that two hex digits do not follow")
          .hint(std::string(kEncodeHint));
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (out.find('\0') != std::string::npos || find_invalid_utf8(out) != std::string_view::npos) {
    throw url_error("config.url.encoding", where,
                    "the " + std::string(part) + " is not valid UTF-8 text");
  }
  return out;
}

// Fills the fields of one endpoint, refusing parts the adapter does not have and fields given
// twice.
class Builder {
 public:
  Builder(std::string adapter, const ConfigSpec& spec, std::string_view where)
      : adapter_(std::move(adapter)), spec_(spec), where_(where) {}

  const ConfigField* find(std::string_view name) const {
    for (const ConfigField& field : spec_.fields()) {
      if (field.name == name || std::ranges::find(field.aliases, name) != field.aliases.end()) {
        return &field;
      }
    }
    return nullptr;
  }

  void set(std::string_view name, json::value value) {
    const ConfigField* const field = find(name);
    // An unknown name is left to the ConfigSpec, which offers the nearest one.
    const std::string key = field != nullptr ? field->name : std::string(name);
    if (!config_.emplace(key, std::move(value)).second) {
      throw url_error("config.url.twice", where_, "'" + key + "' is given twice");
    }
  }

  void set_part(std::string_view name, std::string_view part, std::string value) {
    if (find(name) == nullptr) {
      throw url_error("config.url.part", where_, adapter_ + " has no " + std::string(part))
          .hint("penstock adapters " + adapter_ + " lists its fields");
    }
    set(name, json::value(value));
  }

  Endpoint finish() { return {adapter_, std::move(config_)}; }
  std::string_view where() const { return where_; }
  const std::string& adapter() const { return adapter_; }

 private:
  std::string adapter_;
  const ConfigSpec& spec_;
  std::string_view where_;
  json::object config_;
};

bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  });
}

// "<secret>_env" and "<secret>_file" → the secret field and the kind of reference.
std::optional<std::pair<std::string, std::string>> secret_reference(const Builder& builder,
                                                                    const std::string& name) {
  for (const std::string_view kind : {"env", "file"}) {
    const std::string suffix = "_" + std::string(kind);
    if (!name.ends_with(suffix) || builder.find(name) != nullptr) continue;
    const std::string base = name.substr(0, name.size() - suffix.size());
    const ConfigField* const field = builder.find(base);
    if (field != nullptr && field->kind == FieldKind::secret) return {{base, std::string(kind)}};
  }
  return std::nullopt;
}

void parse_query(std::string_view query, Builder& builder) {
  if (query.empty()) return;
  for (const std::string& pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    // The text is not shown: with a "?" in an unencoded password it would be a part of it.
    if (equals == std::string::npos) {
      throw url_error("config.url.parameter", builder.where(), "a parameter after ? has no =")
          .hint(std::string(kEncodeHint));
    }
    const std::string name = percent_decode(pair.substr(0, equals), builder.where(), "parameter");
    if (!plain_name(name)) {
      throw url_error("config.url.parameter", builder.where(),
                      "a parameter's name is not a field's name")
          .hint(std::string(kEncodeHint));
    }
    const std::string value =
        percent_decode(pair.substr(equals + 1), builder.where(), "value of " + name);
    if (const auto reference = secret_reference(builder, name)) {
      builder.set(reference->first, json::object{{reference->second, value}});
      continue;
    }
    const ConfigField* const field = builder.find(name);
    if (field != nullptr && field->kind == FieldKind::object) {
      throw url_error("config.url.parameter", builder.where(),
                      name + " can only be given in a job file");
    }
    builder.set(name, json::value(value));
  }
}

void set_port(std::string_view text, Builder& builder) {
  int port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) {
    // Not shown either: an unencoded "/" or "?" in a password puts a part of it here.
    throw url_error("config.url.port", builder.where(), "the port is not a number from 1 to 65535")
        .hint(std::string(kEncodeHint));
  }
  if (builder.find("port") == nullptr) {
    throw url_error("config.url.part", builder.where(), builder.adapter() + " has no port");
  }
  builder.set("port", port);
}

void set_host(std::string_view text, Builder& builder) {
  std::string_view host = text, port;
  bool has_port = false;
  if (text.starts_with('[')) {  // an IPv6 address, RFC 3986 §3.2.2
    const std::size_t close = text.find(']');
    const std::string_view rest = close == std::string_view::npos ? "" : text.substr(close + 1);
    if (close == std::string_view::npos || (!rest.empty() && rest[0] != ':')) {
      throw url_error("config.url.host", builder.where(),
                      "the [IPv6 address] is not closed properly");
    }
    host = text.substr(1, close - 1);
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos) {
      throw url_error("config.url.host", builder.where(), "the host holds more than one :")
          .hint("write an IPv6 address in brackets: [::1]; several hosts are not supported. " +
                std::string(kEncodeHint));
    }
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (has_port && !port.empty()) set_port(port, builder);
  if (host.empty()) return;
  builder.set_part(
      builder.find("host") == nullptr && builder.find("server") != nullptr ? "server" : "host",
      "host", percent_decode(host, builder.where(), "host"));
}

void parse_authority(std::string_view authority, Builder& builder) {
  // The last @ ends the user's part, so that an unencoded @ in a password still works.
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    const std::size_t colon = user.find(':');
    const std::string_view name = user.substr(0, colon);
    if (!name.empty()) {
      builder.set_part("username", "user name", percent_decode(name, builder.where(), "user name"));
    }
    if (colon != std::string_view::npos) {
      builder.set_part("password", "password",
                       percent_decode(user.substr(colon + 1), builder.where(), "password"));
    }
    authority.remove_prefix(at + 1);
  }
  set_host(authority, builder);
}

void parse_database(std::string_view path, Builder& builder) {
  if (path.size() <= 1) return;  // "" or "/"
  path.remove_prefix(1);
  if (path.find('/') != std::string_view::npos) {
    Error error = url_error("config.url.path", builder.where(),
                            "after the host comes one database name, without a further /");
    if (builder.find("path") != nullptr) {
      throw error.hint("for a folder write " + builder.adapter() + ":/path, without //");
    }
    throw error.hint("write / in a database's name as %2F");
  }
  builder.set_part("database", "database", percent_decode(path, builder.where(), "database"));
}

std::string_view scheme_of(std::string_view url, std::string_view where) {
  if (url.size() > kUrlBytesMax) {
    throw url_error("config.url.size", where,
                    "longer than " + std::to_string(kUrlBytesMax) + " bytes");
  }
  if (!looks_like_url(url)) {
    throw url_error("config.url.scheme", where, "does not start with an adapter's name and a colon")
        .hint(
            "write it like postgresql://user@host:5432/database or clickhouse:./folder; "
            "penstock adapters lists the names");
  }
  return url.substr(0, url.find(':'));
}

Endpoint parse(std::string_view url, Builder builder) {
  if (url.find('#') != std::string_view::npos) {
    throw url_error("config.url.fragment", builder.where(), "holds a #, which has no meaning here")
        .hint(std::string(kEncodeHint));
  }
  std::string_view rest = url.substr(url.find(':') + 1);
  if (!rest.starts_with("//")) {
    const std::size_t question = rest.find('?');
    const std::string path = percent_decode(rest.substr(0, question), builder.where(), "path");
    if (path.empty()) {
      throw url_error("config.url.path", builder.where(), "nothing follows the adapter's name");
    }
    if (builder.find("path") == nullptr) {
      throw url_error("config.url.scheme", builder.where(),
                      "// must follow the adapter's name and colon")
          .hint("write it like " + builder.adapter() + "://user@host/database");
    }
    builder.set("path", json::value(path));
    if (question != std::string_view::npos) parse_query(rest.substr(question + 1), builder);
    return builder.finish();
  }
  rest.remove_prefix(2);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  rest.remove_prefix(end);
  // An @ after the authority nearly always means that the password holds an unencoded / or ?, and
  // the pieces would end up in messages as host, database or parameter.
  if (rest.find('@') != std::string_view::npos) {
    throw url_error("config.url.encoding", builder.where(), "an @ follows the first / or ?")
        .hint(std::string(kEncodeHint));
  }
  const std::size_t question = std::min(rest.find('?'), rest.size());
  parse_authority(authority, builder);
  parse_database(rest.substr(0, question), builder);
  if (question < rest.size()) parse_query(rest.substr(question + 1), builder);
  return builder.finish();
}

bool secret_name(std::string_view name) {
  const std::string folded = lower(name);
  constexpr std::array<std::string_view, 5> words = {"pass", "secret", "token", "key", "pwd"};
  if (folded.ends_with("_env") || folded.ends_with("_file")) return false;
  return std::ranges::any_of(
      words, [&](std::string_view word) { return folded.find(word) != std::string::npos; });
}

// Masks "name=value" parameters after the first "?".
std::string mask_query(std::string_view text) {
  const std::size_t question = text.find('?');
  if (question == std::string_view::npos) return std::string(text);
  std::string out(text.substr(0, question));
  char separator = '?';
  for (const std::string& pair : split(text.substr(question + 1), '&')) {
    out += separator;
    separator = '&';
    const std::size_t equals = pair.find('=');
    const bool hide = equals != std::string::npos && secret_name(pair.substr(0, equals));
    out += hide ? pair.substr(0, equals + 1) + "***" : pair;
  }
  return out;
}

}  // namespace

bool looks_like_url(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon > 40) return false;
  if (std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '_';
  });
}

Endpoint parse_source_url(std::string_view url, const Registry& registry) {
  const SourceEntry& entry = registry.source(scheme_of(url, "source"), "source");
  return parse(url, Builder(entry.name, entry.spec, "source"));
}

Endpoint parse_destination_url(std::string_view url, const Registry& registry) {
  const DestinationEntry& entry =
      registry.destination(scheme_of(url, "destination"), "destination");
  return parse(url, Builder(entry.name, entry.spec, "destination"));
}

std::string mask_secrets(std::string_view text) {
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos) return mask_query(text);
  const std::size_t start = slashes + 3;
  const std::size_t at = text.rfind('@');
  const std::size_t colon = text.find(':', start);
  // Up to the last @ of all: a password with an unencoded / or ? is hidden whole.
  if (at != std::string_view::npos && at > start && colon < at) {
    return std::string(text.substr(0, colon + 1)) + "***" + mask_query(text.substr(at));
  }
  return mask_query(text);
}

std::string display_endpoint(const Endpoint& endpoint) {
  const auto text = [&](std::string_view name) -> std::string {
    const json::value* const value = endpoint.config.if_contains(name);
    if (value == nullptr) return {};
    if (value->is_string()) return printable(value->get_string());
    return value->is_number() ? json::serialize(*value) : std::string();
  };
  if (const std::string path = text("path"); !path.empty()) return endpoint.adapter + ":" + path;
  std::string out = endpoint.adapter + "://";
  if (const std::string user = text("username"); !user.empty()) out += user + "@";
  const std::string host = text("host").empty() ? text("server") : text("host");
  if (!host.starts_with('/')) {
    out += host.find(':') == std::string::npos ? host : "[" + host + "]";
  }
  if (const std::string port = text("port"); !port.empty()) out += ":" + port;
  if (const std::string database = text("database"); !database.empty()) out += "/" + database;
  if (host.starts_with('/')) out += "?host=" + host;
  return out;
}

}  // namespace penstock
