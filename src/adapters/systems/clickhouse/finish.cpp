// ClickHouseSession::finish_table: from counted staging to the visible table. Every state a crash
// can leave is told apart by which tables exist under which names, so each step can be repeated.
#include <algorithm>
#include <charconv>

#include "adapters/systems/clickhouse/error_map.h"
#include "adapters/systems/clickhouse/session.h"
#include "adapters/systems/clickhouse/sql.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

Error wrong_count(std::int64_t counted, std::int64_t rows) {
  return Error(Side::destination, "destination.count_mismatch",
               "staging holds " + std::to_string(counted) + " rows, not the " +
                   std::to_string(rows) + " that were written")
      .hint("the visible table was not touched; run the job again");
}

// The head of a table's uuid, as the exchange's name carries it.
std::string uuid_mark(const std::string& uuid) {
  return uuid.substr(0, 8) + uuid.substr(9, 4);
}

}  // namespace

// The table that holds the run's rows, counted; empty when there is none any more.
std::string ClickHouseSession::staged_rows(const StagingNames& names, const Layout& layout,
                                           std::int64_t rows) {
  std::string name = names.base;
  std::int64_t counted = kMissing;
  // A gathering table outlives its copy under `base`, and is the one that was counted.
  if (layout.replacing()) {
    name = names.gather();
    if (table_exists(name)) counted = count_rows(name);
  }
  if (counted == kMissing) {
    name = names.base;
    counted = count_or_missing(name);
  }
  if (counted == kMissing) return {};
  if (counted != rows) throw wrong_count(counted, rows);
  return name;
}

FinishReport ClickHouseSession::finish_table(const TargetTable& table, const RunId& run,
                                             IfExists if_exists, std::int64_t rows) {
  const StagingNames names(table, run);
  const Layout layout = Layout::from_json(table.payload);
  const std::string staged = staged_rows(names, layout, rows);
  if (staged.empty()) {
    if (!resume_finish(table, names, rows)) {
      throw Error(Side::destination, "destination.staging.inconsistent",
                  "neither staging nor a finished table is there")
          .in_table(table.display())
          .hint("the table is read again from the start");
    }
  } else {
    bool exists = false;
    {
      const std::lock_guard lock(shared_->mutex);
      exists = shared_->existing.contains(table.name);
    }
    const bool half_swapped = exists && !table_exists(table.name);
    exists = exists && !half_swapped;
    if (exists && if_exists == IfExists::append) {
      append(table, names, staged, rows);
    } else if (exists && if_exists == IfExists::truncate) {
      truncate(table, run, staged, rows);
    } else {
      if (staged == names.gather()) promote(table, names, rows);
      replace(table, run, names.base, exists);
    }
    // Only here can anything be left: of the gathering table, or of a swap that was cut.
    if (staged == names.gather() || half_swapped) {
      for (const StagedTable& left : list_tables(client_, *shared_, names.base)) drop(left.name);
    }
  }
  FinishReport report{rows, table.display(), {}};
  if (!layout.view.empty()) {
    make_view(table, layout);
    report.also.push_back("view " + layout.view);
  }
  return report;
}

// Staging is gone: an earlier call got at least as far as the swap. Finishes what it left undone.
bool ClickHouseSession::resume_finish(const TargetTable& table, const StagingNames& names,
                                      std::int64_t rows) {
  for (const StagedTable& left : list_tables(client_, *shared_, names.base)) {
    if (left.name.starts_with(names.exchange())) {
      if (left.name == names.exchange() + uuid_mark(left.uuid)) {
        run_ddl("EXCHANGE TABLES " + quote_name(table.database, table.name) + " AND " +
                    quote_name(table.database, left.name),
                true);
      }
      drop(left.name);
    } else if (left.name.starts_with(names.append())) {
      complete_append(table, left.name, rows);
    } else if (left.name == names.old() && !table_exists(table.name)) {
      return false;
    } else {
      drop(left.name);
    }
  }
  return table_exists(table.name);
}

