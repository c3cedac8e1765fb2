#include "adapters/systems/mysql/types.h"

#include <algorithm>
#include <map>

#include "adapters/systems/mysql/sql_text.h"
#include "contract/type_map.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock::embedded {
extern const std::string_view mysql_types;
}

namespace penstock::mysql {

namespace {

constexpr int kDecimalDigitsMax = 76;

struct Entry {
  std::string logical;
  Wire wire = Wire::text;
};

std::map<std::string, Entry> load_entries() {
  std::map<std::string, Entry> entries;
  for (const TypeRow& row : parse_type_table(embedded::mysql_types)) {
    entries.emplace(row.at("native"), Entry{row.at("logical"), parse_wire(row.at("wire"))});
  }
  return entries;
}

const Entry* find_entry(const std::string& native) {
  static const std::map<std::string, Entry> entries = load_entries();
  const auto at = entries.find(native);
  return at == entries.end() ? nullptr : &at->second;
}

// The name of the column's row in the type table.
const Entry* entry_of(const NativeColumn& column) {
  const std::string& name = column.data_type;
  if (column.full_type.find(" unsigned") != std::string::npos ||
      column.full_type.find(" zerofill") != std::string::npos) {
    if (const Entry* const entry = find_entry(name + " unsigned")) return entry;
  }
  if (name == "bit") return find_entry(column.precision <= 1 ? "bit(1)" : "bit(n)");
  for (const std::string_view family : {"", "(p,s)", "(d)"}) {
    if (const Entry* const entry = find_entry(name + std::string(family))) return entry;
  }
  return nullptr;
}

Type logical_type(const NativeColumn& column, const std::string& logical) {
  if (logical == "decimal(p,s)") {
    return Type::decimal(std::clamp(column.precision, 1, kDecimalDigitsMax),
                         std::clamp(column.scale, 0, column.precision));
  }
  const int digits = std::clamp(column.second_digits, 0, 6);
  if (logical == "time(d)") return Type::time(digits);
  if (logical == "timestamp(d)") return Type::timestamp(digits, false);
  if (logical == "timestamp(d,utc)") return Type::timestamp(digits, true);
  if (logical == "enum") return Type::enumeration(parse_labels(column.full_type));
  if (logical == "geometry") return Type::geometry(column.srid);
  return parse_type(logical);
}

}  // namespace

std::string Fetch::to_text() const {
  std::string text(mysql::to_text(wire));
  if (check_utf8) text += '?';
  if (!expression.empty()) text += "|" + expression;
  return text;
}

Fetch Fetch::parse(std::string_view text) {
  Fetch fetch;
  const std::size_t bar = text.find('|');
  if (bar != std::string_view::npos) fetch.expression = text.substr(bar + 1);
  text = text.substr(0, bar);
  fetch.check_utf8 = text.ends_with('?');
  if (fetch.check_utf8) text.remove_suffix(1);
  fetch.wire = parse_wire(text);
  return fetch;
}

std::string Fetch::select(std::string_view column) const {
  const std::string name = quote_identifier(column);
  const std::size_t at = expression.find("{}");
  if (at == std::string::npos) return name;
  return std::string(expression).replace(at, 2, name);
}

std::vector<std::string> parse_labels(std::string_view full_type) {
  std::vector<std::string> labels;
  std::string_view rest = full_type.substr(std::min(full_type.find('('), full_type.size()));
  while (rest.starts_with('(') || rest.starts_with(',')) {
    rest.remove_prefix(1);
    auto label = take_literal(rest);
    if (!label) break;
    labels.push_back(std::move(*label));
  }
  return labels;
}

Mapping map_type(const NativeColumn& column, bool tinyint1_boolean) {
  const Entry* const entry = entry_of(column);
  if (entry == nullptr) {
    Mapping mapping{.type = Type::of(TypeId::string), .fetch = {.expression = "CAST({} AS CHAR)"}};
    mapping.losses.push_back({"as_text", "type " + printable(column.data_type, 80) +
                                             " is not known to penstock: read as its text"});
    return mapping;
  }
  Mapping mapping{.type = logical_type(column, entry->logical), .fetch = {.wire = entry->wire}};
  if (tinyint1_boolean && column.full_type.starts_with("tinyint(1)")) {
    mapping.type = Type::of(TypeId::boolean);
  }
  return mapping;
}

Fetch fetch_as_charset(std::string_view charset) {
  const std::string name = lower(charset);
  const bool word = !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!word) {
    throw config_error("config.charset",
                       "'" + printable(charset, 40) + "' is no name of a character set");
  }
  // The server would put a question mark for every byte that is wrong: we can tell instead.
  if (name == "utf8mb4" || name == "utf8mb3" || name == "utf8") {
    return {.check_utf8 = true, .expression = "CAST({} AS BINARY)"};
  }
  return {.expression = "CONVERT(CAST({} AS BINARY) USING " + name + ")"};
}

// ---- overrides

