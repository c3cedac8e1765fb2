#include "contract/config_spec.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/text.h"

namespace penstock {

namespace {

constexpr std::size_t kSecretFileBytesMax = 64 << 10;

Error field_error(std::string_view code, const std::string& name, const std::string& what) {
  return config_error(std::string(code), name + ": " + what);
}

std::int64_t parse_integer(const json::value& value, const ConfigField& field,
                           const std::string& name) {
  std::int64_t number = 0;
  if (value.is_int64()) {
    number = value.get_int64();
  } else if (value.is_string()) {
    const std::string_view text = trim(value.get_string());
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
      throw field_error("config.field.type", name,
                        "'" + printable(text, 40) + "' is not a whole number");
    }
  } else {
    throw field_error("config.field.type", name, "must be a whole number");
  }
  if (number < field.min || number > field.max) {
    throw field_error(
        "config.field.range", name,
        "must be from " + std::to_string(field.min) + " to " + std::to_string(field.max));
  }
  return number;
}

bool parse_boolean(const json::value& value, const std::string& name) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_string()) {
    const std::string word = lower(trim(value.get_string()));
    if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
    if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  }
  throw field_error("config.field.type", name, "must be true or false");
}

json::value parse_choice(const json::value& value, const ConfigField& field,
                         const std::string& name) {
  if (!value.is_string()) throw field_error("config.field.type", name, "must be text");
  const std::string word = lower(trim(value.get_string()));
  if (std::ranges::find(field.choices, word) != field.choices.end())
    return json::value(json::string(word));
  std::string list;
  for (const std::string& choice : field.choices) list += (list.empty() ? "" : ", ") + choice;
  throw field_error(
      "config.field.choice", name,
      "'" + printable(word, 40) + "' is none of " + list + did_you_mean(word, field.choices));
}

json::value parse_list(const json::value& value, const std::string& name) {
  json::array list;
  if (value.is_string()) {
    for (const std::string& part : split(value.get_string(), ',')) {
      if (!trim(part).empty()) list.emplace_back(trim(part));
    }
    return list;
  }
  if (!value.is_array()) throw field_error("config.field.type", name, "must be a list of text");
  for (const json::value& item : value.get_array()) {
    if (!item.is_string()) throw field_error("config.field.type", name, "must be a list of text");
    list.push_back(item);
  }
  return list;
}

json::value parse_text(const json::value& value, const std::string& name) {
  // Numbers are welcome where text is meant: a password of digits, a database called 2024.
  if (value.is_int64()) return json::value(json::string(std::to_string(value.get_int64())));
  if (!value.is_string()) throw field_error("config.field.type", name, "must be text");
  if (value.get_string().find('\0') != json::string::npos) {
    throw field_error("config.field.type", name, "must not contain a NUL character");
  }
  return value;
}

json::value parse_field(const json::value& value, const ConfigField& field,
                        const std::string& name) {
  switch (field.kind) {
    case FieldKind::text: return parse_text(value, name);
    case FieldKind::integer: return parse_integer(value, field, name);
    case FieldKind::boolean: return parse_boolean(value, name);
    case FieldKind::choice: return parse_choice(value, field, name);
    case FieldKind::secret: return json::value(json::string(resolve_secret(value, name)));
    case FieldKind::text_list: return parse_list(value, name);
    case FieldKind::object:
      if (!value.is_object()) throw field_error("config.field.type", name, "must be an object");
      return value;
  }
  return value;
}

const ConfigField* find_field(const std::vector<ConfigField>& fields, std::string_view name) {
  for (const ConfigField& field : fields) {
    if (field.name == name || std::ranges::find(field.aliases, name) != field.aliases.end()) {
      return &field;
    }
  }
  return nullptr;
}

}  // namespace

