#include "adapters/systems/clickhouse/ddl.h"

#include <algorithm>

#include "adapters/systems/clickhouse/sql.h"
#include "adapters/systems/clickhouse/types.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

// The value of the first glob that matches the table, by its source or destination name.
const json::value* for_table(const json::object& globs, const MapRequest& request) {
  const std::string source = request.table->id.display();
  for (const auto& [glob, value] : globs) {
    if (glob_match(glob, source) || glob_match(glob, request.name)) return &value;
  }
  return nullptr;
}

std::vector<std::string> name_list(const json::value& value, const std::string& option) {
  std::vector<std::string> names;
  if (value.is_string()) {
    for (const std::string& part : split(value.get_string(), ',')) names.emplace_back(trim(part));
    return names;
  }
  if (!value.is_array()) throw config_error("config.option", option + ": must list column names");
  for (const json::value& one : value.get_array()) {
    if (!one.is_string()) throw config_error("config.option", option + ": must list column names");
    names.emplace_back(one.get_string());
  }
  return names;
}

// Puts together one TargetTable. A class because the steps share so much.
class TableMapper {
 public:
  TableMapper(const MapRequest& request, const Features& features, const std::string& database)
      : request_(request),
        features_(features),
        options_(option_spec().parse(request.options, "options.clickhouse")) {
    target_.source = request.table->id;
    target_.database = database;
    target_.name = request.name;
  }

  TargetTable map() {
    find_key();
    choose_engine();
    choose_order();
    add_columns();
    add_meta_columns();
    finish_layout();
    return std::move(target_);
  }

 private:
  // Destination name of a source column; empty when it was not selected.
  std::string target_name(const std::string& source_name) const {
    for (std::size_t i = 0; i < request_.fields.size(); ++i) {
      if (request_.fields[i].name == source_name) return request_.column_names[i];
    }
    return {};
  }

  void find_key() {
    for (const std::string& column : request_.table->primary_key.columns) {
      const std::string name = target_name(column);
      if (name.empty()) {
        target_.losses.push_back(
            {"key_not_selected",
             "the key column " + column + " is not selected, so the table is made without a key"});
        target_.key.clear();
        return;
      }
      target_.key.push_back(name);
    }
  }

  void choose_engine() {
    const std::string engine = options_.text("engine");
    const bool replacing =
        engine == "replacingmergetree" || (engine == "auto" && !target_.key.empty());
    if (replacing && target_.key.empty()) {
      target_.problems.emplace_back("ReplacingMergeTree needs a key, and the table has none");
      return;
    }
    if (!replacing) return;
    layout_.version_column = options_.text("version_column");
    layout_.deleted_column = options_.text("deleted_column");
    const std::string suffix = options_.text("view_suffix");
    if (!suffix.empty()) layout_.view = request_.name + suffix;
  }

  void choose_order() {
    order_ = target_.key;
    const json::object by_table = options_.object("order_by");
    if (const json::value* const chosen = for_table(by_table, request_)) {
      order_ = name_list(*chosen, "order_by");
      for (std::string& name : order_) {
        const bool known = std::ranges::count(request_.column_names, name) != 0;
        if (!known && !target_name(name).empty()) name = target_name(name);
        if (std::ranges::count(request_.column_names, name) == 0) {
          target_.problems.push_back("order_by names the column '" + printable(name) +
                                     "', which the table does not have" +
                                     did_you_mean(name, request_.column_names));
        }
      }
    }
    for (const std::string& name : target_.key) {
      if (layout_.replacing() && std::ranges::count(order_, name) == 0) {
        target_.problems.push_back("order_by must contain the key column '" + printable(name) +
                                   "': rows of different keys would replace one another");
      }
    }
  }

