#include "engine/selection.h"

#include <algorithm>

#include "core/text.h"

namespace penstock {

bool matches_table(std::string_view pattern, const TableId& id, std::string_view default_schema) {
  if (glob_match(pattern, id.display())) return true;
  return id.schema == default_schema && id.database.empty() && glob_match(pattern, id.name);
}

namespace {

std::string hint_for(std::string_view pattern, const std::vector<TableSchema>& catalog) {
  std::vector<std::string> known;
  for (const TableSchema& table : catalog) {
    known.push_back(table.id.display());
    known.push_back(table.id.name);
  }
  const auto best = nearest(pattern, known);
  std::string hint = best ? "did you mean '" + *best + "'? " : std::string();
  return hint + "`penstock discover` lists the tables; views need --views";
}

}  // namespace

Selection select_tables(const std::vector<TableSchema>& catalog,
                        const std::vector<std::string>& globs, std::string_view default_schema) {
  std::vector<std::string_view> includes, excludes;
  for (const std::string& glob : globs) {
    if (glob.starts_with('!')) {
      excludes.push_back(std::string_view(glob).substr(1));
    } else {
      includes.push_back(glob);
    }
  }
  const auto matched = [&](const std::vector<std::string_view>& patterns, const TableId& id) {
    return std::ranges::any_of(patterns, [&](std::string_view pattern) {
      return matches_table(pattern, id, default_schema);
    });
  };
  Selection selection;
  for (const TableSchema& table : catalog) {
    if ((includes.empty() || matched(includes, table.id)) && !matched(excludes, table.id)) {
      selection.tables.push_back(&table);
    }
  }
  for (const std::string_view pattern : includes) {
    const bool used = std::ranges::any_of(catalog, [&](const TableSchema& table) {
      return matches_table(pattern, table.id, default_schema);
    });
    if (used) continue;
    selection.problems.push_back(
        config_error("config.tables.unmatched",
                     "tables: no table matches '" + printable(pattern, 100) + "'")
            .hint(hint_for(pattern, catalog)));
  }
  if (selection.tables.empty()) {
    if (!selection.problems.empty()) throw selection.problems.front();
    throw config_error("config.tables.none", catalog.empty()
                                                 ? "the source has no tables that this user may see"
                                                 : "tables: every table is excluded")
        .hint("`penstock discover` lists the tables; views need --views");
  }
  return selection;
}

}  // namespace penstock
