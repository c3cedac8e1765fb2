#include "engine/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/text.h"
#include "engine/job_manager.h"
#include "engine/naming.h"
#include "engine/selection.h"

namespace penstock {

namespace {

struct Planner {
  Source& source;
  const SourceInfo& info;
  Destination& destination;
  const Capabilities& capabilities;
  const MigrationRequest& request;
  const std::vector<TableSchema>& catalog;
  Plan& plan;

  void add_table(const TableSchema& schema, const TargetName& name);
  void choose_columns(TablePlan& table, std::vector<Field>& fields);
  void apply_types(TablePlan& table, std::vector<Field>& fields);
  void check_option_keys();
  void drop_unread_columns(TablePlan& table);
  void choose_wire(TablePlan& table);
  void check_collisions();
  void decide_actions(const CancelToken& cancel);
  bool means(std::string_view pattern, const TableId& id) const {
    return matches_table(pattern, id, info.default_schema);
  }
  // Whether an option's key "table.column" means the column; both parts may contain dots.
  bool means_column(std::string_view key, const TableId& id, const std::string& column) const {
    const std::string ending = "." + column;
    return key.ends_with(ending) && means(key.substr(0, key.size() - ending.size()), id);
  }
};

Error table_problem(const TablePlan& table, std::string code, std::string message) {
  Error error = config_error(std::move(code), std::move(message));
  return error.in_table(table.schema.id.display());
}

void Planner::choose_columns(TablePlan& table, std::vector<Field>& fields) {
  for (const auto& [glob, patterns] : request.options.columns) {
    if (!means(glob, table.schema.id)) continue;
    std::set<std::string> chosen;
    const bool only_excludes =
        std::ranges::all_of(patterns, [](const std::string& p) { return p.starts_with('!'); });
    for (const Field& field : fields) {
      if (only_excludes) chosen.insert(field.name);
    }
    for (const std::string& pattern : patterns) {
      const bool exclude = pattern.starts_with('!');
      const std::string_view wanted = std::string_view(pattern).substr(exclude ? 1 : 0);
      bool used = false;
      for (const Field& field : fields) {
        if (!glob_match(wanted, field.name)) continue;
        used = true;
        if (exclude) {
          chosen.erase(field.name);
        } else {
          chosen.insert(field.name);
        }
      }
      if (used) continue;
      std::vector<std::string> known;
      for (const Field& field : fields) known.push_back(field.name);
      table.problems.push_back(table_problem(table, "config.columns.unmatched",
                                             "options.columns: no column matches '" +
                                                 printable(wanted, 100) + "'" +
                                                 did_you_mean(wanted, known)));
    }
    std::erase_if(fields, [&](const Field& field) { return !chosen.contains(field.name); });
  }
  if (fields.empty()) {
    table.problems.push_back(
        table_problem(table, "config.columns.none", "the table has no columns to copy")
            .hint("exclude it with --tables '!" + table.schema.id.display() + "'"));
  }
}

void Planner::apply_types(TablePlan& table, std::vector<Field>& fields) {
  for (Field& field : fields) {
    for (const auto& [key, type] : request.options.types) {
      if (!means_column(key, table.schema.id, field.name)) continue;
      if (const auto reason = source.cannot_read_as(field, type)) {
        table.problems.push_back(table_problem(table, "config.types.unreadable",
                                               "options.types: " + field.native_type +
                                                   " cannot be read as " + to_text(type) + ": " +
                                                   *reason)
                                     .in_column(field.name));
        continue;
      }
      field.type = type;
      field.losses.clear();
    }
  }
}

void Planner::add_table(const TableSchema& schema, const TargetName& name) {
  auto table = std::make_unique<TablePlan>();
  table->schema = schema;
  if (!schema.refusal.empty()) {
    table->problems.push_back(
        Error(Side::source, "source.table.refused", schema.refusal)
            .in_table(schema.id.display())
            .hint("grant what is missing, or leave the table out with --tables '!" +
                  schema.id.display() + "'"));
  }
  std::vector<Field> fields = schema.fields;
  choose_columns(*table, fields);
  apply_types(*table, fields);

  table->read.table = &table->schema;
  for (const Field& field : fields) {
    table->read.columns.push_back({table->schema.find(field.name), field.type});
  }
  for (const auto& [glob, condition] : request.options.where) {
    if (!means(glob, schema.id)) continue;
    if (!table->read.where.empty()) table->read.where += " AND ";
    table->read.where += "(" + condition + ")";
  }

  MapRequest map;
  map.table = &table->schema;
  map.dialect = info.dialect;
  map.collation = info.collation;
  map.column_names = name_columns(fields, capabilities);
  map.fields = std::move(fields);
  map.schema = name.schema;
  map.name = name.name;
  map.options = request.options.adapter;
  table->target = destination.map_table(map);
  drop_unread_columns(*table);
  choose_wire(*table);
  table->notes = schema.notes;
  table->notes.insert(table->notes.end(), table->target.notes.begin(), table->target.notes.end());
  if (!table->read.wire.empty())
    table->notes.push_back("rows pass through undecoded (" + table->read.wire + ")");
  if (name.adjusted) table->notes.push_back("named " + name.name + " to keep names unique");
  for (const std::string& problem : table->target.problems) {
    table->problems.push_back(Error(Side::destination, "destination.table.unmappable", problem)
                                  .in_table(schema.id.display()));
  }
  plan.tables.push_back(std::move(table));
}

// A column that the destination makes by itself, such as a generated one, need not be read.
void Planner::drop_unread_columns(TablePlan& table) {
  std::vector<int> place(table.read.columns.size(), -1);
  std::vector<ReadColumn> kept;
  for (TargetColumn& column : table.target.columns) {
    if (column.source >= 0) place[static_cast<std::size_t>(column.source)] = 0;
  }
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int>(kept.size());
    kept.push_back(table.read.columns[i]);
  }
  for (TargetColumn& column : table.target.columns) {
    if (column.source >= 0) column.source = place[static_cast<std::size_t>(column.source)];
  }
  // A target that could not be mapped has problems to tell, and may have no columns.
  if (!kept.empty()) table.read.columns = std::move(kept);
}

// Rows go through undecoded where the source has a form that the destination's table takes as it
// is.
void Planner::choose_wire(TablePlan& table) {
  if (!request.options.passthrough || table.read.columns.empty()) return;
  for (const WireFormat& format : source.wire_formats(table.read)) {
    if (!destination.takes_wire(table.target, format)) continue;
    table.read.wire = format.name;
    return;
  }
}

// An option that names a table or column which is not there is a typing mistake, never ignored.
void Planner::check_option_keys() {
  std::vector<std::string> known_tables, known_columns;
  for (const TableSchema& table : catalog) {
    known_tables.push_back(table.id.display());
    for (const Field& field : table.fields) {
      known_columns.push_back(table.id.display() + "." + field.name);
    }
  }
  const auto check_table = [&](const std::string& option, const std::string& key) {
    const bool used = std::ranges::any_of(
        catalog, [&](const TableSchema& table) { return means(key, table.id); });
    if (used) return;
    plan.problems.push_back(
        config_error("config.option.unmatched", "options." + option + ": no table matches '" +
                                                    printable(key, 100) + "'" +
                                                    did_you_mean(key, known_tables)));
  };
  for (const auto& [key, value] : request.options.columns) check_table("columns", key);
  for (const auto& [key, value] : request.options.where) check_table("where", key);
  for (const auto& [key, value] : request.options.rename) check_table("rename", key);
  for (const auto& [key, type] : request.options.types) {
    const bool used = std::ranges::any_of(catalog, [&](const TableSchema& table) {
      return std::ranges::any_of(table.fields, [&](const Field& field) {
        return means_column(key, table.id, field.name);
      });
    });
    if (used) continue;
    plan.problems.push_back(config_error(
        "config.option.unmatched", "options.types: no column is called '" + printable(key, 100) +
                                       "'" + did_you_mean(key, known_columns)));
  }
}

void Planner::check_collisions() {
  std::map<std::string, const TablePlan*> taken;
  for (const auto& table : plan.tables) {
    std::string name = table->target.display();
    if (capabilities.identifiers_fold_case) name = lower(name);
    const auto [at, fresh] = taken.emplace(name, table.get());
    if (fresh) continue;
    table->problems.push_back(table_problem(*table, "config.rename.collision",
                                            "would be written to " + table->target.display() +
                                                " like " + at->second->schema.id.display()));
  }
}

void Planner::decide_actions(const CancelToken& cancel) {
  std::vector<TargetTable> targets;
  for (const auto& table : plan.tables) targets.push_back(table->target);
  std::vector<ExistingTable> existing = destination.inspect(targets, cancel);
  for (std::size_t i = 0; i < plan.tables.size(); ++i) {
    TablePlan& table = *plan.tables[i];
    table.existing = std::move(existing[i]);
    table.action = IfExists::replace;
    if (!table.existing.exists) continue;
    const IfExists wish = request.options.if_exists;
    if (wish == IfExists::append || wish == IfExists::truncate) {
      table.action = wish;
      for (const std::string& reason : table.existing.mismatch) {
        table.problems.push_back(Error(Side::destination, "destination.table.mismatch",
                                       table.target.display() + " does not fit: " + reason)
                                     .in_table(table.schema.id.display())
                                     .hint("use if_exists=replace, or change the table"));
      }
    } else if (!table.existing.ours && wish == IfExists::fail) {
      table.problems.push_back(
          Error(Side::destination, "destination.table.exists",
                table.target.display() + " exists (" + table.existing.what +
                    ") and was not made by penstock, or was changed since")
              .in_table(table.schema.id.display())
              .hint("choose --if-exists replace, truncate or append, or another name with "
                    "--rename"));
    } else {
      table.notes.insert(table.notes.end(), table.existing.notes.begin(),
                         table.existing.notes.end());
      if (table.existing.held.empty()) continue;
      table.problems.push_back(
          Error(Side::destination, "destination.table.in_use",
                table.target.display() + " " + table.existing.held)
              .in_table(table.schema.id.display())
              .hint("drop what depends on it, or choose another name with --rename"));
    }
  }
}

json::object plan_json(const TablePlan& table) {
  json::object out{{"table", table.schema.id.display()},
                   {"target", table.target.display()},
                   {"rows_estimate", table.schema.rows_estimate},
                   {"bytes_estimate", table.schema.bytes_estimate},
                   {"key", json::value_from(table.target.key)}};
  json::array columns;
  for (const TargetColumn& column : table.target.columns) {
    json::object one{{"target", column.name}, {"target_type", column.native_type}};
    if (column.source >= 0) {
      const ReadColumn& read = table.read.columns[static_cast<std::size_t>(column.source)];
      one["column"] = read.field->name;
      one["type"] = read.field->native_type;
      one["logical"] = to_text(read.type);
      json::array losses;
      if (!column.own_type) {
        for (const LossNote& loss : read.field->losses) losses.emplace_back(loss.text);
      }
      for (const LossNote& loss : column.losses) losses.emplace_back(loss.text);
      if (!losses.empty()) one["losses"] = std::move(losses);
    }
    columns.push_back(std::move(one));
  }
  out["columns"] = std::move(columns);
  if (!table.read.wire.empty()) out["passthrough"] = table.read.wire;
  json::array losses, problems;
  for (const LossNote& loss : table.target.losses) losses.emplace_back(loss.text);
  for (const Error& problem : table.problems) problems.push_back(to_json(problem));
  out["losses"] = std::move(losses);
  out["notes"] = json::value_from(table.notes);
  out["problems"] = std::move(problems);
  out["ddl"] = json::value_from(table.target.ddl);
  if (table.existing.exists) {
    constexpr std::string_view actions[] = {"fail", "replace", "truncate", "append"};
    out["existing"] = {{"what", table.existing.what},
                       {"made_by_penstock", table.existing.ours},
                       {"action", actions[static_cast<int>(table.action)]}};
  }
  return out;
}

}  // namespace

