// A destination table as PostgreSQL makes it: what TargetTable::payload holds, and its SQL.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/postgresql/target_types.h"
#include "contract/config_spec.h"
#include "contract/destination.h"

namespace penstock::postgresql {

// A column whose default takes the next number of a sequence that it owns.
inline constexpr std::string_view kSerial = "SERIAL";

struct TargetColumnLayout {
  std::string name, type;        // type with modifiers
  std::string collation;         // qualified and quoted; empty: the type's
  std::string default_sql;       // one that cannot fail; empty: none
  std::string generated;         // expression of a generated column, which takes no values
  std::string identity;          // "ALWAYS", "BY DEFAULT" or kSerial; empty: none
  std::string identity_options;  // "START WITH 1 INCREMENT BY 1 …"
  std::int64_t next_value = 0;   // the source's; 0: unknown
  std::int64_t increment = 1;
  std::string comment;
  bool not_null = false;
};

enum class IndexKind : std::uint8_t { primary, unique, plain };

struct TargetIndex {
  IndexKind kind = IndexKind::plain;
  bool unique = false;  // also of a plain index
  std::string name;     // final
  std::string body;     // what follows the table's name: "USING btree (a, b)"
  std::string options;  // of a constraint: "DEFERRABLE INITIALLY DEFERRED"
};

// Something added by ALTER TABLE once the rows are there.
struct TargetAddition {
  std::string what;  // for people
  std::string sql;   // what follows ALTER TABLE …
  // An exclusion constraint's, whose index has its name among all tables': then `sql` is the
  // definition alone, and it gets its name when the table does.
  std::string name{};
};

struct TargetLink {
  std::string name;
  std::vector<std::string> columns, referenced_columns;
  TableId references;         // source names
  std::string schema, table;  // where that is expected when it is not part of the job
  std::string actions;        // "ON DELETE CASCADE DEFERRABLE"
};

struct TargetType {
  std::string schema, name;
  std::string extension;            // to create instead
  std::string definition;           // SQL that creates it
  std::vector<std::string> labels;  // of an enumeration
};

struct TargetLayout {
  std::vector<TargetColumnLayout> columns;  // in the table's order, generated ones too
  std::vector<TargetIndex> indexes;
  std::vector<TargetAddition> additions;
  std::vector<TargetLink> links;
  std::vector<TargetType> types;
  std::map<std::string, std::string> names;  // source column → destination column
  std::string comment;

  std::string to_json() const;
  static TargetLayout from_json(std::string_view payload);
};

// The options under `postgresql`.
ConfigSpec target_option_spec();

// See Destination::map_table.
TargetTable map_target(const MapRequest& request, const TargetFacts& facts,
                       const std::string& database);

// CREATE TABLE schema.name (…), with comments on table and columns as further statements.
std::string create_target_sql(const TargetTable& table, const TargetLayout& layout,
                              const std::string& name);
std::string comments_sql(const TargetTable& table, const TargetLayout& layout,
                         const std::string& name);
std::string create_index_sql(const TargetTable& table, const TargetIndex& index,
                             const std::string& index_name, const std::string& table_name);

// Names of what belongs to a run: at most 63 bytes.
struct StagingNames {
  StagingNames(const TargetTable& table, const RunId& run);
  explicit StagingNames(const TargetTable& table);
  std::string index(std::size_t number) const { return base + "_i" + std::to_string(number); }

  std::string constraint(std::size_t number) const { return base + "_c" + std::to_string(number); }

  std::string prefix;  // of every run's
  std::string base;    // the staging table
};

// The columns' names and types, for recognising a table of penstock's making.
std::string shape_digest(const std::vector<std::pair<std::string, std::string>>& columns);
std::vector<std::pair<std::string, std::string>> shape(const TargetLayout& layout);

}  // namespace penstock::postgresql