// Gives the gathered rows the engine of the target. REPLACE PARTITION makes repeating harmless.
void ClickHouseSession::promote(const TargetTable& table, const StagingNames& names,
                                std::int64_t rows) {
  create_empty(table, names.base, Engine::target);
  if (rows == 0) return;
  copy_partitions(Layout::from_json(table.payload), names.gather(), names.base, "REPLACE");
}

void ClickHouseSession::replace(const TargetTable& table, const RunId& run, const std::string& with,
                                bool exists) {
  const StagingNames names(table, run);
  const auto name = [&table](const std::string& one) { return quote_name(table.database, one); };
  if (!exists) {
    try {
      run_ddl("RENAME TABLE " + name(with) + " TO " + name(table.name), true);
    } catch (const Error& error) {
      if (native_code(error) != kTableExists) throw;
      throw Error(Side::destination, "destination.table.exists",
                  "the table " + table.display() + " appeared while the job ran")
          .hint("run the job again, with if_exists if it may be replaced");
    }
    return;
  }
  std::string replaced = names.old();
  if (shared_->exchange) {
    const std::string uuid(
        trim(client_.query("SELECT toString(uuid) FROM system.tables WHERE database = " +
                           quote_literal(table.database) + " AND name = " + quote_literal(with))));
    if (uuid.size() != 36) {
      throw Error(Side::destination, "destination.protocol", "a staging table has no UUID");
    }
    replaced = names.exchange() + uuid_mark(uuid);
    run_ddl("RENAME TABLE " + name(with) + " TO " + name(replaced), true);
    run_ddl("EXCHANGE TABLES " + name(table.name) + " AND " + name(replaced), true);
  } else {
    const std::string swap = "RENAME TABLE " + name(table.name) + " TO " + name(replaced) + ", " +
                             name(with) + " TO " + name(table.name);
    try {
      run_ddl(swap, true);
    } catch (const Error& error) {
      if (native_code(error) != kTableExists) throw;
      // An earlier call swapped and lost the answer: the old table is out of use already.
      drop(replaced);
      run_ddl(swap, true);
    }
  }
  drop(replaced);
  bool foreign = false;
  {
    const std::lock_guard lock(shared_->mutex);
    foreign = shared_->foreign.erase(table.name) != 0;
  }
  if (foreign) record_tables(client_, *shared_, run, {&table});
}

bool ClickHouseSession::same_structure(const std::string& one, const std::string& other) {
  const std::string body = client_.query(
      "SELECT sorting_key, partition_key, primary_key FROM system.tables WHERE database = " +
      quote_literal(shared_->database) + " AND name IN (" + quote_literal(one) + ", " +
      quote_literal(other) + ")");
  const auto keys = parse_rows(body, 3);
  if (keys.size() != 2 || keys[0] != keys[1]) return false;
  const auto columns = [this](const std::string& table) {
    return client_.query("SELECT name, type FROM system.columns WHERE database = " +
                         quote_literal(shared_->database) + " AND table = " + quote_literal(table));
  };
  return columns(one) == columns(other);
}

void ClickHouseSession::insert_select(const TargetTable& table, const std::string& from,
                                      const std::string& to, std::int64_t rows) {
  std::vector<std::string> columns;
  for (const TargetColumn& column : table.columns) columns.push_back(column.name);
  const std::string list = quote_names(columns);
  client_.query("INSERT INTO " + quote_name(table.database, to) + " (" + list + ") SELECT " + list +
                    " FROM " + quote_name(table.database, from),
                {.settings = insert_settings(shared_->features), .once = true});
  const std::int64_t counted = count_rows(to);
  if (counted != rows) throw wrong_count(counted, rows);
}

