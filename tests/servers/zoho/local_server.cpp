#include "servers/zoho/local_server.h"

#include <curl/curl.h>

#include <stdexcept>

#include "core/text.h"

namespace penstock::zoho_sim {
namespace {

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* out) {
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    auto& headers = static_cast<HttpAnswer*>(out)->headers;
    headers[lower(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
  }
  return size * count;
}

}  // namespace

std::string HttpAnswer::code() const {
  if (body.empty() || body.front() != '{') return "";
  const json::value whole = json();
  const json::object* object = whole.if_object();
  if (const auto* data = object->if_contains("data")) {
    if (data->is_array() && !data->as_array().empty()) object = data->as_array()[0].if_object();
  }
  const auto* code = object == nullptr ? nullptr : object->if_contains("code");
  return code == nullptr ? "" : std::string(code->as_string());
}

HttpAnswer http_call(const HttpCall& call) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  curl_slist* list = nullptr;
  for (const std::string& header : call.headers) list = curl_slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owner(list,
                                                                          curl_slist_free_all);
  HttpAnswer answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, list);
  if (call.method != "GET" && call.method != "DELETE") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, call.body.c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &answer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return {.status = 0, .body = curl_easy_strerror(code)};
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

LocalZoho::LocalZoho(const CrmOptions& options) : simulator_(options), front_(simulator_, 0) {}

std::string LocalZoho::access_token(const std::string& refresh_token) const {
  const json::object source = this->source();
  const auto text = [&](const char* name) { return std::string(source.at(name).as_string()); };
  const HttpAnswer answer =
      http_call({.method = "POST",
                 .url = url() + "/oauth/v2/token",
                 .body = "grant_type=refresh_token&client_id=" + text("client_id") +
                         "&client_secret=" + text("client_secret") + "&refresh_token=" +
                         (refresh_token.empty() ? text("refresh_token") : refresh_token)});
  const json::value body = answer.json();
  const json::value* token = body.as_object().if_contains("access_token");
  if (token == nullptr) throw std::runtime_error("no token: " + answer.body);
  return std::string(token->as_string());
}

void LocalZoho::set_token(const std::string& token) {
  const std::lock_guard lock(mutex_);
  token_ = token;
}

std::string LocalZoho::authorization() const {
  const std::lock_guard lock(mutex_);
  if (token_.empty()) token_ = access_token();
  return "Authorization: Zoho-oauthtoken " + token_;
}

HttpAnswer LocalZoho::get(const std::string& path) const {
  return http_call({.url = url() + path, .body = "", .headers = {authorization()}});
}

HttpAnswer LocalZoho::post(const std::string& path, const json::value& body) const {
  return http_call({.method = "POST",
                    .url = url() + path,
                    .body = json::serialize(body),
                    .headers = {authorization(), "Content-Type: application/json"}});
}

HttpAnswer LocalZoho::coql(const std::string& query) const {
  return post("/crm/v8/coql", json::object{{"select_query", query}});
}

json::value LocalZoho::command(const std::string& name, const json::value& body) const {
  const bool get = body.is_null();
  const HttpAnswer answer = http_call({.method = get ? "GET" : "POST",
                                       .url = url() + "/__admin/" + name,
                                       .body = get ? "" : json::serialize(body)});
  if (answer.status != 200) throw std::runtime_error(name + ": " + answer.body);
  return answer.json();
}

std::vector<json::object> LocalZoho::dump(const std::string& module) const {
  const HttpAnswer answer = http_call({.url = url() + "/__admin/dump?module=" + module});
  if (answer.status != 200) throw std::runtime_error("dump: " + answer.body);
  std::vector<json::object> records;
  for (const std::string& line : split(answer.body, '\n')) {
    if (!line.empty()) records.push_back(json::parse(line).as_object());
  }
  return records;
}

}  // namespace penstock::zoho_sim