namespace {

// Bits of the smallest integer that holds the type's values; negative: signed.
int integer_bits(TypeId id) {
  switch (id) {
    case TypeId::int8: return -8;
    case TypeId::int16: return -16;
    case TypeId::int32: return -32;
    case TypeId::int64: return -64;
    case TypeId::uint8: return 8;
    case TypeId::uint16: return 16;
    case TypeId::uint32: return 32;
    case TypeId::uint64: return 64;
    default: return 0;
  }
}

bool integer_fits(TypeId from, TypeId to) {
  const int source = integer_bits(from), target = integer_bits(to);
  if (source == 0 || target == 0) return false;
  if (source < 0) return target <= source;
  return target > 0 ? target >= source : -target > source;
}

// Largest number of digits of the integer type's values.
int integer_digits(TypeId id) {
  switch (integer_bits(id)) {
    case -8:
    case 8: return 3;
    case -16:
    case 16: return 5;
    case -32:
    case 32: return 10;
    case -64: return 19;
    default: return 20;
  }
}

ReadAs refuse(std::string why) {
  return {std::nullopt, std::move(why)};
}

ReadAs accept(Wire wire, std::string expression = {}, bool check_utf8 = false) {
  return {Fetch{.wire = wire, .check_utf8 = check_utf8, .expression = std::move(expression)}, {}};
}

ReadAs read_as_string(const Field& field, const Fetch& own) {
  switch (field.type.id) {
    case TypeId::json:
    case TypeId::enumeration:
    case TypeId::network: return {own, {}};
    case TypeId::uuid: return accept(Wire::text);
    case TypeId::binary: return accept(Wire::text, {}, true);
    case TypeId::geometry: return accept(Wire::text, "ST_AsText({})");
    case TypeId::float32:
      return refuse("the server's text of a float has six digits; float64 keeps the value");
    case TypeId::list:
      if (own.wire == Wire::set) return accept(Wire::text);
      return refuse("a vector has no exact text; its numbers are read as they are");
    default: break;
  }
  if (own.wire == Wire::bit) {
    // "bit(5)": as many digits as it has bits.
    const std::size_t at = field.native_type.find_first_of("0123456789");
    const std::string bits =
        at == std::string::npos
            ? "1"
            : field.native_type.substr(at,
                                       field.native_type.find_first_not_of("0123456789", at) - at);
    return accept(Wire::text, "LPAD(BIN({}+0)," + bits + ",'0')");
  }
  return accept(Wire::text, "CAST({} AS CHAR)");
}

ReadAs read_integer_as(const Type& own, const Type& type, const Fetch& fetch) {
  if (type.id == TypeId::boolean) {
    return own.id == TypeId::int8
               ? ReadAs{fetch, {}}
               : refuse("only tinyint is read as bool: other values are counted");
  }
  if (integer_fits(own.id, type.id)) return {fetch, {}};
  if (type.id == TypeId::decimal && type.precision - type.scale >= integer_digits(own.id)) {
    return {fetch, {}};
  }
  return refuse("larger or negative values would not fit");
}

}  // namespace

ReadAs read_as(const Field& field, const Type& type) {
  const Type& own = field.type;
  const Fetch fetch = Fetch::parse(field.fetch);
  if (type == own) return {fetch, {}};
  if (type.id == TypeId::string) return read_as_string(field, fetch);
  if (own.id == TypeId::boolean && fetch.wire == Wire::int8 && integer_bits(type.id) != 0) {
    return read_integer_as(Type::of(TypeId::int8), type, fetch);  // tinyint1: boolean undone
  }
  if (own.id == TypeId::boolean && fetch.wire == Wire::bit && integer_bits(type.id) != 0) {
    return {fetch, {}};
  }
  if (integer_bits(own.id) != 0) return read_integer_as(own, type, fetch);
  // The decoder checks every value against the new digits: what does not fit is an issue.
  if (own.id == TypeId::decimal && (type.id == TypeId::decimal || type.id == TypeId::numeric)) {
    return {fetch, {}};
  }
  if (own.id == TypeId::float32 && type.id == TypeId::float64) return {fetch, {}};
  if (own.id == TypeId::timestamp && type.id == TypeId::timestamp) {
    if (type.digits >= own.digits && type.digits <= 6 && (type.utc || !own.utc)) return {fetch, {}};
    return refuse("it would lose digits or the time zone");
  }
  if (type.id == TypeId::binary) {
    if (own.id == TypeId::geometry) return {fetch, {}};
    if (own.id == TypeId::string) return accept(Wire::text, "CAST({} AS BINARY)");
  }
  if (type.id == TypeId::uuid) {
    if (own.id == TypeId::string) return accept(Wire::uuid);
    if (own.id == TypeId::binary) return accept(Wire::uuid_bytes);
  }
  if (type.id == TypeId::float64 || type.id == TypeId::float32) {
    return refuse("floating point cannot hold every value exactly");
  }
  return refuse("possible are its own type " + to_text(own) +
                ", string, wider integers, and decimal for numbers");
}

std::string_view type_table_text() {
  return embedded::mysql_types;
}

}  // namespace penstock::mysql
