#include "servers/zoho/coql_run.h"

#include <algorithm>

#include "servers/zoho/coql_bind.h"

namespace penstock::zoho_sim {
namespace {

struct Plan {
  const Module* module = nullptr;
  std::vector<BoundColumn> columns, order;
  std::vector<bool> descending;
  std::unique_ptr<BoundExpr> where;
  std::size_t limit = 0, offset = 0;
  // Set when the order is that of an index.
  std::optional<Order> index_order;
  bool index_descending = false;
};

std::string query_text(const Call& call) {
  json::error_code failure;
  const json::value body = json::parse(call.body, failure);
  if (failure || !body.is_object()) {
    throw ApiError(400, "JSON_PARSE_ERROR", "the body is not valid JSON");
  }
  const json::value* text = body.as_object().if_contains("select_query");
  if (text == nullptr) {
    throw ApiError(400, "MANDATORY_NOT_FOUND", "required field not found",
                   {{"api_name", "select_query"}});
  }
  if (!text->is_string()) {
    throw invalid_data("invalid data",
                       {{"api_name", "select_query"}, {"expected_data_type", "string"}});
  }
  return std::string(text->as_string());
}

void check_limits(const CoqlQuery& query, const Settings& settings) {
  const auto exceeded = [](std::string_view by, std::int64_t limit) {
    return ApiError(400, "LIMIT_EXCEEDED", "limit exceeded", {{"by", by}, {"limit", limit}});
  };
  if (static_cast<std::int64_t>(query.columns.size()) > settings.coql_columns) {
    throw exceeded("select", settings.coql_columns);
  }
  if (query.limit > settings.coql_limit) throw exceeded("limit", settings.coql_limit);
  if (query.offset + query.limit > settings.coql_wall && query.offset > 0) {
    throw exceeded("offset", settings.coql_wall);
  }
}

std::optional<Order> index_of(std::string_view column) {
  if (column == "id") return Order::id;
  if (column == "Created_Time") return Order::created;
  if (column == "Modified_Time") return Order::modified;
  return std::nullopt;
}

void plan_order(const Crm& crm, const CoqlQuery& query, Plan& plan) {
  for (const CoqlOrder& order : query.order) {
    plan.order.push_back(bind_column(crm, *plan.module, order.column));
    plan.descending.push_back(order.descending);
  }
  if (plan.order.empty()) {
    plan.index_order = Order::id;
    return;
  }
  const auto first = index_of(query.order[0].column);
  const bool tie_by_id = query.order.size() == 1
                             ? !query.order[0].descending  // ties go by id, upwards
                             : query.order.size() == 2 && query.order[1].column == "id" &&
                                   query.order[1].descending == query.order[0].descending;
  if (first && (tie_by_id || *first == Order::id)) {
    plan.index_order = first;
    plan.index_descending = query.order[0].descending;
  }
}

std::string_view column_of(Order order) {
  return order == Order::id ? "id" : order == Order::created ? "Created_Time" : "Modified_Time";
}

// The position behind which the first row within the bounds lies, walking upwards.
std::optional<Position> start_of(const Module& module, Order order, const Bounds& bounds) {
  if (!bounds.least || module.total() == 0) return std::nullopt;
  if (order == Order::modified) return Position{*bounds.least - 1, UINT32_MAX};
  // The first index that isn't below the bound: ids and creation times rise with the index.
  std::uint32_t low = 0, high = module.total();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::int64_t value = order == Order::id ? static_cast<std::int64_t>(module.id_of(middle))
                                                  : module.row(middle).created;
    if (value < *bounds.least)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return std::nullopt;
  return Position{0, low - 1};
}

// Calls `each` with the rows for which where holds, until it returns false.
template <typename Each>
void walk(const Crm& crm, const Plan& plan, Each&& each) {
  const Module& module = *plan.module;
  const Order order = plan.index_order.value_or(Order::id);
  const Bounds bounds = bounds_of(*plan.where, column_of(order));
  const bool upwards = !plan.index_descending;
  Scan scan(module, order, !upwards,
            upwards ? start_of(module, order, bounds) : std::optional<Position>{});
  while (const auto index = scan.next()) {
    const Row row = module.row(*index);
    const std::int64_t value = order == Order::id        ? static_cast<std::int64_t>(row.id)
                               : order == Order::created ? row.created
                                                         : row.modified;
    if (upwards && bounds.greatest && value > *bounds.greatest) return;
    if (!upwards && bounds.least && value < *bounds.least) return;
    if (holds(*plan.where, crm, module, row) && !each(row)) return;
  }
}

struct Candidate {
  std::uint32_t index;
  std::vector<Cell> keys;
};

std::vector<std::uint32_t> sorted_rows(const Crm& crm, const Plan& plan, std::size_t wanted) {
  const auto before = [&](const Candidate& a, const Candidate& b) {
    for (std::size_t i = 0; i < plan.order.size(); ++i) {
      const auto order = compare_cells(a.keys[i], b.keys[i]);
      if (order != 0) return plan.descending[i] ? order > 0 : order < 0;
    }
    return a.index < b.index;
  };
  std::vector<Candidate> heap;  // the last of the best on top
  walk(crm, plan, [&](const Row& row) {
    Candidate candidate{.index = row.index, .keys = std::vector<Cell>(plan.order.size())};
    for (std::size_t i = 0; i < plan.order.size(); ++i) {
      column_cell(crm, *plan.module, row, plan.order[i], candidate.keys[i]);
    }
    if (heap.size() == wanted) {
      if (!before(candidate, heap.front())) return true;
      std::pop_heap(heap.begin(), heap.end(), before);
      heap.pop_back();
    }
    heap.push_back(std::move(candidate));
    std::push_heap(heap.begin(), heap.end(), before);
    return true;
  });
  std::sort_heap(heap.begin(), heap.end(), before);
  std::vector<std::uint32_t> rows;
  for (const Candidate& candidate : heap) rows.push_back(candidate.index);
  return rows;
}

void append_row(std::string& out, const Crm& crm, const Plan& plan, const Row& row,
                const Style& style) {
  thread_local Cell cell;
  out += '{';
  bool has_id = false;
  for (const BoundColumn& column : plan.columns) {
    column_cell(crm, *plan.module, row, column, cell);
    append_json_string(out, column.key);
    out += ':';
    append_json(out, column.field(), cell, style);
    out += ',';
    has_id = has_id || column.key == "id";
  }
  if (has_id) {
    out.back() = '}';
    return;
  }
  out += "\"id\":\"";
  append_number(out, static_cast<std::int64_t>(row.id));
  out += "\"}";
}

Answer aggregate(const Crm& crm, const Plan& plan, const Style& style) {
  std::vector<Cell> results(plan.columns.size());
  Cell cell;
  walk(crm, plan, [&](const Row& row) {
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      const BoundColumn& column = plan.columns[i];
      column_cell(crm, *plan.module, row, column, cell);
      if (cell.is_null()) continue;
      Cell& result = results[i];
      if (column.aggregate == "COUNT") {
        result.kind = Cell::Kind::integer;
        ++result.number;
      } else if (result.is_null()) {
        result = cell;
      } else if (column.aggregate == "SUM") {
        result.number += cell.number;
      } else if ((compare_cells(cell, result) < 0) == (column.aggregate == "MIN")) {
        result = cell;
      }
    }
    return true;
  });
  std::string data = "{";
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (plan.columns[i].aggregate == "COUNT") results[i].kind = Cell::Kind::integer;
    if (i > 0) data += ',';
    append_json_string(data, plan.columns[i].key);
    data += ':';
    append_json(data, plan.columns[i].field(), results[i], style);
  }
  return {.body = "{\"data\":[" + data + "}],\"info\":{\"count\":1,\"more_records\":false}}"};
}