  void add_columns() {
    for (std::size_t i = 0; i < request_.fields.size(); ++i) {
      const Field& field = request_.fields[i];
      TargetColumn column;
      column.name = request_.column_names[i];
      column.type = field.type;
      column.source = static_cast<int>(i);
      const bool key = std::ranges::count(target_.key, column.name) != 0;
      const bool ordered = std::ranges::count(order_, column.name) != 0;
      if (ordered && !key && field.nullable) {
        target_.problems.push_back("order_by names the column '" + printable(column.name) +
                                   "', which can be NULL; ClickHouse does not sort by such");
      }
      MappedType mapped =
          map_type(field.type, features_,
                   {.nullable = field.nullable && !key && !ordered,
                    .key = key,
                    .low_cardinality = options_.boolean("low_cardinality") && !ordered});
      column.native_type = std::move(mapped.native);
      column.rule = std::move(mapped.rule);
      column.losses = std::move(mapped.losses);
      if (!field.comment.empty()) layout_.comments[column.name] = field.comment;
      target_.columns.push_back(std::move(column));
    }
  }

  void add_meta(const std::string& name, TypeId type, const char* native, const char* option) {
    if (name.empty()) {
      target_.problems.push_back(std::string(option) + " must not be empty");
    }
    for (const TargetColumn& column : target_.columns) {
      if (column.name != name) continue;
      target_.problems.push_back("the table has a column '" + printable(name) +
                                 "' of its own; choose another name with " + option);
    }
    TargetColumn column;
    column.name = name;
    column.native_type = native;
    column.type = Type::of(type);
    column.rule.nullable = false;
    target_.columns.push_back(std::move(column));
  }

  void add_meta_columns() {
    if (!layout_.replacing()) return;
    add_meta(layout_.version_column, TypeId::uint64, "UInt64", "clickhouse.version_column");
    add_meta(layout_.deleted_column, TypeId::uint8, "UInt8", "clickhouse.deleted_column");
  }

  void finish_layout() {
    layout_.engine = "MergeTree";
    if (layout_.replacing()) {
      layout_.engine = "ReplacingMergeTree(" + quote_name(layout_.version_column);
      if (features_.replacing_deleted) layout_.engine += ", " + quote_name(layout_.deleted_column);
      layout_.engine += ")";
    }
    layout_.order = order_.empty() ? "tuple()" : "(" + quote_names(order_) + ")";
    const json::object partitions = options_.object("partition_by");
    if (const json::value* const chosen = for_table(partitions, request_)) {
      if (!chosen->is_string()) {
        throw config_error("config.option", "clickhouse.partition_by: must be expressions");
      }
      layout_.partition = chosen->get_string();
    }
    add_losses();
    target_.payload = layout_.to_json();
    target_.ddl.push_back(create_table_sql(target_, target_.name, Engine::target));
    if (!layout_.view.empty()) target_.ddl.push_back(create_view_sql(target_));
  }

  void add_losses() {
    const TableSchema& table = *request_.table;
    const auto lose = [this](std::size_t count, const char* code, const std::string& what) {
      if (count == 0) return;
      target_.losses.push_back(
          {code, "not carried over: " + what + " (" + std::to_string(count) + ")"});
    };
    lose(table.indexes.size() + table.unique_keys.size(), "indexes",
         "indexes and unique keys, for ClickHouse sorts by the key alone");
    lose(table.foreign_keys.size(), "foreign_keys", "foreign keys, for ClickHouse has none");
    lose(table.checks.size(), "checks", "check constraints");
  }

  const MapRequest& request_;
  const Features& features_;
  const Config options_;
  TargetTable target_;
  Layout layout_;
  std::vector<std::string> order_;
};

}  // namespace

ConfigSpec option_spec() {
  const auto fallback = [](const char* text) { return json::value(json::string(text)); };
  return ConfigSpec({
      {.name = "engine",
       .kind = FieldKind::choice,
       .description = "Table engine; auto: ReplacingMergeTree with a key, MergeTree without.",
       .fallback = fallback("auto"),
       .choices = {"auto", "mergetree", "replacingmergetree"}},
      {.name = "order_by",
       .kind = FieldKind::object,
       .description = "Sorting key by table glob: a list of columns. It must contain the whole "
                      "primary key when the engine replaces rows.",
       .example = R"({"public.orders": ["customer_id", "id"]})"},
      {.name = "partition_by",
       .kind = FieldKind::object,
       .description =
           "Partition expression by table glob. Choose one that never changes for a row.",
       .example = R"x({"public.orders": "toYYYYMM(created)"})x"},
      {.name = "version_column",
       .description = "Name of the column that says which of two rows of a key is newer.",
       .fallback = fallback("_version")},
      {.name = "deleted_column",
       .description = "Name of the column that marks deleted rows.",
       .fallback = fallback("_deleted")},
      {.name = "view_suffix",
       .description = "A view of the current rows is made under the table's name with this at its "
                      "end; empty: none.",
       .fallback = fallback("_current")},
      {.name = "low_cardinality",
       .kind = FieldKind::boolean,
       .description = "Store enumerations as LowCardinality(String) where the server can.",
       .fallback = json::value(true)},
  });
}