bool Plan::has_problems() const {
  return !problems.empty() ||
         std::ranges::any_of(tables, [](const auto& table) { return !table->problems.empty(); });
}

std::int64_t Plan::rows_estimate() const {
  std::int64_t sum = 0;
  for (const auto& table : tables) {
    if (table->schema.rows_estimate < 0) return -1;
    sum += table->schema.rows_estimate;
  }
  return sum;
}

std::int64_t Plan::bytes_estimate() const {
  std::int64_t sum = 0;
  for (const auto& table : tables) {
    if (table->schema.bytes_estimate < 0) return -1;
    sum += table->schema.bytes_estimate;
  }
  return sum;
}

Plan make_plan(Source& source, const SourceInfo& source_info, Destination& destination,
               const Capabilities& capabilities, const MigrationRequest& request,
               const CancelToken& cancel) {
  Plan plan;
  plan.source = source_info;
  plan.destination = capabilities;
  plan.warnings = source_info.warnings;
  const std::vector<TableSchema> catalog =
      source.discover({.views = request.options.views}, cancel);
  Selection selection = select_tables(catalog, request.tables, source_info.default_schema);
  plan.problems = std::move(selection.problems);

  Planner planner{source, source_info, destination, capabilities, request, catalog, plan};
  const auto names =
      name_tables(catalog, request.options.rename, source_info.default_schema, capabilities);
  for (const TableSchema* table : selection.tables) planner.add_table(*table, names.at(table->id));
  planner.check_option_keys();
  planner.check_collisions();
  planner.decide_actions(cancel);
  std::ranges::stable_sort(plan.tables, [](const auto& a, const auto& b) {
    return a->schema.bytes_estimate > b->schema.bytes_estimate;
  });
  return plan;
}

json::object to_json(const Plan& plan) {
  json::array tables, problems;
  for (const auto& table : plan.tables) tables.push_back(plan_json(*table));
  for (const Error& problem : plan.problems) problems.push_back(to_json(problem));
  return {{"possible", !plan.has_problems()},
          {"source",
           {{"product", plan.source.product},
            {"version", plan.source.version},
            {"database", plan.source.database}}},
          {"destination",
           {{"product", plan.destination.product},
            {"version", plan.destination.version},
            {"database", plan.destination.database}}},
          {"total_tables", plan.tables.size()},
          {"rows_estimate", plan.rows_estimate()},
          {"bytes_estimate", plan.bytes_estimate()},
          {"warnings", json::value_from(plan.warnings)},
          {"problems", std::move(problems)},
          {"tables", std::move(tables)}};
}

}  // namespace penstock
