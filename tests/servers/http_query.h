// One statement to a ClickHouse HTTP port, apart from the product's own client.
#pragma once

#include <string>

namespace penstock::testing {

struct HttpQuery {
  int port = 0;
  std::string user = "default", password, database = "default", text;
};

// The answer's body without a newline at its end. Throws std::runtime_error on any status but 200.
std::string http_query(const HttpQuery& query);

// True when the port answers /ping.
bool http_alive(int port);

}  // namespace penstock::testing
