// PostgreSQL's types in penstock's terms: data/types/postgresql.tsv, applied to what a database's
// catalogue says. Pure functions over plain values; thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/postgresql/copy_decoder.h"
#include "core/schema.h"

namespace penstock::postgresql {

using Oid = std::uint32_t;

// One row of pg_type.
struct NativeType {
  std::string schema, name;
  std::string spelled;    // format_type(oid, NULL): "integer", "public.mood"
  std::string extension;  // that owns it; empty: none
  char kind = 'b';        // typtype: b base, c composite, d domain, e enum, r range, m multirange
  Oid element = 0;        // of a true array
  Oid base = 0;           // of a domain
  std::int32_t base_modifier = -1;
  int base_dimensions = 0;
  bool sends_binary = true;
  std::vector<std::string> labels;  // of an enum, in order
  std::string definition;           // SQL that creates it; empty: built in, or an extension's
  std::vector<Oid> needs;           // types in its definition
};

struct TypeCatalog {
  std::map<Oid, NativeType> types;
  int money_digits = 2;     // after the point, by the server's lc_monetary
  bool check_utf8 = false;  // a SQL_ASCII database
};

// How values can go to another PostgreSQL undecoded.
enum class Passage : std::uint8_t {
  binary,   // by COPY's binary format, which says all
  text,     // only by its text format: no binary form, or one with object ids of this server in it
  as_text,  // as a column of type text: the value names objects of this server
  none,     // not at all
};

// How a column is put into a SELECT and decoded: the text of Field::fetch.
struct Fetch {
  Wire wire = Wire::text;
  Passage passage = Passage::none;
  bool any_lower_bound = false;
  std::string cast;  // SQL type to cast to when decoded; empty: none

  std::string to_text() const;
  static Fetch parse(std::string_view text);
};

struct Mapping {
  Type type;
  Fetch fetch;
  std::vector<LossNote> losses;
};

// What a column of that type becomes. `modifier` and `dimensions` are pg_attribute.atttypmod and
// attndims. Never fails: a type nobody knows is read as text, with a note.
Mapping map_type(const TypeCatalog& catalog, Oid type, std::int32_t modifier, int dimensions);

// "numeric(15,2)[]" → "numeric[]", "timestamp(3) without time zone" → "timestamp without time
// zone": the name of the type alone, as WireFormat::types has it.
std::string without_modifiers(std::string_view native_type);

// The types that the user's database defines and a column of that type needs, each after what it
// builds on; appended to `out` where they are not in it yet.
void add_definitions(const TypeCatalog& catalog, Oid type, std::vector<TypeDefinition>& out);

// numeric(p,s) from its type modifier; numeric when it has none or more than 76 digits.
Type numeric_type(std::int32_t modifier);

// How to read `field` as `type` instead of its own; the reason for people when values could be
// changed by it in silence.
struct ReadAs {
  std::optional<Fetch> fetch;
  std::string refusal;
};
ReadAs read_as(const Field& field, const Type& type);

// data/types/postgresql.tsv itself.
std::string_view type_table_text();

}  // namespace penstock::postgresql
