#include "cli/option_flags.h"

#include <algorithm>
#include <optional>

#include "core/text.h"
#include "engine/options.h"

namespace penstock {

namespace {

// The first member of an object option's example, which shows how its values look.
std::optional<std::pair<std::string, json::value>> example_pair(const ConfigField& field) {
  json::error_code failure;
  const json::value example = json::parse(field.example, failure);
  if (failure || !example.is_object() || example.get_object().empty()) return std::nullopt;
  const auto& first = *example.get_object().begin();
  return {{std::string(first.key()), first.value()}};
}

bool holds_lists(const ConfigField& field) {
  const auto pair = example_pair(field);
  return pair && pair->second.is_array();
}

std::string joined(const json::array& list) {
  std::string out;
  for (const json::value& item : list) {
    out += (out.empty() ? "" : ",") + std::string(item.as_string());
  }
  return out;
}

std::string description_of(const ConfigField& field, const std::string& name) {
  std::string out = field.description;
  if (field.kind == FieldKind::object) {
    if (const auto pair = example_pair(field)) {
      const std::string value = pair->second.is_array()    ? joined(pair->second.get_array())
                                : pair->second.is_string() ? std::string(pair->second.get_string())
                                                           : json::serialize(pair->second);
      out += " Here: " + name + " '" + pair->first + "=" + value + "', repeatable.";
    } else {
      out += " Repeatable.";
    }
  } else if (field.kind == FieldKind::text_list) {
    out += " Comma list, repeatable.";
  }
  if (field.fallback && !field.fallback->is_null()) {
    const bool text = field.fallback->is_string();
    const std::string value =
        text ? std::string(field.fallback->get_string()) : json::serialize(*field.fallback);
    if (!value.empty() && field.kind != FieldKind::boolean) out += " [" + value + "]";
  }
  return out;
}

std::string type_name(const ConfigField& field) {
  switch (field.kind) {
    case FieldKind::integer: return "N";
    case FieldKind::choice: {
      std::string out;
      for (const std::string& choice : field.choices) out += (out.empty() ? "" : "|") + choice;
      return out;
    }
    case FieldKind::object: return "KEY=VALUE";
    case FieldKind::text_list: return "LIST";
    case FieldKind::boolean: return "";
    case FieldKind::text:
    case FieldKind::secret: return "TEXT";
  }
  return "TEXT";
}

json::array comma_list(const std::string& text) {
  json::array out;
  for (const std::string& part : split(text, ',')) {
    if (!trim(part).empty()) out.emplace_back(trim(part));
  }
  return out;
}

}  // namespace

void OptionFlags::add_flag(CLI::App& verb, const ConfigField& field, const std::string& section) {
  Flag& flag = flags_.emplace_back();
  flag.field = field;
  flag.section = section;
  std::string name = field.name;
  std::ranges::replace(name, '_', '-');
  flag.name = "--" + (section.empty() ? name : section + "." + name);
  const std::string description = description_of(field, flag.name);
  if (field.kind == FieldKind::boolean) {
    // What is on by default needs a way to turn it off.
    const bool on = field.fallback && field.fallback->is_bool() && field.fallback->get_bool();
    flag.option = verb.add_flag_function(
        on ? flag.name + ",!--no-" + flag.name.substr(2) : flag.name,
        [&flag](std::int64_t count) { flag.values = {count > 0 ? "true" : "false"}; }, description);
  } else {
    flag.option = verb.add_option(flag.name, flag.values, description)
                      ->allow_extra_args(false)
                      ->type_name(type_name(field));
    const bool repeats = field.kind == FieldKind::object || field.kind == FieldKind::text_list;
    flag.option->expected(1);
    flag.option->multi_option_policy(repeats ? CLI::MultiOptionPolicy::TakeAll
                                             : CLI::MultiOptionPolicy::Throw);
  }
  flag.option->group(section.empty() ? "Job options (the same as `options` of POST /migrate)"
                                     : "Options of the destination " + section);
}

void OptionFlags::add_to(CLI::App& verb, const Registry& registry) {
  for (const ConfigField& field : option_spec().fields()) add_flag(verb, field, "");
  for (const DestinationEntry& entry : registry.destinations()) {
    for (const ConfigField& field : entry.options.fields()) add_flag(verb, field, entry.name);
  }
}

json::value OptionFlags::value_of(const Flag& flag) {
  switch (flag.field.kind) {
    case FieldKind::text_list: {
      json::array out;
      for (const std::string& value : flag.values) {
        for (json::value& item : comma_list(value)) out.push_back(std::move(item));
      }
      return out;
    }
    case FieldKind::object: {
      const bool lists = holds_lists(flag.field);
      json::object out;
      for (const std::string& value : flag.values) {
        const std::size_t equals = value.find('=');
        if (equals == std::string::npos || equals == 0) {
          throw config_error("config.usage.pair",
                             flag.name + ": '" + printable(value, 60) + "' is not KEY=VALUE")
              .hint(description_of(flag.field, flag.name));
        }
        const std::string key = value.substr(0, equals);
        const std::string text = value.substr(equals + 1);
        if (out.contains(key)) {
          throw config_error("config.usage.twice",
                             flag.name + ": '" + printable(key, 60) + "' is given twice");
        }
        out[key] = lists ? json::value(comma_list(text)) : json::value(json::string(text));
      }
      return out;
    }
    default: return json::value(json::string(flag.values.back()));
  }
}

json::object OptionFlags::collect() const {
  json::object out;
  for (const Flag& flag : flags_) {
    if (flag.option == nullptr || flag.option->count() == 0) continue;
    if (flag.section.empty()) {
      out[flag.field.name] = value_of(flag);
      continue;
    }
    json::value& section = out[flag.section];
    if (!section.is_object()) section = json::object();
    section.get_object()[flag.field.name] = value_of(flag);
  }
  return out;
}

}  // namespace penstock
