// The generated pages of docs/: options.md from the declared options, types.md and errors.md from
// the tables under data/. Pure functions; they throw Error "engine.internal" for a malformed table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/registry.h"
#include "contract/type_map.h"

namespace penstock::pages {

std::string options_page(const Registry& registry);

// `table`: the text of data/errors.tsv.
std::string errors_page(std::string_view table);

// The types of one system in one direction: data/types/<name>.tsv. A source's table has the column
// `native` first, a destination's `logical`. Lines that begin with "#: " are shown on the page.
struct SystemTypes {
  std::string title, versions;
  std::vector<std::string> notes;
  std::vector<TypeRow> rows;
};
SystemTypes system_types(std::string title, std::string versions, std::string_view table);

// `logical`: the text of data/logical_types.tsv.
std::string types_page(std::string_view logical, const std::vector<SystemTypes>& sources,
                       const std::vector<SystemTypes>& destinations);

// How a destination stores a logical type, newest servers first, as one cell; empty: its table has
// no row for it.
std::string stored_as(const std::string& type, const SystemTypes& destination);

}  // namespace penstock::pages
