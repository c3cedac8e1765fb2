#include "adapters/systems/clickhouse/error_map.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.h"

namespace penstock::clickhouse {

namespace {

constexpr std::size_t kMessageBytesMax = 1'000;

struct KnownCode {
  int number;
  bool retryable;
  const char* code;
  const char* hint;
};

// Numbers: ClickHouse src/Common/ErrorCodes.cpp.
constexpr std::array kKnown{
    KnownCode{16, false, "destination.column.unknown", "plan the job again: the table changed"},
    KnownCode{47, false, "destination.column.unknown", "plan the job again: the table changed"},
    KnownCode{53, false, "destination.type.mismatch", "plan the job again: the table changed"},
    KnownCode{44, false, "destination.ddl", "check the engine, order_by and partition_by options"},
    KnownCode{57, false, "destination.table.exists", "set if_exists, or rename the table"},
    KnownCode{60, false, "destination.table.missing", "run the job again"},
    KnownCode{62, false, "destination.sql",
              "check the SQL given, or the expressions in partition_by and order_by"},
    KnownCode{81, false, "destination.database.missing",
              "create the database, or give the user the right to create it"},
    KnownCode{33, false, "destination.data", "report this: the server could not read a block"},
    KnownCode{40, false, "destination.data", "check the network path for corruption"},
    KnownCode{76, true, "destination.locked",
              "another process uses this data folder; end it and run again"},
    KnownCode{115, false, "destination.setting.unknown", "report this with the server's version"},
    KnownCode{117, false, "destination.data", "report this: the server could not read a block"},
    KnownCode{159, true, "destination.timeout", "the server was too slow; run again"},
    KnownCode{164, false, "destination.readonly",
              "the user is read-only; use one that may create tables and insert"},
    KnownCode{192, false, "destination.auth", "check the user name and password"},
    KnownCode{193, false, "destination.auth", "check the user name and password"},
    KnownCode{194, false, "destination.auth", "give a password"},
    KnownCode{195, false, "destination.auth", "this address may not connect as this user"},
    KnownCode{202, true, "destination.busy", "lower --parallel or raise max_concurrent_queries"},
    KnownCode{203, true, "destination.busy", "lower --parallel"},
    KnownCode{209, true, "destination.timeout", "check the network; run again"},
    KnownCode{210, true, "destination.network", "check the network; run again"},
    KnownCode{241, true, "destination.memory",
              "raise the server's memory limit, or lower --parallel"},
    KnownCode{242, true, "destination.table.readonly",
              "the table is read-only: check the server's ZooKeeper or Keeper"},
    KnownCode{243, false, "destination.disk_full", "free disk space on the server; run again"},
    KnownCode{252, true, "destination.too_many_parts",
              "wait for merges; use a coarser partition_by or lower --parallel"},
    KnownCode{285, true, "destination.replicas", "bring the replicas up"},
    KnownCode{286, true, "destination.replicas", "bring the replicas up"},
    KnownCode{291, false, "destination.privileges", "let the user use this database"},
    KnownCode{319, true, "destination.status_unknown", "the split is counted before it is used"},
    KnownCode{359, false, "destination.drop_refused", "raise max_table_size_to_drop on the server"},
    KnownCode{394, true, "destination.cancelled", "someone ended the query on the server"},
    KnownCode{425, true, "destination.system", "check the server's log"},
    KnownCode{439, true, "destination.busy", "the server is out of threads; lower --parallel"},
    KnownCode{473, true, "destination.busy", "a lock was not free; run again"},
    KnownCode{497, false, "destination.privileges",
              "grant CREATE, INSERT, SELECT, ALTER and DROP on the database"},
    KnownCode{516, false, "destination.auth", "check the user name and password"},
    KnownCode{999, true, "destination.keeper", "check ZooKeeper or Keeper"},
};

bool mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace

int exception_code(std::string_view text) {
  constexpr std::string_view mark = "Code: ";
  if (!text.starts_with(mark)) return 0;
  text.remove_prefix(mark.size());
  int code = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (failure != std::errc() || end == text.data() + text.size()) return 0;
  return *end == ',' || *end == '.' ? code : 0;
}

std::string exception_message(std::string_view text) {
  for (const std::string_view mark : {"DB::Exception: ", "DB::ErrnoException: "}) {
    if (const std::size_t at = text.find(mark); at != std::string_view::npos) {
      text.remove_prefix(at + mark.size());
    }
  }
  for (const std::string_view end : {", e.what() =", " (version ", ", Stack trace"}) {
    text = text.substr(0, text.find(end));
  }
  return printable(trim(text), kMessageBytesMax);
}

std::size_t find_late_exception(std::string_view body, std::string_view tag) {
  constexpr std::size_t tail_bytes = std::size_t{64} << 10;  // servers cut the message at 16 KiB
  const std::size_t from = body.size() > tail_bytes ? body.size() - tail_bytes : 0;
  const std::string_view tail = body.substr(from);
  if (!tag.empty()) {
    const std::string mark = "__exception__\r\n" + std::string(tag);
    const std::size_t at = tail.find(mark);
    return at == std::string_view::npos ? at : from + at;
  }
  if (const std::size_t at = tail.find("__exception__"); at != std::string_view::npos) {
    return from + at;
  }
  for (std::size_t at = tail.find("Code: "); at != std::string_view::npos;
       at = tail.find("Code: ", at + 1)) {
    const std::string_view rest = tail.substr(at);
    if (exception_code(rest) != 0 && mentions(rest.substr(0, 200), "DB::Exception")) {
      return from + at;
    }
  }
  return std::string_view::npos;
}

Error server_error(int number, std::string_view text) {
  const std::string message = exception_message(text);
  // Whichever call it was that met the full disk (75 when writing, 1000 to 1002 from Poco, …).
  const int code = mentions(text, "No space left on device") ? 243 : number;
  const auto* const known =
      std::ranges::find_if(kKnown, [code](const KnownCode& one) { return one.number == code; });
  const bool found = known != kKnown.end();
  Error error(Side::destination, found ? known->code : "destination.server",
              "ClickHouse: " + (message.empty() ? "error without a message" : message));
  error.native(std::to_string(number)).retryable(found && known->retryable);
  if (found) error.hint(known->hint);
  return error;
}

namespace {

// A failed TLS handshake; `text` is what OpenSSL or libcurl say of it.
Error tls_error(int curl_code, std::string_view text, const std::string& endpoint) {
  std::string message = endpoint + ": " + printable(text);
  std::string hint = "check `secure`, the port (8443 with TLS), `ca_file` and `verify_certificate`";
  // Peers that answer a handshake with plain text look to OpenSSL like another version of TLS.
  if (mentions(text, "wrong version number") || mentions(text, "packet length too long")) {
    message = endpoint + " does not speak TLS (" + printable(text) + ")";
    hint = "give the server's port for TLS (8443), or leave `secure` out";
  } else if (curl_code == CURLE_OPERATION_TIMEDOUT) {
    // A plain HTTP server may wait for the rest of what it takes for a request.
    message = endpoint + " took the connection, but did not answer the TLS handshake (" +
              printable(text) + ")";
    hint = "check that this is the server's port for TLS (8443), or leave `secure` out";
  } else if (mentions(text, "subject name")) {
    hint =
        "connect by a name that the certificate was issued for; verify_certificate: false would "
        "trust any server";
  }
  return Error(Side::destination, "destination.tls", message)
      .native("curl " + std::to_string(curl_code))
      .hint(hint)
      .retryable(curl_code == CURLE_OPERATION_TIMEDOUT);
}

}  // namespace

Error transport_error(int curl_code, std::string_view text, const std::string& endpoint) {
  std::string code = "destination.network";
  std::string hint = "check the network between here and the server";
  bool retryable = true;
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      code = "destination.host_unknown";
      hint = "check the host name";
      retryable = false;
      break;
    case CURLE_COULDNT_CONNECT:
      code = "destination.unreachable";
      hint = "check host and port (ClickHouse's HTTP port is 8123, not 9000), and that it runs";
      break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM: return tls_error(curl_code, text, endpoint);
    case CURLE_SSL_CACERT_BADFILE:
      return config_error("config.ca_file", "destination.ca_file: " + printable(text))
          .hint("name a file with the certificates to trust, in PEM format");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      code = "destination.not_clickhouse";
      hint = "the port answers, but not with HTTP: ClickHouse's HTTP port is 8123";
      retryable = false;
      break;
    case CURLE_OPERATION_TIMEDOUT:
      if (mentions(text, "SSL connection timeout")) return tls_error(curl_code, text, endpoint);
      code = "destination.timeout";
      break;
    default: break;
  }
  return Error(Side::destination, code, endpoint + ": " + printable(text))
      .native("curl " + std::to_string(curl_code))
      .hint(hint)
      .retryable(retryable);
}

int native_code(const Error& error) {
  int code = 0;
  const std::string& text = error.native();
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

}  // namespace penstock::clickhouse
