// The only list of adapters.
#pragma once

#include "contract/registry.h"

namespace penstock {

// Adds every adapter of this program. Adding a system is one line here.
void add_all_adapters(Registry& registry);

}  // namespace penstock
