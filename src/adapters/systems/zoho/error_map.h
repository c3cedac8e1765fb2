// Turns what Zoho or libcurl says into penstock's Error (zoho.md 7.3 has the codes).
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace penstock::zoho {

// What an answer that isn't a success says of itself. Flat envelopes and {"data":[{…}]} alike.
struct ApiFailure {
  long status = 0;
  std::string code;     // empty: none, such as a gateway's HTML
  std::string message;  // at most 200 bytes
  std::string details;  // JSON, at most 300 bytes; may be empty
};
ApiFailure parse_failure(long status, std::string_view body);

// What to do with it.
enum class Reaction {
  fail,
  refresh,   // the token is not taken: a new one, once
  back_off,  // too much at once, or too much within a day
  retry,     // a fault of theirs
};
Reaction reaction_to(const ApiFailure& failure);

// `what`: "reading the records of Leads"; `scope`: the one the call needs.
Error api_error(const ApiFailure& failure, const std::string& what, const std::string& scope);

// True where one module can't be read, and others can (zoho.md 2.3).
bool means_unreadable(const Error& error);

// A failure below HTTP; `curl_code` is a CURLcode.
Error transport_error(int curl_code, std::string_view text, const std::string& host);

// The token call's {"error": …}.
Error token_error(std::string_view error, std::string_view description,
                  const std::string& accounts);

}  // namespace penstock::zoho
