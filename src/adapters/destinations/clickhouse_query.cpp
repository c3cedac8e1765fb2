#include "adapters/destinations/clickhouse_query.h"

#include "core/error.h"

namespace penstock::clickhouse {

std::string query_as_text(HttpClient& client, const std::string& database, const std::string& sql) {
  QueryOptions options;
  options.database = database;
  options.body_bytes_max = std::size_t{8} << 20;
  // default_format is a parameter of ClickHouse's HTTP interface rather than a setting; NoEscapes
  // because the text may go to a file. readonly=2 still lets the other settings through
  // (ClickHouse manual, "Permissions for Queries").
  options.settings = {{"default_format", "PrettyCompactNoEscapes"},
                      {"output_format_pretty_max_rows", "1000"},
                      {"readonly", "2"}};
  try {
    return client.query(sql, options);
  } catch (Error& error) {
    // Otherwise the hint would blame the user's privileges.
    if (error.code() == "destination.readonly") error.hint("penstock query only reads");
    throw;
  }
}

}  // namespace penstock::clickhouse
