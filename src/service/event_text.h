// Events in the text form of server-sent events (HTML standard, section 9.2). Pure functions.
#pragma once

#include <string>

#include "core/ledger.h"
#include "engine/events.h"

namespace penstock {

// "id: 7\nevent: progress\ndata: {…}\n\n"; data gains "time_ms".
std::string event_text(const Event& event);

// The one event that is left of a job whose process is gone: how it ended.
std::string finished_event_text(const JobRecord& record);

}  // namespace penstock
