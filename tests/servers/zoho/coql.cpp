#include "servers/zoho/coql.h"

#include <array>
#include <charconv>
#include <set>

#include "servers/zoho/coql_lexer.h"

namespace penstock::zoho_sim {
namespace {

using Kind = CoqlToken::Kind;

ApiError clause_error(std::string_view clause, std::string_view message) {
  return {400, "SYNTAX_ERROR", std::string(message), {{"clause", clause}}};
}

ApiError limit_exceeded(std::string_view by, std::int64_t limit) {
  return {400, "LIMIT_EXCEEDED", "limit exceeded", {{"by", by}, {"limit", limit}}};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  CoqlQuery parse() {
    if (!lexer_.take("select")) throw clause_error("select", "the query must begin with select");
    do {
      query_.columns.push_back(column());
    } while (lexer_.take(","));
    check_columns();
    if (!lexer_.take("from")) throw clause_error("from", "from is missing");
    query_.module = name();
    if (lexer_.token().is("#")) throw lexer_.error("custom views aren't simulated");
    if (!lexer_.take("where")) throw clause_error("where", "where is missing");
    query_.where = disjunction(0);
    if (query_.criteria > kCoqlCriteriaMax) throw limit_exceeded("criteria", kCoqlCriteriaMax);
    if (lexer_.token().is("group")) throw lexer_.error("group by isn't simulated");
    if (lexer_.take("order")) order_by();
    if (lexer_.take("limit")) limit();
    if (lexer_.token().kind != Kind::end) throw lexer_.error();
    return std::move(query_);
  }

 private:
  // Names may be quoted, when they are reserved words.
  std::string name() {
    const CoqlToken token = lexer_.token();
    static constexpr auto reserved = std::to_array<std::string_view>(
        {"select", "from", "where", "and", "or", "order", "by", "limit", "in", "is", "not", "null",
         "like", "between", "group", "as", "asc", "desc", "offset"});
    for (const std::string_view word : reserved) {
      if (token.is(word)) throw lexer_.error();
    }
    if (token.kind != Kind::word && token.kind != Kind::text) throw lexer_.error();
    lexer_.advance();
    return token.text;
  }

  CoqlColumn column() {
    CoqlColumn column;
    column.column = name();
    if (lexer_.token().is("(")) {
      column.aggregate = column.column;
      for (char& c : column.aggregate) c = static_cast<char>(std::toupper(c));
      static constexpr auto known = std::to_array<std::string_view>({"COUNT", "SUM", "MIN", "MAX"});
      if (std::find(known.begin(), known.end(), column.aggregate) == known.end()) {
        throw lexer_.error("the function isn't known or isn't simulated");
      }
      lexer_.advance();
      column.column = name();
      if (!lexer_.take(")")) throw lexer_.error();
    }
    column.key =
        column.aggregate.empty() ? column.column : column.aggregate + "(" + column.column + ")";
    if (lexer_.take("as")) {
      const CoqlToken alias = lexer_.token();
      if (alias.kind != Kind::word || alias.text.find('.') != std::string::npos) {
        throw ApiError(400, "INVALID_ALIAS", "the alias given is invalid", {{"alias", alias.text}});
      }
      column.key = alias.text;
      lexer_.advance();
    }
    return column;
  }

  void check_columns() {
    std::set<std::string> columns, keys;
    std::size_t aggregates = 0;
    for (const CoqlColumn& column : query_.columns) {
      aggregates += column.aggregate.empty() ? 0 : 1;
      const std::string whole = column.aggregate + "(" + column.column;
      if (!columns.insert(whole).second) {
        throw ApiError(400, "DUPLICATE_DATA", "a column is named twice",
                       {{"column_name", column.column}});
      }
      if (!keys.insert(column.key).second) {
        throw ApiError(400, "DUPLICATE_ALIAS", "an alias is given twice", {{"alias", column.key}});
      }
    }
    if (aggregates > kCoqlAggregatesMax) throw limit_exceeded("aggregates", kCoqlAggregatesMax);
    if (aggregates > 0 && aggregates < query_.columns.size()) {
      throw clause_error("select",
                         "aggregates beside columns need group by, which isn't simulated");
    }
  }

  // One "and" or "or" of two operands: Zoho wants more of them bracketed in pairs.
  std::unique_ptr<CoqlExpr> disjunction(int depth) {
    if (depth > kCoqlDepthMax) throw clause_error("where", "too many brackets");
    auto left = operand(depth);
    const bool both = lexer_.token().is("and");
    if (!both && !lexer_.token().is("or")) return left;
    lexer_.advance();
    auto pair = std::make_unique<CoqlExpr>();
    pair->kind = both ? CoqlExpr::Kind::both : CoqlExpr::Kind::either;
    pair->left = std::move(left);
    pair->right = operand(depth);
    if (lexer_.token().is("and") || lexer_.token().is("or")) {
      throw clause_error("where", "more than two criteria must be bracketed in pairs");
    }
    return pair;
  }

  std::unique_ptr<CoqlExpr> operand(int depth) {
    if (!lexer_.take("(")) return comparison();
    auto inner = disjunction(depth + 1);
    if (!lexer_.take(")")) throw lexer_.error("a bracket isn't closed");
    return inner;
  }

  CoqlOp operation() {
    static constexpr auto symbols =
        std::to_array<std::pair<std::string_view, CoqlOp>>({{"=", CoqlOp::equal},
                                                            {"!=", CoqlOp::not_equal},
                                                            {"<", CoqlOp::less},
                                                            {"<=", CoqlOp::less_equal},
                                                            {">", CoqlOp::greater},
                                                            {">=", CoqlOp::greater_equal},
                                                            {"like", CoqlOp::like},
                                                            {"in", CoqlOp::in},
                                                            {"between", CoqlOp::between}});
    if (lexer_.take("is")) {
      const bool negated = lexer_.take("not");
      if (!lexer_.take("null")) throw lexer_.error();
      return negated ? CoqlOp::is_not_null : CoqlOp::is_null;
    }
    if (lexer_.take("not")) {
      if (lexer_.take("in")) return CoqlOp::not_in;
      if (lexer_.take("like")) return CoqlOp::not_like;
      if (lexer_.take("between")) return CoqlOp::not_between;
      throw lexer_.error();
    }
    for (const auto& [word, op] : symbols) {
      if (lexer_.take(word)) return op;
    }
    throw lexer_.error();
  }

  CoqlLiteral literal() {
    const CoqlToken token = lexer_.token();
    CoqlLiteral value{.text = token.text};
    if (token.kind == Kind::number)
      value.kind = CoqlLiteral::Kind::number;
    else if (token.is("true") || token.is("false"))
      value.kind = CoqlLiteral::Kind::boolean;
    else if (token.kind != Kind::text)
      throw lexer_.error();
    lexer_.advance();
    return value;
  }

  std::unique_ptr<CoqlExpr> comparison() {
    ++query_.criteria;
    auto expr = std::make_unique<CoqlExpr>();
    expr->column = name();
    expr->op = operation();
    if (expr->op == CoqlOp::is_null || expr->op == CoqlOp::is_not_null) return expr;
    if (expr->op == CoqlOp::in || expr->op == CoqlOp::not_in) {
      if (!lexer_.take("(")) throw lexer_.error();
      do {
        expr->values.push_back(literal());
      } while (lexer_.take(","));
      if (!lexer_.take(")")) throw lexer_.error();
      if (expr->values.size() > kCoqlInMax) throw limit_exceeded("in", kCoqlInMax);
      return expr;
    }
    expr->values.push_back(literal());
    if (expr->op == CoqlOp::between || expr->op == CoqlOp::not_between) {
      if (!lexer_.take("and")) throw lexer_.error();
      expr->values.push_back(literal());
    }
    return expr;
  }

  void order_by() {
    if (!lexer_.take("by")) throw lexer_.error();
    do {
      CoqlOrder order{.column = name()};
      if (lexer_.take("desc"))
        order.descending = true;
      else
        lexer_.take("asc");
      query_.order.push_back(std::move(order));
    } while (lexer_.take(","));
    if (query_.order.size() > kCoqlOrderMax) throw limit_exceeded("order by", kCoqlOrderMax);
  }

  std::int64_t number() {
    const CoqlToken& token = lexer_.token();
    std::int64_t value = 0;
    const char* const end = token.text.data() + token.text.size();
    const auto [stop, failure] = std::from_chars(token.text.data(), end, value);
    if (token.kind != Kind::number || failure != std::errc{} || stop != end || value < 0) {
      throw clause_error("limit", "limit needs whole numbers");
    }
    lexer_.advance();
    return value;
  }

  void limit() {
    query_.limit = number();
    if (lexer_.take(",")) {
      query_.offset = query_.limit;
      query_.limit = number();
    } else if (lexer_.take("offset")) {
      query_.offset = number();
    }
  }

  CoqlLexer lexer_;
  CoqlQuery query_;
};

}  // namespace

CoqlQuery parse_coql(std::string_view text) {
  return Parser(text).parse();
}

std::string_view coql_op_name(CoqlOp op) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"=", "!=", "<", "<=", ">", ">=", "like", "not like", "in", "not in", "between",
       "not between", "is null", "is not null"});
  return names[static_cast<std::size_t>(op)];
}

}  // namespace penstock::zoho_sim
