#include "adapters/systems/zoho/http_client.h"

#include <charconv>
#include <utility>

#include "adapters/systems/zoho/error_map.h"
#include "core/text.h"

namespace penstock::zoho {

namespace {

using io::set_option;

constexpr std::size_t kFirstBytes = std::size_t{64} << 10;

}  // namespace

HttpClient::HttpClient(HttpOptions options, CancelToken cancel)
    : options_(std::move(options)), cancel_(std::move(cancel)) {
  io::start_curl();
  multi_.reset(curl_multi_init());
  easy_.reset(curl_easy_init());
  if (!multi_ || !easy_) throw std::bad_alloc();
}

HttpClient::~HttpClient() = default;

std::size_t HttpClient::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& client = *static_cast<HttpClient*>(self);
  const std::size_t bytes = size * count;
  try {
    long status = 0;
    curl_easy_getinfo(client.easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (client.call_->sink && status == 200) {
      if (client.call_->sink({data, bytes})) return bytes;
      client.stopped_by_sink_ = true;
      return 0;
    }
    std::string& body = client.reply_.body;
    if (body.size() + bytes > kBodyBytesMax) {
      client.too_large_ = true;
      return 0;
    }
    if (body.capacity() < body.size() + bytes + kPadding) {
      body.reserve(std::max(kFirstBytes, (body.size() + bytes) * 2) + kPadding);
    }
    body.append(data, bytes);
  } catch (const std::bad_alloc&) {
    client.out_of_memory_ = true;
    return 0;
  }
  return bytes;
}

std::size_t HttpClient::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon > 64) return line.size();
  if (lower(line.substr(0, colon)) == "x-api-credits-remaining") {
    const std::string_view value = trim(line.substr(colon + 1));
    std::int64_t number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc()) {
      static_cast<HttpClient*>(self)->reply_.credits_remaining = number;
    }
  }
  return line.size();
}

void HttpClient::prepare(const HttpCall& call, const curl_slist* headers) {
  CURL* const easy = easy_.get();
  curl_easy_reset(easy);  // keeps connections
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_PROXY, options_.proxy.c_str());
  set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set_option(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set_option(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set_option(easy, CURLOPT_LOW_SPEED_TIME,
             static_cast<long>(options_.stall_timeout.count() / 1000));
  set_option(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy, CURLOPT_BUFFERSIZE, 128L << 10);
  set_option(easy, CURLOPT_ERRORBUFFER, &error_text_[0]);
  set_option(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_option(easy, CURLOPT_SSL_VERIFYPEER, options_.verify ? 1L : 0L);
  set_option(easy, CURLOPT_SSL_VERIFYHOST, options_.verify ? 2L : 0L);
  if (!options_.ca_file.empty()) set_option(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  // What is packed already (a ZIP) must not be unpacked on the way, and JSON shrinks to a tenth.
  if (!call.sink) set_option(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  set_option(easy, CURLOPT_URL, call.url.c_str());
  set_option(easy, CURLOPT_HTTPHEADER, headers);
  if (call.method == "POST") {
    set_option(easy, CURLOPT_POST, 1L);
    set_option(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set_option(easy, CURLOPT_POSTFIELDS, call.body.c_str());
  }
  set_option(easy, CURLOPT_WRITEFUNCTION, &HttpClient::on_body);
  set_option(easy, CURLOPT_WRITEDATA, this);
  set_option(easy, CURLOPT_HEADERFUNCTION, &HttpClient::on_header);
  set_option(easy, CURLOPT_HEADERDATA, this);
  error_text_[0] = '\0';
  reply_ = {};
  call_ = &call;
  too_large_ = stopped_by_sink_ = out_of_memory_ = false;
}

CURLcode HttpClient::perform() {
  struct Attached {
    CURLM* multi;
    CURL* easy;
    Attached(CURLM* of, CURL* handle) : multi(of), easy(handle) {
      if (curl_multi_add_handle(multi, easy) != CURLM_OK) throw std::bad_alloc();
    }
    ~Attached() { curl_multi_remove_handle(multi, easy); }
  };
  const Attached attached(multi_.get(), easy_.get());
  for (;;) {
    int running = 0, left = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) throw std::bad_alloc();
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    cancel_.check();
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(kCancelPoll.count()), nullptr);
    cancel_.check();
  }
}

HttpReply HttpClient::send(const HttpCall& call) {
  cancel_.check();
  io::CurlList headers;
  append_line(headers, "Expect:");
  for (const std::string& header : call.headers) append_line(headers, header);
  prepare(call, headers.get());
  const CURLcode code = perform();
  call_ = nullptr;
  if (code != CURLE_OK) fail(code, call.url);
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &reply_.status);
  if (reply_.body.capacity() < reply_.body.size() + kPadding) {
    reply_.body.reserve(reply_.body.size() + kPadding);
  }
  return std::move(reply_);
}

void HttpClient::fail(CURLcode code, const std::string& url) const {
  if (out_of_memory_) throw std::bad_alloc();
  const std::size_t from = url.find("://") + 3;
  const std::string host = url.substr(from, url.find('/', from) - from);
  if (too_large_) {
    throw Error(Side::source, "source.protocol",
                host + ": an answer passed " + human_bytes(static_cast<double>(kBodyBytesMax)));
  }
  if (stopped_by_sink_) {
    throw Error(Side::source, "source.protocol", host + ": the answer was not taken to its end");
  }
  throw transport_error(code, error_text_[0] != '\0' ? &error_text_[0] : curl_easy_strerror(code),
                        host);
}

}  // namespace penstock::zoho