Answer rows_answer(const Crm& crm, const Plan& plan, const Style& style) {
  Answer answer{.body = "{\"data\":["};
  std::size_t count = 0, skipped = 0;
  bool more = false;
  const auto take = [&](const Row& row) {
    if (skipped < plan.offset) return ++skipped, true;
    if (count == plan.limit) return more = true, false;
    if (count++ > 0) answer.body += ',';
    append_row(answer.body, crm, plan, row, style);
    return true;
  };
  if (plan.index_order) {
    walk(crm, plan, take);
  } else {
    for (const std::uint32_t index : sorted_rows(crm, plan, plan.offset + plan.limit + 1)) {
      if (!take(plan.module->row(index))) break;
    }
  }
  if (count == 0) return Answer::empty(204);
  answer.body += "],\"info\":{\"count\":" + std::to_string(count) +
                 ",\"more_records\":" + (more ? "true" : "false") + "}}";
  return answer;
}

}  // namespace

Answer run_coql(const Context& context) {
  Auth::require_scope(context.grant, "coql");
  context.in_flight.count_as_heavy();
  std::optional<CoqlQuery> query;
  try {
    query = parse_coql(query_text(context.call));
  } catch (const ApiError&) {
    context.limits.spend(1);
    throw;
  }
  context.limits.spend(query->limit <= 200 ? 1 : query->limit <= 1'000 ? 2 : 3);
  check_limits(*query, context.settings);
  Plan plan{.module = &readable_module(context, query->module, 0)};
  if (!plan.module->spec().has_metadata) throw invalid_module(0);
  for (const CoqlColumn& column : query->columns) {
    BoundColumn bound = bind_column(context.crm, *plan.module, column.column);
    bound.key = column.key;
    bound.aggregate = column.aggregate;
    if (column.aggregate == "SUM" && comparable(bound.field()) != Comparable::number) {
      throw ApiError(400, "INVALID_QUERY", "invalid query formed",
                     {{"column_name", column.column}, {"reason", "the column isn't a number"}});
    }
    plan.columns.push_back(std::move(bound));
  }
  plan.where = bind_where(context.crm, *plan.module, *query->where);
  plan_order(context.crm, *query, plan);
  plan.limit = static_cast<std::size_t>(query->limit);
  plan.offset = static_cast<std::size_t>(query->offset);
  Style style = context.crm.style();
  style.coql = true;
  if (!plan.columns[0].aggregate.empty()) return aggregate(context.crm, plan, style);
  return rows_answer(context.crm, plan, style);
}

}  // namespace penstock::zoho_sim
