// Real servers for tests, each with its own data directory and free ports on 127.0.0.1. Nothing of
// the machine's own servers is read, started or touched. A server program that isn't installed is
// an exception naming the Debian package, so the test fails: tests never skip for want of a server.
//
// All classes: construction starts the server and returns when it answers (bounded; the exception
// carries the end of the server's log), destruction ends it and removes its data. The server also
// ends when the test program dies. Objects belong to one thread at a time, except that sql() and
// query() may be called from any thread. Errors are std::runtime_error.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "servers/process.h"

namespace penstock::testing {

class PrivatePostgres;

struct PostgresOptions {
  std::vector<std::string> config;  // lines for postgresql.conf, after (so over) ours
  std::string auth = "trust";       // pg_hba method for TCP connections, e.g. "scram-sha-256"
  std::string password;             // of user postgres; needed when `auth` asks for one
  bool tls = false;                 // TLS with a self-signed certificate for localhost, 127.0.0.1
  // A hot standby of that server, which must run; it is stopped and started again for its copy.
  PrivatePostgres* standby_of = nullptr;
};

// PostgreSQL (the newest installed, or PENSTOCK_POSTGRES_BIN). Superuser `postgres`; connections by
// the unix socket are always trusted. Time zone UTC, encoding UTF-8. Commits
// survive a crash of the server but not of the machine (no fsync).
class PrivatePostgres {
 public:
  explicit PrivatePostgres(const PostgresOptions& options = {});
  ~PrivatePostgres();

  std::string host() const { return "127.0.0.1"; }
  int port() const { return port_; }
  std::string socket_dir() const { return dir_ / "socket"; }
  std::string user() const { return "postgres"; }
  const std::string& password() const { return options_.password; }
  std::string certificate() const { return dir_ / "server.crt"; }  // with `tls`
  // postgresql://postgres[:password]@127.0.0.1:port/database
  std::string uri(const std::string& database = "postgres") const;
  pid_t pid() const;
  std::string log() const { return file_text(dir_ / "postgres.log"); }

  // Runs statements over the unix socket as superuser; returns the last result's rows, columns
  // parted by tabs, lines by '\n' (none at the end), NULL as "\N".
  std::string sql(const std::string& text, const std::string& database = "postgres") const;
  // Creates an empty database whose name no other call has used, and returns the name.
  std::string fresh_database();
  // Whether the extension can be created. Only a server that PENSTOCK_POSTGRES_BIN names may lack
  // one that a test asks for; when Debian's does, the exception names the package.
  bool has_extension(const std::string& name) const;
  // 15 for PostgreSQL 15.18.
  int major_version() const { return std::stoi(sql("SHOW server_version_num")) / 10'000; }

  // Immediate: as after a crash. Not immediate: sessions are ended, then a checkpoint.
  void stop(bool immediate = false);
  void start();  // again, on the same port and data

 private:
  void initialize();
  void configure();
  void copy_data_to(const std::string& place);
  ProcessOptions as_server(const std::vector<std::string>& argv) const;

  PostgresOptions options_;
  TempDir dir_;
  int port_ = 0;
  std::string bin_;
  std::optional<Account> account_;
  std::unique_ptr<ChildProcess> server_;
};

struct MariadbOptions {
  std::vector<std::string> config;  // lines for [mysqld], after (so over) ours
  std::string password;             // of root; empty: none
  bool tls = false;                 // TLS with a self-signed certificate for localhost, 127.0.0.1
};

// Debian's mariadb-server, or the mysqld of MySQL that PENSTOCK_MYSQL_SERVER names. Account `root`
// with all privileges over TCP. Character set utf8mb4, time zone of the server +03:00 (so that what
// depends on it shows), binary log on. Commits survive a crash of the server
// but not of the machine (no fsync).
class PrivateMariadb {
 public:
  explicit PrivateMariadb(const MariadbOptions& options = {});
  ~PrivateMariadb();

  // Whether PENSTOCK_MYSQL_SERVER put MySQL in MariaDB's place.
  static bool is_mysql();

  std::string host() const { return "127.0.0.1"; }
  int port() const { return port_; }
  std::string socket() const { return dir_ / "server.sock"; }
  std::string user() const { return "root"; }
  const std::string& password() const { return options_.password; }
  std::string certificate() const { return dir_ / "server.crt"; }  // with `tls`
  // mysql://root[:password]@127.0.0.1:port/database
  std::string url(const std::string& database) const;
  pid_t pid() const;
  std::string log() const { return file_text(dir_ / "server.log"); }

