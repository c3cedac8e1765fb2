#include "adapters/systems/postgresql/reader.h"

#include <algorithm>

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/types.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

// A row that arrives lies in libpq's buffer, in the message made of it, and in the batch.
constexpr std::size_t kRowCopies = 3;
// Rows up to this size need no special care: they fit beside a usual batch.
constexpr std::size_t kRowBytesUnseen = std::size_t{1} << 20;

std::string select_expression(const ReadColumn& column, const Fetch& fetch) {
  const std::string name = quote_identifier(column.field->name);
  return fetch.cast.empty() ? name : name + "::" + fetch.cast;
}

// A column that is passed through: as it is, or as text where its binary form would mean nothing to
// another server.
std::string passed_expression(const Field& field) {
  const std::string name = quote_identifier(field.name);
  return Fetch::parse(field.fetch).passage == Passage::as_text ? name + "::pg_catalog.text" : name;
}

Fetch fetch_of(const ReadColumn& column) {
  ReadAs read = read_as(*column.field, column.type);
  if (!read.fetch) {
    throw config_error("config.types", "column " + column.field->name + " of type " +
                                           column.field->native_type + " cannot be read as " +
                                           to_text(column.type) + ": " + read.refusal)
        .hint("run the job again: the table was changed since it was planned");
  }
  return *read.fetch;
}

// The bytes a value will have, without reading it out of line where that can be avoided:
// octet_length asks a text or bytea for its raw size only (toast_raw_datum_size in
// src/backend/access/common/detoast.c). Empty: the column is never large.
std::string size_expression(const Field& field) {
  const std::string name = quote_identifier(field.name);
  const Fetch fetch = Fetch::parse(field.fetch);
  const std::string& native = field.native_type;
  if (native == "text" || native == "bytea" || native.starts_with("character")) {
    return "coalesce(pg_catalog.octet_length(" + name + "),0)::pg_catalog.int8";
  }
  const bool bounded = field.type.id != TypeId::list && fetch.cast.empty() &&
                       fetch.wire != Wire::text && fetch.wire != Wire::jsonb &&
                       fetch.wire != Wire::bits && fetch.wire != Wire::geometry;
  if (bounded) return {};
  // pg_column_size is the stored, maybe compressed size; only what is large is looked at closer.
  return "(CASE WHEN pg_catalog.pg_column_size(" + name +
         ") > 65536 THEN pg_catalog.octet_length(" + name +
         "::pg_catalog.text)"
         " ELSE coalesce(pg_catalog.pg_column_size(" +
         name + "),0) END)::pg_catalog.int8";
}

}  // namespace

void begin_reading(Connection& connection, const std::string& snapshot, bool own_search_path) {
  connection.rollback();
  std::string sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
  if (!snapshot.empty()) sql += "SET TRANSACTION SNAPSHOT " + quote_literal(snapshot) + ";";
  sql += session_pins(connection, own_search_path);
  try {
    connection.exec(sql, snapshot.empty() ? "starting a transaction" : "joining the snapshot");
  } catch (Error& error) {
    // "invalid snapshot identifier" and its kin; any of them means that the exporter is gone.
    const bool lost =
        error.native() == "22023" || error.native() == "55000" || error.native() == "42704";
    if (snapshot.empty() || !lost) throw;
    throw Error(Side::source, "source.snapshot.lost",
                "the exported snapshot can no longer be joined: " + error.message())
        .native(error.native())
        .hint(
            "the transaction that exported it ended, or a pooler or load balancer led this "
            "connection to another server; connect to PostgreSQL directly");
  }
}

Reader::Reader(ConnectOptions options, CancelToken cancel)
    : options_(std::move(options)), cancel_(std::move(cancel)) {
  connection_ = std::make_unique<Connection>(options_, cancel_);
}

std::string Reader::place() const {
  return std::to_string(split_.index + 1) + " of " + std::to_string(split_.count);
}

