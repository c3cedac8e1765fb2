// Values of admin commands: JSON in, Cell out.
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "servers/zoho/cell.h"

namespace penstock::zoho_sim {
namespace {

namespace json = boost::json;
using Kind = Cell::Kind;

std::runtime_error misfit(const FieldSpec& field) {
  return std::runtime_error("the value doesn't fit field " + field.api_name + " of type " +
                            field.data_type);
}

std::string_view string_of(const FieldSpec& field, const json::value& value) {
  if (!value.is_string()) throw misfit(field);
  return value.as_string();
}

std::int64_t integer_of(const FieldSpec& field, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) throw misfit(field);
  return number;
}

// The text of a JSON number, so that 0.1 stays 0.1.
void decimal_of(const FieldSpec& field, std::string_view text, Cell& cell) {
  std::string digits;
  int scale = 0;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point)
      point = true;
    else if ((c >= '0' && c <= '9') || c == '-')
      digits += c, scale += point ? 1 : 0;
    else
      throw misfit(field);
  }
  if (scale > 9) throw misfit(field);
  cell.kind = Kind::decimal;
  cell.number = integer_of(field, digits);
  cell.scale = static_cast<std::uint8_t>(scale);
}

void items_of(const FieldSpec& field, const json::value& value, Cell& cell) {
  if (!value.is_array()) throw misfit(field);
  for (const json::value& item : value.as_array()) {
    if (!cell.text.empty()) cell.text += Cell::kItemEnd;
    const json::value& name = item.is_object() ? item.at("name") : item;
    cell.text += string_of(field, name);
  }
}

void reference_of(const FieldSpec& field, const json::value& value, Cell& cell) {
  const json::value& id = value.is_object() ? value.at("id") : value;
  cell.number = integer_of(field, string_of(field, id));
  if (field.shape == Shape::lookup) {
    cell.kind = Kind::lookup;  // its name is looked up when it is shown
    return;
  }
  cell.kind = Kind::user;
  for (std::size_t i = 0; i < users().size(); ++i) {
    if (static_cast<std::int64_t>(users()[i].id) != cell.number) continue;
    cell.number = static_cast<std::int64_t>(i);
    return;
  }
  throw misfit(field);
}

void time_of(const FieldSpec& field, const json::value& value, Cell& cell) {
  const std::string_view text = string_of(field, value);
  const bool date = field.shape == Shape::date;
  const auto number = date ? parse_date(text) : parse_datetime(text);
  if (!number) throw misfit(field);
  cell.kind = date ? Kind::date : Kind::datetime;
  cell.number = *number;
}

void text_of(const FieldSpec& field, const json::value& value, Cell& cell) {
  cell.kind = field.shape == Shape::bigint ? Kind::digits : Kind::text;
  cell.text = string_of(field, value);
  if (cell.kind == Kind::digits && cell.text.find_first_not_of("0123456789") != std::string::npos) {
    throw misfit(field);
  }
}

}  // namespace

Cell cell_from_json(const FieldSpec& field, std::string_view json_text) {
  const json::value value = json::parse(json_text);
  Cell cell;
  if (value.is_null()) return cell;
  switch (field.shape) {
    case Shape::integer:
      cell.kind = Kind::integer;
      cell.number = integer_of(field, json_text);
      break;
    case Shape::decimal: decimal_of(field, json_text, cell); break;
    case Shape::boolean:
      if (!value.is_bool()) throw misfit(field);
      cell.kind = Kind::boolean;
      cell.number = value.as_bool() ? 1 : 0;
      break;
    case Shape::date:
    case Shape::datetime: time_of(field, value, cell); break;
    case Shape::multi_picklist:
    case Shape::tags:
      cell.kind = field.shape == Shape::tags ? Kind::tags : Kind::list;
      items_of(field, value, cell);
      break;
    case Shape::lookup:
    case Shape::user: reference_of(field, value, cell); break;
    case Shape::json:
      cell.kind = Kind::json;
      cell.text = json_text;
      break;
    case Shape::text:
    case Shape::rich_text:
    case Shape::bigint:
    case Shape::picklist:
    case Shape::auto_number: text_of(field, value, cell); break;
    case Shape::id:
    case Shape::layout:
    case Shape::created_time:
    case Shape::modified_time:
    case Shape::subform:
    case Shape::multi_lookup:
    case Shape::multi_user:
      throw std::runtime_error("field " + field.api_name + " can't be set by command");
  }
  return cell;
}

}  // namespace penstock::zoho_sim
