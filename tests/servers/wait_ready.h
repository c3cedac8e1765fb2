// The bounded wait that every server start shares.
#pragma once

#include <functional>
#include <string>

#include "servers/process.h"

namespace penstock::testing {

// Calls `ready` until it is true. Throws when the child ends first or 90 seconds pass (a machine
// that runs several test programs under sanitizers is slow); the message ends with the log's end.
void wait_ready(ChildProcess& child, const std::string& name, const std::filesystem::path& log,
                const std::function<bool()>& ready);

}  // namespace penstock::testing
