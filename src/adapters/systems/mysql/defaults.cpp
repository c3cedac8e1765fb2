#include "adapters/systems/mysql/defaults.h"

#include <algorithm>

#include "adapters/systems/mysql/sql_text.h"
#include "core/error.h"
#include "core/text.h"
#include "core/value_parse.h"
#include "core/value_text.h"

namespace penstock::mysql {

namespace {

bool is_temporal(const Field& field) {
  return field.type.id == TypeId::timestamp || field.type.id == TypeId::date ||
         field.type.id == TypeId::time;
}

// "CURRENT_TIMESTAMP", "current_timestamp(6)", "now()" and their kin.
bool says_now(std::string_view text) {
  std::string word = lower(trim(text));
  word.resize(std::min(word.find('('), word.size()));
  return word == "current_timestamp" || word == "now" || word == "localtimestamp";
}

// "0000-00-00 …": a date that is none.
bool is_zero_date(std::string_view text) {
  return text.size() >= 10 && (text.substr(5, 2) == "00" || text.substr(8, 2) == "00");
}

// Exactly `digits` behind the point.
std::string with_fraction(std::string text, int digits) {
  const std::size_t point = text.find('.');
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  text.resize(std::min(point, text.size()));
  fraction.resize(static_cast<std::size_t>(digits), '0');
  return digits == 0 ? text : text + "." + fraction;
}

// "b'101'" → 5.
std::optional<std::string> bits_as_number(std::string_view text) {
  if (!text.starts_with("b'") || !text.ends_with("'")) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text.substr(2, text.size() - 3)) {
    if (c != '0' && c != '1') return std::nullopt;
    value = value << 1 | static_cast<std::uint64_t>(c - '0');
  }
  return std::to_string(value);
}

// MySQL shows defaults of binary columns as 0x6162.
std::string binary_text(std::string_view text) {
  const bool digits = text.starts_with("0x") && text.size() % 2 == 0 &&
                      text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  return "\\x" + (digits ? lower(text.substr(2)) : hex(text));
}

std::string set_text(std::string_view text) {
  Column column(Type::list(Type::of(TypeId::string)));
  ColumnBuilder list(&column);
  if (!text.empty()) {
    for (const std::string& label : split(text, ',')) list.child().append_bytes(label);
  }
  list.end_list();
  return value_text(column, 0);
}

// The server's spelling of a value as core/value_text.h writes it.
std::string canonical(const Field& field, std::string text) {
  switch (field.type.id) {
    case TypeId::boolean:
      if (const auto number = bits_as_number(text)) text = *number;
      return text == "0" ? "false" : "true";
    case TypeId::uint64: return bits_as_number(text).value_or(text);
    case TypeId::decimal: return with_fraction(std::move(text), field.type.scale);
    case TypeId::time: return with_fraction(std::move(text), field.type.digits);
    case TypeId::timestamp:
      if (text.size() == 10) text += " 00:00:00";
      return with_fraction(std::move(text), field.type.digits) + (field.type.utc ? "Z" : "");
    case TypeId::binary: return binary_text(text);
    case TypeId::list: return set_text(text);
    default: return text;
  }
}

bool is_value(const Type& type, const std::string& text) {
  Column column(type);
  try {
    append_parsed(text, ColumnBuilder(&column));
    return value_text(column, 0) == text;
  } catch (const Error&) {
    return false;
  }
}

void set_value(Field& field, std::string_view data_type, const std::string& text) {
  if (is_temporal(field) && data_type != "time" && is_zero_date(text)) {
    field.losses.push_back({"zero_default", "its default " + text + " is no date: not carried"});
    return;
  }
  const std::string value = canonical(field, text);
  if (is_value(field.type, value)) {
    field.default_kind = DefaultKind::value;
    field.default_text = value;
  } else {
    field.default_kind = DefaultKind::expression;
  }
}

}  // namespace

void set_default(Field& field, std::string_view data_type, const NativeDefault& given) {
  const std::string extra = lower(given.extra);
  if (extra.find("on update") != std::string::npos) {
    field.losses.push_back({"on_update", "ON UPDATE CURRENT_TIMESTAMP is not carried"});
  }
  if (!given.text || field.identity || field.generated) return;
  const std::string& text = *given.text;
  if (given.is_sql && lower(text) == "null") return;  // an explicit DEFAULT NULL
  std::string_view rest = text;
  const std::optional<std::string> literal = given.is_sql ? take_literal(rest) : std::nullopt;
  const bool generated = extra.find("default_generated") != std::string::npos;
  field.default_expression = text;
  if (!literal && is_temporal(field) && says_now(text)) {
    field.default_kind = field.type.id == TypeId::timestamp ? DefaultKind::current_timestamp
                                                            : DefaultKind::expression;
    return;
  }
  if (literal && rest.empty()) return set_value(field, data_type, *literal);
  const bool bare_sql = given.is_sql && text.find_first_not_of("0123456789.-eE") != text.npos &&
                        !bits_as_number(text);
  if (generated || bare_sql) {
    field.default_kind = DefaultKind::expression;
    return;
  }
  if (!given.is_sql) field.default_expression = quote_literal(text);
  set_value(field, data_type, text);
}

}  // namespace penstock::mysql
