// From a parsed command line to the JSON that parse_request() takes, the same that POST /migrate
// gets, so that both ways in behave alike.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>

#include "cli/command_line.h"
#include "cli/url.h"

namespace penstock {

// Asks a person for a password; the argument is the question.
using AskPassword = std::function<std::string(const std::string&)>;

// Reads the job file when there is one; flags win over the file (tables replace, options merge).
// Passwords: from URL or file; else PENSTOCK_SOURCE_PASSWORD or PENSTOCK_DESTINATION_PASSWORD;
// else, with --ask-password, from `ask`. Throws config_error.
json::object build_request(const CommandLine& line, const Registry& registry,
                           const AskPassword& ask);

// Fills in the password of one endpoint by the same rules. `where` is "source" or "destination".
void add_password(Endpoint& endpoint, const ConfigSpec& spec, const std::string& where,
                  const AskPassword& ask);

}  // namespace penstock
