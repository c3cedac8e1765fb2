#include "servers/zoho/records.h"

#include <algorithm>
#include <charconv>

#include "servers/zoho/record_list.h"
#include "servers/zoho/related.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::size_t kFullDataIds = 200, kFullDataFields = 8;

bool wanted(const Context& context, const Module& module, const ListQuery& query, const Row& row) {
  if (query.ids && !query.ids->contains(row.id)) return false;
  if (query.modified_since && row.modified < *query.modified_since) return false;
  if (query.converted == "both") return true;
  return context.crm.is_converted(module, row) == (query.converted == "true");
}

// Yields the rows a list is about, in order.
class Rows {
 public:
  Rows(const Context& context, const Module& module, const ListQuery& query)
      : context_(context),
        module_(module),
        query_(query),
        scan_(module, query.order, query.descending, start(context, query)) {
    std::uint64_t skip = query.token ? 0 : (query.page - 1) * query.per_page;
    if (query.token && context.settings.offset_tokens) skip = query.token->served;
    while (skip-- > 0 && next()) {
    }
  }

  std::optional<Row> next() {
    while (const auto index = scan_.next()) {
      Row row = module_.row(*index);
      if (wanted(context_, module_, query_, row)) return row;
    }
    return std::nullopt;
  }

 private:
  static std::optional<Position> start(const Context& context, const ListQuery& query) {
    if (!query.token || context.settings.offset_tokens) return std::nullopt;
    return query.token->after;
  }

  const Context& context_;
  const Module& module_;
  const ListQuery& query_;
  Scan scan_;
};

std::optional<PageToken> next_token(const Context& context, const ListQuery& query, const Row& last,
                                    std::int64_t count) {
  const std::int64_t before = query.token ? query.token->served : (query.page - 1) * query.per_page;
  return PageToken{.bound_to = query.bound_to,
                   .issued = context.crm.clock.now(),
                   .after = {.time = last.modified, .index = last.index},
                   .served = static_cast<std::uint32_t>(before + count),
                   .page = static_cast<std::uint32_t>(query.page + 1)};
}

std::uint32_t index_of_id(const Module& module, std::string_view text, bool& unknown) {
  std::uint64_t id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    throw invalid_data("the id given seems to be invalid", {{"resource_path_index", 1}});
  }
  const auto index = module.index_of(id);
  unknown = !index || !module.exists(*index);
  return index.value_or(0);
}

std::string single_json(const Context& context, const Module& module, const Row& row,
                        const std::vector<const FieldSpec*>& fields) {
  std::vector<const FieldSpec*> plain;
  std::string collections, more;
  for (const FieldSpec* field : fields) {
    if (!field->is_collection()) {
      if (field->shape != Shape::id) plain.push_back(field);
      continue;
    }
    bool cut = false;
    collections += "," + field->json_key;
    append_collection(collections, context.crm, module, row, *field, cut);
    more += (more.empty() ? "" : ",") + field->json_key + (cut ? "true" : "false");
  }
  std::string out;
  append_record(out, context.crm, module, row, plain, context.crm.style());
  out.pop_back();
  out += collections + R"(,"$has_more":{)" + more +
         R"(},"$currency_symbol":"$","$state":"save",)"
         R"("$in_merge":false,"$editable":true,"$approved":true,"$locked_for_me":false})";
  return out;
}

}  // namespace

Answer list_records(const Context& context, std::string_view name) {
  const Module& module = readable_module(context, name, 0);
  const ListQuery query = parse_list_query(context, module.spec());
  if (context.call.param("sort_by") != nullptr) context.in_flight.count_as_heavy();
  Rows rows(context, module, query);
  Answer answer;
  answer.body = "{\"data\":[";
  PageInfo info{.page = query.page};
  std::optional<Row> last;
  const Style style = context.crm.style();
  for (auto row = rows.next(); row; row = rows.next()) {
    if (info.count == query.per_page) {
      info.next = next_token(context, query, *last, info.count);
      break;
    }
    if (info.count++ > 0) answer.body += ',';
    append_record(answer.body, context.crm, module, *row, query.fields, style);
    last = row;
  }
  if (info.count == 0) return Answer::empty(query.modified_since ? 304 : 204);
  answer.body += "],\"info\":" + json::serialize(info_json(context, query, info)) + "}";
  return answer;
}

Answer one_record(const Context& context, std::string_view name, std::string_view id) {
  const Module& module = readable_module(context, name, 0);
  bool unknown = false;
  const std::uint32_t index = index_of_id(module, id, unknown);
  if (unknown) return Answer::empty(204);
  std::vector<const FieldSpec*> fields;
  if (const std::string* list = context.call.param("fields")) {
    fields = fields_named(module.spec(), *list, true);
  } else {
    for (const FieldSpec& field : module.spec().fields) fields.push_back(&field);
  }
  return {.body = "{\"data\":[" + single_json(context, module, module.row(index), fields) + "]}"};
}

Answer count_records(const Context& context, std::string_view name) {
  const Module& module = readable_module(context, name, 0);
  Auth::require_scope(context.grant, "ZohoSearch.securesearch");
  std::int64_t count = 0;
  Scan scan(module, Order::id, false);
  while (const auto index = scan.next()) {
    count += context.crm.is_converted(module, module.row(*index)) ? 0 : 1;
  }
  return Answer::of(json::object{{"count", count}});
}