// Adds table and split to the error being handled, and leaves the reader ready for another start.
void Reader::fail() {
  Error error = current_error();
  stop();
  decoder_.reset();
  collector_.reset();
  consumer_ = nullptr;
  throw error.in_table(table_).in_split(place());
}

void Reader::join(const ReadSpec& spec) {
  if (connection_ && (!connection_->usable() || swollen_)) connection_.reset();
  if (!connection_) {
    joined_.reset();
    swollen_ = false;
    connection_ = std::make_unique<Connection>(options_, cancel_);
  }
  const bool own_search_path = !spec.where.empty();
  // Without a shared snapshot each split has a transaction of its own.
  if (joined_ == spec.snapshot && !spec.snapshot.empty() && own_search_path == own_search_path_) {
    return;
  }
  joined_.reset();
  begin_reading(*connection_, spec.snapshot, own_search_path);
  joined_ = spec.snapshot;
  own_search_path_ = own_search_path;
}

void Reader::start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) {
  stop();
  table_ = spec.table->id.display();
  split_ = split;
  bounds_ = bounds;
  where_ = spec.where;
  columns_ = spec.columns;
  try {
    cancel_.check();
    join(spec);
    parts_ = parts_from_json(split.payload);
    choose_consumer(spec);
    part_ = 0;
    if (!parts_.empty()) start_part();
  } catch (...) {
    fail();
  }
}

// Builds the select list and what takes the rows.
void Reader::choose_consumer(const ReadSpec& spec) {
  const BatchLimits limits{bounds_.bytes_target, bounds_.rows_max};
  const auto add = [&](const std::string& expression) {
    if (!select_list_.empty()) select_list_ += ",";
    select_list_ += expression;
  };
  select_list_.clear();
  copy_format_ = spec.wire == kWireText ? "text" : "binary";
  if (!spec.wire.empty()) {
    for (const ReadColumn& column : columns_) add(passed_expression(*column.field));
    collector_.emplace(spec.wire == kWireBinary, columns_.size(), limits);
    consumer_ = &*collector_;
    return;
  }
  const bool check_utf8 = connection_->parameter("server_encoding") == "SQL_ASCII";
  std::vector<WireColumn> wires;
  for (const ReadColumn& column : columns_) {
    const Fetch fetch = fetch_of(column);
    add(select_expression(column, fetch));
    wires.push_back({.name = column.field->name,
                     .type = column.type,
                     .wire = fetch.wire,
                     .check_utf8 = check_utf8 && column.type.id != TypeId::binary,
                     .any_lower_bound = fetch.any_lower_bound});
  }
  // The next split of the same table makes batches like the last one did.
  if (!decoder_ || decoder_->limits() != limits || decoder_->columns() != wires) {
    decoder_.emplace(std::move(wires), limits);
  }
  consumer_ = &*decoder_;
}

void Reader::start_part() {
  const SplitPart& part = parts_[part_];
  row_bytes_max_ = 0;
  if (part.out_of_line) check_row_sizes(part);
  consumer_->restart();
  rows_before_part_ = consumer_->rows_total();
  connection_->copy_out_start("COPY (SELECT " + select_list_ + part.from_where(where_) +
                                  ") TO STDOUT (FORMAT " + copy_format_ + ")",
                              "reading table " + table_);
  copying_ = true;
}

// Asks for the largest row before reading, because libpq takes a row in whole or not at all.
void Reader::check_row_sizes(const SplitPart& part) {
  std::string sum;
  for (const ReadColumn& column : columns_) {
    const std::string one = size_expression(*column.field);
    if (!one.empty()) sum += (sum.empty() ? "" : "+") + one;
  }
  if (sum.empty()) return;
  const Result rows =
      connection_->exec("SELECT coalesce(max(" + sum + "),0)" + part.from_where(where_),
                        "looking for large rows", std::chrono::hours{24});
  const std::int64_t bytes = rows.integer(0, 0);
  if (bytes <= static_cast<std::int64_t>(kRowBytesUnseen)) return;
  row_bytes_max_ = static_cast<std::size_t>(bytes);
  const std::size_t needed = bounds_.bytes_target + kRowCopies * row_bytes_max_;
  if (needed > bounds_.budget->bytes_max()) refuse_row(part, bytes);
}

