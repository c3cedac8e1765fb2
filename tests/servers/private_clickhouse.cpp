#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "servers/http_query.h"
#include "servers/private_servers.h"
#include "servers/wait_ready.h"

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds stop_timeout{30'000};

std::string unique_name() {
  static std::atomic<int> count{0};
  return "db_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string tag(const std::string& name, const std::string& text) {
  return "<" + name + ">" + text + "</" + name + ">\n";
}

std::string user_xml(const ClickHouseUser& user) {
  return tag(user.name,
             tag("password", escaped(user.password)) + tag("networks", tag("ip", "127.0.0.1")) +
                 tag("profile", user.read_only ? "readonly" : "default") + tag("quota", "default"));
}

std::string env_or(const char* name, const std::string& other) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? other : value;
}

void stop_server(std::unique_ptr<ChildProcess>& server, bool immediate) {
  if (server) server->stop(immediate ? SIGKILL : SIGTERM, stop_timeout);
  server.reset();
}

}  // namespace

PrivateClickHouse::PrivateClickHouse(const ClickHouseOptions& options) : options_(options) {
  fs::create_directory(dir_ / "data");
  if (options_.tls) make_certificate("DNS:localhost", dir_ / "server.key", certificate());
  for (int attempt = 0;; ++attempt) {
    http_port_ = free_port();
    tcp_port_ = free_port();
    if (options_.tls) https_port_ = free_port();
    configure();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      // Another program may have taken a port since free_port() looked.
      if (log().find("Address already in use") == std::string::npos || attempt == 3) throw;
    }
  }
}

PrivateClickHouse::~PrivateClickHouse() {
  stop_server(server_, true);
}

void PrivateClickHouse::configure() const {
  const std::string data = data_dir() + "/";
  const std::string logger = tag("level", "information") + tag("log", dir_ / "server.log") +
                             tag("errorlog", dir_ / "error.log") + tag("size", "100M") +
                             tag("count", "1");
  write_file(
      dir_ / "config.xml",
      "<?xml version=\"1.0\"?>\n" +
          tag("yandex",
              tag("logger", logger) + tag("http_port", std::to_string(http_port_)) +
                  tag("tcp_port", std::to_string(tcp_port_)) + tag("listen_host", "127.0.0.1") +
                  tag("path", data) + tag("tmp_path", data + "tmp/") +
                  tag("user_files_path", data + "user_files/") +
                  tag("users_config", dir_ / "users.xml") + tag("default_profile", "default") +
                  tag("default_database", "default") + tag("timezone", options_.timezone) +
                  tag("mark_cache_size", "268435456") + tag("max_concurrent_queries", "100") +
                  tag("keep_alive_timeout", "10") + tls_config() + options_.config));
  std::string users = user_xml({.name = "default", .password = options_.password});
  for (const auto& user : options_.users) users += user_xml(user);
  write_file(dir_ / "users.xml",
             "<?xml version=\"1.0\"?>\n" +
                 tag("yandex", tag("profiles", tag("default", options_.profile) +
                                                   tag("readonly", tag("readonly", "1"))) +
                                   tag("users", users) + tag("quotas", "<default></default>\n")));
}

std::string PrivateClickHouse::tls_config() const {
  if (!options_.tls) return {};
  return tag("https_port", std::to_string(https_port_)) +
         tag("openSSL",
             tag("server",
                 tag("certificateFile", certificate()) +
                     tag("privateKeyFile", dir_ / "server.key") + tag("verificationMode", "none") +
                     tag("disableProtocols", "sslv2,sslv3") + tag("preferServerCiphers", "true")));
}

pid_t PrivateClickHouse::pid() const {
  return server_ ? server_->pid() : -1;
}

std::string PrivateClickHouse::query(const std::string& text, const std::string& database) const {
  return http_query(
      {.port = http_port_, .password = options_.password, .database = database, .text = text});
}

std::string PrivateClickHouse::fresh_database() {
  const std::string name = unique_name();
  query("CREATE DATABASE " + name);
  return name;
}

