// Writing to PostgreSQL: staging, splits, and what is made of them. See DestinationSession.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "adapters/systems/postgresql/connection.h"
#include "adapters/systems/postgresql/target_catalog.h"
#include "adapters/systems/postgresql/target_layout.h"
#include "contract/destination.h"

namespace penstock::postgresql {

// What a destination's sessions share. Everything but `in_place` is constant once opened.
struct TargetShared {
  ConnectOptions options;
  std::string database;
  std::string index_memory;  // maintenance_work_mem while keys and indexes are built
  TargetFacts facts;

  std::mutex mutex;
  // Tables that are emptied and filled instead of replaced, because something hangs on them.
  std::set<TableKey> in_place;

  bool fills_in_place(const TargetTable& table);
};

// "BEGIN" with the settings that every transaction at a destination has.
std::string begin_sql(const Connection& connection);

// Purpose: one connection of one worker.
//   A split is one transaction: COPY, then (in commit_split) a row in penstock's table of splits.
//   That row, and not the connection's answer, says whether the split was committed; a session that
//   dies in between has committed nothing, which is "destination.split.lost".
//   A table of one split is created in that split's transaction, so that COPY may FREEZE its rows
//   (and skips the log where wal_level is minimal).
class TargetSession : public DestinationSession {
 public:
  TargetSession(std::shared_ptr<TargetShared> shared, const CancelToken& cancel);
  ~TargetSession() override;

  void begin_table(const TargetTable& table, const RunId& run, int splits) override;
  std::unique_ptr<SplitWriter> open_split(const TargetTable& table, const RunId& run,
                                          const Split& split) override;
  void commit_split(const TargetTable& table, const RunId& run,
                    const SplitAccount& account) override;
  bool split_committed(const TargetTable& table, const RunId& run,
                       const SplitAccount& account) override;
  void build(const TargetTable& table, const RunId& run, const BuildStep& step) override;
  void link(const TargetTable& table, const BuildStep& step) override;
  FinishReport finish_table(const TargetTable& table, const RunId& run, IfExists if_exists,
                            std::int64_t rows) override;
  void abandon_table(const TargetTable& table, const RunId& run) noexcept override;
  std::int64_t count(const TargetTable& table) override;
  std::vector<BatchPtr> read_back(const TargetTable& table, std::int64_t rows_max) override;

  Connection& connection() { return connection_; }

 private:
  friend class TargetSplitWriter;

  // Runs the statements in a transaction of their own.
  void transact(const std::string& sql, std::string_view doing);
  void create_staging(const TargetTable& table, const RunId& run);
  std::optional<std::int64_t> recorded_rows(const std::string& staging, int split);

  const std::shared_ptr<TargetShared> shared_;
  Connection connection_;
  // The split whose transaction is open, complete but for its commit: staging and index.
  std::optional<std::pair<std::string, int>> pending_;
};

// See target_finish.cpp.
FinishReport finish_target(Connection& connection, TargetShared& shared, const TargetTable& table,
                           const RunId& run, IfExists if_exists, std::int64_t rows);
void link_target(Connection& connection, const TargetTable& table, const BuildStep& step);

// Payloads of build and link steps.
std::vector<BuildStep> target_build_steps(const TargetTable& table);
std::vector<LinkStep> target_link_steps(std::span<const TargetTable* const> tables);

}  // namespace penstock::postgresql