void Reader::refuse_row(const SplitPart& part, std::int64_t bytes) {
  std::string sums, list;
  std::vector<std::string> names;
  for (const ReadColumn& column : columns_) {
    const std::string one = size_expression(*column.field);
    if (one.empty()) continue;
    sums += (sums.empty() ? "" : "+") + one;
    list += (list.empty() ? "" : ",") + one;
    names.push_back(column.field->name);
  }
  const Result sizes = connection_->exec(
      "SELECT " + list + part.from_where(where_) + " ORDER BY " + sums + " DESC LIMIT 1",
      "looking for the largest value", std::chrono::hours{24});
  int largest = 0;
  for (int i = 1; i < static_cast<int>(names.size()); ++i) {
    if (sizes.integer(0, i) > sizes.integer(0, largest)) largest = i;
  }
  const std::size_t needed = bounds_.bytes_target + kRowCopies * static_cast<std::size_t>(bytes);
  throw Error(Side::source, "source.row.too_large",
              "a row of " + human_bytes(static_cast<double>(bytes)) + " (column " +
                  names[static_cast<std::size_t>(largest)] + ": " +
                  human_bytes(static_cast<double>(sizes.integer(0, largest))) +
                  ") does not fit the memory budget of " +
                  human_bytes(static_cast<double>(bounds_.budget->bytes_max())))
      .in_column(names[static_cast<std::size_t>(largest)])
      .hint("set the option memory to at least " + std::to_string((needed >> 20) + 1) +
            " MiB, or leave the column out with the option columns");
}

BatchPtr Reader::next() {
  if (!copying_) return nullptr;
  try {
    const std::size_t large = row_bytes_max_ > 0 ? kRowCopies * row_bytes_max_ : 0;
    MemoryLease lease = bounds_.budget->acquire(bounds_.bytes_target + large, cancel_);
    BatchPtr batch = consumer_->make_batch();
    consumer_->begin_batch(batch.get());
    while (copying_ && !fill(*batch)) finish_part();
    if (batch->rows == 0) return nullptr;
    lease.resize(batch->memory_bytes());
    batch->lease = std::move(lease);
    return batch;
  } catch (...) {
    fail();
  }
}

// False when the part's stream ended before the batch was full.
bool Reader::fill(Batch&) {
  for (;;) {
    if (message_used_ < message_.size()) {
      message_used_ +=
          consumer_->feed({message_.data() + message_used_, message_.size() - message_used_});
      if (consumer_->batch_full()) return true;
    }
    message_ = {};
    message_used_ = 0;
    std::optional<CopyMessage> message = connection_->copy_out_next();
    if (!message) return false;
    message_ = std::move(*message);
    swollen_ = swollen_ || message_.size() > (std::size_t{8} << 20);
  }
}

void Reader::finish_part() {
  const std::int64_t rows = consumer_->rows_total() - rows_before_part_;
  copying_ = false;
  if (!consumer_->finished() || rows != connection_->copied_rows()) {
    throw Error(Side::source, "source.protocol",
                "PostgreSQL reported " + std::to_string(connection_->copied_rows()) +
                    " rows, but " + std::to_string(rows) + " arrived")
        .retryable(true);
  }
  if (++part_ < parts_.size()) start_part();
}

void Reader::stop() noexcept {
  copying_ = false;
  message_ = {};
  message_used_ = 0;
  try {
    if (connection_) {
      connection_->cancel_statement();
      // A failed transaction answers nothing any more; the next start opens another.
      if (!connection_->in_good_transaction()) joined_.reset();
    }
  } catch (...) {
    connection_.reset();
  }
}

}  // namespace penstock::postgresql