  // Runs statements as root; returns the last result's rows, columns parted by tabs, lines by '\n'
  // (none at the end), NULL as "\N". Text goes and comes as utf8mb4.
  std::string sql(const std::string& text, const std::string& database = "") const;
  std::string fresh_database();

  void stop(bool immediate = false);  // immediate: kill -9
  void start();

 private:
  void initialize();
  void configure() const;
  void make_certificate() const;
  ProcessOptions as_server(const std::vector<std::string>& argv) const;

  MariadbOptions options_;
  TempDir dir_;
  int port_ = 0;
  std::optional<Account> account_;
  std::unique_ptr<ChildProcess> server_;
};

struct ClickHouseUser {
  std::string name, password;
  bool read_only = false;
};

struct ClickHouseOptions {
  std::string password;               // of user `default`; empty: none is asked for
  std::vector<ClickHouseUser> users;  // further ones
  std::string config;                 // XML for inside <yandex> of config.xml
  std::string profile;                // XML for inside the default profile of users.xml
  std::string timezone = "UTC";
  bool tls = false;  // HTTPS too, with a self-signed certificate for localhost, not for 127.0.0.1
  // Data on a file system of their own (tmpfs in a namespace of the server's) with so many MiB; 0:
  // none. Such a server's data end with it.
  int disk_mib = 0;
};

// Debian's clickhouse-server (18.16) over HTTP, or the one PENSTOCK_CLICKHOUSE_SERVER names.
class PrivateClickHouse {
 public:
  explicit PrivateClickHouse(const ClickHouseOptions& options = {});
  ~PrivateClickHouse();

  std::string host() const { return "127.0.0.1"; }
  int port() const { return http_port_; }  // HTTP
  int tcp_port() const { return tcp_port_; }
  int https_port() const { return https_port_; }                   // with `tls`
  std::string certificate() const { return dir_ / "server.crt"; }  // with `tls`
  const std::string& password() const { return options_.password; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(http_port_); }
  std::string data_dir() const { return dir_ / "data"; }
  pid_t pid() const;
  std::string log() const { return file_text(dir_ / "server.log"); }

  // Runs one statement as user `default`; returns the answer (TabSeparated unless it says another
  // FORMAT) without the newline at its end. Throws with the server's text when it fails.
  std::string query(const std::string& text, const std::string& database = "default") const;
  std::string fresh_database();

  void stop(bool immediate = false);  // immediate: kill -9
  void start();

 private:
  void configure() const;
  std::string tls_config() const;

  ClickHouseOptions options_;
  TempDir dir_;
  int http_port_ = 0, tcp_port_ = 0, https_port_ = 0;
  std::unique_ptr<ChildProcess> server_;
};

// The current ClickHouse (libchdb), served over HTTP by penstock's own child process:
// `penstock embedded-clickhouse`. The program is PENSTOCK_EMBEDDED_PROGRAM or <build>/penstock; the
// library is PENSTOCK_LIBCHDB or what `./test` installs under build/deps.
class EmbeddedClickHouse {
 public:
  // Data in a directory of its own, or in `path`, which then stays.
  explicit EmbeddedClickHouse(const std::string& path = "");
  ~EmbeddedClickHouse();

  // The library file; throws with what to do when there is none.
  static std::string library();

  std::string host() const { return "127.0.0.1"; }
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const std::string& path() const { return path_; }
  pid_t pid() const;
  std::string log() const { return file_text(dir_ / "embedded.log"); }
  std::string query(const std::string& text, const std::string& database = "default") const;
  std::string fresh_database();

  void stop(bool immediate = false);  // immediate: kill -9
  void start();

 private:
  TempDir dir_;
  std::string path_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> server_;
};

struct PgbouncerOptions {
  std::string pool_mode = "transaction";
  std::vector<std::string> config;  // lines for the [pgbouncer] section
};

// pgbouncer before a PrivatePostgres, which must outlive it. Clients are trusted; every database of
// the server is reachable under its own name as user postgres.
class PrivatePgbouncer {
 public:
  explicit PrivatePgbouncer(const PrivatePostgres& server, const PgbouncerOptions& options = {});
  ~PrivatePgbouncer();

  std::string host() const { return "127.0.0.1"; }
  int port() const { return port_; }
  std::string uri(const std::string& database = "postgres") const;
  std::string log() const { return file_text(dir_ / "pgbouncer.log"); }

 private:
  TempDir dir_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> server_;
};

// One of each per test program, started at the first call, ended at the program's end.
PrivatePostgres& shared_postgres();
PrivateMariadb& shared_mariadb();
PrivateClickHouse& shared_clickhouse();
EmbeddedClickHouse& shared_embedded_clickhouse();

}  // namespace penstock::testing
