#include <mysql.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "servers/private_servers.h"
#include "servers/wait_ready.h"

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;

const char* mysql_server() {
  return std::getenv("PENSTOCK_MYSQL_SERVER");
}

std::string server_program() {
  if (const char* const named = mysql_server()) return named;
  return require_program("mariadbd", "mariadb-server");
}

// Both refuse to run as root; Debian's package has made this account.
std::optional<Account> server_account() {
  if (::geteuid() != 0) return std::nullopt;
  auto account = account_named("mysql");
  if (!account) {
    throw std::runtime_error(
        "no account `mysql` to run the server as: apt-get install "
        "mariadb-server");
  }
  return account;
}

using Session = std::unique_ptr<MYSQL, decltype(&mysql_close)>;

Session connect(const std::string& socket, const std::string& password,
                const std::string& database) {
  Session session(mysql_init(nullptr), &mysql_close);
  const unsigned seconds = 10;
  mysql_options(session.get(), MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_options(session.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(session.get(), nullptr, "root", password.c_str(),
                         database.empty() ? nullptr : database.c_str(), 0, socket.c_str(),
                         CLIENT_MULTI_STATEMENTS) == nullptr) {
    throw std::runtime_error(std::string("test MariaDB: ") + mysql_error(session.get()));
  }
  return session;
}

std::string rows_as_text(MYSQL_RES* result) {
  std::string text;
  bool first_row = true;
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* const lengths = mysql_fetch_lengths(result);
    if (!first_row) text += '\n';
    first_row = false;
    for (unsigned i = 0; i < mysql_num_fields(result); ++i) {
      if (i > 0) text += '\t';
      text += row[i] == nullptr ? std::string("\\N") : std::string(row[i], lengths[i]);
    }
  }
  return text;
}

