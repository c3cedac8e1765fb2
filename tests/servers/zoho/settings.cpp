#include "servers/zoho/settings.h"

#include <array>
#include <stdexcept>
#include <string_view>
#include <variant>

namespace penstock::zoho_sim {
namespace {

namespace json = boost::json;

using Member = std::variant<std::int64_t Settings::*, bool Settings::*, std::string Settings::*>;
struct Entry {
  std::string_view name;
  Member member;
};

constexpr auto kEntries = std::to_array<Entry>({
    {"token_seconds", &Settings::token_seconds},
    {"tokens_per_10_minutes", &Settings::tokens_per_10_minutes},
    {"throttle_status", &Settings::throttle_status},
    {"live_tokens", &Settings::live_tokens},
    {"api_domain", &Settings::api_domain},
    {"edition", &Settings::edition},
    {"user_licences", &Settings::user_licences},
    {"credits", &Settings::credits},
    {"concurrency", &Settings::concurrency},
    {"sub_concurrency", &Settings::sub_concurrency},
    {"list_wall", &Settings::list_wall},
    {"token_wall", &Settings::token_wall},
    {"page_token_hours", &Settings::page_token_hours},
    {"offset_tokens", &Settings::offset_tokens},
    {"coql_columns", &Settings::coql_columns},
    {"coql_limit", &Settings::coql_limit},
    {"coql_wall", &Settings::coql_wall},
    {"bulk_rows", &Settings::bulk_rows},
    {"bulk_polls", &Settings::bulk_polls},
    {"bulk_seconds", &Settings::bulk_seconds},
    {"bulk_pages", &Settings::bulk_pages},
    {"bulk_in_values", &Settings::bulk_in_values},
    {"bulk_list_separator", &Settings::bulk_list_separator},
    {"bulk_cuts_rich_text", &Settings::bulk_cuts_rich_text},
    {"bulk_fail_next", &Settings::bulk_fail_next},
    {"wrap_errors", &Settings::wrap_errors},
    {"gzip", &Settings::gzip},
    {"restore_touches", &Settings::restore_touches},
    {"latency_ms", &Settings::latency_ms},
});

const Entry& entry_named(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry;
  }
  throw std::runtime_error("there is no setting " + std::string(name));
}

void assign(Settings& settings, const Member& member, const json::value& value) {
  if (const auto* number = std::get_if<std::int64_t Settings::*>(&member)) {
    settings.*(*number) = value.as_int64();
  } else if (const auto* flag = std::get_if<bool Settings::*>(&member)) {
    settings.*(*flag) = value.as_bool();
  } else {
    settings.*(std::get<std::string Settings::*>(member)) = std::string(value.as_string());
  }
}

}  // namespace

void update_settings(Settings& settings, const json::object& changes) {
  Settings changed = settings;
  for (const auto& [name, value] : changes) {
    const Entry& entry = entry_named(std::string_view(name));
    try {
      assign(changed, entry.member, value);
    } catch (const std::exception&) {
      throw std::runtime_error("setting " + std::string(name) + " has another type");
    }
  }
  if (changed.bulk_list_separator.size() != 1) {
    throw std::runtime_error("bulk_list_separator is one character");
  }
  settings = std::move(changed);
}

json::object settings_json(const Settings& settings) {
  json::object all;
  for (const Entry& entry : kEntries) {
    std::visit([&](auto member) { all[entry.name] = settings.*member; }, entry.member);
  }
  return all;
}

}  // namespace penstock::zoho_sim
