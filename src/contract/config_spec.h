// Declared configuration: one description of an adapter's connection fields from which parsing,
// checking, JSON Schema (OpenAPI, forms), help and docs come.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace penstock {

namespace json = boost::json;

enum class FieldKind : std::uint8_t { text, integer, boolean, choice, secret, text_list, object };

struct ConfigField {
  std::string name;
  FieldKind kind = FieldKind::text;
  std::string description;              // one or two sentences, for help, forms and docs
  std::optional<json::value> fallback;  // the default; none: the field stays unset
  bool required = false;
  std::int64_t min = INT64_MIN, max = INT64_MAX;  // integer
  std::vector<std::string> choices;               // choice
  std::vector<std::string> aliases;               // other accepted names
  std::string example;
};

// Checked values of one adapter's configuration. Reading a field that was not declared is a
// programming error and throws Error "engine.internal".
class Config {
 public:
  bool has(std::string_view field) const;
  // Empty string, 0, false or an empty list when the field is unset.
  std::string text(std::string_view field) const;  // text, choice and resolved secret
  std::int64_t integer(std::string_view field) const;
  bool boolean(std::string_view field) const;
  std::vector<std::string> list(std::string_view field) const;
  json::object object(std::string_view field) const;

  // The configuration without secrets ("***" in their place), for logs, the store and results.
  json::object redacted() const;
  // Text that identifies where the adapter connects (everything but secrets), equal for equal
  // endpoints; part of a job's fingerprint.
  std::string identity() const;

 private:
  friend class ConfigSpec;
  const json::value* find(std::string_view field) const;  // null: unset

  std::map<std::string, json::value, std::less<>> values_;
  std::map<std::string, bool, std::less<>> secret_;  // declared field → is it a secret
};

class ConfigSpec {
 public:
  ConfigSpec() = default;
  explicit ConfigSpec(std::vector<ConfigField> fields) : fields_(std::move(fields)) {}

  const std::vector<ConfigField>& fields() const { return fields_; }

  // Checks `object` field by field: unknown names are refused with the nearest known one, secrets
  // may be {"env":"NAME"} or {"file":"path"}, numbers may be given as text. `where` ("source",
  // "destination") prefixes names in messages. Throws config_error("config.field.*") with the
  // field's name; values of secret fields never appear in it.
  Config parse(const json::object& object, std::string_view where) const;

  json::object json_schema() const;

 private:
  std::vector<ConfigField> fields_;
};

// One setting out of the environment or a file, for secret references. Throws config_error.
std::string resolve_secret(const json::value& value, const std::string& name);

}  // namespace penstock
