#include "servers/zoho/cell.h"

#include <boost/json.hpp>
#include <charconv>
#include <cstring>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

namespace json = boost::json;

constexpr std::string_view kHex = "0123456789abcdef";

// `limit` characters at most, never within a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && characters++ == limit) return text.substr(0, i);
  }
  return text;
}

template <typename Each>
void each_item(std::string_view items, Each&& each) {
  for (std::size_t at = 0; at < items.size();) {
    const std::size_t end = items.find(Cell::kItemEnd, at);
    each(items.substr(at, end - at));
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
}

void append_quoted_id(std::string& out, std::int64_t id) {
  out += '"';
  append_number(out, id);
  out += '"';
}

void append_lookup(std::string& out, const FieldSpec& field, const Cell& cell, const Style& style) {
  if (field.data_type == "multi_module_lookup") {
    if (style.coql) {
      out += "{\"id\":";
      append_quoted_id(out, cell.number);
      out += '}';
      return;
    }
    const ModuleSpec& module = *style.modules->at(cell.module - 1U);
    out += "{\"module\":{\"api_name\":";
    append_json_string(out, module.api_name);
    out += ",\"id\":";
    append_quoted_id(out, static_cast<std::int64_t>(module.module_id));
    out += "},\"name\":";
  } else {
    out += "{\"name\":";
  }
  append_json_string(out, cell.text);
  out += ",\"id\":";
  append_quoted_id(out, cell.number);
  out += '}';
}

void append_user(std::string& out, const Cell& cell, const Style& style) {
  const User& user = users()[static_cast<std::size_t>(cell.number)];
  out += "{\"name\":";
  append_json_string(out, user.full_name());
  out += ",\"id\":";
  append_quoted_id(out, static_cast<std::int64_t>(user.id));
  if (!style.coql) {
    out += ",\"email\":";
    append_json_string(out, user.email);
  }
  out += '}';
}

void append_items(std::string& out, const Cell& cell, bool tags) {
  out += '[';
  bool first = true;
  each_item(cell.text, [&](std::string_view item) {
    if (!first) out += ',';
    first = false;
    if (!tags) return append_json_string(out, item);
    out += "{\"name\":";
    append_json_string(out, item);
    out += ",\"id\":";
    append_quoted_id(out, 4'870'000'000'009'000'000 +
                              static_cast<std::int64_t>(below(hash_text(item), 100'000)));
    out += ",\"color_code\":null}";
  });
  out += ']';
}

void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_json(std::string& out, const FieldSpec& field, const Cell& cell) {
  const json::value value = json::parse(cell.text);
  const json::object* object = value.if_object();
  for (const std::string_view key : {"RRULE", "ALARM", "id"}) {
    if (object == nullptr || !object->contains(key)) continue;
    return append_csv_text(out, std::string_view(object->at(key).as_string()));
  }
  if (field.data_type == "territories") {
    std::string names;
    for (const json::value& item : value.as_array()) {
      if (!names.empty()) names += ';';
      names += std::string_view(item.at("name").as_string());
    }
    append_csv_text(out, names);
  }
}

}  // namespace

const std::vector<User>& users() {
  static const std::vector<User> all = [] {
    constexpr auto names = std::to_array<std::array<std::string_view, 2>>({
        {"Ada", "Admin"},
        {"Boris", "Berg"},
        {"Chloé", "Côté"},
        {"Dinesh", "Das"},
        {"Eleni", "Economou"},
        {"Fatima", "Farouk"},
        {"Goran", "Grbić"},
        {"Hana", "Hayashi"},
        {"Ivo", "O'Neill"},
        {"Jun", "李"},
        {"Kari", "Former"},
        {"Lev", "Removed"},
    });
    std::vector<User> made;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string status = i == 10 ? "inactive" : i == 11 ? "deleted" : "active";
      made.push_back({.id = 4'870'000'000'000'327'001ULL + i * 10,
                      .first_name = std::string(names[i][0]),
                      .last_name = std::string(names[i][1]),
                      .email = "user" + std::to_string(i) + "@example.test",
                      .status = status,
                      .admin = i == 0});
    }
    return made;
  }();
  return all;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    out += '\\';
    if (c == '\n')
      out += 'n';
    else if (c == '\t')
      out += 't';
    else if (c == '\r')
      out += 'r';
    else if (c == '"' || c == '\\')
      out += text[i];
    else
      out.append("u00") += kHex[c >> 4], out += kHex[c & 15];
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_decimal(std::string& out, std::int64_t number, int scale) {
  while (scale > 0 && number % 10 == 0) {
    number /= 10;
    --scale;
  }
  if (scale == 0) return append_number(out, number);
  if (number < 0) {
    out += '-';
    number = -number;
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const int count = static_cast<int>(end - digits);
  const int whole = count - scale;
  if (whole <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-whole), '0');
    out.append(digits, static_cast<std::size_t>(count));
    return;
  }
  out.append(digits, static_cast<std::size_t>(whole));
  out += '.';
  out.append(digits + whole, static_cast<std::size_t>(scale));
}

void append_json(std::string& out, const FieldSpec& field, const Cell& cell, const Style& style) {
  using Kind = Cell::Kind;
  switch (cell.kind) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += cell.number != 0 ? "true" : "false"; return;
    case Kind::integer: return append_number(out, cell.number);
    case Kind::decimal: return append_decimal(out, cell.number, cell.scale);
    case Kind::digits: out += '"', out += cell.text, out += '"'; return;
    case Kind::text:
      if (field.shape == Shape::rich_text && style.cut_rich_text) {
        return append_json_string(out, cut(cell.text, kRichTextShown));
      }
      return append_json_string(out, cell.text);
    case Kind::date:
      out += '"';
      append_date(out, cell.number);
      out += '"';
      return;
    case Kind::datetime:
      out += '"';
      if (style.zone == nullptr)
        append_utc(out, cell.number);
      else
        style.zone->append_datetime(out, cell.number);
      out += '"';
      return;
    case Kind::lookup: return append_lookup(out, field, cell, style);
    case Kind::user: return append_user(out, cell, style);
    case Kind::list: return append_items(out, cell, false);
    case Kind::tags: return append_items(out, cell, true);
    case Kind::json: out += cell.text; return;
  }
}

void append_csv(std::string& out, const FieldSpec& field, const Cell& cell, const Style& style,
                char separator) {
  using Kind = Cell::Kind;
  switch (cell.kind) {
    case Kind::null: return;
    case Kind::boolean: out += cell.number != 0 ? "true" : "false"; return;
    case Kind::integer:
    case Kind::lookup: return append_number(out, cell.number);
    case Kind::decimal: {
      const std::size_t start = out.size();
      append_decimal(out, cell.number, cell.scale);
      if (out.find('.', start) == std::string::npos) out += ".0";
      return;
    }
    case Kind::digits: out += cell.text; return;
    case Kind::text: return append_csv_text(out, cell.text);
    case Kind::date: return append_date(out, cell.number);
    case Kind::datetime:
      if (style.zone == nullptr) return append_utc(out, cell.number);
      return style.zone->append_datetime(out, cell.number);
    case Kind::user:
      return append_number(
          out, static_cast<std::int64_t>(users()[static_cast<std::size_t>(cell.number)].id));
    case Kind::list:
    case Kind::tags: {
      std::string joined = cell.text;
      for (char& c : joined) c = c == Cell::kItemEnd ? separator : c;
      return append_csv_text(out, joined);
    }
    case Kind::json: return append_csv_json(out, field, cell);
  }
}

}  // namespace penstock::zoho_sim
