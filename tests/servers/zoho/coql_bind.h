// A COQL query bound to a module: columns resolved, literals typed, where ready to be evaluated.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "servers/zoho/compare.h"
#include "servers/zoho/context.h"
#include "servers/zoho/coql.h"

namespace penstock::zoho_sim {

// A column: one field, or up to two lookups before it.
struct BoundColumn {
  std::string key;
  std::string aggregate;
  std::vector<const FieldSpec*> path;

  const FieldSpec& field() const { return *path.back(); }
};

// Throws INVALID_QUERY naming the column.
BoundColumn bind_column(const Crm& crm, const Module& module, const std::string& name);

// The value at the end of the path; NULL when a lookup on the way is.
void column_cell(const Crm& crm, const Module& module, const Row& row, const BoundColumn& column,
                 Cell& out);

// Where, ready to be asked of rows.
struct BoundExpr {
  CoqlExpr::Kind kind = CoqlExpr::Kind::compare;
  std::unique_ptr<BoundExpr> left, right;
  BoundColumn column;
  CoqlOp op = CoqlOp::equal;
  std::vector<Cell> values;
};
std::unique_ptr<BoundExpr> bind_where(const Crm& crm, const Module& module, const CoqlExpr& expr);
bool holds(const BoundExpr& expr, const Crm& crm, const Module& module, const Row& row);

// The least and greatest value that `column` (a time or the id) may have where `expr` holds.
struct Bounds {
  std::optional<std::int64_t> least, greatest;
};
Bounds bounds_of(const BoundExpr& expr, std::string_view column);

}  // namespace penstock::zoho_sim
