// A destination table's rows as what was written, for tests and verification.
#pragma once

#include <vector>

#include "adapters/systems/postgresql/connection.h"
#include "contract/destination.h"

namespace penstock::postgresql {

// See DestinationSession::read_back.
std::vector<BatchPtr> read_target(Connection& connection, const TargetTable& table,
                                  std::int64_t rows_max);

}  // namespace penstock::postgresql