// Adds the staged rows to the table that is there. Its row count becomes part of the staging's name
// first, so that after a crash one can tell whether the rows have arrived.
void ClickHouseSession::append(const TargetTable& table, const StagingNames& names,
                               std::string from, std::int64_t rows) {
  if (rows != 0) {
    const std::string staged = from;
    if (!same_structure(from, table.name)) {
      drop(names.fit());
      run_ddl("CREATE TABLE " + quote_name(table.database, names.fit()) + " AS " +
              quote_name(table.database, table.name));
      insert_select(table, from, names.fit(), rows);
      from = names.fit();
    }
    const std::string marked = names.append() + std::to_string(count_rows(table.name));
    run_ddl("RENAME TABLE " + quote_name(table.database, from) + " TO " +
                quote_name(table.database, marked),
            true);
    if (from != staged) drop(staged);
    complete_append(table, marked, rows);
    return;
  }
  drop(from);
}

void ClickHouseSession::complete_append(const TargetTable& table, const std::string& from,
                                        std::int64_t rows) {
  std::int64_t before = 0;
  const std::string_view digits = std::string_view(from).substr(from.rfind('a') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), before);
  const std::int64_t left = count_rows(from);
  // The existing table's own partitioning applies: ask for the parts as they are.
  Layout layout;
  layout.partition = "?";
  if (shared_->features.move_partition) {
    if (left != 0) move_partitions(layout, from, table.name);
  } else {
    const std::int64_t now = count_rows(table.name);
    if (now == before) {
      move_partitions(layout, from, table.name);
    } else if (now != before + rows) {
      throw Error(Side::destination, "destination.append.unknown",
                  table.display() + " had " + std::to_string(before) + " rows, has " +
                      std::to_string(now) + ", and " + std::to_string(rows) +
                      " were to be added: cannot tell whether they were")
          .hint("compare the table with " + from + ", which holds the new rows");
    }
  }
  drop(from);
}

void ClickHouseSession::truncate(const TargetTable& table, const RunId& run,
                                 const std::string& from, std::int64_t rows) {
  const StagingNames names(table, run);
  drop(names.next());
  run_ddl("CREATE TABLE " + quote_name(table.database, names.next()) + " AS " +
          quote_name(table.database, table.name));
  if (rows != 0) {
    if (same_structure(from, names.next())) {
      Layout layout;
      layout.partition = "?";
      copy_partitions(layout, from, names.next(), "ATTACH");
      const std::int64_t counted = count_rows(names.next());
      if (counted != rows) throw wrong_count(counted, rows);
    } else {
      insert_select(table, from, names.next(), rows);
    }
  }
  {
    // Its definition stays the user's: it does not become penstock's table.
    const std::lock_guard lock(shared_->mutex);
    shared_->foreign.erase(table.name);
  }
  replace(table, run, names.next(), true);
  drop(from);
}

void ClickHouseSession::make_view(const TargetTable& table, const Layout& layout) {
  const std::string sql = create_view_sql(table);
  try {
    run_ddl(sql);
    return;
  } catch (const Error& error) {
    if (native_code(error) != kTableExists) throw;
  }
  const std::string view = quote_name(table.database, layout.view);
  // Not out of system.tables, which on old servers spells out every table for this.
  const std::string definition = client_.query("SHOW CREATE TABLE " + view);
  const bool ours = definition.starts_with("CREATE VIEW") &&
                    definition.find(layout.deleted_column) != std::string::npos &&
                    definition.find("FINAL") != std::string::npos;
  if (!ours) {
    throw Error(Side::destination, "destination.view.exists",
                "the name " + view + " of the view of current rows is taken")
        .hint("choose another clickhouse.view_suffix, or \"\" for no view; the table is complete");
  }
  if (shared_->features.replace_view) {
    run_ddl("CREATE OR REPLACE VIEW" + sql.substr(std::string_view("CREATE VIEW").size()));
  } else {
    run_ddl("DROP TABLE IF EXISTS " + view);
    run_ddl(sql);
  }
}

}  // namespace penstock::clickhouse
