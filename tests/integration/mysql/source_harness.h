// Runs the MySQL source against a private server, as the engine does.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/sources/mysql.h"
#include "core/value_text.h"
#include "servers/private_servers.h"

namespace penstock::testing {

struct ReadResult {
  std::vector<std::string> rows;  // canonical texts, columns parted by "|", in arrival order
  std::vector<ValueIssue> issues;
  std::int64_t row_count = 0;
  std::size_t splits = 0;
  std::vector<std::int64_t> split_rows;
};

struct ReadRequest {
  std::string table;  // plain name
  std::string where;
  SplitGoal goal;
  std::size_t memory_bytes = std::size_t{64} << 20;
  std::size_t batch_bytes = std::size_t{1} << 20;
  bool keep_rows = true;
  std::vector<std::pair<std::string, std::string>> types;  // column → type to read it as
};

// A source opened over a database, with everything discovered.
class OpenSource {
 public:
  OpenSource(const PrivateMariadb& server, const std::string& database,
             const json::object& more = {})
      : OpenSource(endpoint(server, database, more)) {}
  explicit OpenSource(const json::object& config) {
    const SourceEntry entry = mysql_source();
    source_ = entry.make(entry.spec.parse(config, "source"));
    info_ = source_->open(cancel_);
    tables_ = source_->discover({.views = true}, cancel_);
  }

  static json::object endpoint(const PrivateMariadb& server, const std::string& database,
                               const json::object& more = {}) {
    json::object config{{"host", server.host()},
                        {"port", server.port()},
                        {"username", server.user()},
                        {"password", server.password()}};
    if (!database.empty()) config["database"] = database;
    for (const auto& [name, value] : more) config[name] = value;
    return config;
  }

  Source& source() { return *source_; }
  const SourceInfo& info() const { return info_; }
  const std::vector<TableSchema>& tables() const { return tables_; }
  const CancelToken& cancel() const { return cancel_; }
  const TableSchema& table(const std::string& name) const {
    for (const TableSchema& table : tables_) {
      if (table.id.name == name) return table;
    }
    throw std::runtime_error("no table " + name);
  }
  bool has(const std::string& name) const {
    return std::ranges::any_of(tables_, [&](const auto& t) { return t.id.name == name; });
  }

  static ReadSpec spec_for(const TableSchema& table, const std::string& snapshot) {
    ReadSpec spec{.table = &table, .columns = {}, .where = {}, .snapshot = snapshot, .wire = {}};
    for (const Field& field : table.fields) spec.columns.push_back({&field, field.type});
    return spec;
  }

  Snapshot take_snapshot(const std::string& table, int readers = 1) {
    const TableSchema* const schema = &this->table(table);
    return source_->snapshot({.tables = {&schema, 1}, .readers = readers}, cancel_);
  }

  ReadResult read(const ReadRequest& request) {
    const TableSchema& schema = table(request.table);
    const Snapshot snapshot = take_snapshot(request.table);
    ReadSpec spec = spec_for(schema, snapshot.token);
    spec.where = request.where;
    for (ReadColumn& column : spec.columns) {
      for (const auto& [name, type] : request.types) {
        if (column.field->name != name) continue;
        column.type = parse_type(type);
        EXPECT_EQ(source_->cannot_read_as(*column.field, column.type), std::nullopt) << name;
      }
    }
    const auto splits = source_->plan_splits(schema, request.where, request.goal, cancel_);
    MemoryBudget budget(request.memory_bytes);
    const auto reader = source_->open_reader(cancel_);
    ReadResult result;
    result.splits = splits.size();
    for (const Split& split : splits) {
      const std::int64_t before = result.row_count;
      reader->start(spec, split, {request.batch_bytes, 65'536, &budget});
      while (const BatchPtr batch = reader->next()) add(*batch, request.keep_rows, result);
      result.split_rows.push_back(result.row_count - before);
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
