#include "adapters/systems/clickhouse/embedded_http.h"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/http/span_body.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "adapters/systems/clickhouse/error_map.h"
#include "adapters/systems/clickhouse/sql.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeaderBytesMax = 1U << 20;
constexpr std::size_t kQueryBytesMax = std::size_t{256} << 20;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::string_view kExceptionTag = "penstockembedded";

std::string unescape_url(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      if (c >= 'A' && c <= 'F') return c - 'A' + 10;
      return -1;
    };
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

// Names that are neither settings nor used here.
bool ignored(std::string_view name) {
  return name == "user" || name == "password" || name == "query_id" || name == "session_id" ||
         name == "session_timeout" || name == "session_check" || name == "quota_key" ||
         name == "wait_end_of_query" || name == "buffer_size" || name == "stacktrace" ||
         name == "client_protocol_version" || name == "role";
}

bool starts_with_word(std::string_view sql, std::string_view word) {
  const std::string_view text = trim(sql);
  return text.size() > word.size() && lower(text.substr(0, word.size())) == word &&
         std::string_view(" \t\r\n(").find(text[word.size()]) != std::string_view::npos;
}

// An error as ClickHouse's HTTP server words it.
struct ServerFailure {
  std::string text;
};

// A libchdb connection whose settings follow the requests.
class Chdb {
 public:
  Chdb(const ChdbLibrary& library, const std::string& path) : library_(library) {
    std::string program = "penstock", option = "--path=" + path;
    char* arguments[] = {program.data(), option.data()};
    connection_ = library_.connect(2, &arguments[0]);
    if (connection_ == nullptr) throw ServerFailure{"Code: 76. DB::Exception: cannot open " + path};
  }
  ~Chdb() { library_.close(connection_); }
  Chdb(const Chdb&) = delete;
  Chdb& operator=(const Chdb&) = delete;

  using Result = std::unique_ptr<ChdbResultData, void (*)(ChdbResult)>;

  Result own(ChdbResult result) const { return {result, library_.destroy_result}; }

  void check(const Result& result) const {
    if (!result) throw ServerFailure{"Code: 1002. DB::Exception: no result"};
    if (const char* const error = library_.result_error(result.get())) throw ServerFailure{error};
  }

  Result query(std::string_view sql, std::string_view format) const {
    Result result =
        own(library_.query(*connection_, sql.data(), sql.size(), format.data(), format.size()));
    check(result);
    return result;
  }

  std::string_view bytes(const Result& result) const {
    const char* const data = library_.result_buffer(result.get());
    return data == nullptr ? std::string_view()
                           : std::string_view(data, library_.result_length(result.get()));
  }

  // Settings of the request before are taken back: they hold for one request only.
  void adopt(const EmbeddedRequest& request) {
    std::string changes;
    const auto change = [&changes](const std::string& name, const std::string& value) {
      changes += (changes.empty() ? "SET " : ", ") + quote_name(name) + " = " + value;
    };
    for (const auto& [name, value] : settings_) {
      if (!request.settings.contains(name)) change(name, "DEFAULT");
    }
    for (const auto& [name, value] : request.settings) {
      const auto known = settings_.find(name);
      if (known == settings_.end() || known->second != value) change(name, quote_literal(value));
    }
    if (!changes.empty()) query(changes, "Null");
    settings_ = request.settings;
    const std::string database = request.database.empty() ? "default" : request.database;
    if (database != database_) query("USE " + quote_name(database), "Null");
    database_ = database;
  }

  const ChdbLibrary& library() const { return library_; }
  ChdbConnection handle() const { return *connection_; }

 private:
  const ChdbLibrary& library_;
  ChdbConnection* connection_ = nullptr;
  std::map<std::string, std::string> settings_;
  std::string database_ = "default";
};

// Cancels unless done() was called: a cut upload must leave nothing behind.
class Insert {
 public:
  Insert(const Chdb& chdb, std::string_view sql, std::string_view format)
      : library_(chdb.library()),
        chdb_(chdb),
        stream_(library_.stream_insert(chdb.handle(), sql.data(), sql.size(), format.data(),
                                       format.size())) {
    const char* const error = library_.stream_insert_error(stream_);
    if (error != nullptr && *error != '\0') {
      const ServerFailure failure{error};
      library_.destroy_insert(stream_);
      throw failure;
    }
  }
  ~Insert() {
    if (!done_) library_.stream_cancel_insert(stream_);
    library_.destroy_insert(stream_);
  }
  Insert(const Insert&) = delete;
  Insert& operator=(const Insert&) = delete;

