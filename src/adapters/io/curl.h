// What every HTTP client of the adapters needs of libcurl: handles that clean up, options that are
// checked, and text that is safe in URLs and headers.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "core/error.h"

namespace penstock::io {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
// A multi handle must outlive the easy handles it holds: declare it before them.
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;

// Once per process, before anything else of libcurl; any thread, any number of times.
void start_curl();

[[noreturn]] void refuse_option(CURLoption option, CURLcode code);

// Throws std::bad_alloc, or Error "engine.internal" for an option that this libcurl doesn't know.
template <typename Value>
void set_option(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code != CURLE_OK) refuse_option(option, code);
}

// Adds a line of a header; throws std::bad_alloc.
void append_line(CurlList& list, const std::string& line);

// "Name: value", or libcurl's spelling of an empty value. A header's value must not start another
// header: line breaks are config_error("config.field.type") naming `what`.
std::string header_line(std::string_view name, const std::string& value, std::string_view what);

// Percent-encodes all but unreserved characters (RFC 3986 2.3, without the tilde).
void append_escaped(std::string& out, std::string_view text);

}  // namespace penstock::io