std::string Layout::to_json() const {
  json::object noted;
  for (const auto& [column, text] : comments) noted[column] = text;
  return json::serialize(json::object{{"engine", engine},
                                      {"order", order},
                                      {"partition", partition},
                                      {"version", version_column},
                                      {"deleted", deleted_column},
                                      {"view", view},
                                      {"comments", std::move(noted)}});
}

Layout Layout::from_json(std::string_view payload) {
  const json::value parsed = json::parse(payload);
  const json::object& object = parsed.as_object();
  const auto text = [&object](std::string_view name) {
    return std::string(object.at(name).as_string());
  };
  Layout layout{text("engine"),
                text("order"),
                text("partition"),
                text("version"),
                text("deleted"),
                text("view"),
                {}};
  for (const auto& [column, comment] : object.at("comments").as_object()) {
    layout.comments[column] = comment.as_string();
  }
  return layout;
}

TargetTable map_table(const MapRequest& request, const Features& features,
                      const std::string& database) {
  return TableMapper(request, features, database).map();
}

std::string create_table_sql(const TargetTable& table, const std::string& name, Engine engine) {
  const Layout layout = Layout::from_json(table.payload);
  std::string sql = "CREATE TABLE " + quote_name(table.database, name) + "\n(\n";
  for (const TargetColumn& column : table.columns) {
    sql += "    " + quote_name(column.name) + " " + column.native_type;
    if (const auto comment = layout.comments.find(column.name); comment != layout.comments.end()) {
      sql += " COMMENT " + quote_literal(comment->second);
    }
    sql += &column == &table.columns.back() ? "\n" : ",\n";
  }
  sql += ")\nENGINE = " + (engine == Engine::target ? layout.engine : "MergeTree");
  if (!layout.partition.empty()) sql += "\nPARTITION BY " + layout.partition;
  return sql + "\nORDER BY " + layout.order;
}

std::string create_view_sql(const TargetTable& table) {
  const Layout layout = Layout::from_json(table.payload);
  std::vector<std::string> names;
  for (const TargetColumn& column : table.columns) {
    if (column.source >= 0) names.push_back(column.name);
  }
  return "CREATE VIEW " + quote_name(table.database, layout.view) + " AS\nSELECT " +
         quote_names(names) + "\nFROM " + quote_name(table.database, table.name) +
         " FINAL\nWHERE " + quote_name(layout.deleted_column) + " = 0";
}

StagingNames::StagingNames(const TargetTable& table) {
  const std::string identity = table.database + '\0' + table.name;
  prefix = "_penstock_" + hex64(stable_hash(identity)).substr(0, 12) + "_";
}

// Names of the attempt's own: a statement of a process that was killed may still be under way at
// the server when the same job goes on in another one.
StagingNames::StagingNames(const TargetTable& table, const RunId& run) : StagingNames(table) {
  constexpr std::size_t kRunHexDigits = 6;
  base = prefix + run.job + "_" +
         hex64(stable_hash(std::to_string(run.version))).substr(0, kRunHexDigits);
}

bool gathers(const Layout& layout, int splits) {
  return splits > 1 && layout.replacing();
}

std::string shape_digest(const std::vector<std::pair<std::string, std::string>>& columns) {
  std::string text;
  for (const auto& [name, type] : columns) text += name + '\0' + type + '\0';
  return hex64(stable_hash(text));
}

std::vector<std::pair<std::string, std::string>> shape(const TargetTable& table) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const TargetColumn& column : table.columns)
    out.emplace_back(column.name, column.native_type);
  return out;
}

}  // namespace penstock::clickhouse