  bool append(const char* data, std::size_t size) {
    return library_.stream_append(stream_, data, size) == 0;
  }
  void done() {
    done_ = true;
    chdb_.check(chdb_.own(library_.stream_done(stream_)));
  }

 private:
  const ChdbLibrary& library_;
  const Chdb& chdb_;
  ChdbInsert stream_;
  bool done_ = false;
};

// Serves the requests of one connection in turn.
class Connection {
 public:
  Connection(EmbeddedSocket socket, const ChdbLibrary& library, const std::string& path)
      : socket_(std::move(socket)), library_(library), path_(path), piece_(kPieceBytes) {
    buffer_.max_size(std::size_t{4} << 20);
  }

  void run() {
    while (serve_one()) {
    }
    boost::system::error_code ignored_failure;
    socket_.shutdown(EmbeddedSocket::shutdown_both, ignored_failure);
  }

 private:
  using Parser = http::request_parser<http::buffer_body>;

  // Whether the connection can take another request.
  bool serve_one() {
    Parser parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(boost::none);
    boost::system::error_code failure;
    http::read_header(socket_, buffer_, parser, failure);
    if (failure) return false;
    keep_alive_ = parser.get().keep_alive();
    answered_ = false;
    try {
      handle(parser);
    } catch (const ServerFailure& error) {
      if (answered_) return false;
      answer_failure(error.text);
      // What is left of the body is not read: the connection cannot go on.
      if (!parser.is_done()) return false;
    }
    return keep_alive_ && parser.is_done();
  }

  void handle(Parser& parser) {
    const auto target = parser.get().target();
    EmbeddedRequest request = parse_target({target.data(), target.size()});
    if (request.path == "/ping") {
      answer("Ok.\n");
      return;
    }
    if (!chdb_) chdb_.emplace(library_, path_);
    const auto [insert, format] = split_insert(request.query);
    if (!format.empty()) {
      chdb_->adopt(request);
      upload(parser, insert, format);
      return;
    }
    std::string sql = request.query;
    const std::string body = read_body(parser);
    if (!sql.empty() && !body.empty()) sql += '\n';
    sql += body;
    if (trim(sql).empty()) {
      answer("Ok.\n");
      return;
    }
    chdb_->adopt(request);
    if (starts_with_word(sql, "select") || starts_with_word(sql, "with")) {
      stream(sql, request.format);
    } else {
      const Chdb::Result result = chdb_->query(sql, request.format);
      answer(chdb_->bytes(result));
    }
  }

  // The next piece of the body; empty at its end. Throws when the peer went away before it.
  std::string_view next_piece(Parser& parser) {
    while (!parser.is_done()) {
      parser.get().body().data = piece_.data();
      parser.get().body().size = piece_.size();
      parser.get().body().more = true;
      boost::system::error_code failure;
      http::read(socket_, buffer_, parser, failure);
      if (failure && failure != http::error::need_buffer) {
        answered_ = true;  // nobody is there to hear
        throw ServerFailure{"Code: 210. DB::Exception: the upload was cut"};
      }
      const std::size_t size = piece_.size() - parser.get().body().size;
      if (size != 0) return {piece_.data(), size};
    }
    return {};
  }

  std::string read_body(Parser& parser) {
    std::string body;
    for (auto piece = next_piece(parser); !piece.empty(); piece = next_piece(parser)) {
      if (body.size() + piece.size() > kQueryBytesMax) {
        throw ServerFailure{"Code: 62. DB::Exception: the query is too long"};
      }
      body += piece;
    }
    return body;
  }

  void upload(Parser& parser, const std::string& sql, const std::string& format) {
    Insert insert(*chdb_, sql, format);
    for (auto piece = next_piece(parser); !piece.empty(); piece = next_piece(parser)) {
      if (!insert.append(piece.data(), piece.size())) break;  // done() says why
    }
    insert.done();
    answer({});
  }

