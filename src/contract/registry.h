// The adapters of this program. An ordinary object that app builds and passes on; never a static.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/config_spec.h"
#include "contract/destination.h"
#include "contract/source.h"

namespace penstock {

template <typename Adapter>
struct AdapterEntry {
  std::string name;                  // "postgresql"; also the URL scheme
  std::string title;                 // "PostgreSQL"
  std::vector<std::string> aliases;  // other accepted names and URL schemes
  std::string versions;              // servers it is made for, for people
  ConfigSpec spec;
  // Destinations: the adapter's own section of a job's options ("clickhouse": {"engine": …}).
  ConfigSpec options;
  std::function<std::unique_ptr<Adapter>(const Config&)> make;  // no I/O
  // Destinations, optional: runs one statement and returns its result as a text table for people
  // (`penstock query`). Blocks; throws Error. The text is bounded by the adapter.
  std::function<std::string(const Config&, const std::string& sql, const CancelToken&)> query;
};

using SourceEntry = AdapterEntry<Source>;
using DestinationEntry = AdapterEntry<Destination>;

// Filled once, then read by any thread.
class Registry {
 public:
  void add(SourceEntry entry) { sources_.push_back(std::move(entry)); }
  void add(DestinationEntry entry) { destinations_.push_back(std::move(entry)); }

  const std::vector<SourceEntry>& sources() const { return sources_; }
  const std::vector<DestinationEntry>& destinations() const { return destinations_; }

  // By name or alias, case-insensitively. Throws config_error("config.adapter.unknown") naming
  // the field `where`, the nearest name and all known ones.
  const SourceEntry& source(std::string_view name, std::string_view where) const;
  const DestinationEntry& destination(std::string_view name, std::string_view where) const;

 private:
  std::vector<SourceEntry> sources_;
  std::vector<DestinationEntry> destinations_;
};

}  // namespace penstock
