// The suite with every adapter of the program, against private servers.
#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/all.h"
#include "conformance/quirks/clickhouse.h"
#include "conformance/quirks/mysql.h"
#include "conformance/quirks/postgresql.h"
#include "conformance/quirks/zoho.h"

namespace penstock::testing {

std::vector<DestinationQuirks> destinations_under_test() {
  return {clickhouse_quirks<PrivateClickHouse>("clickhouse_old", shared_clickhouse),
          clickhouse_quirks<EmbeddedClickHouse>("clickhouse_current", shared_embedded_clickhouse),
          postgresql_quirks()};
}

std::vector<SourceQuirks> sources_under_test() {
  return {postgresql_source_quirks(), mysql_source_quirks(), zoho_source_quirks()};
}

namespace {

// The skeleton meets every counterpart: an adapter in all.cpp without a record here is an error.
TEST(Registry, EveryAdapterHasAQuirksRecord) {
  Registry registry;
  add_all_adapters(registry);
  const auto sources = sources_under_test();
  for (const SourceEntry& entry : registry.sources()) {
    EXPECT_TRUE(std::ranges::any_of(
        sources, [&](const SourceQuirks& quirks) { return quirks.entry.name == entry.name; }))
        << "source " << entry.name << " needs tests/conformance/quirks/" << entry.name << ".h";
  }
  const auto destinations = destinations_under_test();
  for (const DestinationEntry& entry : registry.destinations()) {
    EXPECT_TRUE(std::ranges::any_of(
        destinations,
        [&](const DestinationQuirks& quirks) { return quirks.entry.name == entry.name; }))
        << "destination " << entry.name << " needs tests/conformance/quirks/" << entry.name << ".h";
  }
}

}  // namespace
}  // namespace penstock::testing