Answer full_data(const Context& context, std::string_view name, std::string_view id) {
  const Module& module = readable_module(context, name, 0);
  const std::string* list = context.call.param("fields");
  if (list == nullptr || list->empty()) throw required_param("fields");
  const auto fields = fields_named(module.spec(), *list, false);
  for (const FieldSpec* field : fields) {
    if (field->shape == Shape::rich_text) continue;
    throw invalid_data("only rich text fields are supported", {{"param_name", "fields"}});
  }
  if (fields.size() > kFullDataFields) {
    throw ApiError(400, "LIMIT_EXCEEDED", "Fields limit exceeded", {{"limit", kFullDataFields}});
  }
  std::string ids(id);
  if (ids.empty()) {
    const std::string* given = context.call.param("ids");
    if (given == nullptr || given->empty()) throw required_param("ids");
    ids = *given;
  }
  if (static_cast<std::size_t>(std::count(ids.begin(), ids.end(), ',')) >= kFullDataIds) {
    throw ApiError(400, "LIMIT_EXCEEDED", "ids limit exceeded", {{"limit", kFullDataIds}});
  }
  Style style = context.crm.style();
  style.cut_rich_text = false;
  std::string data;
  for (std::string_view rest = ids; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    bool unknown = false;
    const std::uint32_t index = index_of_id(module, part, unknown);
    if (unknown) continue;
    if (!data.empty()) data += ',';
    append_record(data, context.crm, module, module.row(index), fields, style);
  }
  if (data.empty()) return Answer::empty(204);
  return {.body = "{\"data\":[" + data + "]}"};
}

Answer list_related(const Context& context, std::string_view name, std::string_view id,
                    std::string_view list) {
  const Module& module = readable_module(context, name, 0);
  bool unknown = false;
  const std::uint32_t index = index_of_id(module, id, unknown);
  if (unknown) return Answer::empty(204);
  const auto [other, indexes] = related_rows(context, module, module.row(index), list);
  readable_module(context, other->spec().api_name, 2);
  ListQuery query = parse_list_query(context, other->spec());
  const std::int64_t from = query.token ? query.token->served : (query.page - 1) * query.per_page;
  Answer answer{.body = "{\"data\":["};
  PageInfo info{.page = query.page};
  for (auto at = static_cast<std::size_t>(from); at < indexes.size(); ++at) {
    const Row row = other->row(indexes[at]);
    if (info.count == query.per_page) {
      info.next = next_token(context, query, row, info.count);
      break;
    }
    if (info.count++ > 0) answer.body += ',';
    append_record(answer.body, context.crm, *other, row, query.fields, context.crm.style());
  }
  if (info.count == 0) return Answer::empty(204);
  answer.body += "],\"info\":" + json::serialize(info_json(context, query, info)) + "}";
  return answer;
}

Answer list_deleted(const Context& context, std::string_view name) {
  constexpr std::int64_t kDay = 86'400, kBinDays = 60, kListedDays = 120;
  const Module& module = readable_module(context, name, 0);
  const Call& call = context.call;
  const std::string* type = call.param("type");
  if (type != nullptr && *type != "all" && *type != "recycle" && *type != "permanent") {
    throw ApiError(400, "PATTERN_NOT_MATCHED", "Please check whether the input values are correct",
                   {{"param_name", "type"}});
  }
  const std::int64_t per_page = number_param(call, "per_page", 200, 1, 200);
  const std::int64_t page = number_param(call, "page", 1, 1, INT32_MAX);
  const std::string header = call.header("if-modified-since");
  const auto since = parse_datetime(header);
  if (!header.empty() && !since) {
    throw ApiError(400, "INVALID_DATA", "invalid If-Modified-Since",
                   {{"header_name", "If-Modified-Since"}});
  }
  const std::int64_t now = context.crm.clock.now();
  std::int64_t skip = (page - 1) * per_page;
  json::array data;
  bool more = false;
  for (const auto& [time, index] : module.deleted()) {
    if (now - time > kListedDays * kDay || (since && time < *since)) continue;
    const Row row = module.row(index);
    const bool permanent = row.change->permanent || now - time > kBinDays * kDay;
    const std::string_view kind = permanent ? "permanent" : "recycle";
    if (type != nullptr && *type != "all" && *type != kind) continue;
    if (skip-- > 0) continue;
    if (static_cast<std::int64_t>(data.size()) == per_page) {
      more = true;
      break;
    }
    const json::value by = permanent ? json::value(nullptr) : json::value(user_json(0));
    const json::value shown =
        permanent ? json::value(nullptr) : json::value(context.crm.name_of(module, index));
    data.push_back(json::object{{"deleted_by", by},
                                {"id", std::to_string(row.id)},
                                {"display_name", shown},
                                {"type", kind},
                                {"created_by", by},
                                {"deleted_time", time_text(context.crm, time)}});
  }
  if (data.empty()) return Answer::empty(since ? 304 : 204);
  json::object info{
      {"per_page", per_page}, {"count", data.size()}, {"page", page}, {"more_records", more}};
  return Answer::of(json::object{{"data", std::move(data)}, {"info", std::move(info)}});
}

}  // namespace penstock::zoho_sim