std::string unique_name() {
  static std::atomic<int> count{0};
  return "db_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

// A string literal of SQL with backslash escapes.
std::string literal(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

PrivateMariadb::PrivateMariadb(const MariadbOptions& options)
    : options_(options), port_(free_port()), account_(server_account()) {
  const fs::path data = dir_ / "data";
  if (::mkdir(data.c_str(), 0700) != 0) throw std::runtime_error("can't make " + data.string());
  for (const fs::path& path : {data, dir_.path()}) {
    if (account_ && ::chown(path.c_str(), account_->uid, account_->gid) != 0) {
      throw std::runtime_error("can't give " + path.string() + " to the server's account");
    }
  }
  if (options_.tls) make_certificate();
  configure();
  initialize();
  for (int attempt = 0;; ++attempt) {
    try {
      start();
      break;
    } catch (const std::runtime_error&) {
      // Another program may have taken the port since free_port() looked.
      const bool taken = log().find("Address already in use") != std::string::npos;
      if (!taken || attempt == 3) throw;
      port_ = free_port();
      configure();
    }
  }
}

PrivateMariadb::~PrivateMariadb() {
  if (server_) server_->stop(SIGKILL);
}

bool PrivateMariadb::is_mysql() {
  return mysql_server() != nullptr;
}

ProcessOptions PrivateMariadb::as_server(const std::vector<std::string>& argv) const {
  return {.argv = argv,
          .environment = {"LC_ALL=C.UTF-8", "TZ=UTC-3"},
          .directory = dir_.path(),
          .account = account_,
          .death_signal = SIGKILL};
}

void PrivateMariadb::initialize() {
  const std::string defaults = "--defaults-file=" + (dir_ / "server.cnf").string();
  if (is_mysql()) {
    check_program(as_server({server_program(), defaults, "--initialize-insecure"}),
                  std::chrono::minutes(3));
    return;
  }
  const auto install = require_program("mariadb-install-db", "mariadb-server");
  check_program(as_server({install, defaults, "--auth-root-authentication-method=normal",
                           "--skip-test-db", "--skip-name-resolve"}),
                std::chrono::minutes(3));
}

void PrivateMariadb::make_certificate() const {
  const auto openssl = require_program("openssl", "openssl");
  check_program(
      as_server({openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                 "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                 dir_ / "server.key", "-out", certificate()}));
}

void PrivateMariadb::configure() const {
  std::string conf = "[mysqld]\nbind-address = 127.0.0.1\nport = " + std::to_string(port_) +
                     "\nsocket = " + socket() + "\ndatadir = " + (dir_ / "data").string() +
                     "\npid-file = " + (dir_ / "server.pid").string() +
                     "\ntmpdir = " + dir_.path().string() +
                     "\nskip-name-resolve\ncharacter-set-server = utf8mb4\n"
                     "default-time-zone = '+03:00'\nlog-bin = log\nserver-id = 1\n"
                     "binlog-format = ROW\nsync-binlog = 0\n"
                     "innodb-flush-log-at-trx-commit = 2\ninnodb-buffer-pool-size = 64M\n"
                     "max-allowed-packet = 512M\nlocal-infile = OFF\n";
  if (is_mysql()) conf += "mysqlx = OFF\n";
  if (options_.tls) {
    conf += "ssl-cert = " + certificate() + "\nssl-key = " + (dir_ / "server.key").string() + "\n";
  }
  for (const auto& line : options_.config) conf += line + "\n";
  write_file(dir_ / "server.cnf", conf);
  ::chmod((dir_ / "server.cnf").c_str(), 0644);
}

std::string PrivateMariadb::url(const std::string& database) const {
  const std::string secret = options_.password.empty() ? "" : ":" + options_.password;
  return "mysql://root" + secret + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

pid_t PrivateMariadb::pid() const {
  return server_ ? server_->pid() : -1;
}

std::string PrivateMariadb::sql(const std::string& text, const std::string& database) const {
  const Session session = connect(socket(), options_.password, database);
  const auto fail = [&] {
    throw std::runtime_error(std::string("test MariaDB: ") + mysql_error(session.get()) +
                             " in: " + text.substr(0, 500));
  };
  if (mysql_real_query(session.get(), text.data(), text.size()) != 0) fail();
  std::string out;
  for (;;) {
    if (MYSQL_RES* const result = mysql_store_result(session.get())) {
      out = rows_as_text(result);
      mysql_free_result(result);
    } else if (mysql_field_count(session.get()) != 0) {
      fail();
    }
    const int more = mysql_next_result(session.get());
    if (more > 0) fail();
    if (more < 0) return out;
  }
}

std::string PrivateMariadb::fresh_database() {
  const std::string name = unique_name();
  sql("CREATE DATABASE " + name);
  return name;
}

void PrivateMariadb::stop(bool immediate) {
  if (!server_) return;
  server_->stop(immediate ? SIGKILL : SIGTERM, std::chrono::milliseconds(30'000));
  server_.reset();
}

void PrivateMariadb::start() {
  if (server_) return;
  auto options = as_server({server_program(), "--defaults-file=" + (dir_ / "server.cnf").string()});
  const std::string log_path = dir_ / "server.log";
  options.stdout_path = log_path;
  options.append_output = true;
  server_ = std::make_unique<ChildProcess>(options);
  bool fresh = false;
  const auto answers = [&](const std::string& password) {
    try {
      connect(socket(), password, "");
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  try {
    wait_ready(*server_, "MariaDB", log_path, [&] {
      fresh = !options_.password.empty() && answers("");
      return fresh || answers(options_.password);
    });
  } catch (...) {
    server_.reset();
    throw;
  }
  if (!fresh &&
      sql("SELECT count(*) FROM mysql.user WHERE user = 'root' AND host = '127.0.0.1'") != "0") {
    return;
  }
  const std::string wanted = options_.password, secret = literal(wanted);
  options_.password = fresh ? "" : wanted;
  std::string accounts = "SET sql_log_bin = 0;";
  // mariadb-install-db makes some of them, without a password.
  accounts += "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';";
  accounts += "ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY " + secret + ";";
  accounts += "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;";
  accounts += "ALTER USER 'root'@'localhost' IDENTIFIED BY " + secret;
  sql(accounts);
  options_.password = wanted;
}

PrivateMariadb& shared_mariadb() {
  static PrivateMariadb server;
  return server;
}

}  // namespace penstock::testing
