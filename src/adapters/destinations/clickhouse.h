// ClickHouse as a destination: a server over HTTP, or embedded in a folder.
#pragma once

#include "contract/registry.h"

namespace penstock {

DestinationEntry clickhouse_destination();

}  // namespace penstock
