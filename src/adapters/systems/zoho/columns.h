// From Zoho's fields to columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/zoho/metadata.h"
#include "core/schema.h"

namespace penstock::zoho {

// What of a field's value a column holds.
enum class Part : std::uint8_t { value, id, name, email, module };

// How the reader gets a column: Field::fetch, as text and back.
// Stands for the field's name where a column holds the whole record as JSON.
inline constexpr std::string_view kWholeRecord = "$record";

struct Fetch {
  std::string field;  // api_name
  Part part = Part::value;
  bool coql = true;  // COQL gives the whole value
  bool rich_text = false;

  std::string text() const;
  static Fetch parse(std::string_view text);
};

// The columns of a module, with what is left out as notes.
struct Columns {
  std::vector<Field> fields;
  std::vector<std::string> notes;
};
// `modules`: api names of all that can be read, for what becomes a table of its own.
Columns columns_of(const ModuleInfo& module, const std::vector<std::string>& modules);

// Tables that are no modules: of users and of the organisation.
std::vector<Field> user_columns();
std::vector<Field> org_columns();

// "zoho_sales_orders"
std::string table_name(std::string_view api_name);

}  // namespace penstock::zoho
