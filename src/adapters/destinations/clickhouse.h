#pragma once

#include "contract/registry.h"

namespace penstock {

DestinationEntry clickhouse_destination();

}  // namespace penstock
