#include "adapters/systems/mysql/reader.h"

#include <algorithm>

#include "adapters/systems/mysql/types.h"
#include "core/text.h"

namespace penstock::mysql {

namespace {

// A row that arrives lies in libmariadb's buffer and in the batch, which may double while it grows.
constexpr std::size_t kRowCopies = 3;
// Buffers up to this size are beside the point.
constexpr std::size_t kBufferBytesUnseen = std::size_t{1} << 20;
constexpr std::size_t kRowBytesMin = std::size_t{1} << 20;
constexpr int kRowsPerCancelCheck = 1024;

Fetch fetch_of(const ReadColumn& column) {
  ReadAs read = read_as(*column.field, column.type);
  if (!read.fetch) throw config_error("config.types", read.refusal);
  return *read.fetch;
}

// Whether what the server is going to send lies in the packet as the decoder expects it.
bool sends(const StreamColumn& column, Wire wire) {
  const bool is_unsigned = (column.flags & UNSIGNED_FLAG) != 0;
  const auto integer = [&](enum_field_types type, bool wants_unsigned) {
    return column.type == type && is_unsigned == wants_unsigned;
  };
  switch (wire) {
    case Wire::int8: return integer(MYSQL_TYPE_TINY, false);
    case Wire::uint8: return integer(MYSQL_TYPE_TINY, true);
    case Wire::int16: return integer(MYSQL_TYPE_SHORT, false) || column.type == MYSQL_TYPE_YEAR;
    case Wire::uint16: return integer(MYSQL_TYPE_SHORT, true);
    case Wire::int32: return integer(MYSQL_TYPE_LONG, false) || integer(MYSQL_TYPE_INT24, false);
    case Wire::uint32: return integer(MYSQL_TYPE_LONG, true) || integer(MYSQL_TYPE_INT24, true);
    case Wire::int64: return integer(MYSQL_TYPE_LONGLONG, false);
    case Wire::uint64: return integer(MYSQL_TYPE_LONGLONG, true);
    case Wire::float32: return column.type == MYSQL_TYPE_FLOAT;
    case Wire::float64: return column.type == MYSQL_TYPE_DOUBLE;
    case Wire::date: return column.type == MYSQL_TYPE_DATE;
    case Wire::datetime:
      return column.type == MYSQL_TYPE_DATETIME || column.type == MYSQL_TYPE_TIMESTAMP;
    case Wire::time: return column.type == MYSQL_TYPE_TIME;
    case Wire::decimal:
      return column.type == MYSQL_TYPE_NEWDECIMAL || column.type == MYSQL_TYPE_DECIMAL;
    case Wire::bit: return column.type == MYSQL_TYPE_BIT;
    default: break;
  }
  // Everything else is counted bytes: from VARCHAR (15) and JSON (245) to GEOMETRY (255), without
  // what is listed above; VECTOR (242) is newer than the library's header.
  constexpr int vector = 242, json = 245;
  const int type = column.type;
  return type == MYSQL_TYPE_VARCHAR || type == vector || type == json ||
         type > MYSQL_TYPE_NEWDECIMAL;
}

}  // namespace

Reader::Reader(ConnectOptions options, std::shared_ptr<SnapshotPool> pool, CancelToken cancel)
    : options_(std::move(options)), pool_(std::move(pool)), cancel_(std::move(cancel)) {
  connection_ = pool_ ? pool_->borrow(cancel_) : std::make_unique<Connection>(options_, cancel_);
}

Reader::~Reader() {
  stop();
  if (pool_) pool_->give_back(std::move(connection_));
}

// Turns the error being handled into what the engine must know, and leaves the reader ready for
// another start.
void Reader::fail() {
  Error error = current_error();
  stop();
  decoder_.reset();
  const bool lost = pool_ != nullptr && !healthy() && error.side() == Side::source &&
                    error.code() != "source.row.too_large";
  if (lost) error = snapshot_lost(error.message()).native(error.native());
  throw error.in_table(table_).in_split(std::to_string(split_.index + 1) + " of " +
                                        std::to_string(split_.count));
}

void Reader::prepare_decoder(const ReadSpec& spec, std::string& select_list) {
  std::vector<WireColumn> wires;
  for (const ReadColumn& column : spec.columns) {
    const Fetch fetch = fetch_of(column);
    select_list += (select_list.empty() ? "" : ",") + fetch.select(column.field->name);
    wires.push_back({.name = column.field->name,
                     .type = column.type,
                     .wire = fetch.wire,
                     .check_utf8 = fetch.check_utf8});
  }
  const BatchLimits limits{bounds_.bytes_target, bounds_.rows_max};
  // The next split of the same table makes batches like the last one did.
  if (decoder_ && decoder_->limits() == limits && decoder_->columns() == wires) return;
  decoder_.emplace(std::move(wires), limits);
}

// A table that was altered since it was discovered could send anything.
void Reader::check_columns() const {
  const auto& sent = connection_->stream_columns();
  const auto& wanted = decoder_->columns();
  if (sent.size() != wanted.size()) {
    throw Error(Side::source, "source.protocol", "MySQL sends another number of columns");
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (sends(sent[i], wanted[i].wire)) continue;
    throw Error(Side::source, "source.changed",
                "column " + wanted[i].name + " has another type than when it was discovered")
        .in_column(wanted[i].name)
        .hint("the table was altered; plan again");
  }
}

void Reader::start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) {
  stop();
  table_ = spec.table->id.display();
  split_ = split;
  bounds_ = bounds;
  try {
    cancel_.check();
    const std::string& held = pool_ ? pool_->token() : spec.snapshot;
    if (spec.snapshot != held || (!pool_ && !spec.snapshot.empty())) {
      throw snapshot_lost("another one was taken since");
    }
    if (!healthy()) {
      if (pool_) throw snapshot_lost("its server or the network closed it");
      connection_ = std::make_unique<Connection>(options_, cancel_);
    }
    std::string select_list;
    prepare_decoder(spec, select_list);
    const SplitPart part = SplitPart::from_json(split.payload);
    const std::size_t budget = bounds.budget->bytes_max();
    const std::size_t spare = budget > bounds.bytes_target ? budget - bounds.bytes_target : 0;
    connection_->set_row_bytes_max(std::max(spare / kRowCopies, kRowBytesMin));
    connection_->stream_start("SELECT " + select_list + part.from_where(spec.where),
                              "reading table " + table_);
    reading_ = true;
    check_columns();
  } catch (...) {
    fail();
  }
}

BatchPtr Reader::next() {
  if (!reading_) return nullptr;
  try {
    MemoryLease lease = bounds_.budget->acquire(bounds_.bytes_target, cancel_);
    BatchPtr batch = decoder_->make_batch();
    decoder_->begin_batch(batch.get());
    reading_ = fill();
    if (batch->rows == 0) return nullptr;
    const std::size_t buffer = connection_->row_buffer_bytes();
    lease.resize(batch->memory_bytes() + (buffer > kBufferBytesUnseen ? buffer : 0));
    batch->lease = std::move(lease);
    return batch;
  } catch (...) {
    fail();
  }
}

// False when the rows ended before the batch was full.
bool Reader::fill() {
  for (int rows = 1;; ++rows) {
    const auto packet = connection_->stream_next();
    if (packet.empty()) return false;
    decoder_->decode_row(packet);
    if (decoder_->batch_full()) return true;
    if (rows % kRowsPerCancelCheck == 0) cancel_.check();
  }
}

void Reader::stop() noexcept {
  if (reading_ && connection_) connection_->cancel_statement();
  reading_ = false;
}

}  // namespace penstock::mysql
