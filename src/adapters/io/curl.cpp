#include "adapters/io/curl.h"

#include <mutex>

#include "core/text.h"

namespace penstock::io {

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

void refuse_option(CURLoption option, CURLcode code) {
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  throw Error(Side::engine, "engine.internal",
              "libcurl refuses option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

void append_line(CurlList& list, const std::string& line) {
  curl_slist* const grown = curl_slist_append(list.get(), line.c_str());
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());  // it is part of the grown one
  list.reset(grown);
}

std::string header_line(std::string_view name, const std::string& value, std::string_view what) {
  if (value.find_first_of("\r\n") != std::string::npos) {
    throw config_error("config.field.type", std::string(what) + " must not contain line breaks");
  }
  // libcurl drops a header without a value; a semicolon asks for the empty one.
  return value.empty() ? std::string(name) + ";" : std::string(name) + ": " + value;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      out += c;
    } else {
      out += '%' + hex(std::string_view(&c, 1));
    }
  }
}

}  // namespace penstock::io
