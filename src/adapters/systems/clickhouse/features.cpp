#include "adapters/systems/clickhouse/features.h"

#include <array>

#include "adapters/systems/clickhouse/sql.h"
#include "contract/type_map.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

constexpr int kOldest = 18'016;

struct SettingUse {
  const char* name;
  const char* value;
  int since;  // for features_of; the server is asked otherwise
  bool insert;
  bool ddl;
};

// One part per 2^18 rows or 64 MiB: large enough for the server's merges, small enough to bound
// what it holds per INSERT and to spare it page faults. optimize_on_insert would drop rows of equal
// keys before we count them. async_insert would answer before the rows are stored (formats: on by
// default from 26.2).
constexpr std::array kSettings{
    SettingUse{"min_insert_block_size_rows", "262144", 18'016, true, false},
    SettingUse{"min_insert_block_size_bytes", "67108864", 18'016, true, false},
    SettingUse{"insert_deduplicate", "0", 18'016, true, false},
    SettingUse{"http_receive_timeout", "3600", 18'016, true, false},
    SettingUse{"max_partitions_per_insert_block", "0", 19'001, true, false},
    SettingUse{"optimize_on_insert", "0", 20'011, true, false},
    SettingUse{"async_insert", "0", 21'011, true, false},
    SettingUse{"allow_experimental_low_cardinality_type", "1", 18'012, false, true},
    SettingUse{"max_table_size_to_drop", "0", 23'012, false, true},
    SettingUse{"max_partition_size_to_drop", "0", 23'012, false, true},
    SettingUse{"allow_replace_partition_from_empty_source", "1", 26'001, false, true},
};

Settings select(const Features& features, bool SettingUse::*use) {
  Settings out;
  for (const SettingUse& one : kSettings) {
    if (one.*use && features.settings.contains(one.name)) out[one.name] = one.value;
  }
  return out;
}

}  // namespace

Features features_of(std::string_view version_text) {
  Features features;
  features.version_text = version_text;
  const int version = features.version = version_number(version_text);
  features.low_cardinality = version >= 19'001;
  features.replacing_deleted = version >= 23'002 && version != 23'012;
  features.move_partition = version >= 20'005;
  features.replace_view = version >= 20'005;
  features.drop_view = version >= 20'001;
  features.atomic_databases = version >= 20'010;
  for (const SettingUse& one : kSettings) {
    if (version >= one.since) features.settings.insert(one.name);
  }
  return features;
}

Features probe_features(HttpClient& client) {
  const std::string version(trim(client.query("SELECT version()")));
  if (version_number(version) == 0) {
    throw Error(
        Side::destination, "destination.not_clickhouse",
        client.endpoint().display() + " does not answer like ClickHouse: " + printable(version))
        .hint("check host and port; ClickHouse's HTTP port is 8123");
  }
  Features features = features_of(version);
  if (features.version < kOldest) {
    throw Error(Side::destination, "destination.too_old",
                "ClickHouse " + printable(version) + " is older than 18.16")
        .hint("upgrade the server");
  }
  std::string names;
  for (const SettingUse& one : kSettings) {
    names += (names.empty() ? "" : ", ") + quote_literal(one.name);
  }
  const std::string known =
      client.query("SELECT name FROM system.settings WHERE name IN (" + names + ")");
  features.settings.clear();
  for (const std::string& name : split(known, '\n')) {
    if (!name.empty()) features.settings.insert(name);
  }
  return features;
}

Settings insert_settings(const Features& features) {
  return select(features, &SettingUse::insert);
}

Settings ddl_settings(const Features& features) {
  return select(features, &SettingUse::ddl);
}

}  // namespace penstock::clickhouse
