#include "integration/clickhouse/rig.h"

#include <algorithm>
#include <atomic>

#include "adapters/systems/clickhouse/ddl.h"
#include "core/text.h"
#include "core/value_parse.h"
#include "core/value_text.h"

namespace penstock::testing {

PrivateClickHouse& old_server() {
  // In Tokyo, so that nothing passes because the server happens to be in UTC.
  static PrivateClickHouse server(
      {.users = {{"secret", "p@s:s%& /'", false}, {"reader", "", true}}, .timezone = "Asia/Tokyo"});
  return server;
}

EmbeddedClickHouse& current_server() {
  static EmbeddedClickHouse server;
  return server;
}

std::vector<TestColumn> numbers(std::size_t count, const std::string& prefix) {
  TestColumn id{"id", "int64", {}, false, true};
  TestColumn text{"text", "string", {}};
  for (std::size_t i = 0; i < count; ++i) {
    id.values.push_back(std::to_string(i));
    text.values.push_back(i % 7 == 0 ? "\\N" : prefix + std::to_string(i));
  }
  return {id, text};
}

Rig::Server Rig::old_one() {
  PrivateClickHouse& server = old_server();
  const auto query = [&server](const std::string& sql) { return server.query(sql); };
  return {server.host(), server.port(), query, {}};
}

Rig::Server Rig::current_one() {
  EmbeddedClickHouse& server = current_server();
  const auto query = [&server](const std::string& sql) { return server.query(sql); };
  return {server.host(), server.port(), query, {}};
}

Rig::Rig(const Server& server) : server_(server) {
  static std::atomic<int> counter{0};
  database_ = "rig " + std::to_string(++counter) + " `\\é";
  connect();
  run_.job = "ab12" + std::to_string(counter);
  run_.version = 1'700'000'000'000'000 + counter;
}

void Rig::connect() {
  session_.reset();
  const DestinationEntry entry = clickhouse_destination();
  json::object config{{"host", server_.host}, {"port", server_.port}, {"database", database_}};
  for (const auto& [name, value] : server_.more) config[name] = value;
  destination_ = entry.make(entry.spec.parse(config, "destination"));
  destination_->open(cancel_);
  session_ = destination_->open_session(cancel_);
}

void Rig::start_next_run() {
  connect();
  run_.job += "f";
  ++run_.version;
}

ExistingTable Rig::inspect() {
  return destination_->inspect({&target_, 1}, cancel_).front();
}

void Rig::set_table(std::string name, std::vector<TestColumn> columns, json::object options) {
  columns_ = std::move(columns);
  schema_ = {};
  schema_.id = {"", "public", name};
  MapRequest request;
  for (const TestColumn& column : columns_) {
    Field field;
    field.name = column.name;
    field.type = parse_type(column.type);
    field.nullable = column.nullable && !column.key;
    schema_.fields.push_back(field);
    if (column.key) schema_.primary_key.columns.push_back(column.name);
    request.column_names.push_back(column.name);
  }
  request.table = &schema_;
  request.fields = schema_.fields;
  request.name = name;
  request.options = std::move(options);
  target_ = destination_->map_table(request);
}

BatchPtr Rig::batch(std::size_t from, std::size_t to) const {
  std::vector<Type> types;
  for (const TestColumn& column : columns_) types.push_back(parse_type(column.type));
  auto batch = std::make_unique<Batch>(types);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    ColumnBuilder builder(&batch->columns[c]);
    for (std::size_t row = from; row < to; ++row) {
      const std::string& text = columns_[c].values[row];
      if (text == "\\N") {
        builder.append_null();
      } else {
        append_parsed(text, builder);
      }
    }
  }
  batch->rows = static_cast<std::int64_t>(to - from);
  return batch;
}

void Rig::prepare() {
  destination_->prepare({&target_, 1}, run_, cancel_);
}

Split Rig::split(int index, int count) const {
  Split split;
  split.table = schema_.id;
  split.index = index;
  split.count = count;
  return split;
}

SplitAccount Rig::account(int index, int count, std::int64_t rows, std::int64_t before) const {
  return {split(index, count), rows, before};
}

std::int64_t Rig::write_split(int index, int count, std::size_t from, std::size_t to) {
  const auto writer = session_->open_split(target_, run_, split(index, count));
  for (std::size_t row = from; row < to; row += 1'000) {
    writer->write(*batch(row, std::min(to, row + 1'000)));
  }
  return writer->finish();
}

void Rig::commit(int index, int count, std::int64_t rows, std::int64_t before) {
  session_->commit_split(target_, run_, account(index, count, rows, before));
}

FinishReport Rig::finish(IfExists if_exists) {
  return session_->finish_table(target_, run_, if_exists, static_cast<std::int64_t>(rows()));
}

FinishReport Rig::migrate(int splits, IfExists if_exists) {
  prepare();
  session_->begin_table(target_, run_, splits);
  const auto parts = static_cast<std::size_t>(splits);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::int64_t rows_sent =
        write_split(static_cast<int>(i), splits, rows() * i / parts, rows() * (i + 1) / parts);
    commit(static_cast<int>(i), splits, rows_sent, before);
    before += rows_sent;
  }
  return finish(if_exists);
}

std::string Rig::visible() const {
  std::string out;
  for (const std::string& name : {database_, target_.name}) {
    if (!out.empty()) out += '.';
    out += '`';
    for (const char c : name) {
      if (c == '`' || c == '\\') out += '\\';
      out += c;
    }
    out += '`';
  }
  return out;
}

std::string Rig::staging_name() const {
  return clickhouse::StagingNames(target_, run_).base;
}

std::vector<std::string> Rig::staging() {
  const std::string body = query(
      "SELECT name FROM system.tables WHERE name LIKE '\\\\_penstock\\\\_%' AND name != "
      "'_penstock_tables' AND database LIKE 'rig " +
      database_.substr(4, database_.find(' ', 4) - 4) + " %'");
  std::vector<std::string> out;
  for (const std::string& line : penstock::split(body, '\n')) {
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

std::vector<std::string> Rig::read_back() {
  std::vector<std::string> out;
  for (const BatchPtr& batch : session_->read_back(target_, 1'000'000)) {
    for (std::int64_t row = 0; row < batch->rows; ++row) {
      std::string line;
      for (const Column& column : batch->columns) line += value_text(column, row) + "|";
      out.push_back(std::move(line));
    }
  }
  return out;
}

std::vector<std::string> Rig::expected() const {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < rows(); ++row) {
    std::string line;
    for (const TestColumn& column : columns_) {
      line += (column.values[row] == "\\N" ? "NULL" : column.values[row]) + "|";
    }
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace penstock::testing
