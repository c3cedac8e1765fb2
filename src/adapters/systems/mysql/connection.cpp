#include "adapters/systems/mysql/connection.h"

#include <errmsg.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "adapters/systems/mysql/error_map.h"
#include "adapters/systems/mysql/session_pins.h"
#include "core/text.h"

namespace penstock::mysql {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kKillMax{1000};     // to deliver a KILL
constexpr std::chrono::milliseconds kDrainMax{500};     // for the server to react to it
constexpr std::chrono::milliseconds kFarewellMax{100};  // to say good-bye
constexpr int kTlsWaitMs = 5;  // what ma_tls_read and ma_tls_write ask for (secure/openssl.c)
constexpr int kUserTimeoutMs = 60'000;                // unacknowledged data: the peer is gone
constexpr unsigned long kPacketBytesMax = 1UL << 30;  // the protocol's own bound
constexpr const char* kSystemCertificates = "/etc/ssl/certs";
// Methods that do not show the password to whoever asks for it.
constexpr const char* kSafeMethods =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec";
constexpr const char* kAllMethods =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec,"
    "mysql_clear_password,dialog";

// libmariadb calls back when it would block, but hands over nothing of ours: what the waiting
// thread obeys lies here for the time of one call.
struct Wait {
  const CancelToken* cancel = nullptr;
  Clock::time_point deadline;
  bool timed_out = false;
};
thread_local Wait* current_wait = nullptr;

class WaitScope {
 public:
  WaitScope(const CancelToken* cancel, Clock::time_point deadline)
      : wait_{cancel, deadline, false}, outer_(std::exchange(current_wait, &wait_)) {}
  ~WaitScope() { current_wait = outer_; }
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;
  bool timed_out() const { return wait_.timed_out; }

