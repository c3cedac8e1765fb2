// A worker's connection to ClickHouse: staging, splits, and the swap into the visible table.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/systems/clickhouse/ddl.h"
#include "adapters/systems/clickhouse/embedded_launcher.h"
#include "adapters/systems/clickhouse/features.h"
#include "adapters/systems/clickhouse/http_client.h"
#include "contract/destination.h"

namespace penstock::clickhouse {

// What all sessions of one Destination know. `exchange` and `features` are set before the first
// session; the sets are guarded by `mutex` and only save questions: the truth lies at the server.
struct Shared {
  Endpoint endpoint;
  std::string database;
  Features features;
  std::unique_ptr<EmbeddedHold> hold;  // embedded only: keeps the child alive
  bool exchange = false;               // the database can EXCHANGE TABLES atomically

  std::mutex mutex;
  std::set<std::string> existing;  // target names that were there when the job was prepared
  std::set<std::string> foreign;   // of those: not made by penstock
};

// The bookkeeping table: what penstock made.
inline constexpr const char* kRecordTable = "_penstock_tables";

// Adds rows to the bookkeeping table with one INSERT.
void record_tables(HttpClient& client, const Shared& shared, const RunId& run,
                   const std::vector<const TargetTable*>& tables);

struct StagedTable {
  std::string name, uuid;  // uuid empty on servers without
};
// Tables of the database whose names start with `prefix`.
std::vector<StagedTable> list_tables(HttpClient& client, const Shared& shared,
                                     const std::string& prefix);

class ClickHouseSession : public DestinationSession {
 public:
  ClickHouseSession(std::shared_ptr<Shared> shared, const CancelToken& cancel);

  void begin_table(const TargetTable& table, const RunId& run, int splits) override;
  std::unique_ptr<SplitWriter> open_split(const TargetTable& table, const RunId& run,
                                          const Split& split) override;
  void commit_split(const TargetTable& table, const RunId& run,
                    const SplitAccount& account) override;
  bool split_committed(const TargetTable& table, const RunId& run,
                       const SplitAccount& account) override;
  FinishReport finish_table(const TargetTable& table, const RunId& run, IfExists if_exists,
                            std::int64_t rows) override;
  void abandon_table(const TargetTable& table, const RunId& run) noexcept override;
  std::int64_t count(const TargetTable& table) override;
  std::vector<BatchPtr> read_back(const TargetTable& table, std::int64_t rows_max) override;

  // For the split writer.
  HttpClient& client() { return client_; }
  const Shared& shared() const { return *shared_; }
  // An empty table for the split's rows, and its columns as the server describes them.
  std::vector<std::pair<std::string, std::string>> open_staging(const TargetTable& table,
                                                                const std::string& name,
                                                                Engine engine);
  std::int64_t count_rows(const std::string& name);

 private:
  static constexpr std::int64_t kMissing = -1;

  std::string run_ddl(const std::string& sql, bool once = false);
  std::int64_t count_or_missing(const std::string& name);
  bool table_exists(const std::string& name);
  void drop(const std::string& name);
  void stop_merges(const std::string& name);
  void create_empty(const TargetTable& table, const std::string& name, Engine engine);
  std::vector<std::string> partitions(const Layout& layout, const std::string& name);
  void move_partitions(const Layout& layout, const std::string& from, const std::string& to);
  void copy_partitions(const Layout& layout, const std::string& from, const std::string& to,
                       const char* verb);
  std::string gather_name(const TargetTable& table, const RunId& run, const Split& split) const;

  // The steps of finish_table.
  std::string staged_rows(const StagingNames& names, const Layout& layout, std::int64_t rows);
  bool resume_finish(const TargetTable& table, const StagingNames& names, std::int64_t rows);
  void promote(const TargetTable& table, const StagingNames& names, std::int64_t rows);
  void replace(const TargetTable& table, const RunId& run, const std::string& with, bool exists);
  void append(const TargetTable& table, const StagingNames& names, std::string from,
              std::int64_t rows);
  void complete_append(const TargetTable& table, const std::string& from, std::int64_t rows);
  void truncate(const TargetTable& table, const RunId& run, const std::string& from,
                std::int64_t rows);
  bool same_structure(const std::string& one, const std::string& other);
  void insert_select(const TargetTable& table, const std::string& from, const std::string& to,
                     std::int64_t rows);
  void make_view(const TargetTable& table, const Layout& layout);

  std::shared_ptr<Shared> shared_;
  HttpClient client_;
  std::set<std::string> fresh_;  // staging tables this session made and nobody wrote to yet
};

}  // namespace penstock::clickhouse
