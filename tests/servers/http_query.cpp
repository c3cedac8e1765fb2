#include "servers/http_query.h"

#include <curl/curl.h>

#include <memory>
#include <stdexcept>

namespace penstock::testing {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* target) {
  static_cast<std::string*>(target)->append(bytes, size * count);
  return size * count;
}

Handle handle_for(const std::string& url, std::string* answer) {
  static const auto once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) throw std::runtime_error("libcurl doesn't start");
  Handle handle(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, answer);
  return handle;
}

}  // namespace

std::string http_query(const HttpQuery& query) {
  std::string answer;
  const std::string base = "http://127.0.0.1:" + std::to_string(query.port) + "/?database=";
  auto handle = handle_for(base + query.database, &answer);
  curl_slist* list = curl_slist_append(nullptr, ("X-ClickHouse-User: " + query.user).c_str());
  list = curl_slist_append(list, ("X-ClickHouse-Key: " + query.password).c_str());
  list = curl_slist_append(list, "Expect:");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                            curl_slist_free_all);
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(query.text.size()));
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, query.text.data());
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 300L);
  const CURLcode code = curl_easy_perform(handle.get());
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK || status != 200) {
    const std::string what = code != CURLE_OK ? curl_easy_strerror(code) : answer;
    throw std::runtime_error("test ClickHouse, status " + std::to_string(status) + ": " + what +
                             "\nin: " + query.text.substr(0, 500));
  }
  if (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

bool http_alive(int port) {
  std::string answer;
  auto handle = handle_for("http://127.0.0.1:" + std::to_string(port) + "/ping", &answer);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 5L);
  return curl_easy_perform(handle.get()) == CURLE_OK && answer.starts_with("Ok.");
}

}  // namespace penstock::testing
