// Source tables to ClickHouse tables: names, engines, statements. Pure functions.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/clickhouse/features.h"
#include "contract/config_spec.h"
#include "contract/destination.h"

namespace penstock::clickhouse {

// What TargetTable::payload holds, as JSON: how the table is built.
struct Layout {
  std::string engine;                           // "ReplacingMergeTree(`_version`, `_deleted`)"
  std::string order;                            // "(`id`)" or "tuple()"
  std::string partition;                        // the user's expression; empty: none
  std::string version_column, deleted_column;   // empty: the engine keeps every row
  std::string view;                             // name of the view of current rows; empty: none
  std::map<std::string, std::string> comments;  // column → comment

  bool replacing() const { return !version_column.empty(); }
  std::string to_json() const;
  static Layout from_json(std::string_view payload);
};

// The destination's own section of a job's options.
ConfigSpec option_spec();

TargetTable map_table(const MapRequest& request, const Features& features,
                      const std::string& database);

enum class Engine { target, staging };  // staging: plain MergeTree, so nothing is merged away
std::string create_table_sql(const TargetTable& table, const std::string& name, Engine engine);
std::string create_view_sql(const TargetTable& table);

// Names of penstock's own objects for one target table. All start with prefix():
// "_penstock_<hash>_".
struct StagingNames {
  explicit StagingNames(const TargetTable& table);
  StagingNames(const TargetTable& table, const RunId& run);

  std::string prefix;  // of any run
  std::string base;    // the run's table, with the engine of the target
  std::string gather() const { return base + "_m"; }  // where splits come together, when several
  std::string split(int index) const { return base + "_s" + std::to_string(index); }
  std::string old() const { return base + "_old"; }  // the replaced table during a swap by RENAME
  std::string next() const { return base + "_n"; }   // truncate: the copy that replaces it
  std::string fit() const { return base + "_f"; }    // append: rows in the existing table's shape
  // During a swap by EXCHANGE, and an append: what comes after these says what was there before.
  std::string exchange() const { return base + "_x"; }
  std::string append() const { return base + "_a"; }
};

// Whether the rows of several splits gather in a table of their own: only where the target's engine
// might merge rows before they are counted.
bool gathers(const Layout& layout, int splits);

// Identifies a table's shape: its columns' names and types, in order.
std::string shape_digest(const std::vector<std::pair<std::string, std::string>>& columns);
std::vector<std::pair<std::string, std::string>> shape(const TargetTable& table);

}  // namespace penstock::clickhouse
