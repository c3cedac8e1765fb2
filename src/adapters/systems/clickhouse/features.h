// What a ClickHouse server can do, as a plain record: asked instead of compared versions.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "adapters/systems/clickhouse/http_client.h"

namespace penstock::clickhouse {

struct Features {
  std::string version_text;
  int version = 0;                 // contract/type_map.h: version_number
  bool low_cardinality = false;    // generally available
  bool replacing_deleted = false;  // ReplacingMergeTree(version, is_deleted)
  bool move_partition = false;     // ALTER … MOVE PARTITION … TO TABLE
  bool replace_view = false;       // CREATE OR REPLACE VIEW
  bool atomic_databases = false;   // they are the default engine
  bool drop_view = false;          // DROP VIEW; before, DROP TABLE dropped views
  std::set<std::string> settings;  // names the server knows, of those we ever send
};

// By the version alone; `settings` holds what servers of that version know.
Features features_of(std::string_view version_text);

// Asks the server: its version, and which settings it knows.
Features probe_features(HttpClient& client);

// The settings for INSERTs and for DDL, those that the server knows.
Settings insert_settings(const Features& features);
Settings ddl_settings(const Features& features);

}  // namespace penstock::clickhouse
