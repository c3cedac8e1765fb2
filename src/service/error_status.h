// Turns failures into HTTP answers.
#pragma once

#include <string_view>

#include "core/error.h"
#include "service/http_message.h"

namespace penstock {

// The status for an error code: the exact ones of the table first, then config.* 400, else 500.
int status_of(std::string_view code);

// {"error","error_type",…} with the error's status. A fault of our own (engine.internal) keeps its
// text from the client: what a foreign exception says was not written for strangers' eyes.
Reply error_reply(const Error& error);

}  // namespace penstock
