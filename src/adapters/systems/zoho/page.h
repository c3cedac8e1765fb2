// One answer with records, taken apart into the records' texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::zoho {

// Owns the texts that its views point into: neither copied nor moved.
struct Page {
  std::vector<std::string_view> records;              // each a JSON object
  std::vector<std::vector<std::string_view>> extras;  // per record: objects that come before it
  bool more = false;
  std::string next_token;

  Page() = default;
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  std::string body;                               // has padding behind it, see HttpClient
  std::vector<std::unique_ptr<Page>> more_pages;  // where extras lie
};
using PagePtr = std::unique_ptr<Page>;

// Takes an answer apart whose records are the array at `key`. An empty body has no records. Throws
// Error "source.protocol" (retryable: the next answer may be whole), naming `what`, when it isn't
// JSON or holds another number of records than it says.
PagePtr parse_page(std::string body, std::string_view key, const std::string& what);

// The id of a record; 0 when it has none.
std::int64_t record_id(std::string_view record);

// Whether a text among `fields` may have been cut: lists show 500 characters of rich text.
bool has_cut_text(std::string_view record, const std::vector<std::string>& fields);

}  // namespace penstock::zoho
