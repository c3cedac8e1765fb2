#include "adapters/systems/clickhouse/types.h"

#include <limits>
#include <string_view>

#include "contract/type_map.h"
#include "core/error.h"
#include "core/value_text.h"

namespace penstock::embedded {
extern const std::string_view clickhouse_types;
}

namespace penstock::clickhouse {

namespace {

const std::vector<TypeRow>& table() {
  static const std::vector<TypeRow> rows = parse_type_table(embedded::clickhouse_types);
  return rows;
}

// The first column of the table for a type.
std::string table_name(const Type& type) {
  switch (type.id) {
    case TypeId::boolean: return "bool";
    case TypeId::enumeration: return "enum";
    case TypeId::decimal: return type.precision <= 38 ? "decimal(38)" : "decimal(76)";
    case TypeId::timestamp: return type.digits == 0 ? "timestamp(0)" : "timestamp(9)";
    case TypeId::time: return "time";
    case TypeId::list: return "list<T>";
    case TypeId::geometry: return "geometry";
    default: return to_text(Type::of(type.id));
  }
}

const TypeRow& find_row(const Type& type, const Features& features) {
  const std::string name = table_name(type);
  const TypeRow* best = nullptr;
  int best_since = -1;
  for (const TypeRow& row : table()) {
    if (row.at("logical") != name) continue;
    const int since = version_number(row.at("since"));
    if (since > best_since && (since <= features.version || best == nullptr)) {
      best = &row;
      best_since = since;
    }
  }
  if (best == nullptr) {
    throw Error(Side::engine, "engine.internal", "no ClickHouse type for " + to_text(type));
  }
  return *best;
}

std::string fill(std::string text, std::string_view mark, std::string_view value) {
  if (const std::size_t at = text.find(mark); at != std::string::npos) {
    text.replace(at, mark.size(), value);
  }
  return text;
}

std::string fill(std::string text, std::string_view mark, int value) {
  return fill(std::move(text), mark, std::string_view(std::to_string(value)));
}

// A bound in ticks. Fine units reach the ends of 64 bits before the server's own range ends; one
// tick inside, for the ends themselves stand for ±infinity.
std::int64_t bound(const std::string& text, const Type& type, bool high) {
  if (type.id == TypeId::date) return parse_date(text);
  constexpr std::int64_t edge = std::numeric_limits<std::int64_t>::max() - 1;
  std::int64_t ticks = parse_timestamp(text, 0);
  if (high) ++ticks;  // the tick before the next second begins
  for (int i = 0; i < type.digits; ++i) {
    if (__builtin_mul_overflow(ticks, 10, &ticks)) return high ? edge : -edge;
  }
  return high ? ticks - 1 : ticks;
}

bool always_fits(const Type& type, const ValueRule& rule) {
  if (!rule.nullable || rule.key) return false;
  return type.id != TypeId::date && type.id != TypeId::timestamp && type.id != TypeId::list;
}

MappedType map_list(const Type& type, const Features& features, const TypeOptions& options) {
  const TypeRow& row = find_row(type, features);
  const bool nested = type.element->id == TypeId::list;
  MappedType element =
      map_type(*type.element, features,
               {.nullable = !nested && !options.key, .key = options.key, .low_cardinality = false});
  MappedType out;
  out.native = fill(row.at("native"), "{t}", element.native);
  out.rule.nullable = true;  // a missing list is the list's own rule, below
  out.rule.key = options.key;
  out.rule.null_list = false;
  out.rule.element = std::make_shared<ValueRule>(std::move(element.rule));
  out.losses = std::move(element.losses);
  if (options.nullable) out.losses.push_back({row.at("loss"), row.at("note")});
  return out;
}

std::string wrap(const std::string& native, const TypeOptions& options) {
  constexpr std::string_view low = "LowCardinality(String)";
  if (native == low) {
    if (!options.low_cardinality || options.key) {
      return options.nullable ? "Nullable(String)" : "String";
    }
    return options.nullable ? "LowCardinality(Nullable(String))" : native;
  }
  return options.nullable ? "Nullable(" + native + ")" : native;
}

}  // namespace

MappedType map_type(const Type& type, const Features& features, const TypeOptions& options) {
  if (type.id == TypeId::list) return map_list(type, features, options);
  const TypeRow& row = find_row(type, features);
  MappedType out;
  std::string native = fill(row.at("native"), "{p}", type.precision);
  native = fill(fill(native, "{s}", type.scale), "{d}", type.digits);
  out.native = wrap(native, options);
  out.rule.nullable = options.nullable;
  out.rule.key = options.key;
  if (!row.at("low").empty()) {
    out.rule.low = bound(row.at("low"), type, false);
    out.rule.high = bound(row.at("high"), type, true);
    out.rule.infinity = false;
  }
  out.rule.always_fits = always_fits(type, out.rule);
  if (!row.at("loss").empty()) out.losses.push_back({row.at("loss"), row.at("note")});
  if (type.id == TypeId::timestamp && !type.utc && native != "String") {
    out.losses.push_back({"zoneless_as_utc", "the wall-clock reading is stored as if it were UTC"});
  }
  return out;
}

}  // namespace penstock::clickhouse
