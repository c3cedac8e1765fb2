#include "adapters/systems/postgresql/target_types.h"

#include <algorithm>
#include <limits>

#include "contract/type_map.h"
#include "core/civil.h"
#include "core/error.h"

namespace penstock::embedded {
extern const std::string_view postgresql_destination_types;
}

namespace penstock::postgresql {

namespace {

constexpr std::size_t kLabelBytesMax = 63;  // NAMEDATALEN - 1: labels are of type name
constexpr int kMicroDigits = 6;
constexpr std::int64_t kSecondsPerDay = 86'400;
// Ends of date and timestamp: src/include/datatype/timestamp.h. The day before 4714-11-24 BC is the
// first one that cannot be written.
constexpr std::int64_t kFirstDay = days_from_civil({.year = -4713, .month = 11, .day = 24});
constexpr std::int64_t kLastDay = days_from_civil({.year = 5'874'897, .month = 12, .day = 31});
constexpr std::int64_t kLastTimestampDay =
    days_from_civil({.year = 294'276, .month = 12, .day = 31});
// Of one value, with room for what surrounds it in a message: MaxAllocSize is 1 GiB - 1
// (src/include/utils/memutils.h).
constexpr std::int64_t kValueBytesMax = (std::int64_t{1} << 30) - (std::int64_t{1} << 16);

const std::vector<TypeRow>& table() {
  static const std::vector<TypeRow> rows = parse_type_table(embedded::postgresql_destination_types);
  return rows;
}

std::string table_name(const Type& type) {
  switch (type.id) {
    case TypeId::boolean: return "bool";
    case TypeId::enumeration: return "enum";
    case TypeId::decimal: return "decimal(76)";
    case TypeId::timestamp: return type.utc ? "timestamp(9,utc)" : "timestamp(9)";
    case TypeId::time: return "time";
    case TypeId::list: return "list<T>";
    case TypeId::geometry: return "geometry";
    default: return to_text(Type::of(type.id));
  }
}

const TypeRow& find_row(const Type& type, const TargetFacts& facts) {
  const std::string name = table_name(type);
  const TypeRow* best = nullptr;
  for (const TypeRow& row : table()) {
    if (row.at("logical") != name) continue;
    if (best == nullptr || version_number(row.at("since")) <= facts.version / 10'000 * 1'000) {
      best = &row;
    }
  }
  if (best == nullptr) {
    throw Error(Side::engine, "engine.internal", "no PostgreSQL type for " + to_text(type));
  }
  return *best;
}

std::string fill(std::string text, std::string_view mark, std::string_view value) {
  if (const std::size_t at = text.find(mark); at != std::string::npos) {
    text.replace(at, mark.size(), value);
  }
  return text;
}

// Seconds as ticks of 10^-digits; one tick inside 64 bits where they end before the server does.
std::int64_t in_ticks(std::int64_t seconds, int digits) {
  constexpr std::int64_t edge = std::numeric_limits<std::int64_t>::max() - 1;
  std::int64_t ticks = seconds;
  for (int i = 0; i < digits; ++i) {
    if (__builtin_mul_overflow(ticks, 10, &ticks)) return seconds < 0 ? -edge : edge;
  }
  return ticks;
}

}  // namespace

ValueRule rule_for(const Type& type, std::string_view native, const TargetFacts& facts) {
  ValueRule rule;
  switch (type.id) {
    case TypeId::date:
      rule.low = kFirstDay;
      rule.high = kLastDay;
      break;
    case TypeId::timestamp:
      rule.low = in_ticks(kFirstDay * kSecondsPerDay, type.digits);
      rule.high = in_ticks((kLastTimestampDay + 1) * kSecondsPerDay, type.digits) - 1;
      break;
    case TypeId::time:
      if (!native.starts_with("interval")) {
        rule.low = 0;
        rule.high = in_ticks(kSecondsPerDay, type.digits);
      }
      break;
    case TypeId::numeric:
    case TypeId::decimal: rule.not_finite = facts.version >= 140'000; break;
    case TypeId::list: {
      ValueRule element = rule_for(*type.element, native.substr(0, native.size() - 2), facts);
      element.null_list = false;
      rule.rectangular = true;
      rule.element = std::make_shared<const ValueRule>(std::move(element));
      break;
    }
    default: break;
  }
  const bool ticks = type.id == TypeId::time || type.id == TypeId::timestamp;
  if (ticks && type.digits > kMicroDigits) {
    for (int i = kMicroDigits; i < type.digits; ++i) rule.step *= 10;
  }
  if (physical(type) == Physical::bytes) {
    rule.bytes_max = kValueBytesMax;
    rule.invalid_utf8 = facts.encoding == "SQL_ASCII";
    rule.nul = false;
    rule.other_labels = type.id != TypeId::enumeration || native == "text";
    rule.any_json = type.id != TypeId::json;
  }
  return rule;
}

bool can_be_enum(const std::vector<std::string>& labels) {
  return !labels.empty() && std::ranges::all_of(labels, [](const std::string& label) {
    return label.size() <= kLabelBytesMax;
  });
}

MappedTarget map_logical(const Type& type, const TargetFacts& facts, const std::string& enum_type,
                         std::string_view dialect, std::string_view json_type) {
  const TypeRow& row = find_row(type, facts);
  MappedTarget out;
  const auto note_loss = [&] {
    if (!row.at("loss").empty()) out.losses.push_back({row.at("loss"), row.at("note")});
  };
  std::string native = fill(row.at("native"), "{p}", std::to_string(type.precision));
  native = fill(std::move(native), "{s}", std::to_string(type.scale));
  const std::string digits = type.digits < kMicroDigits ? std::to_string(type.digits) : "";
  native = fill(std::move(native), digits.empty() ? "({d})" : "{d}", digits);
  const auto postgis = facts.extensions.find("postgis");
  if (type.id == TypeId::list) {
    MappedTarget element = map_logical(*type.element, facts, enum_type, dialect, json_type);
    if (type.element->id == TypeId::list) element.native.resize(element.native.size() - 2);
    native = fill(std::move(native), "{t}", element.native);
    out.losses = std::move(element.losses);
  } else if (type.id == TypeId::enumeration && !enum_type.empty()) {
    native = enum_type;
  } else if (type.id == TypeId::json) {
    native = json_type;
  } else if (type.id == TypeId::geometry && postgis != facts.extensions.end()) {
    native = (postgis->second.empty() ? "public" : postgis->second) + ".geometry";
  } else if (type.id == TypeId::time && dialect == "mysql") {
    native = "interval";
  } else {
    note_loss();
  }
  out.native = std::move(native);
  out.rule = rule_for(type, out.native, facts);
  return out;
}

std::string_view destination_type_table_text() {
  return embedded::postgresql_destination_types;
}

}  // namespace penstock::postgresql
