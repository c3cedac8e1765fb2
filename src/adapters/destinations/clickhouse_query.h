// `penstock query`: looking at what arrived.
#pragma once

#include <string>

#include "adapters/systems/clickhouse/http_client.h"

namespace penstock::clickhouse {

// Runs one reading statement in `database` and returns the server's own text table (another form
// when the statement ends with FORMAT …). The server refuses what would change anything and shows
// at most 1,000 rows of a table; an answer above 8 MiB is an error. Throws what `client` throws.
std::string query_as_text(HttpClient& client, const std::string& database, const std::string& sql);

}  // namespace penstock::clickhouse
