// What a source promises. See docs/adding-an-adapter.md; adapters/skeleton/ is one to copy.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contract/wire_format.h"
#include "core/batch.h"
#include "core/cancel.h"
#include "core/schema.h"

namespace penstock {

struct SourceInfo {
  std::string product;         // "PostgreSQL"
  std::string version;         // "15.18"
  std::string database;        // default database, as the server spells it
  std::string default_schema;  // its tables keep their plain names at a destination
  // The SQL in which native types, expressions and definitions are written: "postgresql", "mysql",
  // "sqlserver"; empty: none that a destination could know.
  std::string dialect;
  std::string collation;  // by which its text sorts where a column says nothing; empty: unknown
  std::vector<std::string> warnings;  // for people: standby, pooler, missing TLS …
};

// How consistent what a job reads is. point_in_time: all tables as of one instant. per_table: each
// table as of one instant. per_split: each split on its own.
enum class Consistency : std::uint8_t { point_in_time, per_table, per_split };
std::string_view to_text(Consistency consistency);

struct Snapshot {
  std::string token;  // opaque; lets any reader of any process join; empty: nothing to join
  Consistency consistency = Consistency::per_split;
  std::string description;  // for people: "snapshot 00000003-1B exported by PostgreSQL"
  std::string position;     // opaque, versioned: where an incremental run would continue
};

// What a snapshot is for.
struct SnapshotRequest {
  std::span<const TableSchema* const> tables;  // all that will be read under it
  // How many readers will be open at once: sources whose snapshots cannot be joined later connect
  // them while they take it.
  int readers = 1;
};

struct DiscoverOptions {
  bool views = false;  // views, materialised views and foreign tables too
};

struct SplitGoal {
  std::int64_t bytes_target = std::int64_t{128} << 20;  // of source storage
  int readers = 1;  // that will work at the same time: a table's splits should suit so many
  std::int64_t splits_max = 1024;
};

// One column to read: which field, and as which logical type (Field::type unless the user overrode
// it and Source::can_read_as agreed).
struct ReadColumn {
  const Field* field = nullptr;
  Type type;
};

struct ReadSpec {
  const TableSchema* table = nullptr;  // outlives the read
  std::vector<ReadColumn> columns;     // at least one
  std::string where;                   // native SQL condition from the user; empty: none
  std::string snapshot;                // Snapshot::token
  std::string wire;  // WireFormat::name: fill Batch::wire with whole rows; empty: decode columns
};

// The bounds every batch keeps. A batch ends when it reaches either bound; a single row larger than
// bytes_target makes a batch of its own, as long as the budget allows it.
struct BatchBounds {
  std::size_t bytes_target = 0;
  std::int64_t rows_max = 0;
  MemoryBudget* budget = nullptr;  // never null; a reader leases before it fills a batch
};

// Reads splits over a connection of its own, one after another.
//   Call order: (start → next … until it returns null, or stop)*.
//   Threads: one at a time. Destroying the reader closes the connection.
//   Errors: Error with side source; after any throw of start or next the reader may be started
//   again unless healthy() is false, in which case the engine makes a new one.
//   Cancellation: start and next return (throwing "engine.cancelled") within 2 seconds.
class SplitReader {
 public:
  virtual ~SplitReader() = default;
  virtual void start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) = 0;
  // The next rows, never an empty batch; null at the end of the split, by which the reader has made
  // sure that the server finished without error and that it got every row.
  virtual BatchPtr next() = 0;
  // Gives up the split being read; never throws.
  virtual void stop() noexcept = 0;
  virtual bool healthy() const = 0;
};

// One per job. Constructed from a checked Config without I/O.
//   Call order: open → discover → [snapshot → (plan_splits | open_reader)*]*, close by destroying.
//   Threads: open, discover, snapshot and plan_splits by one thread at a time; open_reader by any
//   thread, also at once.
//   Errors: Error with side source (or config). snapshot() may be called again after a reader
//   failed with "source.snapshot.lost": the former snapshot then is gone.
class Source {
 public:
  virtual ~Source() = default;

  virtual SourceInfo open(const CancelToken& cancel) = 0;
  // Every table the user may see, system ones left out, sorted by id. Unreadable ones carry
  // `refusal` rather than failing the call.
  virtual std::vector<TableSchema> discover(const DiscoverOptions& options,
                                            const CancelToken& cancel) = 0;
  // Why `field` cannot be read as `type`; nothing when it can (Field::type always can).
  virtual std::optional<std::string> cannot_read_as(const Field& field, const Type& type) const = 0;

  // The forms in which the rows of `spec` could be passed through, the best one first. Pure.
  virtual std::vector<WireFormat> wire_formats(const ReadSpec& spec) const {
    (void)spec;
    return {};
  }

  virtual Snapshot snapshot(const SnapshotRequest& request, const CancelToken& cancel) = 0;
  // Splits that together hold every row of the table exactly once under the snapshot. Estimates
  // only: never a scan. At least one, also for an empty table.
  virtual std::vector<Split> plan_splits(const TableSchema& table, const std::string& where,
                                         const SplitGoal& goal, const CancelToken& cancel) = 0;
  // Connects. The reader keeps `cancel`.
  virtual std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) = 0;
};

}  // namespace penstock
