#include "servers/zoho/record_list.h"

#include <algorithm>
#include <charconv>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::size_t kFieldsMax = 50;
constexpr std::int64_t kPerPageMax = 200;
constexpr std::size_t kIdsMax = 100;

ApiError ambiguous(std::string_view one, std::string_view other) {
  return {400,
          "AMBIGUITY_DURING_PROCESSING",
          "Ambiguity while processing the request",
          {{"ambiguity_due_to",
            json::array{json::object{{"param_name", one}}, json::object{{"param_name", other}}}}}};
}

// Order of parameters doesn't matter; every one but page_token does.
std::uint64_t binding(const Context& context, std::uint64_t user) {
  std::uint64_t hash = hash_text(context.call.path, user);
  for (const auto& [name, value] : context.call.params) {
    if (name != "page_token") hash = mix(hash ^ hash_text(name + "=" + value));
  }
  return mix(hash ^ hash_text(context.call.header("if-modified-since")));
}

void parse_fields(const Context& context, const ModuleSpec& module, ListQuery& query) {
  const std::string* list = context.call.param("fields");
  if (list == nullptr || list->empty()) throw required_param("fields");
  const auto named = static_cast<std::size_t>(std::count(list->begin(), list->end(), ',')) + 1;
  if (named > kFieldsMax) {
    throw ApiError(400, "LIMIT_EXCEEDED", "Fields limit exceeded", {{"limit", kFieldsMax}});
  }
  query.fields = fields_named(module, *list, false);
}

void parse_sort(const Context& context, ListQuery& query) {
  const auto wrong = [](std::string_view name) {
    return invalid_data("the value given for " + std::string(name) + " is invalid",
                        {{"param_name", name}});
  };
  if (const std::string* by = context.call.param("sort_by")) {
    query.sort_by = *by;
    if (*by == "Modified_Time")
      query.order = Order::modified;
    else if (*by == "Created_Time")
      query.order = Order::created;
    else if (*by != "id")
      throw wrong("sort_by");
  }
  if (const std::string* order = context.call.param("sort_order")) {
    if (*order != "asc" && *order != "desc") throw wrong("sort_order");
    query.descending = *order == "desc";
  }
}

void parse_ids(const Context& context, ListQuery& query) {
  const std::string* text = context.call.param("ids");
  if (text == nullptr) return;
  query.ids.emplace();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    std::uint64_t id = 0;
    const auto [end, failure] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (failure != std::errc{} || end != part.data() + part.size()) {
      throw invalid_data("the ids given are invalid", {{"param_name", "ids"}});
    }
    query.ids->insert(id);
  }
  if (query.ids->size() > kIdsMax) {
    throw ApiError(400, "LIMIT_EXCEEDED", "ids limit exceeded", {{"limit", kIdsMax}});
  }
}

void parse_choices(const Context& context, ListQuery& query) {
  for (const std::string_view name : {"converted", "approved"}) {
    const std::string* value = context.call.param(name);
    if (value == nullptr) continue;
    if (*value != "true" && *value != "false" && *value != "both") {
      throw invalid_data("the value given is invalid", {{"param_name", name}});
    }
    if (name == "converted") query.converted = *value;
  }
  const std::string since = context.call.header("if-modified-since");
  if (since.empty()) return;
  query.modified_since = parse_datetime(since);
  if (!query.modified_since) {
    throw ApiError(400, "INVALID_DATA", "invalid If-Modified-Since",
                   {{"header_name", "If-Modified-Since"}});
  }
}

void parse_paging(const Context& context, ListQuery& query) {
  const Call& call = context.call;
  const Settings& settings = context.settings;
  const std::string* token = call.param("page_token");
  if (token != nullptr && call.param("page") != nullptr) throw ambiguous("page", "page_token");
  if (call.param("cvid") != nullptr && call.param("sort_by") != nullptr) {
    throw ambiguous("cvid", "sort_by");
  }
  if (call.param("cvid") != nullptr) {
    throw invalid_data("the custom view id given is invalid", {{"param_name", "cvid"}});
  }
  query.per_page = number_param(call, "per_page", kPerPageMax, 1, INT32_MAX);
  if (query.per_page > kPerPageMax) {
    throw ApiError(400, "LIMIT_EXCEEDED", "per_page limit exceeded",
                   {{"limit", kPerPageMax}, {"param_name", "per_page"}});
  }
  query.page = number_param(call, "page", 1, 1, INT32_MAX);
  if (token == nullptr) {
    if (query.page * query.per_page > settings.list_wall) {
      throw ApiError(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                     "You can only get the first " + std::to_string(settings.list_wall) +
                         " records without using page_token param",
                     {{"limit", settings.list_wall}});
    }
    return;
  }
  query.token = read_token(*token, {.key = context.token_key,
                                    .bound_to = query.bound_to,
                                    .user = query.user,
                                    .now = context.crm.clock.now(),
                                    .life_seconds = settings.page_token_hours * 3600});
  query.page = query.token->page;
  if (query.token->served >= settings.token_wall) {
    throw ApiError(400, "PAGINATION_LIMIT_EXCEEDED",
                   "You can only get the first " + std::to_string(settings.token_wall) + " records",
                   {{"limit", settings.token_wall}});
  }
}

}  // namespace

ListQuery parse_list_query(const Context& context, const ModuleSpec& module) {
  ListQuery query;
  query.user = hash_text(context.grant.refresh_token);
  query.bound_to = binding(context, query.user);
  parse_fields(context, module, query);
  const bool limited =
      module.api_name == "Deals" || module.api_name == "Contacts" || module.api_name == "Accounts";
  if (context.call.param("territory_id") != nullptr && !limited) throw invalid_module(0);
  parse_sort(context, query);
  parse_ids(context, query);
  parse_choices(context, query);
  parse_paging(context, query);
  return query;
}

json::object info_json(const Context& context, const ListQuery& query, const PageInfo& info) {
  json::value token = nullptr, expiry = nullptr;
  if (info.next) {
    const std::int64_t life = context.settings.page_token_hours * 3600;
    token = info.next->text(context.token_key ^ query.user);
    expiry = time_text(context.crm, context.crm.clock.now() + life);
  }
  return {{"call", false},
          {"per_page", query.per_page},
          {"next_page_token", std::move(token)},
          {"count", info.count},
          {"sort_by", query.sort_by},
          {"page", info.page},
          {"previous_page_token", nullptr},
          {"page_token_expiry", std::move(expiry)},
          {"sort_order", query.descending ? "desc" : "asc"},
          {"email", false},
          {"more_records", info.next.has_value()}};
}

}  // namespace penstock::zoho_sim
