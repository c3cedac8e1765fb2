#include "servers/zoho/bulk_query.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::zoho_sim {
namespace {

constexpr std::size_t kTextMax = 255;
constexpr std::string_view kEmpty = "${EMPTY}";

ApiError bulk_error(std::string code, json::object details = {}) {
  std::string message = "the query is invalid: " + code;
  return {400, std::move(code), std::move(message), std::move(details)};
}

ApiError field_error(const char* code, std::string_view field, std::string_view module) {
  return bulk_error(code, {{"api_name", field}, {"module", module}});
}

struct Comparator {
  std::string_view name;
  CoqlOp op;
  bool text_only = false, number_only = false;
  std::string_view before = "", after = "";  // of the pattern, for like
};

constexpr auto kComparators = std::to_array<Comparator>({
    {"equal", CoqlOp::equal},
    {"not_equal", CoqlOp::not_equal},
    {"in", CoqlOp::in},
    {"not_in", CoqlOp::not_in},
    {"less_than", CoqlOp::less, false, true},
    {"less_equal", CoqlOp::less_equal, false, true},
    {"greater_than", CoqlOp::greater, false, true},
    {"greater_equal", CoqlOp::greater_equal, false, true},
    {"between", CoqlOp::between, false, true},
    {"not_between", CoqlOp::not_between, false, true},
    {"contains", CoqlOp::like, true, false, "%", "%"},
    {"not_contains", CoqlOp::not_like, true, false, "%", "%"},
    {"starts_with", CoqlOp::like, true, false, "", "%"},
    {"ends_with", CoqlOp::like, true, false, "%", ""},
});

// The text at `api_name` of an object, or the text itself, which older versions send.
std::string name_in(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  const json::object* object = value.if_object();
  const json::value* name = object == nullptr ? nullptr : object->if_contains("api_name");
  if (name == nullptr || !name->is_string())
    throw bulk_error("INVALID_DATA", {{"api_name", "api_name"}});
  return std::string(name->as_string());
}

class Criteria {
 public:
  Criteria(const Context& context, const Module& module) : context_(context), module_(module) {}

  std::unique_ptr<CoqlExpr> parse(const json::value& value, int depth = 0) {
    const json::object* object = value.if_object();
    if (object == nullptr || depth > kCoqlDepthMax) throw bulk_error("INVALID_CRITERIA");
    if (object->contains("group")) return group(*object, depth);
    if (++count_ > kBulkCriteriaMax) {
      throw bulk_error("CRITERIA_LIMIT_EXCEEDED", {{"max_limit", kBulkCriteriaMax}});
    }
    return comparison(*object);
  }

 private:
  std::unique_ptr<CoqlExpr> group(const json::object& object, int depth) {
    const json::value* op = object.if_contains("group_operator");
    const json::array* parts = object.at("group").if_array();
    if (op == nullptr || !op->is_string() || parts == nullptr || parts->empty()) {
      throw bulk_error("INVALID_CRITERIA");
    }
    std::string word(op->as_string());
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (word != "and" && word != "or") throw bulk_error("GROUP_OPERATOR_NOT_SUPPORTED");
    std::unique_ptr<CoqlExpr> all;
    for (const json::value& part : *parts) {
      auto one = parse(part, depth + 1);
      if (all == nullptr) {
        all = std::move(one);
        continue;
      }
      auto pair = std::make_unique<CoqlExpr>();
      pair->kind = word == "and" ? CoqlExpr::Kind::both : CoqlExpr::Kind::either;
      pair->left = std::move(all);
      pair->right = std::move(one);
      all = std::move(pair);
    }
    return all;
  }

  const FieldSpec& field_of(const std::string& name) const {
    const std::string& module = module_.spec().api_name;
    const FieldSpec* field = module_.spec().field(name);
    if (field == nullptr) throw field_error("FIELD_IN_CRITERIA_NOT_AVAILABLE", name, module);
    if (comparable(*field) == Comparable::nothing || field->data_type == "textarea") {
      throw field_error("FIELD_IN_CRITERIA_NOT_SUPPORTED", name, module);
    }
    return *field;
  }

  static const Comparator& comparator_of(const json::object& object, const FieldSpec& field) {
    const json::value* word = object.if_contains("comparator");
    if (word == nullptr || !word->is_string()) throw bulk_error("INVALID_CRITERIA");
    const std::string_view name = word->as_string();
    const auto found = std::find_if(kComparators.begin(), kComparators.end(),
                                    [&](const Comparator& one) { return one.name == name; });
    const json::object details{{"api_name", field.api_name}, {"comparator", name}};
    if (found == kComparators.end()) {
      throw bulk_error("FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED", details);
    }
    const Comparable kind = comparable(field);
    const bool ordered = kind == Comparable::number || kind == Comparable::time;
    const bool equal_only = kind == Comparable::boolean && found->op != CoqlOp::equal;
    if ((found->text_only && kind != Comparable::text) || (found->number_only && !ordered) ||
        equal_only) {
      throw bulk_error("FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE", details);
    }
    return *found;
  }

  static CoqlLiteral literal(const FieldSpec& field, const json::value& value) {
    CoqlLiteral made;
    if (const auto* text = value.if_string())
      made.text = *text;
    else if (value.is_number() || value.is_bool())
      made.text = json::serialize(value);
    else
      throw bulk_error("VALUE_TYPE_NOT_SUPPORTED", {{"api_name", field.api_name}});
    if (comparable(field) == Comparable::text && made.text.size() > kTextMax) {
      throw bulk_error("VALUE_LIMIT_EXCEEDED_IN_CRITERIA",
                       {{"api_name", field.api_name}, {"max_limit", kTextMax}});
    }
    if (!literal_cell(field, made.text)) {
      throw bulk_error("FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
                       {{"api_name", field.api_name}, {"value", made.text}});
    }
    return made;
  }

