// PostgreSQL as a destination.
#pragma once

#include "contract/registry.h"

namespace penstock {

DestinationEntry postgresql_destination();

}  // namespace penstock
