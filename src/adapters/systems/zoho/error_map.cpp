#include "adapters/systems/zoho/error_map.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/text.h"

namespace penstock::zoho {

namespace {

namespace json = boost::json;

struct Meaning {
  std::string_view native, code, hint;
};

// Codes of which the HTTP status alone doesn't say what to do.
constexpr auto kMeanings = std::to_array<Meaning>({
    {"INVALID_TOKEN", "source.auth",
     "Zoho refuses the access token it just gave: is the refresh token of the data centre that "
     "api_domain names?"},
    {"AUTHENTICATION_FAILURE", "source.auth", "check refresh_token, client_id and client_secret"},
    {"INACTIVE_USER", "source.auth", "the user who granted the refresh token is not active"},
    {"FORBIDDEN", "source.permission", "the user who granted the refresh token may not do that"},
    {"NO_PERMISSION", "source.permission",
     "give the profile of the user who granted the refresh token the permission, or leave the "
     "module out with the field modules"},
    {"AUTHORIZATION_FAILED", "source.permission",
     "the user who granted the refresh token lacks a privilege"},
    {"INVALID_HOST", "source.auth", "correct api_domain: it is not a host of Zoho's API"},
    {"EXPIRED_VALUE", "source.walk_expired", "run the job again: the table starts anew"},
    {"TOKEN_BOUND_DATA_MISMATCH", "source.walk_expired", "run the job again"},
    {"PAGINATION_LIMIT_EXCEEDED", "source.too_large",
     "Zoho lists at most 100,000 records of a module; grant the scope ZohoCRM.coql.READ, with "
     "which all can be read"},
    {"INVALID_MODULE", "source.unsupported", "leave the module out with the field modules"},
    {"NOT_SUPPORTED", "source.unsupported", "leave the module out with the field modules"},
    {"API_NOT_SUPPORTED", "source.unsupported", "choose another api_version"},
    {"VERSION_NOT_SUPPORTED", "source.unsupported", "choose another api_version"},
    {"FEATURE_NOT_ENABLED", "source.unsupported", "leave the module out with the field modules"},
    {"FEATURE_NOT_SUPPORTED", "source.unsupported", "leave the module out with the field modules"},
    {"TERRITORY_NOT_ENABLED", "source.unsupported", "leave the module out with the field modules"},
    {"INVALID_QUERY", "source.changed",
     "a field may have been removed or renamed while the job ran: run it again"},
});

const json::object* envelope_of(const json::value& body) {
  const json::object* object = body.if_object();
  if (object == nullptr || object->contains("code")) return object;
  const json::value* data = object->if_contains("data");
  const json::array* list = data == nullptr ? nullptr : data->if_array();
  return list == nullptr || list->empty() ? object : list->front().if_object();
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

ApiFailure parse_failure(long status, std::string_view body) {
  ApiFailure failure{.status = status};
  json::error_code invalid;
  const json::value parsed = json::parse(json::string_view(body.data(), body.size()), invalid);
  const json::object* object = invalid ? nullptr : envelope_of(parsed);
  if (object == nullptr) return failure;
  failure.code = printable(text_at(*object, "code"), 80);
  failure.message = printable(text_at(*object, "message"));
  const json::value* details = object->if_contains("details");
  if (details != nullptr && details->is_object() && !details->get_object().empty()) {
    failure.details = printable(json::serialize(*details), 300);
  }
  return failure;
}

Reaction reaction_to(const ApiFailure& failure) {
  if (failure.status == 429 || failure.code == "TOO_MANY_REQUESTS" ||
      failure.code == "RATE_LIMIT_EXCEEDED") {
    return Reaction::back_off;
  }
  if (failure.status >= 500) return Reaction::retry;
  if (failure.code == "INVALID_TOKEN" || failure.code == "AUTHENTICATION_FAILURE") {
    return Reaction::refresh;
  }
  return Reaction::fail;
}

Error api_error(const ApiFailure& failure, const std::string& what, const std::string& scope) {
  std::string text = what + ": Zoho answered with status " + std::to_string(failure.status);
  if (!failure.code.empty()) text += ", " + failure.code;
  if (!failure.message.empty()) text += " (" + failure.message + ")";
  if (!failure.details.empty()) text += " " + failure.details;
  const auto make = [&](const char* code, std::string_view hint) {
    return Error(Side::source, code, text).native(failure.code).hint(std::string(hint));
  };
  if (failure.code == "OAUTH_SCOPE_MISMATCH") {
    return make("source.scope", "grant a refresh token whose scopes include " + scope);
  }
  if (reaction_to(failure) == Reaction::back_off) {
    return make("source.rate_limit",
                "the credits of the last 24 hours may be used up, or other programs call Zoho at "
                "the same time; run the job again later")
        .retryable(true);
  }
  if (reaction_to(failure) == Reaction::retry) {
    return make("source.unavailable", "Zoho's service is in trouble; run the job again later")
        .retryable(true);
  }
  const auto* known = std::ranges::find(kMeanings, failure.code, &Meaning::native);
  if (known != kMeanings.end()) {
    Error error(Side::source, std::string(known->code), text);
    return error.native(failure.code)
        .hint(std::string(known->hint))
        .retryable(known->code == "source.walk_expired");
  }
  if (failure.status == 403) {
    return make("source.permission", "leave the module out with the field modules");
  }
  return make("source.query", "if it persists, report it with this message");
}

bool means_unreadable(const Error& error) {
  static constexpr auto codes = std::to_array<std::string_view>(
      {"source.scope", "source.permission", "source.unsupported", "source.changed"});
  return std::ranges::find(codes, error.code()) != codes.end();
}

Error transport_error(int curl_code, std::string_view text, const std::string& host) {
  const auto make = [&](const char* code, std::string_view hint, bool retryable) {
    return Error(Side::source, code, host + ": " + printable(text))
        .native("curl " + std::to_string(curl_code))
        .hint(std::string(hint))
        .retryable(retryable);
  };
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return make("source.host.unknown", "check api_domain and the name service", false);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return make("source.host.unknown", "check the field proxy", false);
    case CURLE_SSL_CACERT_BADFILE:
      return config_error("config.ca_file", "source.ca_file: " + printable(text))
          .hint("name a file with the certificates to trust, in PEM format");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
      return make("source.tls",
                  "where a proxy inspects TLS, name its certificate in the field ca_file", false);
    case CURLE_OPERATION_TIMEDOUT:
      return make("source.timeout", "check the network between here and Zoho", true);
    default: return make("source.connection", "check the network between here and Zoho", true);
  }
}

Error token_error(std::string_view error, std::string_view description,
                  const std::string& accounts) {
  std::string text = accounts + " gives no access token: " + printable(error);
  if (!description.empty()) text += " (" + printable(description) + ")";
  std::string hint = "check refresh_token, client_id and client_secret";
  if (error == "invalid_code") {
    hint =
        "the refresh token is wrong or revoked, or of another data centre than api_domain names; a "
        "grant code is not a refresh token";
  } else if (error == "invalid_client") {
    hint =
        "client_id is not known at this data centre, or client_secret is wrong: check api_domain";
  } else if (error == "invalid_client_secret") {
    hint = "check client_secret";
  }
  return Error(Side::source, "source.auth", text).native(printable(error, 80)).hint(hint);
}

}  // namespace penstock::zoho
