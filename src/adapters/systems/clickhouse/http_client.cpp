#include "adapters/systems/clickhouse/http_client.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "adapters/systems/clickhouse/error_map.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

using io::append_escaped;
using io::append_line;
using io::header_line;
using io::set_option;

constexpr long kUploadBufferBytes = 2L << 20;  // the most libcurl takes
constexpr std::chrono::minutes kStallMax{15};  // a server may merge for long before it answers
constexpr std::chrono::milliseconds kCancelGrace{1'000};
constexpr long kIdleReuseSeconds = 2;  // 18.16 closes idle connections after 3 s

}  // namespace

std::string Endpoint::display() const {
  return socket_path.empty() ? host + ":" + std::to_string(port) : socket_path;
}

HttpClient::HttpClient(Endpoint endpoint, CancelToken cancel)
    : endpoint_(std::move(endpoint)), cancel_(std::move(cancel)) {
  io::start_curl();
  multi_.reset(curl_multi_init());
  easy_.reset(curl_easy_init());
  if (!multi_ || !easy_) throw std::bad_alloc();
  for (io::CurlList* list : {&query_headers_, &insert_headers_}) {
    append_line(*list, "Expect:");
    append_line(*list, header_line("X-ClickHouse-User", endpoint_.user, "the user name"));
    append_line(*list, header_line("X-ClickHouse-Key", endpoint_.password, "the password"));
  }
  append_line(query_headers_, "Content-Type: text/plain");
  append_line(insert_headers_, "Content-Type: application/octet-stream");
  append_line(insert_headers_, "Transfer-Encoding: chunked");
}

HttpClient::~HttpClient() {
  detach();
}

void HttpClient::configure_connection() {
  CURL* const easy = easy_.get();
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_PROXY, "");
  set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set_option(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(endpoint_.connect_timeout.count()));
  set_option(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  set_option(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  set_option(easy, CURLOPT_MAXAGE_CONN, kIdleReuseSeconds);
  set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
  set_option(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  set_option(easy, CURLOPT_ERRORBUFFER, &error_text_[0]);
  if (!endpoint_.socket_path.empty()) {
    set_option(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint_.socket_path.c_str());
  }
  if (endpoint_.secure) {
    set_option(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set_option(easy, CURLOPT_SSL_VERIFYPEER, endpoint_.verify ? 1L : 0L);
    set_option(easy, CURLOPT_SSL_VERIFYHOST, endpoint_.verify ? 2L : 0L);
    if (!endpoint_.ca_file.empty()) set_option(easy, CURLOPT_CAINFO, endpoint_.ca_file.c_str());
  }
}

void HttpClient::prepare(const std::string& url, const curl_slist* headers) {
  detach();
  CURL* const easy = easy_.get();
  curl_easy_reset(easy);  // keeps connections
  configure_connection();
  set_option(easy, CURLOPT_URL, url.c_str());
  set_option(easy, CURLOPT_HTTPHEADER, headers);
  set_option(easy, CURLOPT_POST, 1L);
  set_option(easy, CURLOPT_WRITEFUNCTION, &HttpClient::on_body);
  set_option(easy, CURLOPT_WRITEDATA, this);
  set_option(easy, CURLOPT_HEADERFUNCTION, &HttpClient::on_header);
  set_option(easy, CURLOPT_HEADERDATA, this);
  body_.clear();
  exception_tag_.clear();
  exception_code_ = 0;
  body_too_large_ = false;
  ended_ = paused_ = body_done_ = let_finish_ = false;
  cancelled_at_.reset();
  error_text_[0] = '\0';
  moved_ = 0;
  moved_at_ = std::chrono::steady_clock::now();
}

void HttpClient::attach() {
  if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) throw std::bad_alloc();
  attached_ = true;
}

void HttpClient::detach() noexcept {
  if (attached_) curl_multi_remove_handle(multi_.get(), easy_.get());
  attached_ = inserting_ = false;
}

std::size_t HttpClient::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& client = *static_cast<HttpClient*>(self);
  const std::size_t bytes = size * count;
  if (client.body_.size() + bytes > client.body_bytes_max_) {
    client.body_too_large_ = true;
    return 0;
  }
  try {
    client.body_.append(data, bytes);
  } catch (const std::bad_alloc&) {
    return 0;  // libcurl then reports a write error
  }
  return bytes;
}

std::size_t HttpClient::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& client = *static_cast<HttpClient*>(self);
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon > 64) return line.size();
  try {
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (name == "x-clickhouse-exception-code") {
      client.exception_code_ = exception_code("Code: " + std::string(value.substr(0, 9)) + ".");
    } else if (name == "x-clickhouse-exception-tag") {
      client.exception_tag_ = value.substr(0, 64);
    }
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return line.size();
}

std::size_t HttpClient::on_read(char* out, std::size_t size, std::size_t count, void* self) {
  auto& client = *static_cast<HttpClient*>(self);
  const std::size_t room = size * count;
  std::size_t filled = 0;
  while (filled < room && !client.chunks_.empty()) {
    const Chunk& chunk = client.chunks_.front();
    const std::size_t take = std::min(room - filled, chunk.size - client.chunk_offset_);
    if (take != 0) {
      std::memcpy(out + filled, static_cast<const char*>(chunk.data) + client.chunk_offset_, take);
    }
    filled += take;
    client.chunk_offset_ += take;
    if (client.chunk_offset_ == chunk.size) {
      client.chunks_ = client.chunks_.subspan(1);
      client.chunk_offset_ = 0;
    }
  }
  if (filled != 0 || client.body_done_) return filled;  // 0 ends the body
  client.paused_ = true;
  return CURL_READFUNC_PAUSE;
}

