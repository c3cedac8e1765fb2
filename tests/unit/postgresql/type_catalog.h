// A small catalogue of types, as a server's pg_type has them.
#pragma once

#include "adapters/systems/postgresql/types.h"

namespace penstock::postgresql::testing_catalog {

inline std::int32_t numeric_modifier(int precision, int scale) {
  return ((precision << 16) | (scale & 0x7FF)) + 4;
}

// A catalogue with oids as in pg_type.dat, and user types from 20000 on.
inline TypeCatalog catalog() {
  TypeCatalog types;
  const auto base = [&](Oid oid, const std::string& name, const std::string& spelled) {
    types.types[oid] = {.schema = "pg_catalog", .name = name, .spelled = spelled};
  };
  base(16, "bool", "boolean");
  base(20, "int8", "bigint");
  base(23, "int4", "integer");
  base(25, "text", "text");
  base(790, "money", "money");
  base(1700, "numeric", "numeric");
  base(1184, "timestamptz", "timestamp with time zone");
  base(22, "int2vector", "int2vector");
  base(3904, "int4range", "int4range");
  types.types[1007] = {.schema = "pg_catalog", .name = "_int4", .element = 23};
  types.types[1231] = {.schema = "pg_catalog", .name = "_numeric", .element = 1700};
  types.types[3905] = {.schema = "pg_catalog", .name = "_int4range", .element = 3904};
  types.types[20000] = {
      .schema = "public", .name = "mood", .spelled = "mood", .kind = 'e', .labels = {"sad", "ok"}};
  types.types[20001] = {.schema = "public",
                        .name = "price",
                        .kind = 'd',
                        .base = 1700,
                        .base_modifier = numeric_modifier(10, 2)};
  types.types[20002] = {.schema = "public", .name = "net_price", .kind = 'd', .base = 20001};
  types.types[20003] = {.schema = "public", .name = "pair", .spelled = "pair", .kind = 'c'};
  types.types[20004] = {.schema = "public", .name = "integer", .spelled = "public.integer"};
  types.types[20005] = {
      .schema = "gis", .name = "geometry", .spelled = "gis.geometry", .extension = "postgis"};
  types.types[20006] = {.schema = "public",
                        .name = "seg",
                        .spelled = "seg",
                        .extension = "seg",
                        .sends_binary = false};
  types.types[20007] = {.schema = "public", .name = "self", .kind = 'd', .base = 20007};
  types.types[20008] = {.schema = "public", .name = "_mood", .element = 20000};
  return types;
}

}  // namespace penstock::postgresql::testing_catalog
