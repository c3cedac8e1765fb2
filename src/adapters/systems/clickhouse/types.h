// Logical types to ClickHouse types, out of data/types/clickhouse.tsv.
#pragma once

#include <string>
#include <vector>

#include "adapters/systems/clickhouse/features.h"
#include "contract/value_rules.h"
#include "core/schema.h"
#include "core/type.h"

namespace penstock::clickhouse {

struct MappedType {
  std::string native;  // exactly as the server prints it in system.columns
  ValueRule rule;
  std::vector<LossNote> losses;
};

struct TypeOptions {
  bool nullable = true;
  bool key = false;
  bool low_cardinality = true;
};

// Pure; thread-safe. Every logical type has a place on every server.
MappedType map_type(const Type& type, const Features& features, const TypeOptions& options);

}  // namespace penstock::clickhouse
