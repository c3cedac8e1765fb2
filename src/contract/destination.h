// What a destination promises. See docs/adding-an-adapter.md; adapters/skeleton/ is one to copy.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contract/value_rules.h"
#include "contract/wire_format.h"
#include "core/batch.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/schema.h"

namespace penstock {

namespace json = boost::json;

// A plain record of what the destination is and can do; the engine asks it instead of guessing.
struct Capabilities {
  std::string product, version;  // "ClickHouse", "18.16.1"
  std::size_t identifier_bytes_max = 127;
  bool identifiers_fold_case = false;  // names that differ by case alone collide
  bool schemas = false;                // false: schema becomes part of the table's name
  std::string default_schema;          // with schemas: where the source's default schema goes
  std::string database;                // where tables go, for people
  // Splits smaller than this (bytes of source storage) cost this destination more than they gain.
  std::int64_t split_bytes_min = 0;
};

// A destination table, as mapped from a source table. A plain value.
struct TargetColumn {
  std::string name;         // after renaming and shortening
  std::string native_type;  // exactly as the server spells it
  Type type;                // what the writer takes: the source column's type
  int source = -1;          // index into ReadSpec::columns; -1: a column of penstock's own
  ValueRule rule;
  std::vector<LossNote> losses;
  // The source's own type, spelled and read alike: what the source notes of its logical type does
  // not count.
  bool own_type = false;
};

struct TargetTable {
  TableId source;
  std::string database, schema, name;  // schema empty where there are none
  std::vector<TargetColumn> columns;
  std::vector<std::string> key;       // target column names; empty: no key
  std::vector<std::string> ddl;       // what would run, in order, for the plan (shown, not parsed)
  std::vector<LossNote> losses;       // of the table: indexes not carried, …
  std::vector<std::string> notes;     // for people, shown in the plan
  std::vector<std::string> problems;  // why it cannot be made; empty: it can
  std::string payload;                // the adapter's own data (JSON)

  std::string display() const {
    std::string out = schema.empty() ? database : schema;
    if (!out.empty()) out += ".";
    return out + name;
  }
};

// What the engine decided before the destination maps a table.
struct MapRequest {
  const TableSchema* table = nullptr;
  std::string dialect;                    // SourceInfo::dialect
  std::string collation;                  // SourceInfo::collation
  std::vector<Field> fields;              // the selected columns, Field::type as it will be read
  std::vector<std::string> column_names;  // destination names, one per field
  std::string schema, name;               // destination names (schema empty where unsupported)
  json::object options;                   // the adapter's own section of the options
};

enum class IfExists : std::uint8_t { fail, replace, truncate, append };

// The state of a name at the destination before the job.
struct ExistingTable {
  bool exists = false;
  bool ours = false;       // penstock made it and it still has the shape penstock gave it
  std::string what;        // for people: "a MergeTree table with 12 columns"
  std::int64_t rows = -1;  // estimate
  std::vector<std::string> mismatch;  // append/truncate: why the mapped table does not fit it
  std::string held;                   // replace: why it cannot be replaced; empty: it can
  std::vector<std::string> notes;     // replace: for the plan
};

// Identifies one attempt of one job at the destination; part of the names of staging objects.
struct RunId {
  std::string job;           // hex text
  std::int64_t version = 0;  // grows from run to run: Unix microseconds
};

// The account of one split at commit. `rows_before`: rows of this table committed earlier in this
// run; with it a destination can tell after a crash whether the commit happened.
struct SplitAccount {
  Split split;
  std::int64_t rows = 0;
  std::int64_t rows_before = 0;
};

// Something made from a table's rows after all of them arrived: a key, an index, a foreign key. A
// plain value.
struct BuildStep {
  std::string what;     // for people: "primary key orders_pkey"
  int group = 0;        // groups in ascending order; the steps of one group may run at once
  std::string payload;  // the adapter's own data (JSON)
};

// A step that needs other tables to be finished too.
struct LinkStep {
  std::size_t table = 0;  // index into what link_steps() was given
  BuildStep step;
};

struct FinishReport {
  std::int64_t rows = 0;          // counted at the destination
  std::string target;             // display name
  std::vector<std::string> also;  // other objects made, for people ("view orders_current")
};

// Takes the rows of one split into staging.
//   Call order: write* → finish, or abort at any time; destroying without finish aborts.
//   Threads: one at a time. Nothing is visible to readers of the table.
class SplitWriter {
 public:
  virtual ~SplitWriter() = default;
  // Blocks for back-pressure. Rows fit the columns' rules. A failure leaves the writer unusable.
  virtual void write(const Batch& batch) = 0;
  // Makes the rows durable in the split's staging and returns how many the server counted there.
  virtual std::int64_t finish() = 0;
  virtual void abort() noexcept = 0;
  virtual std::uint64_t bytes_sent() const = 0;
};

// A connection of one worker. Threads: one at a time. All state lies at the destination under names
// derived from target and run, so any session of any process can do any step.
class DestinationSession {
 public:
  virtual ~DestinationSession() = default;

