// One value of one record, and how it is written: as JSON of the API and of COQL, as CSV of bulk
// jobs, and in the canonical form of dumps.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "servers/zoho/schema.h"
#include "servers/zoho/zone.h"

namespace penstock::zoho_sim {

struct Cell {
  enum class Kind : std::uint8_t {
    null,
    boolean,   // number
    integer,   // number
    digits,    // text
    decimal,   // number * 10^-scale
    text,      // text
    date,      // number: days
    datetime,  // number: seconds
    lookup,    // number: id of the record, module: its number, text: its name
    user,      // number: which of the users
    list,      // text: items, parted by kItemEnd
    tags,      // likewise
    json,      // text
  };
  static constexpr char kItemEnd = '\x1f';

  Kind kind = Kind::null;
  std::uint8_t scale = 0;
  std::uint16_t module = 0;
  std::int64_t number = 0;
  std::string text;

  bool is_null() const { return kind == Kind::null; }
  void reset() {
    kind = Kind::null;
    number = 0;
    text.clear();
  }
};

struct User {
  std::uint64_t id;
  std::string first_name, last_name, email, status;
  bool admin;

  std::string full_name() const { return first_name + " " + last_name; }
};

// The org's users: one administrator, active ones, two inactive, one deleted.
const std::vector<User>& users();

// How values are to be shown.
struct Style {
  const Zone* zone = nullptr;                               // null: datetimes in UTC with Z
  bool coql = false;                                        // lookups without email
  bool cut_rich_text = true;                                // to 500 characters
  const std::vector<const ModuleSpec*>* modules = nullptr;  // by number - 1
};

constexpr std::size_t kRichTextShown = 500;

void append_json_string(std::string& out, std::string_view text);
void append_number(std::string& out, std::int64_t value);
// 12.5 as number 1250, scale 2; no zeros at the end, no point for whole numbers.
void append_decimal(std::string& out, std::int64_t number, int scale);
void append_json(std::string& out, const FieldSpec& field, const Cell& cell, const Style& style);
// Empty for NULL; lookups as bare ids; `separator` between the items of lists.
void append_csv(std::string& out, const FieldSpec& field, const Cell& cell, const Style& style,
                char separator);

// The value of an admin command, as the API would show it, for the field. Lookups may be an id or
// an object with "id". Throws std::runtime_error when it doesn't fit.
Cell cell_from_json(const FieldSpec& field, std::string_view json_text);

}  // namespace penstock::zoho_sim
