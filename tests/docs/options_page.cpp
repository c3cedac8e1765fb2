#include <algorithm>

#include "docs/markdown.h"
#include "docs/pages.h"
#include "engine/options.h"

namespace penstock::pages {

namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + code(word);
  return out;
}

std::string range_of(const ConfigField& field) {
  if (field.min == INT64_MIN && field.max == INT64_MAX) return "whole number";
  if (field.max == INT64_MAX) return "whole number from " + std::to_string(field.min);
  return std::to_string(field.min) + " to " + std::to_string(field.max);
}

std::string values_of(const ConfigField& field) {
  switch (field.kind) {
    case FieldKind::text: return "text";
    case FieldKind::integer: return range_of(field);
    case FieldKind::boolean: return "true, false";
    case FieldKind::choice: return list_of(field.choices);
    case FieldKind::secret: return "secret";
    case FieldKind::text_list: return "list of text";
    case FieldKind::object: return "object";
  }
  return {};
}

std::string default_of(const ConfigField& field) {
  if (field.required) return "*required*";
  if (!field.fallback || field.fallback->is_null()) return "";
  if (field.fallback->is_string()) return code(std::string(field.fallback->get_string()));
  return code(json::serialize(*field.fallback));
}

std::string meaning_of(const ConfigField& field) {
  std::string out = field.description;
  if (!field.example.empty()) out += " Example: " + code(field.example) + ".";
  if (!field.aliases.empty()) out += " Also accepted: " + list_of(field.aliases) + ".";
  return out;
}

std::string fields_table(const ConfigSpec& spec, const std::string& what) {
  std::string out = head({what, "Values", "Default", "Meaning"});
  for (const ConfigField& field : spec.fields()) {
    out += row({code(field.name), values_of(field), default_of(field), meaning_of(field)});
  }
  return out;
}

template <typename Adapter>
std::string adapter_head(const AdapterEntry<Adapter>& entry, const char* kind) {
  std::string out = "\n## " + std::string(kind) + " " + entry.name + "\n\n" + entry.title + " " +
                    entry.versions + ".";
  if (!entry.aliases.empty()) out += " Other names: " + list_of(entry.aliases) + ".";
  return out + "\n\n" + fields_table(entry.spec, "Field");
}

}  // namespace

std::string options_page(const Registry& registry) {
  std::string out =
      "# Options and fields\n\nMade from the program's own declarations. " +
      std::string(kGenerated) +
      "\n\nThe same names everywhere: members of `options`, `source` and `destination` in "
      "`POST /migrate` and in job files. On the command line an option is a flag with dashes for "
      "underscores (`if_exists` is `--if-exists`; objects are KEY=VALUE, repeatable: see "
      "[cli.md](cli.md)), and a field is a part of the URL or a parameter behind its `?` "
      "(`?sslmode=require`). Numbers may be given as text. A *secret* is text, "
      "`{\"env\": \"NAME\"}` or `{\"file\": \"path\"}`; in a URL `?password_env=NAME` or "
      "`?password_file=path`.\n\n"
      "Keys of objects are patterns for tables: `schema.table` with `*` and `?`; without a schema "
      "the source's default schema is meant. In `types` a dot and the column's name follow. A key "
      "that matches nothing is an error.\n\n"
      "## Options of a job\n\n" +
      fields_table(option_spec(), "Option");
  for (const SourceEntry& entry : registry.sources()) out += adapter_head(entry, "Source");
  for (const DestinationEntry& entry : registry.destinations()) {
    out += adapter_head(entry, "Destination");
    if (entry.options.fields().empty()) continue;
    out += "\nIts own options stand in a section of the job's options: `\"options\": {\"" +
           entry.name + "\": {…}}`, or `--" + entry.name + ".NAME`.\n\n" +
           fields_table(entry.options, "Option");
  }
  return out;
}

}  // namespace penstock::pages
