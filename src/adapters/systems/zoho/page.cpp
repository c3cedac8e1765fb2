#include "adapters/systems/zoho/page.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "adapters/systems/zoho/http_client.h"
#include "core/error.h"

namespace penstock::zoho {

namespace {

namespace ondemand = simdjson::ondemand;

static_assert(HttpClient::kPadding >= simdjson::SIMDJSON_PADDING);

// Near 500, in whatever unit Zoho counts and wherever it cuts.
constexpr std::size_t kCutFrom = 480;

ondemand::parser& shared_parser() {
  thread_local ondemand::parser parser;
  return parser;
}

simdjson::padded_string_view padded(std::string_view text) {
  return simdjson::padded_string_view(text.data(), text.size(),
                                      text.size() + simdjson::SIMDJSON_PADDING);
}

void read_info(ondemand::object info, Page& page, std::int64_t& count) {
  for (auto field : info) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    if (key == "count") count = value.get_int64();
    if (key == "more_records") page.more = value.get_bool();
    if (key == "next_page_token" && !value.is_null()) page.next_token = value.get_string().value();
  }
}

}  // namespace

PagePtr parse_page(std::string body, std::string_view key, const std::string& what) {
  auto page = std::make_unique<Page>();
  page->body = std::move(body);
  if (page->body.empty()) return page;
  std::int64_t count = -1;
  try {
    ondemand::document document = shared_parser().iterate(padded(page->body));
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      if (name == key) {
        for (auto record : field.value().get_array()) {
          ondemand::object object = record.get_object();
          page->records.push_back(object.raw_json());
        }
      } else if (name == "info") {
        read_info(field.value().get_object(), *page, count);
      }
    }
  } catch (const simdjson::simdjson_error& error) {
    throw Error(Side::source, "source.protocol",
                what + ": Zoho's answer is not JSON: " + error.what())
        .retryable(true);
  }
  if (count >= 0 && count != static_cast<std::int64_t>(page->records.size())) {
    throw Error(Side::source, "source.protocol",
                what + ": Zoho's answer says that it has " + std::to_string(count) +
                    " records, but has " + std::to_string(page->records.size()))
        .retryable(true);
  }
  return page;
}

std::int64_t record_id(std::string_view record) {
  ondemand::document document;
  std::string_view text;
  if (shared_parser().iterate(padded(record)).get(document) != simdjson::SUCCESS) return 0;
  if (document.find_field_unordered("id").get_string().get(text) != simdjson::SUCCESS) return 0;
  std::int64_t id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  return failure == std::errc() && end == text.data() + text.size() ? id : 0;
}

bool has_cut_text(std::string_view record, const std::vector<std::string>& fields) {
  ondemand::document document;
  if (shared_parser().iterate(padded(record)).get(document) != simdjson::SUCCESS) return false;
  for (const std::string& field : fields) {
    std::string_view text;
    if (document.find_field_unordered(field).get_string().get(text) != simdjson::SUCCESS) continue;
    const auto characters = std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    if (static_cast<std::size_t>(characters) >= kCutFrom) return true;
  }
  return false;
}

}  // namespace penstock::zoho
