// The configuration of a connection, declared and read.
#include "adapters/systems/mysql/connection.h"

namespace penstock::mysql {

std::vector<ConfigField> connection_fields() {
  std::vector<ConfigField> fields;
  const auto add = [&](ConfigField field) { fields.push_back(std::move(field)); };
  add({.name = "host",
       .description = "Host name or address of the server, or the path of its unix socket.",
       .fallback = json::value("localhost"),
       .aliases = {"hostname"},
       .example = "db.example.com"});
  add({.name = "port",
       .kind = FieldKind::integer,
       .description = "TCP port.",
       .fallback = json::value(3306),
       .min = 1,
       .max = 65'535});
  add({.name = "database",
       .description = "Name of the database; unset: all databases that the user may see, their "
                      "tables named database_table.",
       .aliases = {"dbname"},
       .example = "shop"});
  add({.name = "username",
       .description = "Account to connect as; unset: the operating system user's name.",
       .aliases = {"user"},
       .example = "penstock"});
  add({.name = "password", .kind = FieldKind::secret, .description = "Password of the account."});
  add({.name = "ssl_mode",
       .kind = FieldKind::choice,
       .description = "Encryption: verify_identity checks the server's certificate and name, "
                      "verify_ca the certificate alone, preferred encrypts when the server offers "
                      "it.",
       .fallback = json::value("preferred"),
       .choices = {"disabled", "preferred", "required", "verify_ca", "verify_identity"},
       .aliases = {"sslmode"}});
  add({.name = "ssl_ca",
       .description = "File of the certificate authorities to trust; unset: the system's.",
       .aliases = {"sslrootcert"}});
  add({.name = "ssl_cert",
       .description = "File of the client's certificate.",
       .aliases = {"sslcert"}});
  add({.name = "ssl_key",
       .description = "File of the client certificate's key.",
       .aliases = {"sslkey"}});
  add({.name = "connect_timeout",
       .kind = FieldKind::integer,
       .description = "Seconds to wait for a connection.",
       .fallback = json::value(static_cast<std::int64_t>(limits::connect_timeout.count())),
       .min = 1,
       .max = 600});
  return fields;
}

ConnectOptions connect_options(const Config& config, Side side) {
  ConnectOptions options;
  options.side = side;
  options.host = config.text("host");
  options.port = config.integer("port");
  options.database = config.text("database");
  options.username = config.text("username");
  options.password = config.text("password");
  options.ssl_mode = config.text("ssl_mode");
  options.ssl_ca = config.text("ssl_ca");
  options.ssl_cert = config.text("ssl_cert");
  options.ssl_key = config.text("ssl_key");
  options.connect_timeout = std::chrono::seconds{config.integer("connect_timeout")};
  return options;
}

}  // namespace penstock::mysql