  void stream(const std::string& sql, const std::string& format) {
    Chdb::Result query = chdb_->own(library_.stream_query(chdb_->handle(), sql.data(), sql.size(),
                                                          format.data(), format.size()));
    chdb_->check(query);
    auto response = head<http::empty_body>(http::status::ok);
    response.chunked(true);
    http::response_serializer<http::empty_body> serializer(response);
    bool started = false;
    for (;;) {
      const Chdb::Result piece = chdb_->own(library_.stream_fetch(chdb_->handle(), query.get()));
      const char* const error = piece ? library_.result_error(piece.get()) : nullptr;
      if (error != nullptr && !started) throw ServerFailure{error};
      if (!started) {
        http::write_header(socket_, serializer);
        started = answered_ = true;
      }
      if (error != nullptr) {
        write_chunk(late_exception(error));
        break;
      }
      const std::string_view bytes = piece ? chdb_->bytes(piece) : std::string_view();
      if (bytes.empty()) break;
      write_chunk(bytes);
    }
    boost::asio::write(socket_, http::make_chunk_last());
  }

  void write_chunk(std::string_view bytes) {
    boost::asio::write(socket_, http::make_chunk(boost::asio::buffer(bytes.data(), bytes.size())));
  }

  // As servers from 25.11 end a body that failed midway.
  static std::string late_exception(const std::string& text) {
    const std::string tag(kExceptionTag);
    return "\r\n__exception__\r\n" + tag + "\r\n" + text + "\n" + std::to_string(text.size()) +
           " " + tag + "\r\n__exception__\r\n";
  }

  template <typename Body>
  http::response<Body> head(http::status status) const {
    http::response<Body> response(status, 11);
    response.set(http::field::content_type, "text/tab-separated-values; charset=UTF-8");
    response.set("X-ClickHouse-Exception-Tag",
                 boost::string_view(kExceptionTag.data(), kExceptionTag.size()));
    response.keep_alive(keep_alive_);
    return response;
  }

  using Answer = http::response<http::span_body<const char>>;

  void answer(std::string_view body) {
    Answer response = head<http::span_body<const char>>(http::status::ok);
    send(response, body);
  }

  void answer_failure(const std::string& text) {
    Answer response = head<http::span_body<const char>>(http::status::internal_server_error);
    response.set("X-ClickHouse-Exception-Code", std::to_string(exception_code(text)));
    send(response, text + "\n");
  }

  // Head and body in one write: two small ones would wait for the peer's delayed acknowledgement.
  void send(Answer& response, std::string_view body) {
    answered_ = true;
    response.body() = {body.data(), body.size()};
    response.content_length(body.size());
    http::write(socket_, response);
  }

  EmbeddedSocket socket_;
  const ChdbLibrary& library_;
  const std::string& path_;
  boost::beast::flat_buffer buffer_;
  std::vector<char> piece_;
  std::optional<Chdb> chdb_;
  bool keep_alive_ = true;
  bool answered_ = false;
};

}  // namespace

EmbeddedRequest parse_target(std::string_view target) {
  EmbeddedRequest request;
  request.format = "TabSeparated";
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark == std::string_view::npos) return request;
  for (const std::string& pair : split(target.substr(mark + 1), '&')) {
    const std::size_t equals = pair.find('=');
    const std::string name = unescape_url(std::string_view(pair).substr(0, equals));
    const std::string value =
        equals == std::string::npos ? "" : unescape_url(std::string_view(pair).substr(equals + 1));
    if (name == "query") {
      request.query = value;
    } else if (name == "database") {
      request.database = value;
    } else if (name == "default_format") {
      request.format = value;
    } else if (!name.empty() && !ignored(name)) {
      request.settings[name] = value;
    }
  }
  return request;
}

std::pair<std::string, std::string> split_insert(std::string_view sql) {
  sql = trim(sql);
  while (!sql.empty() && sql.back() == ';') sql = trim(sql.substr(0, sql.size() - 1));
  if (!starts_with_word(sql, "insert")) return {};
  const std::size_t last = sql.find_last_of(" \t\r\n");
  const std::string_view format = sql.substr(last + 1);
  const std::string_view before = trim(sql.substr(0, last));
  constexpr std::string_view word = "format";
  if (before.size() < word.size() || lower(before.substr(before.size() - word.size())) != word) {
    return {};
  }
  for (const char c : format) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain) return {};
  }
  return {std::string(trim(before.substr(0, before.size() - word.size()))), std::string(format)};
}

void serve_connection(EmbeddedSocket socket, const ChdbLibrary& library, const std::string& path) {
  try {
    Connection(std::move(socket), library, path).run();
  } catch (const std::exception&) {
    // The peer went away while it was answered; its connection ends with it.
  } catch (const ServerFailure&) {
    // Likewise: nobody is left to tell.
  }
}

}  // namespace penstock::clickhouse