  std::unique_ptr<CoqlExpr> comparison(const json::object& object) const {
    const json::value* name = object.if_contains("field");
    const json::value* value = object.if_contains("value");
    if (name == nullptr) name = object.if_contains("api_name");
    if (name == nullptr || value == nullptr) throw bulk_error("INVALID_CRITERIA");
    const FieldSpec& field = field_of(name_in(*name));
    const Comparator& comparator = comparator_of(object, field);
    auto made = std::make_unique<CoqlExpr>();
    made->column = field.api_name;
    made->op = comparator.op;
    const bool equality = made->op == CoqlOp::equal || made->op == CoqlOp::not_equal;
    if (equality && value->is_string() && value->as_string() == kEmpty) {
      made->op = made->op == CoqlOp::equal ? CoqlOp::is_null : CoqlOp::is_not_null;
      return made;
    }
    add_values(field, *value, *made);
    for (CoqlLiteral& one : made->values) {
      one.text = std::string(comparator.before) + one.text + std::string(comparator.after);
    }
    return made;
  }

  void add_values(const FieldSpec& field, const json::value& value, CoqlExpr& made) const {
    const bool many = made.op == CoqlOp::in || made.op == CoqlOp::not_in;
    const bool two = made.op == CoqlOp::between || made.op == CoqlOp::not_between;
    if (!many && !two) {
      made.values.push_back(literal(field, value));
      return;
    }
    const json::array* values = value.if_array();
    const auto most = static_cast<std::size_t>(context_.settings.bulk_in_values);
    if (values == nullptr || values->empty() || (two && values->size() != 2)) {
      throw bulk_error("COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
                       {{"api_name", field.api_name}});
    }
    if (many && values->size() > most) {
      throw bulk_error("VALUE_LIMIT_EXCEEDED_IN_CRITERIA",
                       {{"api_name", field.api_name}, {"max_limit", most}});
    }
    for (const json::value& one : *values) made.values.push_back(literal(field, one));
  }

  const Context& context_;
  const Module& module_;
  std::size_t count_ = 0;
};

bool exportable(const FieldSpec& field) {
  return !field.is_collection() && !field.data_type.ends_with("upload");
}

std::vector<BoundColumn> all_columns(const Module& module) {
  std::vector<BoundColumn> columns;
  for (const FieldSpec& field : module.spec().fields) {
    if (field.shape == Shape::id || !exportable(field)) continue;
    columns.push_back({.key = field.api_name, .aggregate = "", .path = {&field}});
  }
  return columns;
}

std::vector<BoundColumn> columns_of(const Context& context, const Module& module,
                                    const json::value* fields) {
  if (fields == nullptr) return all_columns(module);
  const json::array* names = fields->if_array();
  if (names == nullptr) {
    throw bulk_error("INVALID_DATA", {{"api_name", "fields"}, {"expected_data_type", "jsonarray"}});
  }
  if (names->empty()) return all_columns(module);
  if (names->size() > kBulkFieldsMax) {
    throw bulk_error("LIMIT_EXCEEDED", {{"api_name", "fields"}, {"max_limit", kBulkFieldsMax}});
  }
  std::vector<BoundColumn> columns;
  for (const json::value& one : *names) {
    const std::string name = name_in(one);
    if (name == "id") continue;
    const std::string& module_name = module.spec().api_name;
    try {
      BoundColumn column = bind_column(context.crm, module, name);
      if (column.path.size() > 1 || exportable(column.field())) {
        columns.push_back(std::move(column));
        continue;
      }
    } catch (const ApiError&) {
      if (module.spec().field(name) == nullptr) {
        throw field_error("FIELD_NOT_AVAILABLE", name, module_name);
      }
    }
    throw field_error("FIELD_NOT_SUPPORTED", name, module_name);
  }
  return columns;
}

const Module& module_of(const Context& context, const json::value* named) {
  if (named == nullptr) {
    throw ApiError(400, "MANDATORY_NOT_FOUND", "required field not found",
                   {{"api_name", "module"}});
  }
  const std::string name = name_in(*named);
  if (context.crm.find(name) == nullptr) {
    throw bulk_error("MODULE_NOT_AVAILABLE", {{"module", name}});
  }
  const Module& module = readable_module(context, name, 0);
  if (!module.spec().bulk_supported || !module.spec().has_metadata) {
    throw bulk_error("MODULE_NOT_SUPPORTED", {{"module", name}});
  }
  return module;
}

}  // namespace

BulkQuery parse_bulk_query(const Context& context, const json::object& query) {
  const Module& module = module_of(context, query.if_contains("module"));
  if (query.contains("cvid")) throw bulk_error("CVID_NOT_SUPPORTED");
  BulkQuery made{.module = module.spec().api_name,
                 .columns = columns_of(context, module, query.if_contains("fields"))};
  if (const json::value* page = query.if_contains("page")) {
    const std::int64_t* number = page->if_int64();
    if (number == nullptr || *number < 1) {
      throw bulk_error("INVALID_DATA", {{"api_name", "page"}, {"expected_data_type", "integer"}});
    }
    if (*number > context.settings.bulk_pages) {
      throw bulk_error("PAGE_RANGE_EXCEEDED", {{"max_limit", context.settings.bulk_pages}});
    }
    made.page = *number;
  }
  if (const json::value* criteria = query.if_contains("criteria")) {
    made.criteria = bind_where(context.crm, module, *Criteria(context, module).parse(*criteria));
  }
  return made;
}

}  // namespace penstock::zoho_sim
