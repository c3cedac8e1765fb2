#include "adapters/systems/mysql/catalog_keys.h"

#include <algorithm>

#include "adapters/systems/mysql/sql_text.h"
#include "core/text.h"

namespace penstock::mysql {

namespace {

CatalogTable* find(CatalogTables& tables, const Result& rows, int row) {
  const auto at = tables.find({.schema = rows.string(row, 0), .name = rows.string(row, 1)});
  return at == tables.end() ? nullptr : &at->second;
}

IndexPart part_of(const Result& rows, int i, bool counts_prefix) {
  IndexPart part;
  part.column = rows.string(i, 4);
  if (part.column.empty()) part.expression = rows.string(i, 8);
  if (counts_prefix) part.prefix = rows.integer(i, 5);
  part.descending = rows.text(i, 6) == "D";
  return part;
}

std::string definition_of(const Index& index) {
  std::string out = index.unique ? "UNIQUE KEY " : "KEY ";
  if (index.method == "fulltext" || index.method == "spatial") {
    out = index.method == "fulltext" ? "FULLTEXT KEY " : "SPATIAL KEY ";
  }
  out += quote_identifier(index.name) + " (";
  for (const IndexPart& part : index.parts) {
    if (&part != &index.parts.front()) out += ", ";
    out += part.column.empty() ? "(" + part.expression + ")" : quote_identifier(part.column);
    if (part.prefix > 0) out += "(" + std::to_string(part.prefix) + ")";
    if (part.descending) out += " DESC";
  }
  return out + ")";
}

// Whole columns alone make a key that other systems know.
bool is_plain_key(const Index& index) {
  return std::ranges::all_of(
      index.parts, [](const IndexPart& part) { return !part.column.empty() && part.prefix == 0; });
}

void add_index(CatalogTable& owner, Index index) {
  TableSchema& table = owner.schema;
  const bool columns_only =
      std::ranges::all_of(index.parts, [](const IndexPart& part) { return !part.column.empty(); });
  if (columns_only) {
    for (const IndexPart& part : index.parts) index.columns.push_back(part.column);
  }
  if (index.name == "PRIMARY") {
    // A key over prefixes holds for the whole values all the more.
    owner.payload.prefix_key = !is_plain_key(index);
    table.primary_key = {index.name, index.columns};
  } else if (index.unique && is_plain_key(index)) {
    table.unique_keys.push_back({index.name, index.columns});
  } else {
    index.definition = definition_of(index);
    table.indexes.push_back(std::move(index));
  }
}

std::string action(std::string_view rule) {
  const std::string word = lower(rule);
  return word == "no action" ? "" : word;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return "(" + out + ")";
}

std::string definition_of(const ForeignKey& key) {
  std::string out = "FOREIGN KEY " + list_of(key.columns) + " REFERENCES " +
                    quote_table(key.references) + " " + list_of(key.referenced_columns);
  if (!key.on_update.empty()) out += " ON UPDATE " + key.on_update;
  if (!key.on_delete.empty()) out += " ON DELETE " + key.on_delete;
  return out;
}

}  // namespace

void add_indexes(CatalogTables& tables, const Result& rows) {
  for (int i = 0; i < rows.rows();) {
    int end = i + 1;
    while (end < rows.rows() && rows.text(end, 0) == rows.text(i, 0) &&
           rows.text(end, 1) == rows.text(i, 1) && rows.text(end, 2) == rows.text(i, 2)) {
      ++end;
    }
    if (CatalogTable* const table = find(tables, rows, i)) {
      Index index{.name = rows.string(i, 2),
                  .unique = rows.integer(i, 3) == 0,
                  .columns = {},
                  .definition = {},
                  .parts = {},
                  .method = lower(rows.text(i, 7)),
                  .predicate = {}};
      const bool ordered = index.method == "btree" || index.method == "hash";
      for (int row = i; row < end; ++row) index.parts.push_back(part_of(rows, row, ordered));
      add_index(*table, std::move(index));
    }
    i = end;
  }
}

void add_foreign_keys(CatalogTables& tables, const Result& columns, const Result& rules) {
  for (int i = 0; i < columns.rows(); ++i) {
    CatalogTable* const table = find(tables, columns, i);
    if (table == nullptr) continue;
    auto& keys = table->schema.foreign_keys;
    const std::string name = columns.string(i, 2);
    if (keys.empty() || keys.back().name != name) {
      keys.push_back({.name = name,
                      .columns = {},
                      .references = {.database = {},
                                     .schema = columns.string(i, 4),
                                     .name = columns.string(i, 5)},
                      .referenced_columns = {},
                      .definition = {},
                      .on_update = {},
                      .on_delete = {}});
    }
    keys.back().columns.push_back(columns.string(i, 3));
    keys.back().referenced_columns.push_back(columns.string(i, 6));
  }
  for (int i = 0; i < rules.rows(); ++i) {
    CatalogTable* const table = find(tables, rules, i);
    if (table == nullptr) continue;
    for (ForeignKey& key : table->schema.foreign_keys) {
      if (key.name != rules.text(i, 2)) continue;
      key.on_update = action(rules.text(i, 3));
      key.on_delete = action(rules.text(i, 4));
      key.definition = definition_of(key);
    }
  }
}

}  // namespace penstock::mysql
