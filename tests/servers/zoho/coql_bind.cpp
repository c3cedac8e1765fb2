#include "servers/zoho/coql_bind.h"

#include <algorithm>
#include <charconv>

namespace penstock::zoho_sim {
namespace {

constexpr std::size_t kHopsMax = 2;

ApiError invalid_column(std::string_view name, std::string_view reason) {
  return {
      400, "INVALID_QUERY", "invalid query formed", {{"column_name", name}, {"reason", reason}}};
}

bool allowed(Comparable kind, CoqlOp op) {
  using enum CoqlOp;
  if (op == is_null || op == is_not_null) return kind != Comparable::boolean;
  switch (kind) {
    case Comparable::text:
      return op == equal || op == not_equal || op == like || op == not_like || op == in ||
             op == not_in;
    case Comparable::number:
    case Comparable::time: return op != like && op != not_like;
    case Comparable::reference: return op == equal || op == not_equal || op == in || op == not_in;
    case Comparable::boolean: return op == equal;
    case Comparable::list: return op == equal || op == not_equal || op == in || op == not_in;
    case Comparable::nothing: return false;
  }
  return false;
}

bool compare(const Cell& cell, CoqlOp op, const std::vector<Cell>& values) {
  using enum CoqlOp;
  if (op == is_null) return cell.is_null();
  if (op == is_not_null) return !cell.is_null();
  if (cell.is_null()) return false;
  const auto order = [&](std::size_t i) { return compare_cells(cell, values[i]); };
  switch (op) {
    case equal: return order(0) == 0;
    case not_equal: return order(0) != 0;
    case less: return order(0) < 0;
    case less_equal: return order(0) <= 0;
    case greater: return order(0) > 0;
    case greater_equal: return order(0) >= 0;
    case like: return matches_like(cell.text, values[0].text);
    case not_like: return !matches_like(cell.text, values[0].text);
    case between: return order(0) >= 0 && order(1) <= 0;
    case not_between: return order(0) < 0 || order(1) > 0;
    default: break;
  }
  const bool found = std::any_of(values.begin(), values.end(), [&](const Cell& value) {
    return compare_cells(cell, value) == 0;
  });
  return found == (op == in);
}

std::int64_t bound_value(const Cell& cell) {
  if (cell.kind != Cell::Kind::digits) return cell.number;
  std::uint64_t id = 0;
  const char* const end = cell.text.data() + cell.text.size();
  if (std::from_chars(cell.text.data(), end, id).ec != std::errc{} || id > INT64_MAX) {
    return INT64_MAX;
  }
  return static_cast<std::int64_t>(id);
}

}  // namespace

BoundColumn bind_column(const Crm& crm, const Module& module, const std::string& name) {
  BoundColumn column{.key = name};
  const Module* at = &module;
  std::string_view rest = name;
  while (true) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const FieldSpec* field = at == nullptr ? nullptr : at->spec().field(part);
    if (field == nullptr) throw invalid_column(name, "column given seems to be invalid");
    column.path.push_back(field);
    if (rest.empty()) break;
    if (field->data_type != "lookup") throw invalid_column(name, "the column is not a lookup");
    at = crm.find(field->target);
  }
  if (column.path.size() > kHopsMax + 1) {
    throw ApiError(400, "LIMIT_EXCEEDED", "limit exceeded", {{"by", "join"}, {"limit", kHopsMax}});
  }
  const FieldSpec& field = column.field();
  if (field.is_collection() || field.data_type.ends_with("upload")) {
    throw invalid_column(name, "the column type is not supported");
  }
  return column;
}

void column_cell(const Crm& crm, const Module& module, const Row& row, const BoundColumn& column,
                 Cell& out) {
  crm.cell(module, row, *column.path[0], out);
  for (std::size_t i = 1; i < column.path.size(); ++i) {
    if (out.is_null()) return;
    const auto id = static_cast<std::uint64_t>(out.number);
    const Module* to = crm.by_id(id);
    const auto index = to == nullptr ? std::nullopt : to->index_of(id);
    if (!index) return out.reset();
    crm.cell(*to, to->row(*index), *column.path[i], out);
  }
}

std::unique_ptr<BoundExpr> bind_where(const Crm& crm, const Module& module, const CoqlExpr& expr) {
  auto bound = std::make_unique<BoundExpr>();
  bound->kind = expr.kind;
  if (expr.kind != CoqlExpr::Kind::compare) {
    bound->left = bind_where(crm, module, *expr.left);
    bound->right = bind_where(crm, module, *expr.right);
    return bound;
  }
  bound->column = bind_column(crm, module, expr.column);
  bound->op = expr.op;
  const FieldSpec& field = bound->column.field();
  if (field.data_type == "textarea") {
    throw invalid_column(expr.column, "textarea fields are not supported in criteria");
  }
  if (!allowed(comparable(field), expr.op)) {
    throw ApiError(400, "INVALID_QUERY", "invalid query formed",
                   {{"column_name", expr.column},
                    {"operator", coql_op_name(expr.op)},
                    {"reason", "the operator is not supported for the column"}});
  }
  for (const CoqlLiteral& literal : expr.values) {
    auto cell = literal_cell(field, literal.text);
    if (!cell) throw invalid_column(expr.column, "the value doesn't fit the column's type");
    bound->values.push_back(std::move(*cell));
  }
  return bound;
}

bool holds(const BoundExpr& expr, const Crm& crm, const Module& module, const Row& row) {
  switch (expr.kind) {
    case CoqlExpr::Kind::both:
      return holds(*expr.left, crm, module, row) && holds(*expr.right, crm, module, row);
    case CoqlExpr::Kind::either:
      return holds(*expr.left, crm, module, row) || holds(*expr.right, crm, module, row);
    case CoqlExpr::Kind::compare: break;
  }
  thread_local Cell cell;
  column_cell(crm, module, row, expr.column, cell);
  return compare(cell, expr.op, expr.values);
}

Bounds bounds_of(const BoundExpr& expr, std::string_view column) {
  Bounds bounds;
  if (expr.kind == CoqlExpr::Kind::both) {
    const Bounds a = bounds_of(*expr.left, column), b = bounds_of(*expr.right, column);
    bounds.least = std::max(a.least, b.least);  // none counts as least of all
    bounds.greatest = a.greatest && b.greatest ? std::min(a.greatest, b.greatest)
                      : a.greatest             ? a.greatest
                                               : b.greatest;
    return bounds;
  }
  if (expr.kind == CoqlExpr::Kind::either || expr.column.path.size() != 1 ||
      expr.column.field().api_name != column || expr.values.empty()) {
    return bounds;
  }
  const std::int64_t value = bound_value(expr.values[0]);
  switch (expr.op) {
    case CoqlOp::equal: return {value, value};
    case CoqlOp::greater: return {value == INT64_MAX ? value : value + 1, {}};
    case CoqlOp::greater_equal: return {value, {}};
    case CoqlOp::less: return {{}, value - 1};
    case CoqlOp::less_equal: return {{}, value};
    case CoqlOp::between: return {value, bound_value(expr.values[1])};
    default: return bounds;
  }
}

}  // namespace penstock::zoho_sim
