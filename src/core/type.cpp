#include "core/type.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

struct SimpleName {
  TypeId id;
  std::string_view name;
};

// Types whose text is one word; the parameterised ones are spelled out below.
constexpr std::array kSimpleNames = {
    SimpleName{TypeId::boolean, "bool"},      SimpleName{TypeId::int8, "int8"},
    SimpleName{TypeId::int16, "int16"},       SimpleName{TypeId::int32, "int32"},
    SimpleName{TypeId::int64, "int64"},       SimpleName{TypeId::uint8, "uint8"},
    SimpleName{TypeId::uint16, "uint16"},     SimpleName{TypeId::uint32, "uint32"},
    SimpleName{TypeId::uint64, "uint64"},     SimpleName{TypeId::float32, "float32"},
    SimpleName{TypeId::float64, "float64"},   SimpleName{TypeId::numeric, "numeric"},
    SimpleName{TypeId::string, "string"},     SimpleName{TypeId::binary, "binary"},
    SimpleName{TypeId::date, "date"},         SimpleName{TypeId::interval, "interval"},
    SimpleName{TypeId::uuid, "uuid"},         SimpleName{TypeId::json, "json"},
    SimpleName{TypeId::geometry, "geometry"}, SimpleName{TypeId::network, "network"},
    SimpleName{TypeId::enumeration, "enum"},
};

[[noreturn]] void unknown_type(std::string_view text) {
  std::vector<std::string> known = {"decimal", "time", "timestamp", "list"};
  for (const SimpleName& simple : kSimpleNames) known.emplace_back(simple.name);
  const std::string_view word = text.substr(0, text.find_first_of("(<"));
  throw config_error("config.type",
                     "unknown type '" + printable(text) + "'" + did_you_mean(word, known))
      .hint(
          "types are written as int64, decimal(15,2), timestamp(6,utc), list<string>; "
          "docs/types.md lists them");
}

int parse_number(std::string_view text, int low, int high, std::string_view whole) {
  text = trim(text);
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    throw config_error("config.type", "in type '" + printable(whole) + "': '" + printable(text) +
                                          "' must be a number from " + std::to_string(low) +
                                          " to " + std::to_string(high));
  }
  return value;
}

// The text between the outer brackets of name(…) or name<…>, when `text` has that shape.
std::optional<std::string_view> inside(std::string_view text, std::string_view name, char open,
                                       char close) {
  if (!text.starts_with(name) || text.size() < name.size() + 2) return std::nullopt;
  if (text[name.size()] != open || text.back() != close) return std::nullopt;
  return text.substr(name.size() + 1, text.size() - name.size() - 2);
}

// Keeps hostile nesting (list<list<…) from exhausting the stack; no system has more dimensions.
constexpr int kListDepthMax = 16;

std::string quoted_labels(const std::vector<std::string>& labels) {
  std::string out;
  for (const std::string& label : labels) {
    out += out.empty() ? "'" : ",'";
    for (const char c : label) {
      if (c == '\'') out += c;
      out += c;
    }
    out += '\'';
  }
  return out;
}

// The inverse of quoted_labels.
std::vector<std::string> parse_labels(std::string_view text, std::string_view whole) {
  std::vector<std::string> labels;
  for (;;) {
    text = trim(text);
    if (!text.starts_with('\'')) unknown_type(whole);
    std::string& label = labels.emplace_back();
    for (text.remove_prefix(1);; text.remove_prefix(1)) {
      if (text.starts_with("''")) {
        text.remove_prefix(1);
      } else if (text.empty() || text.front() == '\'') {
        break;
      }
      label += text.front();
    }
    if (text.empty()) unknown_type(whole);
    text = trim(text.substr(1));
    if (text.empty()) return labels;
    if (text.front() != ',') unknown_type(whole);
    text.remove_prefix(1);
  }
}

Type parse_timestamp(std::string_view arguments, std::string_view whole) {
  const std::size_t comma = arguments.find(',');
  const int digits = parse_number(arguments.substr(0, comma), 0, 9, whole);
  if (comma == std::string_view::npos) return Type::timestamp(digits, false);
  if (trim(arguments.substr(comma + 1)) != "utc") unknown_type(whole);
  return Type::timestamp(digits, true);
}

}  // namespace

bool operator==(const Type& a, const Type& b) {
  if (a.id != b.id || a.precision != b.precision || a.scale != b.scale || a.digits != b.digits ||
      a.utc != b.utc || a.srid != b.srid || a.labels != b.labels) {
    return false;
  }
  if (!a.element || !b.element) return !a.element && !b.element;
  return *a.element == *b.element;
}

Type Type::decimal(int precision, int scale) {
  Type type = of(TypeId::decimal);
  type.precision = static_cast<std::uint8_t>(precision);
  type.scale = static_cast<std::uint8_t>(scale);
  return type;
}

