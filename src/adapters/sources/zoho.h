// Zoho CRM as a source: its REST API, version 8, in any data centre.
#pragma once

#include "adapters/systems/zoho/account.h"
#include "contract/registry.h"

namespace penstock {

// All jobs made by one entry share their accounts' access tokens. `pacing` is for tests.
SourceEntry zoho_source(const zoho::Pacing& pacing = {});

}  // namespace penstock