  // Makes the staging table of a run, empty. Idempotent. `splits` tells how many will be committed:
  // with one, a destination may let that split's staging be the table's.
  virtual void begin_table(const TargetTable& table, const RunId& run, int splits) = 0;
  virtual std::unique_ptr<SplitWriter> open_split(const TargetTable& table, const RunId& run,
                                                  const Split& split) = 0;
  // Moves the split's rows into the table's staging, atomically. Splits of one table are committed
  // one at a time. Throws "destination.split.lost" when the rows that finish() counted are gone
  // with the session that held them: the engine then reads the split again.
  virtual void commit_split(const TargetTable& table, const RunId& run,
                            const SplitAccount& account) = 0;
  // After a crash or a lost answer: whether commit_split for this account took effect. Throws
  // "destination.staging.inconsistent" when neither state matches; the table then starts again.
  virtual bool split_committed(const TargetTable& table, const RunId& run,
                               const SplitAccount& account) = 0;
  // Builds a step of build_steps() on the table's staging, after the last commit_split and before
  // finish_table. Idempotent. When it fails for good the table goes on without it, which the result
  // reports; steps of one group are built by several sessions at once.
  virtual void build(const TargetTable& table, const RunId& run, const BuildStep& step) {
    (void)table, (void)run;
    throw Error(Side::engine, "engine.internal", "the destination builds no " + step.what);
  }
  // Likewise a step of link_steps(), on visible tables.
  virtual void link(const TargetTable& table, const BuildStep& step) {
    (void)table;
    throw Error(Side::engine, "engine.internal", "the destination links no " + step.what);
  }
  // Counts the staged rows, refuses unless they are `rows`, and replaces (or fills) the visible
  // table atomically. Idempotent: repeating after a lost answer succeeds.
  virtual FinishReport finish_table(const TargetTable& table, const RunId& run, IfExists if_exists,
                                    std::int64_t rows) = 0;
  // Drops everything of this run for the table; never touches the visible table.
  virtual void abandon_table(const TargetTable& table, const RunId& run) noexcept = 0;
  // Rows of the visible table, exactly.
  virtual std::int64_t count(const TargetTable& table) = 0;
  // Reads the visible table back as the writer's logical types, in key order when it has one.
  // `rows_max` bounds it; meant for tests and verification.
  virtual std::vector<BatchPtr> read_back(const TargetTable& table, std::int64_t rows_max) = 0;
};

// One per job. Constructed from a checked Config without I/O.
//   Call order: open → map_table*, inspect* (planning: changes nothing) → prepare → sessions.
//   Threads: open … prepare by one thread at a time; open_session by any thread.
class Destination {
 public:
  virtual ~Destination() = default;

  virtual Capabilities open(const CancelToken& cancel) = 0;
  // Pure once opened: no I/O.
  virtual TargetTable map_table(const MapRequest& request) const = 0;
  // Whether the table's writers take rows in that form (Batch::wire) instead of columns. Pure.
  virtual bool takes_wire(const TargetTable& table, const WireFormat& format) const {
    (void)table, (void)format;
    return false;
  }
  // What is to be built on a table, in no particular order within a group. Pure.
  virtual std::vector<BuildStep> build_steps(const TargetTable& table) const {
    (void)table;
    return {};
  }
  // What is to be made between the tables of a job, all of which are finished. Pure.
  virtual std::vector<LinkStep> link_steps(std::span<const TargetTable* const> tables) const {
    (void)tables;
    return {};
  }
  // What is there now under the targets' names; one answer per target.
  virtual std::vector<ExistingTable> inspect(std::span<const TargetTable> tables,
                                             const CancelToken& cancel) = 0;
  // Makes the database, schemas and penstock's own bookkeeping, removes what earlier, dead runs
  // left behind for these targets, and finishes or undoes a swap that a crash cut in half.
  virtual void prepare(std::span<const TargetTable> tables, const RunId& run,
                       const CancelToken& cancel) = 0;
  virtual std::unique_ptr<DestinationSession> open_session(const CancelToken& cancel) = 0;
  // Identifies where this destination writes (host, port, database), for leases between jobs.
  virtual std::string identity() const = 0;
};

}  // namespace penstock