void PrivateClickHouse::stop(bool immediate) {
  stop_server(server_, immediate);
}

void PrivateClickHouse::start() {
  if (server_) return;
  const auto program = env_or("PENSTOCK_CLICKHOUSE_SERVER",
                              require_program("clickhouse-server", "clickhouse-server"));
  const std::string out_path = dir_ / "output.log";
  std::vector<std::string> argv{program, "--config-file=" + (dir_ / "config.xml").string()};
  if (options_.disk_mib > 0) {
    const std::string script = "mount -t tmpfs -o size=" + std::to_string(options_.disk_mib) +
                               R"(m tmpfs "$0" && exec "$@")";
    argv.insert(argv.begin(), {require_program("unshare", "util-linux"), "-Urm", "/bin/sh", "-c",
                               script, data_dir()});
  }
  server_ = std::make_unique<ChildProcess>(ProcessOptions{
      .argv = argv, .environment = {"TZ=UTC"}, .stdout_path = out_path, .directory = dir_.path()});
  try {
    wait_ready(*server_, "ClickHouse", dir_ / "error.log", [&] { return http_alive(http_port_); });
  } catch (const std::runtime_error& error) {
    server_.reset();
    throw std::runtime_error(error.what() + file_text(out_path));
  }
}

EmbeddedClickHouse::EmbeddedClickHouse(const std::string& path)
    : path_(path.empty() ? (dir_ / "data").string() : path), port_(free_port()) {
  start();
}

// A caller's path keeps its data, so the server gets to end in order there.
EmbeddedClickHouse::~EmbeddedClickHouse() {
  stop_server(server_, path_.starts_with(dir_.path().string()));
}

std::string EmbeddedClickHouse::library() {
  const std::string installed = std::string(PENSTOCK_SOURCE_DIR) +
                                "/build/deps/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so";
  auto file = env_or("PENSTOCK_LIBCHDB", installed);
  if (!fs::exists(file)) {
    throw std::runtime_error("this test needs the current ClickHouse, but there is no " + file +
                             ": run ./test --install, or set PENSTOCK_LIBCHDB to a libchdb.so");
  }
  return file;
}

pid_t EmbeddedClickHouse::pid() const {
  return server_ ? server_->pid() : -1;
}

std::string EmbeddedClickHouse::query(const std::string& text, const std::string& database) const {
  return http_query({.port = port_, .database = database, .text = text});
}

std::string EmbeddedClickHouse::fresh_database() {
  const std::string name = unique_name();
  query("CREATE DATABASE " + name);
  return name;
}

void EmbeddedClickHouse::stop(bool immediate) {
  stop_server(server_, immediate);
}

void EmbeddedClickHouse::start() {
  if (server_) return;
  const auto program =
      env_or("PENSTOCK_EMBEDDED_PROGRAM", std::string(PENSTOCK_BINARY_DIR) + "/penstock");
  if (::access(program.c_str(), X_OK) != 0) {
    throw std::runtime_error("this test needs " + program +
                             ": build the target `penstock`, or set "
                             "PENSTOCK_EMBEDDED_PROGRAM to one that is built");
  }
  const std::string log_path = dir_ / "embedded.log";
  server_ = std::make_unique<ChildProcess>(
      ProcessOptions{.argv = {program, "embedded-clickhouse", "--path", path_, "--port",
                              std::to_string(port_), "--linger", "3600", "--library", library()},
                     .environment = {"TZ=UTC"},
                     .stdout_path = log_path,
                     .append_output = true});
  try {
    wait_ready(*server_, "embedded ClickHouse", log_path, [&] { return http_alive(port_); });
  } catch (...) {
    server_.reset();
    throw;
  }
}

PrivateClickHouse& shared_clickhouse() {
  static PrivateClickHouse server;
  return server;
}

EmbeddedClickHouse& shared_embedded_clickhouse() {
  static EmbeddedClickHouse server;
  return server;
}

}  // namespace penstock::testing
