// The conformance suite: what every adapter has to do, asked through the real engine. An adapter
// enters with a quirks record; tests/conformance/quirks/ has one header per adapter.
//
// M + N, not M × N: canonical tables (canon/*.tsv and some made in code) go from the skeleton
// source into every destination and are read back; every source's own tables go into the skeleton.
#pragma once

#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "doubles/workshop.h"

namespace penstock::testing {

// Why an adapter need not pass a case. A case that passes in spite of its waiver fails the suite,
// so waivers go when they are no longer needed.
using Waivers = std::map<std::string, std::string>;  // case → reason

struct DestinationQuirks {
  std::string name;  // of the quirks record, for test names: letters and digits
  DestinationEntry entry;
  std::function<json::object()> fresh;  // the configuration of a new, empty place
  // Names of everything that lies there, hidden things included.
  std::function<std::vector<std::string>(const json::object& config)> objects;
  Waivers waivers;  // "<canon file>.<column>", or the name of a test
};

// A table that a source's quirks made natively, and what penstock must make of it.
struct SourceTable {
  std::string table;  // name at the skeleton destination
  // Values per row and column as canonical text ("\\N": missing), in any order of rows.
  std::vector<std::string> columns, types;
  std::vector<std::vector<std::string>> rows;
  // One table is large enough for several splits; of it only the count is compared.
  std::int64_t count = -1;
};

struct SourceQuirks {
  std::string name;
  SourceEntry entry;
  // Makes the tables in a new place and returns its configuration.
  std::function<json::object(std::vector<SourceTable>& tables)> fill;
  Waivers waivers;  // "<table>.<column>"
};

// Test names instead of bytes in messages.
inline void PrintTo(const DestinationQuirks& quirks, std::ostream* out) {
  *out << quirks.name;
}
inline void PrintTo(const SourceQuirks& quirks, std::ostream* out) {
  *out << quirks.name;
}

// What takes part in this test program; each program defines them.
std::vector<DestinationQuirks> destinations_under_test();
std::vector<SourceQuirks> sources_under_test();

// One job's surroundings: a ledger, a manager, and two entries.
class Bench {
 public:
  Bench(SourceEntry source, json::object source_config, DestinationEntry destination,
        json::object destination_config);

  json::object request(Workshop::Members options = {}, std::vector<std::string> tables = {}) const;
  std::shared_ptr<Job> start(const json::object& request);
  json::object run(const json::object& request);
  json::object run() { return run(request()); }

  // The destination's table, read back: a row's canonical texts, sorted; in source column order.
  std::vector<std::vector<std::string>> read_back(const std::string& table) const;

 private:
  TemporaryFolder folder_;
  Registry registry_;
  std::string source_name_, destination_name_;
  json::object source_config_, destination_config_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<JobManager> manager_;
};

// Cells as they stand in a canonical file → value texts, missing values as \N.
TableText read_canon(const std::filesystem::path& file);

}  // namespace penstock::testing
