#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "servers/private_servers.h"
#include "servers/wait_ready.h"

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBinVariable = "PENSTOCK_POSTGRES_BIN";

// The bin folder of the newest installed server: Debian keeps one per major version.
std::string server_bin() {
  if (const char* named = std::getenv(kBinVariable)) return named;
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(entry.path() / "bin/initdb")) {
      newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
    }
  }
  const std::string bin = "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
  require_program("initdb", "postgresql-15", {bin});
  return bin;
}

// PostgreSQL and pgbouncer refuse to run as root; Debian's package has made this account.
std::optional<Account> server_account() {
  if (::geteuid() != 0) return std::nullopt;
  auto account = account_named("postgres");
  if (!account) {
    throw std::runtime_error(
        "no account `postgres` to run the server as: "
        "apt-get install postgresql-15");
  }
  return account;
}

void make_dir(const fs::path& path, const std::optional<Account>& owner) {
  if (::mkdir(path.c_str(), 0700) != 0) throw std::runtime_error("can't make " + path.string());
  if (owner && ::chown(path.c_str(), owner->uid, owner->gid) != 0) {
    throw std::runtime_error("can't give " + path.string() + " to the server's account");
  }
}

std::string rows_as_text(const PGresult* result) {
  std::string text;
  for (int row = 0; row < PQntuples(result); ++row) {
    if (row > 0) text += '\n';
    for (int column = 0; column < PQnfields(result); ++column) {
      if (column > 0) text += '\t';
      text += PQgetisnull(result, row, column) != 0 ? "\\N" : PQgetvalue(result, row, column);
    }
  }
  return text;
}

std::string unique_name() {
  static std::atomic<int> count{0};
  return "db_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

}  // namespace

PrivatePostgres::PrivatePostgres(const PostgresOptions& options)
    : options_(options), port_(free_port()), bin_(server_bin()), account_(server_account()) {
  make_dir(dir_ / "data", account_);
  make_dir(dir_ / "socket", account_);
  ::chmod((dir_ / "socket").c_str(), 0755);
  initialize();
  configure();
  for (int attempt = 0;; ++attempt) {
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      // Another program may have taken the port since free_port() looked.
      const bool taken = log().find("could not bind") != std::string::npos;
      if (!taken || attempt == 3) throw;
      port_ = free_port();
      configure();
    }
  }
}

PrivatePostgres::~PrivatePostgres() {
  if (server_) server_->stop(SIGQUIT);
}

ProcessOptions PrivatePostgres::as_server(const std::vector<std::string>& argv) const {
  return {.argv = argv,
          .environment = {"LC_ALL=C.UTF-8", "TZ=UTC"},
          .directory = dir_.path(),
          .account = account_,
          .death_signal = SIGQUIT};
}

void PrivatePostgres::initialize() {
  const std::string data = dir_ / "data";
  if (options_.standby_of != nullptr) {
    options_.standby_of->copy_data_to(data);
    write_file(data + "/standby.signal", "");
    return;
  }
  check_program(as_server({bin_ + "/initdb", "-D", data, "-U", "postgres", "--auth=trust",
                           "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"}));
  if (!options_.tls) return;
  make_certificate("DNS:localhost,IP:127.0.0.1", data + "/server.key", data + "/server.crt",
                   account_);
  // The data directory is the server's alone; clients need the certificate too.
  fs::copy_file(data + "/server.crt", certificate());
}

// Not pg_basebackup: a build of the server alone has none, and Debian's refuses newer servers.
void PrivatePostgres::copy_data_to(const std::string& place) {
  stop();
  check_program(as_server({require_program("cp", "coreutils"), "-a", dir_ / "data/.", place}));
  start();
}

void PrivatePostgres::configure() {
  std::string conf =
      "listen_addresses = '127.0.0.1'\n"
      "port = " +
      std::to_string(port_) +
      "\n"
      "unix_socket_directories = '" +
      socket_dir() +
      "'\n"
      "timezone = 'UTC'\n"
      "log_timezone = 'UTC'\n"
      "password_encryption = 'scram-sha-256'\n"
      "fsync = off\n"
      "full_page_writes = off\n"
      "shared_buffers = 64MB\n"
      "max_wal_size = 2GB\n";
  if (options_.tls) conf += "ssl = on\n";
  if (const auto* const primary = options_.standby_of) {
    conf += "primary_conninfo = 'host=" + primary->socket_dir() +
            " port=" + std::to_string(primary->port()) + " user=postgres'\n";
  }
  for (const auto& line : options_.config) conf += line + "\n";
  write_file(dir_ / "data/postgresql.conf", conf);
  const std::string& auth = options_.auth;
  write_file(dir_ / "data/pg_hba.conf",
             "local all all trust\n"
             "local replication all trust\n"
             "host all all 127.0.0.1/32 " +
                 auth + "\nhost replication all 127.0.0.1/32 " + auth + "\n");
}

