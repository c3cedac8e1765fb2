// COQL: the parsed query. Parsing knows nothing of modules; coql_run.h checks names and types.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::zoho_sim {

struct CoqlLiteral {
  enum class Kind : std::uint8_t { text, number, boolean };
  Kind kind = Kind::text;
  std::string text;  // of a number: its digits; of a boolean: true or false
};

enum class CoqlOp : std::uint8_t {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  like,
  not_like,
  in,
  not_in,
  between,
  not_between,
  is_null,
  is_not_null,
};

// A tree of ands and ors over comparisons.
struct CoqlExpr {
  enum class Kind : std::uint8_t { both, either, compare };
  Kind kind = Kind::compare;
  std::unique_ptr<CoqlExpr> left, right;  // of both and either
  std::string column;                     // "Account_Name.Industry"
  CoqlOp op = CoqlOp::equal;
  std::vector<CoqlLiteral> values;
};

struct CoqlColumn {
  std::string aggregate;  // COUNT, SUM, MIN, MAX; empty: a plain column
  std::string column;
  std::string key;  // in the answer: the alias, or the text as written
};

struct CoqlOrder {
  std::string column;
  bool descending = false;
};

struct CoqlQuery {
  std::vector<CoqlColumn> columns;
  std::string module;
  std::unique_ptr<CoqlExpr> where;
  std::vector<CoqlOrder> order;
  std::int64_t limit = 200, offset = 0;
  int criteria = 0;  // comparisons in `where`
};

// The limits of the text alone; those of `limit` and columns are the caller's.
inline constexpr int kCoqlCriteriaMax = 25;
inline constexpr std::size_t kCoqlInMax = 100, kCoqlOrderMax = 10, kCoqlAggregatesMax = 5;
inline constexpr int kCoqlDepthMax = 50;

// Throws ApiError: SYNTAX_ERROR with {"clause"} or {"line","column","near"}, LIMIT_EXCEEDED,
// DUPLICATE_DATA, DUPLICATE_ALIAS, INVALID_ALIAS. GROUP BY and AVG aren't simulated: they are a
// SYNTAX_ERROR that says so.
CoqlQuery parse_coql(std::string_view text);

std::string_view coql_op_name(CoqlOp op);

}  // namespace penstock::zoho_sim
