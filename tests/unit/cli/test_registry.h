// A registry with the fields that the real adapters have, but nothing behind them: for tests of the
// command line's own work.
#pragma once

#include "contract/registry.h"

namespace penstock {

inline Registry test_registry() {
  Registry registry;
  SourceEntry source;
  source.name = "postgresql";
  source.title = "PostgreSQL";
  source.aliases = {"postgres"};
  source.versions = "12 to 18";
  source.spec = ConfigSpec({
      {.name = "host", .description = "Host.", .fallback = "localhost"},
      {.name = "port", .kind = FieldKind::integer, .description = "Port.", .fallback = 5432},
      {.name = "database", .description = "Database.", .aliases = {"dbname"}},
      {.name = "username", .description = "User.", .aliases = {"user"}},
      {.name = "password", .kind = FieldKind::secret, .description = "Password."},
      {.name = "sslmode",
       .kind = FieldKind::choice,
       .description = "TLS.",
       .fallback = "prefer",
       .choices = {"disable", "prefer", "require"}},
  });
  registry.add(std::move(source));
  SourceEntry zoho;
  zoho.name = "zoho";
  zoho.title = "Zoho CRM";
  zoho.spec = ConfigSpec({
      {.name = "client_id", .description = "Client."},
      {.name = "client_secret", .kind = FieldKind::secret, .description = "Secret."},
      {.name = "extra", .kind = FieldKind::object, .description = "More."},
  });
  registry.add(std::move(zoho));
  DestinationEntry destination;
  destination.name = "clickhouse";
  destination.title = "ClickHouse";
  destination.spec = ConfigSpec({
      {.name = "host", .description = "Host."},
      {.name = "port", .kind = FieldKind::integer, .description = "Port.", .fallback = 8123},
      {.name = "database", .description = "Database.", .fallback = "default"},
      {.name = "username", .description = "User.", .fallback = "default"},
      {.name = "password", .kind = FieldKind::secret, .description = "Password."},
      {.name = "path", .description = "Folder."},
      {.name = "secure", .kind = FieldKind::boolean, .description = "TLS."},
  });
  destination.options = ConfigSpec({
      {.name = "engine", .description = "Table engine.", .fallback = "auto"},
      {.name = "order_by",
       .kind = FieldKind::object,
       .description = "Keys.",
       .example = R"({"public.orders":["id"]})"},
      {.name = "current_views",
       .kind = FieldKind::boolean,
       .description = "Views.",
       .fallback = true},
  });
  registry.add(std::move(destination));
  return registry;
}

}  // namespace penstock