Type Type::time(int digits) {
  Type type = of(TypeId::time);
  type.digits = static_cast<std::uint8_t>(digits);
  return type;
}

Type Type::timestamp(int digits, bool utc) {
  Type type = of(TypeId::timestamp);
  type.digits = static_cast<std::uint8_t>(digits);
  type.utc = utc;
  return type;
}

Type Type::enumeration(std::vector<std::string> labels) {
  Type type = of(TypeId::enumeration);
  type.labels = std::move(labels);
  return type;
}

Type Type::list(Type element) {
  Type type = of(TypeId::list);
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

Type Type::geometry(std::int32_t srid) {
  Type type = of(TypeId::geometry);
  type.srid = srid;
  return type;
}

Physical physical(const Type& type) {
  switch (type.id) {
    case TypeId::boolean: return Physical::bit;
    case TypeId::int8:
    case TypeId::uint8: return Physical::b8;
    case TypeId::int16:
    case TypeId::uint16: return Physical::b16;
    case TypeId::int32:
    case TypeId::uint32:
    case TypeId::float32:
    case TypeId::date: return Physical::b32;
    case TypeId::int64:
    case TypeId::uint64:
    case TypeId::float64:
    case TypeId::time:
    case TypeId::timestamp: return Physical::b64;
    case TypeId::interval:
    case TypeId::uuid: return Physical::b128;
    case TypeId::decimal:
      if (type.precision <= 9) return Physical::b32;
      if (type.precision <= 18) return Physical::b64;
      return type.precision <= 38 ? Physical::b128 : Physical::b256;
    case TypeId::list: return Physical::list;
    default: return Physical::bytes;
  }
}

int fixed_width(const Type& type) {
  switch (physical(type)) {
    case Physical::b8: return 1;
    case Physical::b16: return 2;
    case Physical::b32: return 4;
    case Physical::b64: return 8;
    case Physical::b128: return 16;
    case Physical::b256: return 32;
    default: return 0;
  }
}

bool has_infinity(const Type& type) {
  return type.id == TypeId::date || type.id == TypeId::timestamp;
}

std::string to_text(const Type& type) {
  switch (type.id) {
    case TypeId::decimal:
      return "decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
    case TypeId::time: return "time(" + std::to_string(type.digits) + ")";
    case TypeId::timestamp:
      return "timestamp(" + std::to_string(type.digits) + (type.utc ? ",utc)" : ")");
    case TypeId::list: return "list<" + to_text(*type.element) + ">";
    default: break;
  }
  if (type.id == TypeId::enumeration && !type.labels.empty()) {
    return "enum(" + quoted_labels(type.labels) + ")";
  }
  if (type.id == TypeId::geometry && type.srid != 0) {
    return "geometry(" + std::to_string(type.srid) + ")";
  }
  for (const SimpleName& simple : kSimpleNames) {
    if (simple.id == type.id) return std::string(simple.name);
  }
  return "string";
}

namespace {

// `original` is `text` before it was folded to lower case: labels keep theirs.
Type parse_folded(std::string_view text, std::string_view original, std::string_view whole,
                  int depth) {
  for (const SimpleName& simple : kSimpleNames) {
    if (text == simple.name) return Type::of(simple.id);
  }
  if (text == "time") return Type::time(6);
  if (text == "timestamp") return Type::timestamp(6, false);
  if (const auto arguments = inside(text, "decimal", '(', ')')) {
    const std::size_t comma = arguments->find(',');
    const int precision = parse_number(arguments->substr(0, comma), 1, 76, whole);
    if (comma == std::string_view::npos) return Type::decimal(precision, 0);
    return Type::decimal(precision,
                         parse_number(arguments->substr(comma + 1), 0, precision, whole));
  }
  if (const auto arguments = inside(text, "time", '(', ')')) {
    return Type::time(parse_number(*arguments, 0, 9, whole));
  }
  if (const auto arguments = inside(text, "timestamp", '(', ')')) {
    return parse_timestamp(*arguments, whole);
  }
  if (const auto arguments = inside(text, "geometry", '(', ')')) {
    return Type::geometry(parse_number(*arguments, 0, 999'999, whole));
  }
  if (const auto labels = inside(text, "enum", '(', ')')) {
    return Type::enumeration(parse_labels(original.substr(5, labels->size()), whole));
  }
  if (const auto element = inside(text, "list", '<', '>'); element && depth < kListDepthMax) {
    return Type::list(
        parse_folded(trim(*element), trim(original.substr(5, element->size())), whole, depth + 1));
  }
  unknown_type(whole);
}

}  // namespace

Type parse_type(std::string_view whole) {
  const std::string_view original = trim(whole);
  return parse_folded(lower(original), original, whole, 1);
}

}  // namespace penstock
