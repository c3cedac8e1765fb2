#include "engine/naming.h"

#include <set>

#include "core/text.h"
#include "engine/selection.h"

namespace penstock {

namespace {

constexpr std::size_t kSuffixBytes = 9;  // "_" and 8 hex digits

// The form under which two names are the same at the destination.
std::string folded(std::string_view name, const Capabilities& capabilities) {
  return capabilities.identifiers_fold_case ? lower(name) : std::string(name);
}

TargetName plain_name(const TableId& id, std::string_view default_schema,
                      const Capabilities& capabilities) {
  TargetName out;
  const bool in_default = id.schema == default_schema;
  if (!capabilities.schemas) {
    if (!id.database.empty()) out.name += id.database + "_";
    if (!in_default || !id.database.empty()) out.name += id.schema.empty() ? "" : id.schema + "_";
    out.name += id.name;
    return out;
  }
  out.name = id.name;
  if (!id.database.empty()) {
    out.schema = id.database + "_" + id.schema;
  } else {
    out.schema = in_default ? capabilities.default_schema : id.schema;
  }
  return out;
}

const std::string* renamed(const std::map<std::string, std::string>& rename, const TableId& id,
                           std::string_view default_schema) {
  const auto at = rename.find(id.display());
  if (at != rename.end()) return &at->second;
  if (id.schema != default_schema || !id.database.empty()) return nullptr;
  const auto plain = rename.find(id.name);
  return plain == rename.end() ? nullptr : &plain->second;
}

}  // namespace

std::string shorten(std::string_view name, std::string_view full, std::size_t bytes_max) {
  return std::string(utf8_prefix(name, bytes_max - kSuffixBytes)) + "_" +
         hex64(stable_hash(full)).substr(0, 8);
}

std::map<TableId, TargetName> name_tables(std::span<const TableSchema> catalog,
                                          const std::map<std::string, std::string>& rename,
                                          std::string_view default_schema,
                                          const Capabilities& capabilities) {
  std::map<TableId, TargetName> names;
  std::set<std::pair<std::string, std::string>> taken;
  const std::size_t bytes_max = capabilities.identifier_bytes_max;
  const auto take = [&](const TargetName& name) {
    return taken.emplace(folded(name.schema, capabilities), folded(name.name, capabilities)).second;
  };
  for (const TableSchema& table : catalog) {
    const std::string* const wish = renamed(rename, table.id, default_schema);
    if (wish == nullptr) continue;
    TargetName name = plain_name(table.id, default_schema, capabilities);
    name.name = *wish;
    take(name);
    names[table.id] = name;
  }
  // Unchanged names first: a table whose name fits keeps it, whatever else collides with it.
  for (const bool default_first : {true, false}) {
    for (const TableSchema& table : catalog) {
      if (names.contains(table.id) || (table.id.schema == default_schema) != default_first)
        continue;
      TargetName name = plain_name(table.id, default_schema, capabilities);
      const std::string full = table.id.display();
      if (name.schema.size() > bytes_max) {
        name.schema = shorten(name.schema, name.schema, bytes_max);
        name.adjusted = true;
      }
      std::string salt = full;
      while (name.name.size() > bytes_max || !take(name)) {
        name.name = shorten(name.name, salt, bytes_max);
        name.adjusted = true;
        salt += '\n';  // only if even the suffixed name is taken
      }
      names[table.id] = name;
    }
  }
  return names;
}

std::vector<std::string> name_columns(std::span<const Field> fields,
                                      const Capabilities& capabilities) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const Field& field : fields) {
    std::string name = field.name;
    std::string salt = field.name;
    while (name.size() > capabilities.identifier_bytes_max ||
           !taken.insert(folded(name, capabilities)).second) {
      name = shorten(name, salt, capabilities.identifier_bytes_max);
      salt += '\n';
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace penstock
