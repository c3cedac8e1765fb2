// Reads a table back into batches, for verification and tests.
#pragma once

#include <string_view>
#include <vector>

#include "adapters/systems/clickhouse/http_client.h"
#include "contract/destination.h"

namespace penstock::clickhouse {

// Blocks of the Native format (revision 0) whose columns have the given logical and server types,
// as batches. The bytes are not trusted. Throws Error "destination.protocol".
std::vector<BatchPtr> decode_native(std::string_view bytes, const std::vector<Type>& types,
                                    const std::vector<std::string>& native_types);

// Current rows of the visible table, at most rows_max, in key order when it has a key.
std::vector<BatchPtr> read_table(HttpClient& client, const TargetTable& table,
                                 std::int64_t rows_max);

}  // namespace penstock::clickhouse
