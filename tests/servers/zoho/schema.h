// What the simulated CRM consists of: modules and their fields. Made from catalog text (catalog.h).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::zoho_sim {

// How a field's values are generated and shown; several data types of Zoho share one.
enum class Shape : std::uint8_t {
  id,
  text,
  rich_text,  // HTML, longer than the 500 characters that lists show
  bigint,     // digits in a JSON string
  integer,
  decimal,  // double, percent, currency
  boolean,
  date,
  datetime,
  picklist,
  multi_picklist,
  tags,
  lookup,
  user,
  auto_number,
  layout,
  json,          // a small object or array, by data type
  subform,       // rows of another module; never in lists
  multi_lookup,  // pairs in a linking module; never in lists
  multi_user,    // never in lists
  created_time,
  modified_time,
};

struct FieldSpec {
  std::string api_name, label, data_type, json_type;
  Shape shape = Shape::text;
  int length = 120;
  int decimals = 0;
  int null_percent = 10;
  std::string flavour;              // of texts: first, last, company, ...
  std::string target;               // module of a lookup, subform or linking table
  std::string return_type;          // of formula and rollup_summary
  std::vector<std::string> values;  // of picklists
  std::size_t values_seeded = 0;    // generated records use only these first ones
  bool mandatory = false;
  bool display = false;  // names the record in lookups
  bool custom = false;
  bool computed = false;  // changes by recalculation, without Modified_Time
  bool hidden = false;
  std::int64_t since = 0;      // added by command at this time: older records hold NULL
  std::uint64_t salt = 0;      // of the generator
  std::uint64_t field_id = 0;  // as settings/fields shows it
  std::string json_key;        // "api_name": with the quotes, ready to be written

  // Lists and COQL never carry these.
  bool is_collection() const {
    return shape == Shape::subform || shape == Shape::multi_lookup || shape == Shape::multi_user;
  }
};

struct ModuleSpec {
  std::string api_name, singular, plural, module_name;
  std::string generated_type = "default";
  std::string status = "visible";
  std::string parent;   // of a subform
  std::string refusal;  // the code with which reading records is refused; empty: it is readable
  bool api_supported = true, viewable = true;
  bool has_metadata = true;  // false: settings/fields answers 204
  bool bulk_supported = true;
  bool admin_only = false;
  int per_mille = 1000;  // records, as a share of --records
  int rows_per_parent = 0;
  std::uint64_t number = 0;  // part of its records' ids
  std::uint64_t module_id = 0;
  std::int64_t modified_time = 0;
  std::deque<FieldSpec> fields;  // a deque: commands add fields while others are referred to

  int field_index(std::string_view name) const;  // -1: there is none; exact case
  const FieldSpec* field(std::string_view name) const;
  int display_field = -1;

  // Call after `fields` was changed.
  void index_fields();

 private:
  std::unordered_map<std::string, int> by_name_;
};

// Parses the catalog's text; throws std::runtime_error naming the line that is wrong.
std::vector<std::unique_ptr<ModuleSpec>> parse_catalog(std::string_view text);

// One field from its line, "Api_Name data_type key=value ...". Throws std::runtime_error.
FieldSpec parse_field(const ModuleSpec& module, std::string_view line);

}  // namespace penstock::zoho_sim
