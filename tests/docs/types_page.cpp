#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "docs/markdown.h"
#include "docs/pages.h"

namespace penstock::pages {

namespace {

constexpr std::string_view kNoteMark = "#: ";

// "timestamp(6,utc)" → timestamp, {6}, utc; "list<int16>" → list, element int16. In a destination's
// row a number is the largest the row holds; a letter stands for any.
struct Spelled {
  std::string base, element;
  std::vector<std::string> parameters;
  bool utc = false;
};

Spelled spell(std::string_view type) {
  Spelled out;
  const std::size_t open = std::min(type.find_first_of("(<"), type.size());
  out.base = type.substr(0, open);
  if (open == type.size()) return out;
  const std::string inner(type.substr(open + 1, type.size() - open - 2));
  if (type[open] == '<') {
    out.element = inner;
  } else if (out.base != "enum") {
    for (const std::string& one : split(inner, ',')) {
      if (one == "utc") {
        out.utc = true;
      } else {
        out.parameters.push_back(one);
      }
    }
  }
  return out;
}

std::optional<int> number(const std::vector<std::string>& parameters) {
  int value = 0;
  if (parameters.empty()) return std::nullopt;
  const std::string& text = parameters.front();
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The rows for one spelling of a type, oldest servers first.
struct Group {
  std::string logical;
  std::optional<int> limit;
  std::vector<const TypeRow*> rows;
};

std::string since_of(const TypeRow& row) {
  const auto at = row.find("since");
  return at == row.end() ? std::string() : at->second;
}

std::string cell_of(const TypeRow& row, std::string_view column) {
  const auto at = row.find(column);
  return at == row.end() ? std::string() : at->second;
}

std::vector<Group> groups_of(const Spelled& type, const SystemTypes& destination) {
  std::map<std::pair<bool, int>, Group> groups;  // utc, limit
  bool has_utc = false;
  for (const TypeRow& one : destination.rows) {
    const Spelled row = spell(one.at("logical"));
    if (row.base != type.base || (row.utc && !type.utc)) continue;
    has_utc = has_utc || row.utc;
    const std::optional<int> limit = number(row.parameters);
    Group& group = groups[{row.utc, limit.value_or(0)}];
    group.logical = one.at("logical");
    group.limit = limit;
    group.rows.push_back(&one);
  }
  std::vector<Group> out;
  const std::optional<int> wanted = number(type.parameters);
  for (auto& [key, group] : groups) {
    if (key.first != has_utc) continue;  // a row for instants counts more than one for both
    if (wanted && group.limit && *group.limit < *wanted) continue;
    std::ranges::stable_sort(group.rows, {},
                             [](const TypeRow* row) { return version_number(since_of(*row)); });
    out.push_back(std::move(group));
    if (wanted) break;  // the smallest that holds it
  }
  return out;
}

void fill(std::string& text, std::string_view mark, const std::string& value) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), value);
    at += value.size();
  }
}

std::string newest_native(const std::string& type, const SystemTypes& destination);

std::string native_of(const TypeRow& row, const Spelled& type, const SystemTypes& destination) {
  std::string out = row.at("native");
  const auto parameter = [&](std::size_t i, const char* unknown) {
    return i < type.parameters.size() ? type.parameters[i] : std::string(unknown);
  };
  fill(out, "{p}", parameter(0, "p"));
  fill(out, "{s}", parameter(1, "s"));
  fill(out, "{d}", parameter(0, "d"));
  if (!type.element.empty()) fill(out, "{t}", newest_native(type.element, destination));
  return out;
}

std::string newest_native(const std::string& type, const SystemTypes& destination) {
  const Spelled spelled = spell(type);
  const std::vector<Group> groups = groups_of(spelled, destination);
  if (groups.empty()) return "?";
  return native_of(*groups.back().rows.back(), spelled, destination);
}

// "`Date32`, before 21.9 `Date`"; versions that spell it alike are one.
std::string by_version(const Group& group, const Spelled& type, const SystemTypes& destination) {
  std::string out, newer, newer_since;
  for (auto at = group.rows.rbegin(); at != group.rows.rend(); ++at) {
    const std::string native = native_of(**at, type, destination);
    if (native != newer) {
      out += newer.empty() ? code(native) : ", before " + newer_since + " " + code(native);
      newer = native;
    }
    newer_since = since_of(**at);
  }
  const bool ranged = std::ranges::any_of(
      group.rows, [](const TypeRow* row) { return !cell_of(*row, "low").empty(); });
  return out + (ranged ? " ([range](#in-" + lower(destination.title) + "))" : "");
}