 private:
  Wait wait_;
  Wait* outer_;
};

// MARIADB_OPT_IO_WAIT: 1 ready, 0 time-out, -1 failure.
int wait_io(my_socket socket, my_bool for_read, int timeout_ms) {
  Wait* const wait = current_wait;
  for (;;) {
    if (wait != nullptr && wait->cancel != nullptr && wait->cancel->requested()) {
      errno = ECANCELED;
      return -1;
    }
    const auto now = Clock::now();
    if (wait != nullptr && now >= wait->deadline) {
      wait->timed_out = true;
      return 0;
    }
    auto pause = kCancelPoll;
    if (wait != nullptr && wait->deadline - now < pause) {
      pause = std::chrono::duration_cast<std::chrono::milliseconds>(wait->deadline - now) +
              std::chrono::milliseconds{1};
    }
    // The TLS layer asks to wait for reading also when it wants to write: it is sent back soon.
    const bool tls = timeout_ms == kTlsWaitMs;
    if (tls) pause = std::min(pause, std::chrono::milliseconds{20});
    pollfd waited{
        .fd = socket, .events = static_cast<short>(for_read != 0 ? POLLIN : POLLOUT), .revents = 0};
    const int ready = poll(&waited, 1, static_cast<int>(pause.count()));
    if (ready > 0 || tls) return 1;
    if (ready < 0 && errno != EINTR) return -1;
  }
}

Clock::time_point after(std::chrono::milliseconds limit) {
  return Clock::now() + limit;
}

void keep_alive(int socket) {
  const auto set = [&](int level, int name, int value) {
    setsockopt(socket, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

const char* text_or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

void set_tls(MYSQL& handle, const ConnectOptions& options) {
  if (options.ssl_mode == "disabled") return;
  const auto set = [&](mysql_option option, const void* value) {
    if (value != nullptr) mysql_options(&handle, option, value);
  };
  const bool verify = options.ssl_mode.starts_with("verify");
  const my_bool yes = 1;
  set(MYSQL_OPT_SSL_ENFORCE, &yes);
  set(MYSQL_OPT_SSL_KEY, text_or_null(options.ssl_key));
  set(MYSQL_OPT_SSL_CERT, text_or_null(options.ssl_cert));
  if (verify) {
    // libmariadb checks the chain when it knows an authority, and the name only when told so.
    set(MYSQL_OPT_SSL_CA, text_or_null(options.ssl_ca));
    if (options.ssl_ca.empty()) set(MYSQL_OPT_SSL_CAPATH, kSystemCertificates);
  }
  if (options.ssl_mode == "verify_identity") set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

}  // namespace

std::string ConnectOptions::endpoint() const {
  return host.starts_with('/') ? host : host + ":" + std::to_string(port);
}

// ---- results

Result::Result(MYSQL_RES* result) : result_(result, &mysql_free_result) {
  if (result == nullptr) return;
  columns_ = mysql_num_fields(result);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    values_.push_back(row);
    const unsigned long* const lengths = mysql_fetch_lengths(result);
    lengths_.insert(lengths_.end(), lengths, lengths + columns_);
  }
}

std::string_view Result::text(int row, int column) const {
  const char* const value = at(row)[column];
  if (value == nullptr) return {};
  return {value,
          lengths_[static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column)]};
}

std::int64_t Result::integer(int row, int column) const {
  const std::string_view value = text(row, column);
  std::int64_t out = 0;
  std::from_chars(value.data(), value.data() + value.size(), out);
  return out;
}

int Result::column(std::string_view name) const {
  const MYSQL_FIELD* const fields = mysql_fetch_fields(result_.get());
  for (unsigned i = 0; i < columns_; ++i) {
    if (lower(fields[i].name) == lower(name)) return static_cast<int>(i);
  }
  return -1;
}

// ---- connecting

Connection::Connection(const ConnectOptions& options, CancelToken cancel)
    : options_(options), cancel_(std::move(cancel)) {
  cancel_.check();
  static const int library = mysql_server_init(0, nullptr, nullptr);
  if (library != 0 || mysql_init(&handle_) == nullptr) throw std::bad_alloc();
  initialised_ = true;
  try {
    connect();
    pin_session();
  } catch (...) {
    close();
    throw;
  }
}

Connection::~Connection() {
  close();
}

void Connection::connect() {
  const auto seconds = static_cast<unsigned>(options_.connect_timeout.count());
  const unsigned off = 0;
  const unsigned long packet_bytes_max = kPacketBytesMax;
  const bool trusted = options_.ssl_mode == "verify_identity";
  const bool socket = options_.host.starts_with('/');
  const unsigned protocol = socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  mysql_options(&handle_, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(&handle_, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_options(&handle_, MYSQL_OPT_LOCAL_INFILE, &off);
  mysql_options(&handle_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(&handle_, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes_max);
  mysql_optionsv(&handle_, MARIADB_OPT_IO_WAIT, &wait_io);
  mysql_optionsv(&handle_, MARIADB_OPT_RESTRICTED_AUTH, trusted ? kAllMethods : kSafeMethods);
  mysql_options4(&handle_, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "penstock");
  set_tls(handle_, options_);

  const WaitScope wait(&cancel_, after(options_.connect_timeout));
  const char* const host = socket ? nullptr : options_.host.c_str();
  if (mysql_real_connect(&handle_, host, text_or_null(options_.username), options_.password.c_str(),
                         text_or_null(options_.database), static_cast<unsigned>(options_.port),
                         socket ? options_.host.c_str() : nullptr, 0) == nullptr) {
    cancel_.check();
    Error error = server_error(
        options_.side, {mysql_errno(&handle_), mysql_sqlstate(&handle_), mysql_error(&handle_)},
        "connecting to MySQL at " + options_.endpoint());
    if (wait.timed_out()) error.hint("check host, port and firewalls, or raise connect_timeout");
    throw error;
  }
  usable_ = true;
  session_ = mysql_thread_id(&handle_);
  encrypted_ = mysql_get_ssl_cipher(&handle_) != nullptr;
  if (!encrypted_ && options_.ssl_mode != "disabled" && options_.ssl_mode != "preferred") {
    throw Error(options_.side, side_code(options_.side, "*.tls"),
                "MySQL at " + options_.endpoint() + " offers no encryption")
        .hint("ssl_mode: preferred or disabled connects without it");
  }
  const int fd = static_cast<int>(mysql_get_socket(&handle_));
  // Only then the TLS layer comes back to us instead of blocking in recv().
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (!socket) keep_alive(fd);
  read_version();
}

// "8.0.32-0ubuntu0.22.04.2", "10.11.19-MariaDB-0+deb12u1"; libmariadb has removed the "5.5.5-" that
// MariaDB puts before it in the handshake.
void Connection::read_version() {
  const std::string_view told = mysql_get_server_info(&handle_);
  version_.mariadb = lower(told).find("mariadb") != std::string::npos;
  std::array<int, 3> parts{};
  const char* at = told.data();
  const char* const end = at + told.size();
  for (int& part : parts) {
    const auto [rest, failure] = std::from_chars(at, end, part);
    if (failure != std::errc()) break;
    at = rest;
    if (at == end || *at != '.') break;
    ++at;
  }
  version_.number = parts[0] * 10'000 + parts[1] * 100 + parts[2];
  version_.text = told.substr(0, told.find('-'));
}

void Connection::pin_session() {
  exec(mandatory_pins(), "setting up the session", options_.connect_timeout);
  const std::vector<std::string> wishes = optional_pins(version_);
  std::string all;
  for (const std::string& wish : wishes) all += (all.empty() ? "SET " : ", ") + wish;
  try {
    exec(all, "setting up the session", options_.connect_timeout);
    return;
  } catch (const Error&) {
    if (!usable_) throw;
  }
  // A server that lacks one of them (a fork, a proxy) gets the others.
  for (const std::string& wish : wishes) {
    try {
      exec("SET " + wish, "setting up the session", options_.connect_timeout);
    } catch (const Error&) {
      if (!usable_) throw;
    }
  }
}

// ---- statements

Result Connection::exec(const std::string& sql, std::string_view doing,
                        std::chrono::milliseconds limit) {
  send(sql, doing);
  return receive(doing, limit);
}

void Connection::send(const std::string& sql, std::string_view doing) {
  cancel_.check();
  if (!usable_) fail_with(CR_SERVER_LOST, "", "it was closed before", doing);
  const WaitScope wait(&cancel_, after(std::chrono::seconds{60}));
  const int failed = mysql_send_query(&handle_, sql.data(), sql.size());
  timed_out_ = wait.timed_out();
  if (failed != 0) fail(doing);
}

Result Connection::receive(std::string_view doing, std::chrono::milliseconds limit) {
  const WaitScope wait(&cancel_, after(limit));
  MYSQL_RES* rows = nullptr;
  bool failed = mysql_read_query_result(&handle_) != 0;
  if (!failed && mysql_field_count(&handle_) > 0) {
    rows = mysql_store_result(&handle_);
    failed = rows == nullptr;
  }
  timed_out_ = wait.timed_out();
  if (failed) fail(doing);
  return Result(rows);
}

void Connection::fail(std::string_view doing) {
  // Copies: closing clears what the library holds.
  fail_with(mysql_errno(&handle_), mysql_sqlstate(&handle_), mysql_error(&handle_), doing);
}

void Connection::fail_with(unsigned number, std::string sqlstate, std::string message,
                           std::string_view doing) {
  const bool cancelled = cancel_.requested(), late = timed_out_;
  timed_out_ = false;
  if (number == 0 || breaks_connection(number) || cancelled || late) {
    if (usable_ && kills_ && (cancelled || late)) kill_at_server(true);
    close();
  }
  if (cancelled) throw cancelled_error();
  if (late) {
    throw Error(options_.side, side_code(options_.side, "*.timeout"),
                "MySQL did not answer in time, while " + std::string(doing))
        .retryable(true);
  }
  throw server_error(options_.side,
                     {number == 0 ? unsigned{CR_SERVER_LOST} : number, sqlstate, message}, doing);
}

// ---- streams

void Connection::stream_start(const std::string& sql, std::string_view doing) {
  cancel_.check();
  if (!usable_) fail_with(CR_SERVER_LOST, "", "it was closed before", doing);
  stream_doing_ = doing;
  stream_columns_.clear();
  // No deadline: a condition of the user's may let the server search for long.
  const WaitScope wait(&cancel_, Clock::time_point::max());
  stream_ = mysql_stmt_init(&handle_);
  if (stream_ == nullptr) throw std::bad_alloc();
  if (mysql_stmt_prepare(stream_, sql.data(), sql.size()) != 0 ||
      mysql_stmt_execute(stream_) != 0) {
    const unsigned number = mysql_stmt_errno(stream_);
    const std::string state = mysql_stmt_sqlstate(stream_), message = mysql_stmt_error(stream_);
    end_stream();
    fail_with(number, state, message, doing);
  }
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> described(
      mysql_stmt_result_metadata(stream_), &mysql_free_result);
  if (!described) {
    end_stream();
    fail_with(CR_MALFORMED_PACKET, "", "a result without columns", doing);
  }
  const MYSQL_FIELD* const fields = mysql_fetch_fields(described.get());
  for (unsigned i = 0; i < mysql_num_fields(described.get()); ++i) {
    stream_columns_.push_back({fields[i].name, fields[i].type, fields[i].flags});
  }
  stream_rows_left_ = true;
}

// MySQL internals manual, "Binary Protocol Resultset": rows start with 0x00; 0xFE in a packet of
// less than nine bytes is the EOF packet, which libmariadb 3 asks for (no CLIENT_DEPRECATE_EOF).
std::span<const std::uint8_t> Connection::stream_next() {
  if (!stream_rows_left_) return {};
  unsigned long size = 0;
  {
    const WaitScope wait(&cancel_, Clock::time_point::max());
    size = mysql_net_read_packet(&handle_);
  }
  const std::uint8_t* const packet = handle_.net.read_pos;
  if (size == packet_error || size == 0) {
    stream_rows_left_ = false;
    // libmariadb calls a row beyond its bound a lost connection too: it compares with another
    // number than it sets. Its buffer alone leaves 1 in `error`, the network 2 (ma_net.c).
    const bool too_large = mysql_errno(&handle_) == CR_SERVER_LOST && handle_.net.error == 1;
    const unsigned number = too_large ? unsigned{CR_NET_PACKET_TOO_LARGE} : mysql_errno(&handle_);
    const std::string state = mysql_sqlstate(&handle_);
    const std::string message =
        too_large ? "a row is larger than the memory that is left for one" : mysql_error(&handle_);
    end_stream();
    fail_with(number, state, message, stream_doing_);
  }
  if (packet[0] != 0xFE || size >= 9) return {packet, size};
  stream_rows_left_ = false;
  end_stream();
  return {};
}

void Connection::set_row_bytes_max(std::size_t bytes) {
  handle_.net.max_packet_size = std::min<unsigned long>(bytes, kPacketBytesMax);
}

std::size_t Connection::row_buffer_bytes() const {
  return usable_ ? handle_.net.max_packet : 0;
}

// All rows were read by us, so the library must not look for more of them.
void Connection::end_stream() noexcept {
  if (stream_ == nullptr) return;
  const WaitScope wait(nullptr, after(kFarewellMax));
  handle_.status = MYSQL_STATUS_READY;
  mysql_stmt_close(std::exchange(stream_, nullptr));
}

// A connection of its own, to the same server, with the same user: both may kill each other.
void Connection::kill_at_server(bool whole_session) noexcept {
  try {
    ConnectOptions options = options_;
    options.connect_timeout = std::chrono::seconds{1};
    options.database.clear();
    const CancelToken patience;
    Connection other(options, patience);
    // A KILL may take the server seconds, while what it shall end holds a mutex: it must then be
    // left to finish, not be killed in turn.
    other.kills_ = false;
    other.exec((whole_session ? "KILL " : "KILL QUERY ") + std::to_string(session_), "cancelling",
               kKillMax);
  } catch (...) {
    // Then the server finds out when it wants to send rows to a connection that is closed.
  }
}

void Connection::cancel_statement() noexcept {
  if (!usable_ || !stream_rows_left_) return;
  stream_rows_left_ = false;
  kill_at_server(false);
  const auto deadline = after(kDrainMax);
  const WaitScope wait(nullptr, deadline);
  for (;;) {
    const unsigned long size = mysql_net_read_packet(&handle_);
    if (size == packet_error || size == 0) {
      const unsigned number = mysql_errno(&handle_);
      if (number == 0 || breaks_connection(number)) break;
      return end_stream();  // the statement's end: interrupted
    }
    if (handle_.net.read_pos[0] == 0xFE && size < 9) return end_stream();
    if (Clock::now() > deadline) break;
  }
  close();
}

void Connection::close() noexcept {
  if (!initialised_) return;
  initialised_ = usable_ = false;
  stream_rows_left_ = false;
  if (handle_.net.pvio != nullptr) {
    // Whatever the library would still like to say fails at once instead of waiting.
    shutdown(static_cast<int>(mysql_get_socket(&handle_)), SHUT_RDWR);
  }
  end_stream();
  const WaitScope wait(nullptr, after(kFarewellMax));
  mysql_close(&handle_);
}

}  // namespace penstock::mysql
