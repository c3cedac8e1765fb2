#include "adapters/systems/zoho/metadata.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "adapters/systems/zoho/error_map.h"
#include "core/text.h"

namespace penstock::zoho {

namespace {

namespace json = boost::json;

constexpr std::size_t kNameBytesMax = 200;
constexpr std::int64_t kUserPagesMax = 1'000;
constexpr std::int64_t kUsersPerPage = 200;

json::value parsed(const std::string& body, const std::string& what) {
  json::error_code invalid;
  json::value value = json::parse(body, invalid);
  if (invalid || !value.is_object()) {
    throw Error(Side::source, "source.protocol", what + ": Zoho's answer is not JSON")
        .retryable(true);
  }
  return value;
}

// Members that may be absent, null, or {} where an object or a text could be: all alike.
const json::value* member(const json::value* value, std::string_view key) {
  const json::object* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}
std::string text(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}
std::string text(const json::value& value, std::string_view key) {
  return text(member(&value, key));
}
bool flag(const json::value& value, std::string_view key) {
  const json::value* found = member(&value, key);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const json::array& list_of(const json::value& answer, std::string_view key,
                           const std::string& what) {
  const json::value* list = member(&answer, key);
  if (list == nullptr || !list->is_array()) {
    throw Error(Side::source, "source.protocol", what + ": Zoho's answer has no list of them");
  }
  return list->get_array();
}

// Names go into queries and paths: letters, digits, _ and $ only.
bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

FieldInfo field_of(const json::value& from) {
  FieldInfo field{.api_name = text(from, "api_name"),
                  .label = text(from, "field_label"),
                  .data_type = text(from, "data_type"),
                  .json_type = text(from, "json_type")};
  const json::value* places = member(&from, "decimal_place");
  if (places != nullptr && places->is_int64()) {
    field.decimal_places = static_cast<int>(std::clamp<std::int64_t>(places->get_int64(), 0, 9));
  }
  for (const char* key : {"formula", "rollup_summary"}) {
    const std::string type = text(member(member(&from, key), "return_type"));
    if (!type.empty()) field.return_type = type;
  }
  field.rich_text = text(member(member(&from, "textarea"), "type")) == "rich_text";
  if (field.data_type == "subform") {
    field.linked = text(member(member(&from, "associated_module"), "module"));
  } else if (field.data_type == "multiselectlookup" || field.data_type == "multiuserlookup") {
    const json::value* link = member(&from, field.data_type);
    field.linked = text(member(member(member(link, "linking_details"), "module"), "api_name"));
    if (field.linked.empty()) {
      field.linked = text(member(member(link, "linking_module"), "api_name"));
    }
  }
  return field;
}

void fetch_fields(Api& api, ModuleInfo& module) {
  const std::string what = "reading the fields of " + module.api_name;
  const std::string body =
      api.call({.path = "/crm/" + api.version() + "/settings/fields?module=" + module.api_name,
                .what = what,
                .scope = "ZohoCRM.settings.fields.READ"});
  if (body.empty()) {
    module.refusal = "Zoho names no fields of it";
    return;
  }
  const json::value answer = parsed(body, what);
  bool has_id = false;
  for (const json::value& one : list_of(answer, "fields", what)) {
    FieldInfo field = field_of(one);
    if (!plain_name(field.api_name)) continue;
    has_id = has_id || field.api_name == "id";
    module.fields.push_back(std::move(field));
  }
  if (!has_id) {
    module.fields.insert(module.fields.begin(), FieldInfo{.api_name = "id", .data_type = "bigint"});
  }
}

std::int64_t id_of(const json::value* value) {
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  const std::string digits = text(value);
  std::int64_t id = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  return failure == std::errc() && end == digits.data() + digits.size() ? id : 0;
}

// How many rows, and between which ids, in one call of one credit.
void measure(Api& api, ModuleInfo& module) {
  const std::string what = "counting the records of " + module.api_name;
  const json::object query{
      {"select_query", "select COUNT(id) as total, MIN(id) as lowest, MAX(id) as highest from " +
                           module.api_name + " where id is not null"}};
  const std::string body =
      api.call({.method = "POST",
                .path = "/crm/" + api.version() + "/coql",
                .body = json::serialize(query),
                .what = what,
                .scope = "ZohoCRM.coql.READ and ZohoCRM.modules." + module.api_name + ".READ",
                .heavy = true});
  module.coql = true;
  if (body.empty()) {
    module.rows = 0;
    return;
  }
  const json::value answer = parsed(body, what);
  const json::array& rows = list_of(answer, "data", what);
  if (rows.empty()) return;
  const json::value* total = member(&rows[0], "total");
  if (total != nullptr && total->is_int64()) module.rows = total->get_int64();
  module.low = id_of(member(&rows[0], "lowest"));
  module.high = id_of(member(&rows[0], "highest"));
}

void probe_list(Api& api, const ModuleInfo& module) {
  api.call({.path = "/crm/" + api.version() + "/" + module.api_name + "?fields=id&per_page=1",
            .what = "reading the records of " + module.api_name,
            .scope = "ZohoCRM.modules." + module.api_name + ".READ (or ZohoCRM.modules.READ)"});
}

std::string reason(const Error& error) {
  return (error.native().empty() ? std::string() : error.native() + ": ") + error.message() +
         (error.code() == "source.scope" ? "; " + error.hint() : std::string());
}

}  // namespace

OrgInfo fetch_org(Api& api) {
  const std::string what = "reading the organisation";
  const std::string body = api.call(
      {.path = "/crm/" + api.version() + "/org", .what = what, .scope = "ZohoCRM.org.READ"});
  const json::value answer = parsed(body, what);
  const json::array& list = list_of(answer, "org", what);
  if (list.empty()) return {};
  return {.id = text(list[0], "id"),
          .name = text(list[0], "company_name"),
          .edition = lower(text(member(member(&list[0], "license_details"), "paid_type")))};
}

std::vector<UserInfo> fetch_users(Api& api) {
  std::vector<UserInfo> users;
  for (std::int64_t page = 1; page <= kUserPagesMax; ++page) {
    const std::string what = "reading the users";
    const std::string body =
        api.call({.path = "/crm/" + api.version() + "/users?type=AllUsers&per_page=" +
                          std::to_string(kUsersPerPage) + "&page=" + std::to_string(page),
                  .what = what,
                  .scope = "ZohoCRM.users.READ"});
    if (body.empty()) break;
    const json::value answer = parsed(body, what);
    for (const json::value& one : list_of(answer, "users", what)) {
      users.push_back({.id = text(one, "id"), .email = text(one, "email")});
    }
    if (!flag(*member(&answer, "info"), "more_records")) break;
  }
  return users;
}

std::vector<ModuleInfo> fetch_modules(Api& api) {
  const std::string what = "reading the list of modules";
  const std::string body = api.call({.path = "/crm/" + api.version() + "/settings/modules",
                                     .what = what,
                                     .scope = "ZohoCRM.settings.modules.READ"});
  std::vector<ModuleInfo> modules;
  if (body.empty()) return modules;
  const json::value answer = parsed(body, what);
  for (const json::value& one : list_of(answer, "modules", what)) {
    ModuleInfo module{.api_name = text(one, "api_name"), .label = text(one, "plural_label")};
    if (!plain_name(module.api_name)) continue;
    module.parent = text(member(member(&one, "parent_module"), "api_name"));
    module.tracker = text(one, "generated_type") == "field_tracker";
    module.readable = flag(one, "api_supported") && flag(one, "viewable");
    modules.push_back(std::move(module));
  }
  std::ranges::sort(modules, {}, &ModuleInfo::api_name);
  return modules;
}

void examine(Api& api, ModuleInfo& module) {
  try {
    fetch_fields(api, module);
    if (!module.refusal.empty()) return;
    try {
      measure(api, module);
      return;
    } catch (const Error& error) {
      if (!means_unreadable(error) && error.code() != "source.query") throw;
    }
    probe_list(api, module);  // COQL knows fewer modules, and has a scope of its own
  } catch (const Error& error) {
    if (!means_unreadable(error) && error.code() != "source.query") throw;
    module.refusal = reason(error);
  }
}

}  // namespace penstock::zoho
