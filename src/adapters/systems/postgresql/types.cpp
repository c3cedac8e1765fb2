#include "adapters/systems/postgresql/types.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "adapters/systems/postgresql/passage.h"
#include "contract/type_map.h"
#include "core/error.h"

namespace penstock::embedded {
extern const std::string_view postgresql_types;
}

namespace penstock::postgresql {

namespace {

constexpr int kDecimalDigitsMax = 76;
constexpr int kDomainDepthMax = 64;  // domains over domains; a bound against damaged catalogues
constexpr int kDimensionsMax = 6;    // MAXDIM
constexpr std::int32_t kModifierHeader = 4;  // VARHDRSZ, part of most type modifiers

// In Fetch's text, by Passage.
constexpr char kPassageMark = '>';
constexpr std::string_view kPassageLetters = "btx-";

// One row of the table, ready for use.
struct Entry {
  std::string logical;
  Fetch fetch;
  std::string loss, note;
};

using EntryKey = std::pair<std::string, std::string>;  // extension, native

std::map<EntryKey, Entry> load_entries() {
  std::map<EntryKey, Entry> entries;
  for (const TypeRow& row : parse_type_table(embedded::postgresql_types)) {
    Entry entry{.logical = row.at("logical"),
                .fetch = {.wire = parse_wire(row.at("wire")), .cast = row.at("cast")},
                .loss = row.at("loss"),
                .note = row.at("note")};
    if (!entry.fetch.cast.empty()) entry.fetch.cast.insert(0, "pg_catalog.");
    entries.emplace(EntryKey{row.at("extension"), row.at("native")}, std::move(entry));
  }
  return entries;
}

const Entry* find_entry(const NativeType& native) {
  static const std::map<EntryKey, Entry> entries = load_entries();
  // What a user calls "geometry" outside its extension is something else.
  if (native.extension.empty() && native.schema != "pg_catalog") return nullptr;
  const std::string& name = native.extension.empty() ? native.spelled : native.name;
  const auto at = entries.find({native.extension, name});
  return at == entries.end() ? nullptr : &at->second;
}

Mapping as_text(std::string note) {
  Mapping mapping{.type = Type::of(TypeId::string), .fetch = {.cast = "pg_catalog.text"}};
  mapping.losses.push_back({"as_text", std::move(note)});
  return mapping;
}

// PostGIS packs the SRID into bits 8 to 28 of a type modifier (TYPMOD_GET_SRID in
// liblwgeom/liblwgeom.h); bit 28 is its sign.
std::int32_t modifier_srid(std::int32_t modifier) {
  return ((modifier & 0x0FFFFF00) - (modifier & 0x10000000)) >> 8;
}

Mapping map_base(const TypeCatalog& catalog, const NativeType& native, std::int32_t modifier) {
  if (native.kind == 'e') {
    return {.type = Type::enumeration(native.labels), .fetch = {.wire = Wire::text}};
  }
  const Entry* const entry = find_entry(native);
  if (entry == nullptr) {
    if (native.kind == 'c') return as_text("a composite value is read as its text form");
    if (native.kind == 'r' || native.kind == 'm')
      return as_text("a range is read as its text form");
    return as_text("type " + native.spelled + " is not known to penstock: read as its text form");
  }
  Mapping mapping{.type = parse_type(entry->logical), .fetch = entry->fetch};
  if (!entry->loss.empty()) mapping.losses.push_back({entry->loss, entry->note});
  if (native.name == "numeric") mapping.type = numeric_type(modifier);
  if (native.name == "money") mapping.type = Type::decimal(19, catalog.money_digits);
  if (mapping.type.id == TypeId::geometry && modifier >= 0) {
    mapping.type = Type::geometry(std::max(0, modifier_srid(modifier)));
  }
  if (mapping.type.id == TypeId::list) mapping.fetch.any_lower_bound = true;
  if (!native.sends_binary && mapping.fetch.cast.empty()) mapping.fetch.cast = "pg_catalog.text";
  return mapping;
}

}  // namespace

std::string Fetch::to_text() const {
  std::string text(postgresql::to_text(wire));
  if (any_lower_bound) text += '+';
  if (passage != Passage::none) {
    text += kPassageMark;
    text += kPassageLetters[static_cast<std::size_t>(passage)];
  }
  if (!cast.empty()) text += "|" + cast;
  return text;
}

Fetch Fetch::parse(std::string_view text) {
  Fetch fetch;
  const std::size_t bar = text.find('|');
  if (bar != std::string_view::npos) fetch.cast = text.substr(bar + 1);
  text = text.substr(0, bar);
  const std::size_t mark = text.find(kPassageMark);
  if (mark != std::string_view::npos) {
    const std::size_t letter = kPassageLetters.find(text.back());
    if (letter < kPassageLetters.size()) fetch.passage = static_cast<Passage>(letter);
    text = text.substr(0, mark);
  }
  fetch.any_lower_bound = text.ends_with('+');
  if (fetch.any_lower_bound) text.remove_suffix(1);
  fetch.wire = parse_wire(text);
  return fetch;
}

// numeric_typmod_precision and _scale in src/backend/utils/adt/numeric.c: the scale is an 11-bit
// signed number since PostgreSQL 15 and was never above 1000 before.
Type numeric_type(std::int32_t modifier) {
  if (modifier < kModifierHeader) return Type::of(TypeId::numeric);
  const std::int32_t packed = modifier - kModifierHeader;
  const int precision = (packed >> 16) & 0xFFFF;
  const int scale = ((packed & 0x7FF) ^ 1024) - 1024;
  const int digits = scale < 0 ? precision - scale : std::max(precision, scale);
  if (digits < 1 || digits > kDecimalDigitsMax) return Type::of(TypeId::numeric);
  return Type::decimal(digits, std::max(scale, 0));
}

namespace {

Mapping map_decoded(const TypeCatalog& catalog, Oid type, std::int32_t modifier, int dimensions) {
  for (int depth = 0; depth < kDomainDepthMax; ++depth) {
    const auto at = catalog.types.find(type);
    if (at == catalog.types.end()) return as_text("an unknown type is read as its text form");
    const NativeType& native = at->second;
    if (native.kind == 'd') {
      type = native.base;
      if (modifier < 0) modifier = native.base_modifier;
      dimensions = std::max(dimensions, native.base_dimensions);
      continue;
    }
    if (native.element == 0) return map_base(catalog, native, modifier);
    // An array: its modifier is its elements'. A domain's dimensions do not reach into it.
    Mapping mapping = map_decoded(catalog, native.element, modifier, 0);
    if (mapping.type.id == TypeId::list) {
      return as_text("an array of arrays is read as its text form");
    }
    if (!mapping.fetch.cast.empty()) mapping.fetch.cast += "[]";
    const int levels = std::clamp(dimensions, 1, kDimensionsMax);
    for (int i = 0; i < levels; ++i) mapping.type = Type::list(std::move(mapping.type));
    return mapping;
  }
  return as_text("a domain nested too deeply is read as its text form");
}

}  // namespace

Mapping map_type(const TypeCatalog& catalog, Oid type, std::int32_t modifier, int dimensions) {
  Mapping mapping = map_decoded(catalog, type, modifier, dimensions);
  mapping.fetch.passage = passage_of(catalog, type);
  return mapping;
}

void add_definitions(const TypeCatalog& catalog, Oid type, std::vector<TypeDefinition>& out) {
  std::function<void(Oid, int)> add = [&](Oid oid, int depth) {
    const auto at = catalog.types.find(oid);
    if (at == catalog.types.end() || depth > kDomainDepthMax) return;
    const NativeType& native = at->second;
    if (native.element != 0) return add(native.element, depth + 1);
    if (native.definition.empty() && native.extension.empty()) return;
    const bool there = std::ranges::any_of(out, [&](const TypeDefinition& one) {
      return one.schema == native.schema && one.name == native.name;
    });
    if (there) return;
    if (native.extension.empty()) {
      for (const Oid needed : native.needs) add(needed, depth + 1);
    }
    out.push_back({native.schema, native.name, native.extension,
                   native.extension.empty() ? native.definition : std::string(), native.labels});
  };
  add(type, 0);
}

std::string without_modifiers(std::string_view native_type) {
  std::string out;
  bool quoted = false;
  int depth = 0;
  for (const char c : native_type) {
    if (c == '"') quoted = !quoted;
    if (c == '(' && !quoted) ++depth;
    if (depth == 0) out += c;
    if (c == ')' && !quoted && depth > 0) --depth;
  }
  return out;
}

namespace {

bool is_signed_integer(TypeId id) {
  return id == TypeId::int16 || id == TypeId::int32 || id == TypeId::int64;
}

ReadAs refuse(std::string why) {
  return {std::nullopt, std::move(why)};
}

ReadAs accept(Wire wire, std::string cast) {
  return {Fetch{.wire = wire, .cast = std::move(cast)}, {}};
}

}  // namespace

ReadAs read_as(const Field& field, const Type& type) {
  const Type& own = field.type;
  if (type == own) return {Fetch::parse(field.fetch), {}};
  if (own.id == TypeId::list && type.id == TypeId::list) {
    // Only the case that keeps the way of fetching: numeric elements as decimals.
    const Type* mine = own.element.get();
    const Type* wanted = type.element.get();
    for (; mine->id == TypeId::list && wanted->id == TypeId::list; mine = mine->element.get()) {
      wanted = wanted->element.get();
    }
    if (mine->id == TypeId::numeric && wanted->id == TypeId::decimal) {
      return {Fetch::parse(field.fetch), {}};
    }
  }
  const bool decimal_like = own.id == TypeId::decimal || own.id == TypeId::numeric;
  // The decoder checks every value against the new digits: what does not fit is an issue.
  if (decimal_like && (type.id == TypeId::decimal || type.id == TypeId::numeric)) {
    return {Fetch::parse(field.fetch), {}};
  }
  if (type.id == TypeId::string) {
    if (own.id == TypeId::json || own.id == TypeId::enumeration || own.id == TypeId::network ||
        own.id == TypeId::numeric) {
      return {Fetch::parse(field.fetch), {}};
    }
    return accept(Wire::text, "pg_catalog.text");
  }
  if (is_signed_integer(own.id)) {
    if (type.id == TypeId::int32 && own.id == TypeId::int16) {
      return accept(Wire::int32, "pg_catalog.int4");
    }
    if (type.id == TypeId::int64) return accept(Wire::int64, "pg_catalog.int8");
    if (type.id == TypeId::decimal || type.id == TypeId::numeric) {
      return accept(Wire::numeric, "pg_catalog.numeric");
    }
    if (type.id == TypeId::float64 && own.id != TypeId::int64) {
      return accept(Wire::float64, "pg_catalog.float8");
    }
    if (is_signed_integer(type.id)) return refuse("larger values would not fit");
  }
  if (own.id == TypeId::float32 && type.id == TypeId::float64) {
    return accept(Wire::float64, "pg_catalog.float8");
  }
  if (own.id == TypeId::geometry && type.id == TypeId::binary) {
    return {Fetch::parse(field.fetch), {}};
  }
  if (own.id == TypeId::timestamp && type.id == TypeId::timestamp) {
    return refuse("it would lose digits, or shift by a time zone");
  }
  if (type.id == TypeId::float64 || type.id == TypeId::float32) {
    return refuse("floating point cannot hold every value exactly");
  }
  if (is_signed_integer(own.id) || decimal_like) {
    return refuse("possible are wider integers, decimals and string");
  }
  return refuse("only string is possible besides the column's own type");
}

std::string_view type_table_text() {
  return embedded::postgresql_types;
}

}  // namespace penstock::postgresql
