// What a job would do, found out without changing anything.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "contract/destination.h"
#include "contract/source.h"
#include "engine/request.h"

namespace penstock {

// One table of the job. Its address is stable for the job's life: read.columns point into schema.
struct TablePlan {
  TableSchema schema;
  ReadSpec read;  // read.table is &schema
  TargetTable target;
  ExistingTable existing;
  // What happens to a visible table: replace also stands for "there is none".
  IfExists action = IfExists::replace;
  std::vector<std::string> notes;  // for people
  std::vector<Error> problems;     // empty: the table can be copied

  TablePlan() = default;
  TablePlan(const TablePlan&) = delete;
  TablePlan& operator=(const TablePlan&) = delete;
};

struct Plan {
  SourceInfo source;
  Capabilities destination;
  std::vector<std::unique_ptr<TablePlan>> tables;  // largest first
  std::vector<Error> problems;                     // of the job rather than of a table
  std::vector<std::string> warnings;

  bool has_problems() const;
  std::int64_t rows_estimate() const;   // -1 when some table's is unknown
  std::int64_t bytes_estimate() const;  // -1 likewise
};

// Both sides must be open. Reports every problem instead of stopping at the first; throws only when
// nothing can be planned at all (no table matched, a connection failed).
Plan make_plan(Source& source, const SourceInfo& source_info, Destination& destination,
               const Capabilities& capabilities, const MigrationRequest& request,
               const CancelToken& cancel);

json::object to_json(const Plan& plan);

}  // namespace penstock
