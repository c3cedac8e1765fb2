// What a source knows about its tables. Plain values, serialisable, names exactly as the source
// spells them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/type.h"

namespace penstock {

// `database` is set only by sources that read several databases in one job (SQL Server).
struct TableId {
  std::string database, schema, name;

  // "schema.table" or "database.schema.table"; for people, results, globs and option keys.
  std::string display() const {
    std::string out;
    if (!database.empty()) out += database + ".";
    if (!schema.empty()) out += schema + ".";
    return out + name;
  }
  friend auto operator<=>(const TableId&, const TableId&) = default;
};

enum class TableKind : std::uint8_t { table, partitioned, view, materialized_view, foreign };

// Something about a table or column that will not arrive as it is. `planned` losses concern the
// definition (a default, a lower array bound); whether single values are hit is counted while
// running.
struct LossNote {
  std::string code;  // stable, for example "array_bounds"
  std::string text;  // one sentence for people
  friend bool operator==(const LossNote&, const LossNote&) = default;
};

// A column's default in terms that a destination of any kind understands.
enum class DefaultKind : std::uint8_t {
  none,
  value,              // the constant Field::default_text
  current_timestamp,  // the time of the insert
  expression,         // something else: only Field::default_expression says what
};

struct Field {
  std::string name;
  std::string native_type;  // as the source spells it: "numeric(15,2)"
  Type type;                // what the source delivers by default
  bool nullable = true;
  bool generated = false;  // computed by the source; its value is read, its expression carried
  bool identity = false;   // numbered by the source: identity, serial, auto_increment
  bool identity_always = false;  // … and inserts may not choose the number
  DefaultKind default_kind = DefaultKind::none;
  std::string default_text;           // DefaultKind::value: as core/value_text.h writes it
  std::string default_expression;     // native SQL; empty: none
  std::string generation_expression;  // native SQL, when generated
  std::string collation;
  std::string comment;
  std::vector<LossNote> losses;
  std::string fetch;  // the source adapter's own note on how to read the column
};

struct Key {
  std::string name;
  std::vector<std::string> columns;  // in key order; empty: there is no such key
  std::string body{};     // native SQL of its index, as Index::body; empty: the columns say all
  std::string options{};  // native SQL of the constraint: "DEFERRABLE INITIALLY DEFERRED"
};

struct IndexPart {
  std::string column;       // empty: an expression
  std::string expression;   // native SQL
  std::int64_t prefix = 0;  // leading characters of the column that count; 0: all
  bool descending = false;
};

struct Index {
  std::string name;
  bool unique = false;
  std::vector<std::string> columns;  // empty when the index is over expressions
  std::string definition;            // native SQL
  std::vector<IndexPart> parts;      // the same, taken apart; empty: unknown
  std::string method;                // the source's word in lower case: "btree", "fulltext", …
  std::string predicate;             // native SQL condition of a partial index
  std::string body;                  // native SQL that follows the table's name: "USING btree (a)"
};

struct ForeignKey {
  std::string name;
  std::vector<std::string> columns;
  TableId references;
  std::vector<std::string> referenced_columns;
  std::string definition;  // native SQL
  // "cascade", "set null", "set default", "restrict"; empty: no action
  std::string on_update, on_delete;
  std::string options;  // native SQL that follows the referenced columns: "ON DELETE CASCADE …"
};

struct CheckConstraint {
  std::string name;
  std::string definition;  // native SQL
};

// A sequence that feeds a column: its destination counterpart must continue after it.
struct SequenceUse {
  std::string column;
  std::string sequence;
  std::int64_t next_value = 0;  // the number the source would give next; 0: unknown
  std::int64_t increment = 1;
  std::string options;  // native SQL: "MINVALUE 1 …"; empty: unknown
  bool serial = false;  // fed by the column's default, not by an identity of the column's own
};

// A type that the source's database defines and a table uses, for destinations that speak the
// same SQL dialect.
struct TypeDefinition {
  std::string schema, name;
  std::string extension;            // that brings it; then there is no definition
  std::string definition;           // native SQL that creates it
  std::vector<std::string> labels;  // of an enumeration
};

struct TableSchema {
  TableId id;
  TableKind kind = TableKind::table;
  std::vector<Field> fields;
  Key primary_key;
  std::vector<Key> unique_keys;
  std::vector<Index> indexes;
  std::vector<ForeignKey> foreign_keys;
  std::vector<CheckConstraint> checks;
  std::vector<SequenceUse> sequences;
  std::vector<TypeDefinition> type_definitions;  // in an order in which they can be made
  std::string comment;
  std::int64_t rows_estimate = -1;   // -1: unknown
  std::int64_t bytes_estimate = -1;  // storage at the source, out-of-line values included
  std::vector<std::string> notes;    // for people, shown in the plan
  // Why the table cannot be read (no privilege, unsupported kind); empty: it can. A refused table
  // that the user selected is a problem in the plan.
  std::string refusal;
  std::string payload;  // the source adapter's own data (JSON), for example object ids

  const Field* find(std::string_view field_name) const {
    for (const Field& field : fields) {
      if (field.name == field_name) return &field;
    }
    return nullptr;
  }
};

// A part of a table that one reader reads in one go. A plain value: any process that can reach the
// source can run it, given the snapshot's token.
struct Split {
  TableId table;
  std::int32_t index = 0;  // 0 … count-1 within the table
  std::int32_t count = 1;
  std::string payload;  // the source adapter's own description (JSON)
  std::int64_t rows_estimate = -1;
  std::int64_t bytes_estimate = -1;
};

}  // namespace penstock
