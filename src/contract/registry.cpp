#include "contract/registry.h"

#include <algorithm>

#include "core/text.h"

namespace penstock {

namespace {

template <typename Entry>
const Entry& find(const std::vector<Entry>& entries, std::string_view name,
                  std::string_view where) {
  const std::string folded = lower(name);
  std::vector<std::string> known;
  for (const Entry& entry : entries) {
    if (entry.name == folded || std::ranges::find(entry.aliases, folded) != entry.aliases.end()) {
      return entry;
    }
    known.push_back(entry.name);
  }
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  throw config_error("config.adapter.unknown", std::string(where) + ": unknown adapter '" +
                                                   printable(name) + "'" +
                                                   did_you_mean(name, known))
      .hint("known here: " + list);
}

}  // namespace

const SourceEntry& Registry::source(std::string_view name, std::string_view where) const {
  return find(sources_, name, where);
}

const DestinationEntry& Registry::destination(std::string_view name, std::string_view where) const {
  return find(destinations_, name, where);
}

}  // namespace penstock