std::string resolve_secret(const json::value& value, const std::string& name) {
  if (!value.is_object()) return std::string(parse_text(value, name).get_string());
  const json::object& reference = value.get_object();
  const json::value* const env = reference.if_contains("env");
  const json::value* const file = reference.if_contains("file");
  if (reference.size() != 1 || (env == nullptr && file == nullptr) ||
      !(env != nullptr ? env : file)->is_string()) {
    throw field_error("config.field.secret", name,
                      R"(must be text, {"env":"NAME"} or {"file":"path"})");
  }
  if (env != nullptr) {
    const std::string variable(env->get_string());
    const char* const text = std::getenv(variable.c_str());
    if (text == nullptr) {
      throw field_error("config.field.secret", name,
                        "environment variable " + printable(variable) + " is not set");
    }
    return text;
  }
  const std::string path(file->get_string());
  std::ifstream stream(path, std::ios::binary);
  std::string text(kSecretFileBytesMax, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream && !stream.eof()) {
    throw field_error("config.field.secret", name, "cannot read the file " + printable(path));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.peek() != std::ifstream::traits_type::eof()) {
    throw field_error("config.field.secret", name,
                      "the file " + printable(path) + " is too long for a secret");
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Config ConfigSpec::parse(const json::object& object, std::string_view where) const {
  const std::string prefix = where.empty() ? std::string() : std::string(where) + ".";
  Config config;
  for (const ConfigField& field : fields_) {
    config.secret_[field.name] = field.kind == FieldKind::secret;
  }
  for (const auto& [name, value] : object) {
    const ConfigField* const field = find_field(fields_, name);
    if (field == nullptr) {
      std::vector<std::string> known;
      for (const ConfigField& one : fields_) known.push_back(one.name);
      throw field_error("config.field.unknown", prefix + printable(name, 60),
                        "unknown field" + did_you_mean(name, known));
    }
    if (value.is_null()) continue;
    if (config.values_.contains(field->name)) {
      throw field_error("config.field.twice", prefix + field->name,
                        "given twice, also under another name");
    }
    config.values_[field->name] = parse_field(value, *field, prefix + field->name);
  }
  for (const ConfigField& field : fields_) {
    if (config.values_.contains(field.name)) continue;
    if (field.fallback) {
      config.values_[field.name] = *field.fallback;
    } else if (field.required) {
      throw field_error("config.field.missing", prefix + field.name, "is required")
          .hint(field.description);
    }
  }
  return config;
}

json::object ConfigSpec::json_schema() const {
  json::object properties;
  json::array required;
  for (const ConfigField& field : fields_) {
    json::object one;
    switch (field.kind) {
      case FieldKind::integer:
        one["type"] = "integer";
        if (field.min != INT64_MIN) one["minimum"] = field.min;
        if (field.max != INT64_MAX) one["maximum"] = field.max;
        break;
      case FieldKind::boolean: one["type"] = "boolean"; break;
      case FieldKind::text_list:
        one["type"] = "array";
        one["items"] = json::object{{"type", "string"}};
        break;
      case FieldKind::object: one["type"] = "object"; break;
      case FieldKind::secret:
        one["oneOf"] =
            json::array{json::object{{"type", "string"}, {"format", "password"}},
                        json::object{{"type", "object"},
                                     {"description", R"({"env":"NAME"} or {"file":"path"})"}}};
        break;
      case FieldKind::choice:
      case FieldKind::text: one["type"] = "string"; break;
    }
    if (!field.choices.empty()) one["enum"] = json::value_from(field.choices);
    one["description"] = field.description;
    if (field.fallback) one["default"] = *field.fallback;
    if (!field.example.empty()) one["example"] = field.example;
    properties[field.name] = std::move(one);
    if (field.required) required.emplace_back(field.name);
  }
  json::object schema{
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

const json::value* Config::find(std::string_view field) const {
  if (!secret_.contains(field)) {
    throw Error(Side::engine, "engine.internal", "undeclared field " + std::string(field));
  }
  const auto at = values_.find(field);
  return at == values_.end() ? nullptr : &at->second;
}

bool Config::has(std::string_view field) const {
  return find(field) != nullptr;
}

std::string Config::text(std::string_view field) const {
  const json::value* const value = find(field);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

std::int64_t Config::integer(std::string_view field) const {
  const json::value* const value = find(field);
  return value == nullptr ? 0 : value->to_number<std::int64_t>();
}

bool Config::boolean(std::string_view field) const {
  const json::value* const value = find(field);
  return value != nullptr && value->as_bool();
}

std::vector<std::string> Config::list(std::string_view field) const {
  std::vector<std::string> out;
  if (const json::value* const value = find(field)) {
    for (const json::value& item : value->as_array()) out.emplace_back(item.as_string());
  }
  return out;
}

json::object Config::object(std::string_view field) const {
  const json::value* const value = find(field);
  return value == nullptr ? json::object() : value->as_object();
}

json::object Config::redacted() const {
  json::object out;
  for (const auto& [name, value] : values_) {
    out[name] = secret_.at(name) ? json::value("***") : value;
  }
  return out;
}

std::string Config::identity() const {
  json::object out;
  for (const auto& [name, value] : values_) {
    if (!secret_.at(name)) out[name] = value;
  }
  return json::serialize(out);
}

}  // namespace penstock