std::string source_name(const TypeRow& row, const std::string& title) {
  std::string out = code(row.at("native"));
  if (const std::string extension = cell_of(row, "extension"); !extension.empty()) {
    out += " (" + extension + ")";
  }
  // Where one adapter reads several products, `server` says which of them has the type.
  const std::string server = cell_of(row, "server");
  if (const std::string since = since_of(row); !since.empty()) {
    out += " (" + (server.empty() ? title : server) + " " + since + ")";
  } else if (!server.empty()) {
    out += " (" + server + ")";
  }
  return out;
}

// Neighbours that differ in their name alone share a row of the page.
std::string source_section(const SystemTypes& source,
                           const std::vector<SystemTypes>& destinations) {
  std::vector<std::string> titles = {source.title, "Read as"};
  for (const SystemTypes& one : destinations) titles.push_back("In " + one.title);
  titles.emplace_back("Notes");
  std::string out = "\n## From " + source.title + "\n\nVersions " + source.versions + ".\n\n";
  for (const std::string& note : source.notes) out += note + "\n\n";
  out += head(titles);
  std::vector<std::string> pending;
  for (const TypeRow& one : source.rows) {
    std::vector<std::string> cells = {source_name(one, source.title), code(one.at("logical"))};
    for (const SystemTypes& destination : destinations) {
      const bool same = destination.title == source.title;
      cells.push_back(same ? "as it is" : stored_as(one.at("logical"), destination));
    }
    cells.push_back(cell_of(one, "note"));
    const bool alike = !pending.empty() && std::equal(cells.begin() + 1, cells.end(),
                                                      pending.begin() + 1, pending.end());
    if (alike) {
      pending.front() += ", " + cells.front();
      continue;
    }
    if (!pending.empty()) out += row(pending);
    pending = std::move(cells);
  }
  return pending.empty() ? out : out + row(pending);
}

std::string destination_section(const SystemTypes& destination) {
  std::string out = "\n## In " + destination.title + "\n\nVersions " + destination.versions +
                    ". The newest row that the server has counts. {p} {s} {d} {t}: the type's "
                    "precision, scale, digits, element.\n\n";
  for (const std::string& note : destination.notes) out += note + "\n\n";
  out += head({"Logical type", "Since version", "Stored as", "Smallest", "Largest", "Notes"});
  std::vector<std::string> order;  // the versions of a type one below the other
  for (const TypeRow& one : destination.rows) order.push_back(one.at("logical"));
  std::vector<const TypeRow*> rows;
  for (const TypeRow& one : destination.rows) rows.push_back(&one);
  std::ranges::stable_sort(rows, {}, [&order](const TypeRow* one) {
    return std::ranges::find(order, one->at("logical")) - order.begin();
  });
  for (const TypeRow* const one : rows) {
    out += row({code(one->at("logical")), since_of(*one), code(one->at("native")),
                cell_of(*one, "low"), cell_of(*one, "high"), cell_of(*one, "note")});
  }
  return out;
}

}  // namespace

SystemTypes system_types(std::string title, std::string versions, std::string_view table) {
  SystemTypes out{std::move(title), std::move(versions), {}, parse_type_table(table)};
  for (const std::string& line : split(table, '\n')) {
    if (line.starts_with(kNoteMark)) out.notes.push_back(line.substr(kNoteMark.size()));
  }
  return out;
}

std::string stored_as(const std::string& type, const SystemTypes& destination) {
  const Spelled spelled = spell(type);
  const std::vector<Group> groups = groups_of(spelled, destination);
  std::string out;
  for (const Group& group : groups) {
    if (!out.empty()) out += "; ";
    if (groups.size() > 1) out += "to " + code(group.logical) + ": ";
    out += by_version(group, spelled, destination);
  }
  return out;
}

std::string types_page(std::string_view logical, const std::vector<SystemTypes>& sources,
                       const std::vector<SystemTypes>& destinations) {
  std::string out =
      "# Types\n\nMade from the tables under `data/`, which the program itself works by. " +
      std::string(kGenerated) +
      "\n\nA value travels as a *logical type*: the source's table says as which one a column is "
      "read, the destination's how it is stored. `penstock plan` shows both for your tables, with "
      "everything that is not carried as it is; values that turn out not to fit are a matter of "
      "the options `losses` and `on_error` ([options.md](options.md)), and are counted in the "
      "result. The option `types` reads a column as another logical type.\n"
      "\n## Logical types\n\n" +
      head({"Type", "Meaning", "A value's text"});
  for (const TypeRow& one : parse_type_table(logical)) {
    out += row({code(one.at("type")), one.at("meaning"), code(one.at("text"))});
  }
  for (const SystemTypes& source : sources) out += source_section(source, destinations);
  for (const SystemTypes& destination : destinations) out += destination_section(destination);
  return out;
}

}  // namespace penstock::pages
