// Runs the PostgreSQL source against a private server, as the engine does.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/sources/postgresql.h"
#include "core/value_text.h"
#include "servers/private_servers.h"

namespace penstock::testing {

struct ReadResult {
  std::vector<std::string> rows;  // canonical texts, columns parted by "|", in arrival order
  std::vector<ValueIssue> issues;
  std::int64_t row_count = 0;
  std::size_t splits = 0;
};

struct ReadRequest {
  std::string table;  // display name
  std::string where;
  SplitGoal goal;
  std::size_t memory_bytes = std::size_t{64} << 20;
  std::size_t batch_bytes = std::size_t{1} << 20;
  bool keep_rows = true;
};

// A source opened over a database, with everything discovered.
class OpenSource {
 public:
  OpenSource(const PrivatePostgres& server, const std::string& database,
             const json::object& more = {})
      : OpenSource(endpoint(server, database, more)) {}
  explicit OpenSource(const json::object& config) {
    const SourceEntry entry = postgresql_source();
    source_ = entry.make(entry.spec.parse(config, "source"));
    info_ = source_->open(cancel_);
    tables_ = source_->discover({.views = true}, cancel_);
  }

  static json::object endpoint(const PrivatePostgres& server, const std::string& database,
                               const json::object& more = {}) {
    json::object config{{"host", server.host()},
                        {"port", server.port()},
                        {"database", database},
                        {"username", server.user()}};
    for (const auto& [name, value] : more) config[name] = value;
    return config;
  }

  Source& source() { return *source_; }
  const SourceInfo& info() const { return info_; }
  const std::vector<TableSchema>& tables() const { return tables_; }
  const CancelToken& cancel() const { return cancel_; }
  const TableSchema& table(const std::string& name) const {
    for (const TableSchema& table : tables_) {
      if (table.id.display() == name) return table;
    }
    throw std::runtime_error("no table " + name);
  }
  bool has(const std::string& name) const {
    return std::ranges::any_of(tables_, [&](const auto& t) { return t.id.display() == name; });
  }

  static ReadSpec spec_for(const TableSchema& table, const std::string& snapshot) {
    ReadSpec spec{.table = &table, .snapshot = snapshot};
    for (const Field& field : table.fields) spec.columns.push_back({&field, field.type});
    return spec;
  }

  ReadResult read(const ReadRequest& request) {
    const TableSchema& schema = table(request.table);
    const Snapshot snapshot = source_->snapshot({}, cancel_);
    ReadSpec spec = spec_for(schema, snapshot.token);
    spec.where = request.where;
    const auto splits = source_->plan_splits(schema, request.where, request.goal, cancel_);
    MemoryBudget budget(request.memory_bytes);
    const auto reader = source_->open_reader(cancel_);
    ReadResult result;
    result.splits = splits.size();
    for (const Split& split : splits) {
      reader->start(spec, split, {request.batch_bytes, 65'536, &budget});
      while (const BatchPtr batch = reader->next()) add(*batch, request.keep_rows, result);
    }
    EXPECT_EQ(budget.bytes_used(), 0U);
    return result;
  }

 private:
  static void add(const Batch& batch, bool keep_rows, ReadResult& result) {
    result.row_count += batch.rows;
    result.issues.insert(result.issues.end(), batch.issues.begin(), batch.issues.end());
    for (std::int64_t row = 0; keep_rows && row < batch.rows; ++row) {
      std::string line;
      for (const Column& column : batch.columns) {
        if (&column != &batch.columns.front()) line += "|";
        append_value_text(column, row, line);
      }
      result.rows.push_back(std::move(line));
    }
  }

  CancelToken cancel_;
  std::unique_ptr<Source> source_;
  SourceInfo info_;
  std::vector<TableSchema> tables_;
};

// The code of the Error that `action` throws, "none" when it throws none.
inline std::string code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return "none";
}

}  // namespace penstock::testing
