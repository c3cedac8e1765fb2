#include "adapters/systems/postgresql/target_writer.h"

#include <algorithm>
#include <cstdlib>

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/types.h"
#include "adapters/systems/postgresql/wire_collector.h"

namespace penstock::postgresql {

namespace {

constexpr std::size_t kSendBytes = std::size_t{512} << 10;
constexpr std::int64_t kRowsAtOnce = 256;

CopyEncoder make_encoder(const TargetTable& table) {
  std::vector<EncodedColumn> columns;
  std::vector<Type> types;
  for (const TargetColumn& column : table.columns) {
    const auto source = static_cast<std::size_t>(column.source);
    if (types.size() <= source) types.resize(source + 1);
    types[source] = column.type;
    EncodedColumn& one = columns.emplace_back(column.source, without_modifiers(column.native_type));
    if (one.native == "bit") one.bits = std::atoi(column.native_type.c_str() + 4);  // "bit(10)"
  }
  return {std::move(columns), types};
}

}  // namespace

TargetSplitWriter::TargetSplitWriter(TargetSession& session, const TargetTable& table,
                                     std::string staging, std::string staging_key, int split,
                                     bool fresh)
    : session_(session),
      table_(table),
      staging_(std::move(staging)),
      staging_key_(std::move(staging_key)),
      split_(split),
      fresh_(fresh),
      encoder_(make_encoder(table)) {}

TargetSplitWriter::~TargetSplitWriter() {
  if (!ended_) abort();
}

void TargetSplitWriter::start(Form form) {
  std::string names;
  for (const TargetColumn& column : table_.columns) {
    names += (names.empty() ? "" : ", ") + quote_identifier(column.name);
  }
  const bool binary = form == Form::wire_binary || (form == Form::columns && encoder_.binary());
  std::string sql = "COPY " + quote_table({.schema = table_.schema, .name = staging_}) + " (" +
                    names + ") FROM STDIN (FORMAT " + (binary ? "binary" : "text");
  if (fresh_) sql += ", FREEZE true";
  session_.connection_.copy_in_start(sql + ")", "writing to " + table_.display());
  form_ = form;
  if (binary) append_copy_header(out_);
}

void TargetSplitWriter::write(const Batch& batch) {
  const bool passed = batch.wire.size() != 0;
  if (!form_) {
    const bool text = batch.wire_format == kWireText;
    start(!passed ? Form::columns : text ? Form::wire_text : Form::wire_binary);
  }
  rows_ += batch.rows;
  if (!passed) return write_columns(batch);
  send();
  session_.connection_.copy_in(batch.wire.data(), batch.wire.size());
  bytes_ += batch.wire.size();
}

void TargetSplitWriter::write_columns(const Batch& batch) {
  for (std::int64_t row = 0; row < batch.rows; row += kRowsAtOnce) {
    encoder_.rows(batch, row, std::min(batch.rows, row + kRowsAtOnce), out_);
    if (out_.size() >= kSendBytes) send();
  }
}

void TargetSplitWriter::send() {
  session_.connection_.copy_in(out_.data(), out_.size());
  bytes_ += out_.size();
  out_.clear();
}

std::int64_t TargetSplitWriter::finish() {
  std::int64_t counted = 0;
  if (form_) {
    const bool binary = form_ == Form::wire_binary || (form_ == Form::columns && encoder_.binary());
    if (binary) append_copy_trailer(out_);
    send();
    counted = session_.connection_.copy_in_end();
  }
  ended_ = true;
  session_.pending_ = {staging_key_, split_};
  return counted;
}

void TargetSplitWriter::abort() noexcept {
  ended_ = true;
  try {
    session_.connection_.cancel_statement();
    if (session_.connection_.usable()) session_.connection_.rollback();
  } catch (...) {
    // The session is not usable any more, which its next user finds out.
  }
}

}  // namespace penstock::postgresql
