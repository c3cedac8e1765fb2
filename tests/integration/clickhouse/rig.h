// What the ClickHouse destination's tests share: servers, tables made of text, and a run of all
// steps.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/destinations/clickhouse.h"
#include "contract/destination.h"
#include "servers/private_servers.h"

namespace penstock::testing {

// One server for the whole test program, started at first use.
PrivateClickHouse& old_server();       // 18.16
EmbeddedClickHouse& current_server();  // libchdb behind penstock's own child

// A column of a table to make: values are the texts of core/value_text.h, "\\N" is NULL.
struct TestColumn {
  std::string name;
  std::string type;  // core/type.h: parse_type
  std::vector<std::string> values;
  bool nullable = true;
  bool key = false;
};

// Columns `id` (the key) and `text` of `count` rows; every seventh text is NULL.
std::vector<TestColumn> numbers(std::size_t count, const std::string& prefix = "row ");

using Query = std::function<std::string(const std::string& sql)>;

// A destination in a database of its own, and one table.
class Rig {
 public:
  struct Server {
    std::string host;
    int port = 0;
    Query query;
    json::object more = {};  // further fields of the destination's configuration
  };
  explicit Rig(const Server& server);
  static Server old_one();
  static Server current_one();

  void set_table(std::string name, std::vector<TestColumn> columns, json::object options = {});

  Destination& destination() { return *destination_; }
  DestinationSession& session() { return *session_; }
  const TargetTable& target() const { return target_; }
  const std::string& database() const { return database_; }
  const CancelToken& cancel() const { return cancel_; }
  RunId& run() { return run_; }
  // Another job against the same table: a new destination object, session and run.
  void start_next_run();
  // Rows [from, to) of the columns' values.
  BatchPtr batch(std::size_t from, std::size_t to) const;
  std::size_t rows() const { return columns_.front().values.size(); }

  void prepare();
  std::int64_t write_split(int index, int count, std::size_t from, std::size_t to);
  void commit(int index, int count, std::int64_t rows, std::int64_t before);
  FinishReport finish(IfExists if_exists = IfExists::replace);
  // All steps, the rows cut evenly into `splits`.
  FinishReport migrate(int splits = 1, IfExists if_exists = IfExists::replace);

  std::string query(const std::string& sql) const { return server_.query(sql); }
  std::string visible() const;         // `database`.`table`
  std::vector<std::string> staging();  // names of penstock's leftovers
  std::string staging_name() const;    // of the present run
  // The visible table's values as text, row by row, cells parted by '|'.
  std::vector<std::string> read_back();
  std::vector<std::string> expected() const;  // the same of the columns given

  ExistingTable inspect();
  Split split(int index, int count) const;
  SplitAccount account(int index, int count, std::int64_t rows, std::int64_t before) const;

 private:
  void connect();

  Server server_;
  std::string database_;
  CancelToken cancel_;
  std::unique_ptr<Destination> destination_;
  std::unique_ptr<DestinationSession> session_;
  std::vector<TestColumn> columns_;
  TableSchema schema_;
  TargetTable target_;
  RunId run_;
};

}  // namespace penstock::testing