std::string PrivatePostgres::uri(const std::string& database) const {
  const std::string secret = options_.password.empty() ? "" : ":" + options_.password;
  return "postgresql://postgres" + secret + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

pid_t PrivatePostgres::pid() const {
  return server_ ? server_->pid() : -1;
}

std::string PrivatePostgres::sql(const std::string& text, const std::string& database) const {
  const std::string port = std::to_string(port_), socket = socket_dir();
  const char* const names[] = {
      "host", "port", "user", "dbname", "connect_timeout", "client_encoding", "application_name",
      nullptr};
  const char* const values[] = {socket.c_str(), port.c_str(), "postgres",      database.c_str(),
                                "20",           "UTF8",       "penstock_test", nullptr};
  const std::unique_ptr<PGconn, decltype(&PQfinish)> session(PQconnectdbParams(names, values, 0),
                                                             PQfinish);
  if (PQstatus(session.get()) != CONNECTION_OK) {
    throw std::runtime_error(std::string("test PostgreSQL: ") + PQerrorMessage(session.get()));
  }
  PQsetNoticeProcessor(
      session.get(), [](void*, const char*) {}, nullptr);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(session.get(), text.c_str()),
                                                             PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    throw std::runtime_error(std::string("test PostgreSQL: ") + PQerrorMessage(session.get()) +
                             "in: " + text.substr(0, 500));
  }
  return rows_as_text(result.get());
}

bool PrivatePostgres::has_extension(const std::string& name) const {
  if (sql("SELECT count(*) FROM pg_available_extensions WHERE name = '" + name + "'") != "0") {
    return true;
  }
  if (std::getenv(kBinVariable) != nullptr) return false;
  throw std::runtime_error("the server has no extension " + name +
                           ": apt-get install postgresql-15 postgresql-15-postgis-3");
}

std::string PrivatePostgres::fresh_database() {
  const std::string name = unique_name();
  sql("CREATE DATABASE " + name);
  return name;
}

void PrivatePostgres::stop(bool immediate) {
  if (!server_) return;
  server_->stop(immediate ? SIGQUIT : SIGINT);  // pg_ctl(1): immediate, fast
  server_.reset();
}

void PrivatePostgres::start() {
  if (server_) return;
  auto options = as_server({bin_ + "/postgres", "-D", dir_ / "data"});
  const std::string log_path = dir_ / "postgres.log";
  options.stdout_path = log_path;
  options.append_output = true;
  server_ = std::make_unique<ChildProcess>(options);
  const std::string target = "host='" + socket_dir() + "' port=" + std::to_string(port_) +
                             " user=postgres dbname=postgres connect_timeout=5";
  try {
    wait_ready(*server_, "PostgreSQL", log_path,
               [&] { return PQping(target.c_str()) == PQPING_OK; });
  } catch (...) {
    server_.reset();
    throw;
  }
  if (!options_.password.empty() && options_.standby_of == nullptr) {
    sql("ALTER ROLE postgres PASSWORD '" + options_.password + "'");
  }
}

PrivatePgbouncer::PrivatePgbouncer(const PrivatePostgres& server, const PgbouncerOptions& options)
    : port_(free_port()) {
  const auto program = require_program("pgbouncer", "pgbouncer");
  std::string text = "[databases]\n* = host=" + server.socket_dir() +
                     " port=" + std::to_string(server.port()) +
                     " user=postgres\n"
                     "[pgbouncer]\n"
                     "listen_addr = 127.0.0.1\n"
                     "listen_port = " +
                     std::to_string(port_) +
                     "\n"
                     "unix_socket_dir =\n"
                     "auth_type = any\n"
                     "pool_mode = " +
                     options.pool_mode + "\n";
  for (const auto& line : options.config) text += line + "\n";
  write_file(dir_ / "pgbouncer.ini", text);
  const std::string log_path = dir_ / "pgbouncer.log";
  server_ = std::make_unique<ChildProcess>(ProcessOptions{.argv = {program, dir_ / "pgbouncer.ini"},
                                                          .stdout_path = log_path,
                                                          .directory = dir_.path(),
                                                          .account = server_account()});
  const std::string target =
      "host=127.0.0.1 port=" + std::to_string(port_) + " user=postgres dbname=postgres";
  wait_ready(*server_, "pgbouncer", log_path,
             [&] { return PQping((target + " connect_timeout=5").c_str()) == PQPING_OK; });
}

PrivatePgbouncer::~PrivatePgbouncer() {
  if (server_) server_->stop(SIGTERM, std::chrono::milliseconds(2'000));
}

std::string PrivatePgbouncer::uri(const std::string& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

PrivatePostgres& shared_postgres() {
  static PrivatePostgres server;
  return server;
}

}  // namespace penstock::testing