bool HttpClient::turn(bool ignore_cancel) {
  int running = 0;
  if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) throw std::bad_alloc();
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    result_ = message->data.result;
    ended_ = true;
  }
  if (ended_) return false;
  if (paused_) return true;  // waiting for us, not for the server
  if (!ignore_cancel) check_cancel();
  watch_stall();
  curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(kCancelPoll.count()), nullptr);
  if (!ignore_cancel) check_cancel();
  return true;
}

void HttpClient::check_cancel() {
  if (!cancel_.requested()) return;
  const auto now = std::chrono::steady_clock::now();
  if (!cancelled_at_) cancelled_at_ = now;
  if (!let_finish_ || now - *cancelled_at_ >= kCancelGrace) cancel_.check();
}

void HttpClient::watch_stall() {
  curl_off_t up = 0, down = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &down);
  const auto now = std::chrono::steady_clock::now();
  if (up + down != moved_) {
    moved_ = up + down;
    moved_at_ = now;
  } else if (now - moved_at_ > kStallMax) {
    throw transport_error(CURLE_OPERATION_TIMEDOUT, "nothing moved for 15 minutes",
                          endpoint_.display());
  }
}

std::string HttpClient::url_with(const Settings& settings, std::string_view database,
                                 std::string_view sql) const {
  std::string url = endpoint_.secure ? "https://" : "http://";
  if (!endpoint_.socket_path.empty()) {
    url += "localhost";
  } else if (endpoint_.host.find(':') != std::string::npos) {
    url += "[" + endpoint_.host + "]:" + std::to_string(endpoint_.port);
  } else {
    url += endpoint_.host + ":" + std::to_string(endpoint_.port);
  }
  url += "/?";
  const auto add = [&url](std::string_view name, std::string_view value) {
    if (url.back() != '?') url += '&';
    append_escaped(url, name);
    url += '=';
    append_escaped(url, value);
  };
  if (!database.empty()) add("database", database);
  for (const auto& [name, value] : settings) add(name, value);
  if (!sql.empty()) add("query", sql);
  return url;
}

void HttpClient::fail_transfer() {
  const CURLcode code = result_;
  const std::string text = error_text_[0] != '\0' ? &error_text_[0] : curl_easy_strerror(code);
  if (body_too_large_) {
    throw Error(Side::destination, "destination.answer_too_large",
                "the answer passed " + human_bytes(static_cast<double>(body_bytes_max_)));
  }
  throw transport_error(code, text, endpoint_.display());
}

void HttpClient::check_answer() {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  // A server that gives up before it has read the body answers, then resets the connection.
  const bool answered = status >= 400 && !body_.empty();
  if (result_ != CURLE_OK && !answered) fail_transfer();
  if (status == 200 && exception_code_ == 0) {
    const std::size_t late = find_late_exception(body_, exception_tag_);
    if (late == std::string::npos) return;
    const std::string_view tail = std::string_view(body_).substr(late);
    const std::size_t code_at = tail.find("Code: ");
    throw server_error(code_at == std::string_view::npos ? 0 : exception_code(tail.substr(code_at)),
                       tail);
  }
  int code = exception_code(body_);
  if (code == 0) code = exception_code_;
  if (code != 0) throw server_error(code, body_);
  throw Error(Side::destination, "destination.not_clickhouse",
              endpoint_.display() + " answered with HTTP status " + std::to_string(status) + ": " +
                  printable(trim(body_)))
      .hint("is this ClickHouse's HTTP port (8123, or 8443 with TLS)?")
      .retryable(status == 502 || status == 503 || status == 504);
}

std::string HttpClient::query(std::string_view sql, const QueryOptions& options) {
  if (!options.ignore_cancel) cancel_.check();
  prepare(url_with(options.settings, options.database, {}), query_headers_.get());
  set_option(easy_.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(sql.size()));
  set_option(easy_.get(), CURLOPT_POSTFIELDS, sql.data());
  if (options.once) set_option(easy_.get(), CURLOPT_FRESH_CONNECT, 1L);
  if (options.deadline.count() > 0) {
    set_option(easy_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(options.deadline.count()));
  }
  body_bytes_max_ = options.body_bytes_max;
  let_finish_ = options.let_finish;
  attach();
  try {
    while (turn(options.ignore_cancel)) {
    }
    check_answer();
  } catch (...) {
    detach();
    throw;
  }
  detach();
  return std::move(body_);
}

void HttpClient::start_insert(std::string_view sql, const Settings& settings) {
  cancel_.check();
  prepare(url_with(settings, {}, sql), insert_headers_.get());
  set_option(easy_.get(), CURLOPT_READFUNCTION, &HttpClient::on_read);
  set_option(easy_.get(), CURLOPT_READDATA, this);
  body_bytes_max_ = std::size_t{1} << 20;
  chunks_ = {};
  chunk_offset_ = 0;
  attach();
  inserting_ = true;
}

void HttpClient::send(std::span<const Chunk> chunks) {
  chunks_ = chunks;
  chunk_offset_ = 0;
  moved_at_ = std::chrono::steady_clock::now();
  try {
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    }
    while (!chunks_.empty()) {
      if (turn(false)) continue;
      check_answer();
      throw Error(Side::destination, "destination.insert_cut",
                  "the server ended the INSERT before it had all rows")
          .retryable(true);
    }
  } catch (...) {
    chunks_ = {};
    detach();
    throw;
  }
}

void HttpClient::finish_insert() {
  body_done_ = true;
  moved_at_ = std::chrono::steady_clock::now();
  try {
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    }
    while (turn(false)) {
    }
    check_answer();
  } catch (...) {
    detach();
    throw;
  }
  detach();
}

void HttpClient::abort_insert() noexcept {
  detach();
}

}  // namespace penstock::clickhouse
