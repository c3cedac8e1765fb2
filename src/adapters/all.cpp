#include "adapters/all.h"

#include "adapters/destinations/clickhouse.h"
#include "adapters/destinations/postgresql.h"
#include "adapters/sources/mysql.h"
#include "adapters/sources/postgresql.h"
#include "adapters/sources/zoho.h"

namespace penstock {

void add_all_adapters(Registry& registry) {
  registry.add(postgresql_source());
  registry.add(mysql_source());
  registry.add(zoho_source());

  registry.add(clickhouse_destination());
  registry.add(postgresql_destination());
}

}  // namespace penstock
