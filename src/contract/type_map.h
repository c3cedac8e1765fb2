// Reads the tables under data/types/: tab-separated, first line the column names, `#` comments.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// One row: column name → text; missing cells are "".
using TypeRow = std::map<std::string, std::string, std::less<>>;

// Throws Error "engine.internal" when a row has more cells than the header: the tables are ours.
std::vector<TypeRow> parse_type_table(std::string_view tsv);

// "15.18" or "26.7.2.1" → comparable number: major * 1000 + minor.
int version_number(std::string_view version);

}  // namespace penstock
